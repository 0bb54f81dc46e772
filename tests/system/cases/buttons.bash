# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# A guest that is asked to suspend, hibernate or power off by its buttons: a bare-metal one that
# does what the test types, for each deadline and what follows. agent.bash has Linux.

. "$here/lib/calls.bash"
. "$here/lib/control.bash"
. "$here/lib/ask.bash"

# --- A guest that reads the register and nothing else ---

# It takes a byte: r has it print the events that the register has, o powers off, and any
# other suspends, after which it begins again.
buttons_guest_starts()
{
	mkfifo "$disks/buttons-in"
	exec {bytes}<>"$disks/buttons-in"
	vm_stdin=$disks/buttons-in
	calls_guest "$disks/buttons.img" 2 "3 0x72 4" "3 0x6f 6" "0xc400000e 0x40200000" \
		"12 0x09080000" "3 0x72 0" 0x84000008
	vm_start deaf --kernel "$disks/buttons.img" --memory 64M --acpi
	vm_await_socket "$(control_socket deaf)" || true
}

# Prints the events of the register, the Nth time: buttons_events N
buttons_events()
{
	printf r >&"$bytes"
	vm_await "$vm_console" '^0 byte ' "$1" || true
	! nth_match "$vm_console" '^0 byte ([0-9a-f]+)' "$1" || echo "${BASH_REMATCH[1]}"
}

buttons_of_a_guest_that_does_nothing()
{
	ask poweroff --timeout 1 deaf
	asked_ends
	is "dormouse poweroff --timeout 1 of a guest that does nothing exits 3" "$asked_status" 3
	is "dormouse poweroff --timeout 1 of a guest that does nothing says so" "$(<"$asked_said")" \
		"dormouse: deaf: the request to poweroff failed: it has not powered off within 1 second"
	is "a guest that has not powered off in time is left running" "$(vm_state deaf state)" running
	ok "status keeps the request that was not done" grep -qE \
		'^power off, by its power button, at [^ ]+: not done, at [^ ]+: it has not powered off within 1 second$' \
		<<<"$(vm_state deaf request)"
	is "a press that the guest has not taken in time is withdrawn" "$(buttons_events 1)" 00
	ok "dormouse hibernate --json of a guest that does nothing reports the outcome" \
		grep -q '"done": false, "outcome": "not-done", "state": "running", "error": "it has not hib' \
		<<<"$(dormouse hibernate --json --timeout 1 deaf)"
}

buttons_of_a_paused_guest()
{
	dormouse stop deaf >/dev/null
	ask poweroff --timeout 300 deaf
	ok "a paused guest is asked to power off" vm_until is_asked
	dormouse cont deaf >/dev/null
	is "a press while a guest is paused waits for it" "$(buttons_events 2)" 02
	is "a guest takes a press once" "$(buttons_events 3)" 00
	printf o >&"$bytes"
	asked_ends
	vm_finish
	is "dormouse poweroff of a guest that powers off exits 0" "$asked_status" 0
	is "dormouse poweroff of a guest that powers off says so" "$(<"$asked_said")" "deaf: off"
	is "run of a guest that was asked to power off exits 0" "$vm_status" 0
	ok "status keeps the request that was done" grep -qE \
		'^power off, by its power button, at [^ ]+: done, at ' <<<"$(vm_state deaf request)"
}

buttons_of_a_guest_that_suspends_instead()
{
	vm_start deaf
	vm_await_socket "$(control_socket deaf)" || true
	ask hibernate --timeout 300 --else save deaf
	ok "a guest is asked to hibernate" vm_until is_asked
	is "a guest that should hibernate finds its sleep button pressed" "$(buttons_events 1)" 10
	printf s >&"$bytes"
	asked_ends
	vm_finish
	is "dormouse hibernate --else save of a guest that suspends exits 4" "$asked_status" 4
	is "dormouse hibernate --else save of a guest that suspends says so" "$(<"$asked_said")" \
		"dormouse: deaf: the request to hibernate failed: it has suspended itself to RAM instead; it was saved"
	is "run of a guest that was saved in place of hibernating exits 7" "$vm_status" 7
	is "a guest that was saved in place of hibernating is in its directory" "$(vm_state deaf saved)" \
		"$DORMOUSE_STATE_DIR/deaf/saved-1"
	vm_restore deaf "$DORMOUSE_STATE_DIR/deaf/saved-1"
	vm_await_socket "$(control_socket deaf)" || true
	is "dormouse suspend of a guest that is suspended says so" "$(dormouse suspend deaf 2>&1)" \
		"deaf: suspended"
}

# The client ends; deadline and policy are those of the VM's dormouse.
buttons_of_a_suspended_guest()
{
	ask poweroff --timeout 2 --else kill deaf
	ok "a suspended guest is woken by its power button" vm_await_state deaf running
	kill -KILL "$asked_pid"
	asked_ends 2>/dev/null
	vm_finish
	exec {bytes}>&-
	vm_stdin=
	is "run of a guest that has not powered off, with --else kill, exits 5" "$vm_status" 5
	is "a deadline holds though its client was killed" "$(vm_state deaf cause)" \
		"dormouse poweroff: it has not powered off within 2 seconds"
}

buttons_guest_starts
buttons_of_a_guest_that_does_nothing
buttons_of_a_paused_guest
buttons_of_a_guest_that_suspends_instead
buttons_of_a_suspended_guest
