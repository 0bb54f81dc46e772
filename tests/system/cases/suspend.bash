# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# SYSTEM_SUSPEND, whoever serves it: what is refused, what wakes, that no wake is
# lost, that all is quiet meanwhile, and what is known of a guest that sleeps.

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

for mode in "${suspend_modes[@]}"; do
	# --- What is refused ---

	calls_run "suspend-on-$mode" "--cpus 2 --psci $mode" "1 1 4" 7 "$system_suspend $entry" \
		0x84000008 7 0
	is "$mode: while another vCPU is on it is DENIED" "$(call_answer $system_suspend)" -3
	calls_run "suspend-entry-$mode" "--cpus 2 --psci $mode" "$system_suspend 0x1000" \
		"$system_suspend 0x40200002" 0x84000008
	is "$mode: an entry point without memory is INVALID_ADDRESS" \
		"$(call_answer $system_suspend 1)" -9
	is "$mode: so is one between instructions" "$(call_answer $system_suspend 2)" -9
	calls_run "suspend-deny-$mode" "--suspend deny --psci $mode" "$system_suspend $entry" \
		"0x8400000e $entry" 0x84000008
	is "$mode: with --suspend deny it is DENIED" "$(call_answer $system_suspend)" -3
	is "$mode: so is the SMC32 call" "$(call_answer 0x8400000e)" -3
	is "$mode: a refused guest goes on" "$vm_status" 0

	# --- Asleep, and woken by the console ---

	# Takes a byte, and suspends; wakes, begins again, takes the byte that woke it.
	calls_guest "$disks/suspend.img" 2 "3 0x6f 4" "$system_suspend $entry 0x5eed" 0 0x84000008
	vm_stdin=$disks/in
	vm_start "suspend-$mode" --kernel "$disks/suspend.img" --memory 64M --cpus 2 --psci "$mode"
	vm_stdin=
	printf s >&"$bytes"
	ok "$mode: status says that it is suspended" vm_await_state "suspend-$mode" suspended
	before=$(switches)
	sleep 5
	is "$mode: in 5 seconds no thread of dormouse ran" "$(switches)" "$before"
	is "$mode: status says by whom" "$(vm_state "suspend-$mode" cause)" \
		"SYSTEM_SUSPEND, from vCPU 0"
	ok "$mode: status says since when, and where it goes on" grep -qE \
		'^20[0-9-]+T[0-9:]+Z, by vCPU 0, to resume at 0x40200000 with x0 0x5eed$' \
		<<<"$(vm_state "suspend-$mode" suspended)"
	is "$mode: status says that the console can wake it" \
		"$(vm_state "suspend-$mode" wake-by-console)" yes
	is "$mode: status says that no interrupt can" \
		"$(vm_state "suspend-$mode" wake-by-interrupts)" none
	is "$mode: as JSON too" \
		"$(dormouse status --json "suspend-$mode" | grep -cE '"(entry": "0x40200000|state": "suspended)"')" 2
	printf s >&"$bytes"
	vm_await "$vm_messages" ': running: woken by the console, at ' || true
	ok "$mode: a byte wakes it, and it suspends again" vm_await_state "suspend-$mode" suspended
	printf o >&"$bytes"
	vm_finish
	is "$mode: woken, it powers off" "$vm_status" 0
	is "$mode: it was woken twice" \
		"$(count_lines "$vm_messages" ': running: woken by the console, at ')" 2

	# --- Ended from outside while it sleeps ---

	vm_stdin=$disks/in
	vm_start "suspend-$mode" --psci "$mode" --kernel "$disks/suspend.img" --memory 64M
	vm_stdin=
	printf s >&"$bytes"
	vm_await_state "suspend-$mode" suspended || true
	vm_signal TERM
	is "$mode: asleep, it can be stopped" "$vm_status" 5
	is "$mode: then it is off" "$(vm_state "suspend-$mode" state)" off

	# --- No wake is lost ---

	suspend_rounds "$mode" 200
done

# --- Killed while it sleeps ---

vm_stdin=$disks/in
vm_start suspend-killed --kernel "$disks/suspend.img" --memory 64M
vm_stdin=
printf s >&"$bytes"
vm_await_state suspend-killed suspended || true
vm_signal KILL
exec {bytes}>&-
rm "$disks/in"
is "dormouse is killed: it is crashed" "$(vm_state suspend-killed state)" crashed
ok "and what is known of it is still known" grep -qE ' while the guest was suspended$' \
	<<<"$(vm_state suspend-killed cause)"
ok "where it would have gone on, too" grep -qF 'at 0x40200000 with x0 0x5eed' \
	<<<"$(vm_state suspend-killed suspended)"
