# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# --idle-states: where there are none, and what ends a machine ends it while its
# CPUs sleep. A Linux that uses them is in life.bash.

. "$here/lib/calls.bash"

# --- Where there are none ---

idle_states_need_libpsci()
{
	vm_start idle-kvm --psci kernel --idle-states --kernel "$guest/Image"
	vm_finish
	is "--idle-states with --psci kernel is a usage error" "$vm_status" 2
	ok "--idle-states with --psci kernel: the message names the reason" dormouse_said \
		'^dormouse: --idle-states with --psci kernel: only --psci userspace has them '
}

# --- Ends of a machine, while CPUs sleep ---

machine_ends_while_cpus_sleep()
{
	# A guest without interrupts never wakes: only a kick ends its sleep. CPU 0 makes
	# some calls first, which give CPU 1 the time to fall asleep.
	calls="4 100 0x84000000"
	for power_state in 0 0x10000; do
		sleep_call="0xc4000001 $power_state 0x40200000"
		for end in "0 0x84000008" "6 0x84000009" "3 0xc4000015"; do
			read -r status fid <<<"$end"
			calls_run "asleep-$power_state-$status" "--cpus 2 --idle-states --on-reset exit" \
				"1 1 4" 7 "$calls" "$fid" 7 "$sleep_call" 0
			is "CPU 1 in power state $power_state: $fid ends the machine" "$vm_status" "$status"
		done
		calls_guest "$disks/asleep.img" "1 1 4" 7 "$calls" "$sleep_call" 7 "$sleep_call"
		vm_start "asleep-$power_state" --kernel "$disks/asleep.img" --memory 64M --cpus 2 \
			--idle-states
		vm_await "$vm_console" '^0 ' || true
		vm_signal TERM
		is "all CPUs in power state $power_state: SIGTERM ends the machine with status 5" "$vm_status" 5
	done
}

# --- Without --idle-states ---

power_down_without_idle_states()
{
	calls_run no-idle "" "0xc4000001 0x10000 0x40200000" 0x84000008
	is "power-down of a VM without --idle-states is refused" "$(call_answer 0xc4000001)" -2
}

idle_states_need_libpsci
machine_ends_while_cpus_sleep
power_down_without_idle_states
