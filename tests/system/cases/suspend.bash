# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# SYSTEM_SUSPEND, with each PSCI server: what is refused, what wakes, that no wake is
# lost, that dormouse is idle meanwhile, and what is recorded of a guest that sleeps.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

system_suspend=0xc400000e
entry=0x40200000 # Where the kernel is loaded: the guest begins again.

suspend_modes=(userspace kernel mixed)
[[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]] || suspend_modes=(kernel)

# How often the threads of dormouse have been switched to and from.
switches()
{
	sed -n 's/^\(non\)\?voluntary_ctxt_switches:\t//p' /proc/"$vm_pid"/task/*/status |
		awk '{ sum += $1 } END { print sum }'
}

# Opened for both directions, no open waits for the other end.
mkfifo "$disks/in"
exec {bytes}<>"$disks/in"

# --- What is refused ---

suspend_is_refused()
{
	calls_run "suspend-on-$mode" "--cpus 2 --psci $mode" "1 1 4" 7 "$system_suspend $entry" \
		0x84000008 7 0
	is "--psci $mode: SYSTEM_SUSPEND while another vCPU is on is DENIED" "$(call_answer $system_suspend)" -3
	calls_run "suspend-entry-$mode" "--cpus 2 --psci $mode" "$system_suspend 0x1000" \
		"$system_suspend 0x40200002" 0x84000008
	is "--psci $mode: SYSTEM_SUSPEND with an entry point without memory is INVALID_ADDRESS" \
		"$(call_answer $system_suspend 1)" -9
	is "--psci $mode: SYSTEM_SUSPEND with an unaligned entry point is INVALID_ADDRESS" \
		"$(call_answer $system_suspend 2)" -9
	calls_run "suspend-deny-$mode" "--suspend deny --psci $mode" "$system_suspend $entry" \
		"0x8400000e $entry" 0x84000008
	is "--psci $mode: SYSTEM_SUSPEND (64) with --suspend deny is DENIED" "$(call_answer $system_suspend)" -3
	is "--psci $mode: SYSTEM_SUSPEND (32) with --suspend deny is DENIED" "$(call_answer 0x8400000e)" -3
	is "--psci $mode: a guest whose SYSTEM_SUSPEND was denied continues: run exits 0" "$vm_status" 0
}

# --- Asleep, and woken by the console ---

suspended_guest_is_woken_by_the_console()
{
	# Takes a byte, and suspends; wakes, begins again, takes the byte that woke it.
	calls_guest "$disks/suspend.img" 2 "3 0x6f 4" "$system_suspend $entry 0x5eed" 0 0x84000008
	vm_stdin=$disks/in
	vm_start "suspend-$mode" --kernel "$disks/suspend.img" --memory 64M --cpus 2 --psci "$mode"
	vm_stdin=
	printf s >&"$bytes"
	ok "--psci $mode: status of a suspended guest is suspended" vm_await_state "suspend-$mode" suspended
	before=$(switches)
	sleep 5
	is "--psci $mode: no thread of dormouse runs for 5 seconds while the guest is suspended" \
		"$(switches)" "$before"
	is "--psci $mode: status of a suspended guest names SYSTEM_SUSPEND as cause" \
		"$(vm_state "suspend-$mode" cause)" \
		"SYSTEM_SUSPEND, from vCPU 0"
	ok "--psci $mode: status of a suspended guest has its time and entry point" grep -qE \
		'^20[0-9-]+T[0-9:]+Z, by vCPU 0, to resume at 0x40200000 with x0 0x5eed$' \
		<<<"$(vm_state "suspend-$mode" suspended)"
	is "--psci $mode: status of a suspended guest says that the console can wake it" \
		"$(vm_state "suspend-$mode" wake-by-console)" yes
	is "--psci $mode: status of a suspended guest says that no interrupt can wake it" \
		"$(vm_state "suspend-$mode" wake-by-interrupts)" none
	is "--psci $mode: status --json of a suspended guest has state and entry point" \
		"$(dormouse status --json "suspend-$mode" | grep -cE '"(entry": "0x40200000|state": "suspended)"')" 2
	printf s >&"$bytes"
	vm_await "$vm_messages" ': running: woken by the console, at ' || true
	ok "--psci $mode: a byte wakes a suspended guest, which suspends again" \
		vm_await_state "suspend-$mode" suspended
	printf o >&"$bytes"
	vm_finish
	is "--psci $mode: a suspended guest that was woken powers off: run exits 0" "$vm_status" 0
	is "--psci $mode: dormouse reports that the console woke the guest twice" \
		"$(count_lines "$vm_messages" ': running: woken by the console, at ')" 2
}

# --- Ended by its user while it sleeps ---

suspended_guest_is_ended_by_sigterm()
{
	vm_stdin=$disks/in
	vm_start "suspend-$mode" --psci "$mode" --kernel "$disks/suspend.img" --memory 64M
	vm_stdin=
	printf s >&"$bytes"
	vm_await_state "suspend-$mode" suspended || true
	vm_signal TERM
	is "--psci $mode: SIGTERM ends the run of a suspended guest with 5" "$vm_status" 5
	is "--psci $mode: status of a suspended guest that SIGTERM ended is off" \
		"$(vm_state "suspend-$mode" state)" off
}

# --- Killed while it sleeps ---

dormouse_is_killed_while_its_guest_is_suspended()
{
	vm_stdin=$disks/in
	vm_start suspend-killed --kernel "$disks/suspend.img" --memory 64M
	vm_stdin=
	printf s >&"$bytes"
	vm_await_state suspend-killed suspended || true
	vm_signal KILL
	is "SIGKILL while the guest is suspended: status of the VM is crashed" \
		"$(vm_state suspend-killed state)" crashed
	ok "SIGKILL while the guest is suspended: status says that the guest was suspended" \
		grep -qE ' while the guest was suspended$' \
		<<<"$(vm_state suspend-killed cause)"
	ok "SIGKILL while the guest is suspended: status has the entry point" \
		grep -qF 'at 0x40200000 with x0 0x5eed' \
		<<<"$(vm_state suspend-killed suspended)"
}

for mode in "${suspend_modes[@]}"; do
	suspend_is_refused
	suspended_guest_is_woken_by_the_console
	suspended_guest_is_ended_by_sigterm
	suspend_rounds "$mode" 200
done
dormouse_is_killed_while_its_guest_is_suspended

exec {bytes}>&-
rm "$disks/in"
