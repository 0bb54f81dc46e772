# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # run-in-host sets them.
#
# A guest is reset a hundred times in one run, from either vCPU, cold and warm;
# with each reset, KVM's VM is replaced. Anything that is left behind shows in
# the process: open files, threads, memory.
#
# The guest prints that it is there, and the next byte from the console tells it what
# to do. The test writes none before the guest has asked, and measures while it waits.

. "$here/lib/calls.bash"

# dormouse's resources: open files, threads, mappings, and memory in KiB, with what
# the guest has touched, which does not change from reset to reset.
holdings()
{
	local fds=(/proc/"$vm_pid"/fd/*)

	echo "files=${#fds[@]}"
	sed -n 's/^Threads:\t/threads=/p; s/^RssAnon:\t *\([0-9]*\) kB/memory=\1/p' \
		"/proc/$vm_pid/status"
	echo "mappings=$(wc -l <"/proc/$vm_pid/maps")"
}

holding()
{
	sed -n "s/^$2=//p" <<<"$1"
}

# The guest asks for the next byte: awaits_byte; fails if dormouse is gone or hangs.
awaits_byte()
{
	local line tries=$((vm_deadline / 5))

	# Rounds are counted, since a clock may jump: the machine may have been asleep.
	while vm_is_alive && ((tries-- > 0)); do
		read_line 5 "$console" || continue
		printf '%s\n' "$line" >>"$vm_console"
		[[ $line != "0 call 84000000 = "* ]] || return 0
	done
	return 1
}

# By index: print PSCI_VERSION, take a byte, and act on it.
reset_steps=(
	0x84000000  # 0: I am here
	2           # 1: what next?
	"3 0x72 8"  # 2: r, SYSTEM_RESET
	"3 0x77 9"  # 3: w, SYSTEM_RESET2, warm
	"3 0x52 10" # 4: R, the same from vCPU 1
	"3 0x57 12" # 5: W
	0x84000008  # 6: SYSTEM_OFF
	0           # 7
	0x84000009  # 8
	0xc4000012  # 9
	"1 1 14"    # 10
	0           # 11
	"1 1 15"    # 12
	0           # 13
	0x84000009  # 14
	0xc4000012  # 15
)

resets_leave_nothing_behind()
{
	reset_modes=(userspace mixed kernel)
	[[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]] || reset_modes=(kernel)
	for mode in "${reset_modes[@]}"; do
		resets=100
		[[ $mode == "${reset_modes[0]}" ]] || resets=40
		calls_guest "$disks/resets.img" "${reset_steps[@]}"
		mkfifo "$disks/in" "$disks/out"
		vm_runs=$((vm_runs + 1))
		vm_console=$logs/$vm_runs-resets-$mode.console
		vm_messages=$logs/$vm_runs-resets-$mode.dormouse
		: >"$vm_console"
		# Opened for both directions, no open waits for the other end.
		exec {bytes}<>"$disks/in" {console}<>"$disks/out"
		dormouse run --name "resets-$mode" --kernel "$disks/resets.img" --cpus 2 --memory 64M \
			--psci "$mode" <"$disks/in" >"$disks/out" 2>"$vm_messages" \
			{bytes}>&- {console}>&- &
		vm_pid=$!
		early='' late=''
		for ((i = 0; i < resets; i++)); do
			awaits_byte || break
			((i != 10)) || early=$(holdings)
			what=rwRW
			printf %s "${what:i % 4:1}" >&"$bytes"
		done
		if awaits_byte; then
			late=$(holdings)
			printf o >&"$bytes"
		fi
		vm_finish
		exec {bytes}>&- {console}>&-
		rm "$disks/in" "$disks/out"

		is "resets, --psci $mode: a power-off after $resets resets ends the run with 0" "$vm_status" 0
		is "resets, --psci $mode: dormouse reports each reset" \
			"$(count_lines "$vm_messages" ': resetting: SYSTEM_RESET')" \
			"$resets"
		is "resets, --psci $mode: half of the resets are SYSTEM_RESET2" \
			"$(count_lines "$vm_messages" ': resetting: SYSTEM_RESET2, type 0, ')" "$((resets / 2))"
		is "resets, --psci $mode: half of the resets come from vCPU 1" \
			"$(count_lines "$vm_messages" ': resetting: .*, from vCPU 1, ')" "$((resets / 2))"
		is "resets, --psci $mode: status counts the boots" \
			"$(vm_state "resets-$mode" boots)" "$((resets + 1))"
		for what in files threads mappings; do
			ok "resets, --psci $mode: the number of $what of dormouse is known" [ "$(holding "$late" $what)" ]
			is "resets, --psci $mode: dormouse has no more $what after $resets resets than after 10" \
				"$(holding "$late" $what)" "$(holding "$early" $what)"
		done
		before=$(holding "$early" memory) now=$(holding "$late" memory)
		echo "# $mode: $before KiB of memory after 10 resets, $now KiB after $resets"
		ok "resets, --psci $mode: dormouse's memory grows by less than a page a reset" \
			test "${now:-1000000}" -lt "$((before + (resets - 10) * 4))"
	done
}

resets_leave_nothing_behind
