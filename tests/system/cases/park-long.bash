# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# A guest that is parked and woken a thousand times, and 200 parked guests on a disk of the
# host (/dev/vda, see tests/system/run), which are woken in random order.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"
. "$here/lib/park.bash"

# --- 200 of them ---

farm_size=200
# A seed repeats the order.
farm_seed=${farm_seed-$((RANDOM * 32768 + RANDOM))}

# Starts them all; each has 2 MiB in use, and checks them after each wake.
farm_starts()
{
	local i

	mkdir "$disks/disk"
	mount -t ext4 /dev/vda "$disks/disk"
	DORMOUSE_STATE_DIR=$disks/disk
	cat "$(command -v pattern.img)" >"$disks/farm.img"
	append_words "$disks/farm.img" $((2 << 20)) 2
	farm_pids=()
	for ((i = 0; i < farm_size; i++)); do
		dormouse run --name "farm-$i" --flat "$disks/farm.img" --memory 64M \
			</dev/null >"$disks/farm-$i.console" 2>"$disks/farm-$i.messages" &
		farm_pids[i]=$!
	done
}

# How many are in that state: farm_count STATE
farm_count()
{
	dormouse list | grep -c "^farm-.* $1 " || true
}

# Waits until all are: farm_awaits STATE
farm_awaits()
{
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		(($(farm_count "$1") < farm_size)) || return 0
		sleep 1
	done

	return 1
}

# The most KiB that one of them has
farm_resident()
{
	local pid

	for pid in "${farm_pids[@]}"; do
		sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
	done | sort -n | tail -n 1
}

farm_order()
{
	awk -v seed="$farm_seed" -v n=$farm_size 'BEGIN {
		srand(seed)
		for (i = 0; i < n; i++)
			order[i] = i
		for (i = n - 1; i > 0; i--) {
			j = int(rand() * (i + 1)); t = order[i]; order[i] = order[j]; order[j] = t
		}
		for (i = 0; i < n; i++)
			print order[i]
	}'
}

# Does it to all of them, and counts in $farm_done those that are done: farm_does COMMAND
farm_does()
{
	local i

	farm_done=0
	for i in $(farm_order); do
		! dormouse "$1" "farm-$i" >/dev/null || farm_done=$((farm_done + 1))
	done
}

farm_ends()
{
	local i ended=0 kept=0

	for ((i = 0; i < farm_size; i++)); do
		! wait "${farm_pids[i]}" || ended=$((ended + 1))
		! grep -q "^kept 0000000000000002" "$disks/farm-$i.console" || kept=$((kept + 1))
	done
	is "200 parked guests: each keeps its memory" "$kept" "$farm_size"
	is "200 parked guests: each powers off" "$ended" "$farm_size"
}

# MiB that the host has left
farm_left()
{
	echo $(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
}

farm()
{
	echo "# the seed of the order is $farm_seed"
	farm_starts
	ok "200 guests: all sleep in memory" farm_awaits suspended
	echo "# the largest has $(farm_resident) KiB, and the host $(farm_left) MiB left"
	farm_does park
	is "200 guests: all are parked, in random order" "$farm_done" "$farm_size"
	ok "200 parked guests: none has more than 4 MiB resident" [ "$(farm_resident)" -le 4096 ]
	echo "# the largest has $(farm_resident) KiB, and the host $(farm_left) MiB left"
	farm_does wake
	is "200 parked guests: all are woken, in random order" "$farm_done" "$farm_size"
	ok "200 guests that were woken: all sleep again, in memory" farm_awaits suspended
	echo "# the largest has $(farm_resident) KiB, and the host $(farm_left) MiB left"
	farm_does wake
	is "200 guests that were parked: all are woken again" "$farm_done" "$farm_size"
	farm_ends
	DORMOUSE_STATE_DIR=$disks/state
	umount "$disks/disk"
}

farm
park_cycles 5 62 "all memory"
park_cycles 1000 4 "4 MiB of memory"
