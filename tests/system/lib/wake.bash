# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# wake.bash - guests with a network, whose other end is tests/system/programs/wake-peer
#
# To be sourced after vm.bash and calls.bash.

net_mac=52:54:00:12:34:56

# Starts the network of a VM, at $net_path, and waits until it is there: net_start NAME
net_start()
{
	net_path=$disks/$1.net
	net_said=$logs/$1.peer
	net_in=$disks/$1.peer
	mkfifo "$net_in"
	exec {net_commands}<>"$net_in"
	wake-peer "$net_path" <&"$net_commands" >"$net_said" 2>&1 &
	net_pid=$!
	until [[ -S $net_path ]] || ! kill -0 "$net_pid" 2>/dev/null; do
		vm_sleep
	done
}

net_stop()
{
	kill "$net_pid" 2>/dev/null || true
	wait "$net_pid" 2>/dev/null || true
	exec {net_commands}>&-
	rm -f "$net_path" "$net_in"
}

# Has the network send a frame: net_send COMMAND...
net_send()
{
	echo "$*" >&"$net_commands"
}

# Waits until the network has seen so many lines, one by default: net_await PATTERN [COUNT]
net_await()
{
	vm_await "$net_said" "$@"
}

# Whether there is an answer; if not, asks again each second while the guest is awake.
net_is_answered()
{
	! has_line "$net_said" "$2" || return 0
	net_looks=$((net_looks + 1))
	((net_looks % 5)) || ! vm_state_is "$1" running || net_send "${@:3}"

	return 1
}

# Sends a frame, waits for the answer, and asks again as a neighbour does that gets none: Linux
# drops what it sends as long as it has not acted on the carrier that its driver took away and
# gave back over the sleep. net_asks NAME PATTERN COMMAND...
net_asks()
{
	net_looks=0
	net_send "${@:3}"
	vm_until net_is_answered "$@"
}

# Starts the guest of tests/system/guests/net-sleeper.c, which answers COUNT frames; with STEPS 1
# it stops on its way to sleep: sleeper_vm NAME NET COUNT STEPS [OPTION...]
sleeper_vm()
{
	cat "$(command -v net-sleeper.img)" >"$disks/$1.img"
	append_words "$disks/$1.img" "$3" "$4"
	vm_start "$1" --flat "$disks/$1.img" --memory 64M --net "$2,mac=$net_mac" "${@:5}"
}

# Starts that guest and its network; what is written to $disks/in is typed on its console:
# sleeper_start NAME COUNT STEPS [OPTION...]
sleeper_start()
{
	net_start "$1"
	vm_stdin=$disks/in
	sleeper_vm "$1" "unix:$net_path" "${@:2}"
	vm_stdin=
	net_await '^announced 192.0.2.7 ' || true
}

# Puts it to sleep by each frame and wakes it by the next: many_sleeps MODE COUNT
many_sleeps()
{
	local what="--psci $1: $2 sleeps, each ended by a frame" said

	sleeper_start "wake-cycles-$1" $(($2 + 1)) 0 --psci "$1"
	net_send cycle "$net_mac" $(($2 + 1))
	vm_finish
	printf -v said 'answered %016x' $(($2 + 1))
	is "$what: run exits 0" "$vm_status" 0
	is "$what: no frame was lost" "$(count_lines "$net_said" "^cycled $(($2 + 1))\$")" 1
	is "$what: the guest has seen each once" "$(tr -d '\r' <"$vm_console" | tail -n 1)" "$said"
	net_stop
}

# Starts Linux, which announces an address and suspends COUNT times: linux_start NAME NET ADDRESS COUNT [OPTION...]
linux_start()
{
	vm_start "$1" --kernel "$guest/Image" --initrd "$guest/initrd" --memory 256M --cpus 2 \
		--net "$2,mac=$net_mac" --append "$vm_linux do=net:$3,serve:$3,suspend:$4,poweroff" "${@:5}"
}

# --- passt ---

# What it needs on an emulated host: the program, its user, and a network with a route. Fails
# where there is no passt.
passt_set_up()
{
	[[ -d /host/passt ]] || return 1
	printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' /host/passt/lib/ld-linux-aarch64.so.1 \
		/host/passt/lib /host/passt/passt >/bin/passt
	chmod 755 /bin/passt
	grep -qs ^nobody: /etc/passwd || echo 'nobody:x:65534:65534::/:/bin/false' >>/etc/passwd
	[[ ! -e /sys/class/net/dummy0 ]] || return 0
	insmod /host/dummy.ko
	ip addr add 198.51.100.2/24 dev dummy0
	ip link set dummy0 up
	ip route add default via 198.51.100.1
}

# The processes that run passt.
passt_pids()
{
	local process arguments

	for process in /proc/[0-9]*; do
		{ mapfile -d '' -t arguments <"$process/cmdline"; } 2>/dev/null || continue
		[[ ${arguments[3]-} != /host/passt/passt ]] || echo "${process#/proc/}"
	done
}
