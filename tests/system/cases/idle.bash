# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# --idle-states: a guest's CPUs enter standby and power-down through libpsci and
# come back, after CPUs went off and on and after a hibernation and a resume;
# what ends a machine ends it while its CPUs sleep.

. "$here/lib/calls.bash"

# Each CPU has entered a state, as often as requested or more, in each of the
# rounds of the run, and was never refused: entered STATE ROUNDS
entered()
{
	local cpu lines

	for cpu in 0 1; do
		lines=$(whole_lines "$vm_console" | tr -d '\r' |
			sed -n "s/^GUEST: idle cpu=$cpu state=$1 //p")
		(($(grep -c . <<<"$lines") == $2)) || return
		(($(grep -cE '^entered=[1-9][0-9]+ rejected=0$' <<<"$lines") == $2)) || return
	done
}

# --- Where there are none ---

idle_states_need_libpsci()
{
	vm_start idle-kvm --psci kernel --idle-states --kernel "$guest/Image"
	vm_finish
	is "--idle-states with --psci kernel is a usage error" "$vm_status" 2
	ok "--idle-states with --psci kernel: the message names the reason" dormouse_said \
		'^dormouse: --idle-states with --psci kernel: only --psci userspace has them '
}

# --- Linux ---

linux_enters_idle_states()
{
	vm_start_guest idle hotplug:2,idle:10,count,hibernate,idle:10,poweroff --cpus 2 --idle-states
	vm_finish
	ok "each CPU enters standby and wakes, none is refused" entered standby 1
	ok "each CPU enters power-down and wakes, none is refused" entered powerdown 1
	is "CPU 1 of a Linux with idle states goes off and on twice" "$(guest_fact hotplug rounds)" 2
	ok "Linux with idle states hibernates" [ "$(guest_fact hibernating boot_id)" ]
	is "status of a VM with idle states says so" "$(vm_state idle idle-states)" yes
	boot_id=$(guest_fact hibernating boot_id)
}

linux_with_idle_states_resumes()
{
	if [[ $(vm_state idle state) == hibernated ]]; then
		vm_start idle --kernel "$guest/Image" --initrd "$guest/initrd" --cpus 2 --memory 512M \
			--disk "$disks/idle-swap" --disk "$disks/idle-scratch"
		vm_finish
		is "run of a hibernated guest without its idle states: refused, exit status 1" "$vm_status" 1
		ok "run of a hibernated guest without its idle states: the message names the reason" \
			dormouse_said 'is hibernated, and its image needs idle states: '
	fi

	vm_start idle
	vm_finish
	is "Linux with idle states resumes as the guest that hibernated" \
		"$(guest_fact resumed boot_id)" "$boot_id"
	is "Linux with idle states has both CPUs after it resumed" "$(guest_fact resumed cpus)" 0-1
	ok "each CPU enters standby and wakes after the guest resumed" entered standby 1
	ok "each CPU enters power-down and wakes after the guest resumed" entered powerdown 1
	is "Linux with idle states powers off after it resumed: run exits 0" "$vm_status" 0
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
linux_enters_idle_states
linux_with_idle_states_resumes
machine_ends_while_cpus_sleep
power_down_without_idle_states
