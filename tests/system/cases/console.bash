# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# dormouse console: of a VM that has its console on a socket, and of others.

. "$here/lib/calls.bash"

# Suspends when it reads an s; wakes with the next byte: an o ends it.
calls_guest "$disks/console.img" 2 "3 0x6f 4" "0xc400000e 0x40200000" 0 0x84000000 0x84000008

# vm_start for it: console_start NAME CONSOLE
console_start()
{
	vm_start "$1" --kernel "$disks/console.img" --memory 64M --console "$2"
	vm_await "$vm_messages" ': running, ' || true
}

console_is_typed_on()
{
	console_start console "unix:$disks/socket"
	vm_await_socket "$disks/socket" || true
	mkfifo "$disks/typed"
	exec {typed}<>"$disks/typed"
	dormouse console console <"$disks/typed" >"$logs/console-1" 2>&1 &
	client=$!
	printf s >&"$typed"
	ok "dormouse console: its standard input is typed" vm_await_state console suspended
	dormouse console console </dev/null >"$logs/console-2" 2>&1 || true
	ok "dormouse console: a second client is refused, since the first is connected" \
		has_line "$logs/console-2" 'in use by another client'
	kill "$client"
	wait "$client" 2>/dev/null || true
	exec {typed}>&-
	rm "$disks/typed"
}

console_is_left_by_ctrl_a_x()
{
	# On a terminal: left, and connected again. What is typed before it says so is echoed.
	mkfifo "$disks/typed"
	on-terminal dormouse console console <"$disks/typed" >"$logs/console-3" 2>"$logs/console-3.mode" &
	client=$!
	exec {typed}>"$disks/typed"
	vm_await "$logs/console-3" 'Ctrl-A x leaves it' || true
	printf '\001h\001x' >&"$typed"
	status=0
	wait "$client" || status=$?
	is "dormouse console: Ctrl-A x leaves with exit status 0" "$status" 0
	ok "dormouse console: Ctrl-A h prints help" \
		has_line "$logs/console-3" '^Ctrl-A x  *leave the console: the machine continues'
	ok "dormouse console: the terminal is raw while connected" \
		has_line "$logs/console-3.mode" 'is another one$'
	ok "dormouse console: the terminal is restored after Ctrl-A x" \
		has_line "$logs/console-3.mode" 'is as before$'
	is "dormouse console: the guest is still suspended after Ctrl-A x" "$(vm_state console state)" suspended
}

console_ends_with_its_guest()
{
	exec {typed}>&-
	on-terminal dormouse console console <"$disks/typed" >"$logs/console-4" 2>"$logs/console-4.mode" &
	client=$!
	exec {typed}>"$disks/typed"
	vm_await "$logs/console-4" 'Ctrl-A x leaves it' || true
	printf o >&"$typed"
	vm_finish
	is "dormouse console: a typed byte wakes the guest, and run exits 0" "$vm_status" 0
	status=0
	wait "$client" || status=$?
	exec {typed}>&-
	is "dormouse console: exit status 0 at the guest's end" "$status" 0
	ok "dormouse console: all output of the guest is printed before its end" \
		has_line "$logs/console-4" 'call 84000000 = 0000000000010003'
	ok "dormouse console: the terminal is restored at the guest's end" \
		has_line "$logs/console-4.mode" 'is as before$'
}

# --- While more is typed than is kept, and the guest prints much and reads nothing ---

console_of_a_guest_that_floods_it()
{
	calls_guest "$disks/console.img" 2 "10 0x4000" 0x84000008
	console_start console "unix:$disks/socket"
	vm_await_socket "$disks/socket" || true
	dormouse console console </dev/zero >"$logs/console-6" 2>&1 &
	client=$!
	vm_finish
	is "a guest that floods its console and reads no input: run exits 0" "$vm_status" 0
	status=0
	wait "$client" || status=$?
	is "a guest that floods its console and reads no input: dormouse console exits 0" "$status" 0
	is "a guest that floods its console and reads no input: dormouse console prints all output" \
		"$(grep -ao abcdefghijklmnop "$logs/console-6" | wc -l)" 1024
}

# --- Other users ---

# console_refused SENTENCE NAME SAYING
console_refused()
{
	status=0
	dormouse console "$2" </dev/null >"$logs/console-5" 2>&1 || status=$?
	is "dormouse console of $1: refused, exit status 1" "$status" 1
	is "dormouse console of $1: the message names the reason" "$(cat "$logs/console-5")" "dormouse: $3"
}

console_of_another_kind_is_refused()
{
	console_refused "a VM that does not run" console "console does not run: it is off"
	socket_wanted="only the console of a VM that runs with --console unix:SOCKET can be shown"
	for console in none "file:$disks/console.out" tty; do
		console_start console "$console"
		case $console in
		none) where="nowhere" ;;
		file:*) where="in ${console#file:}" ;;
		tty) where="where its dormouse was started" ;;
		esac
		console_refused "a VM with --console ${console%%:*}" console \
			"console has its console $where: $socket_wanted"
		vm_signal TERM
	done
}

console_is_typed_on
console_is_left_by_ctrl_a_x
console_ends_with_its_guest
console_of_a_guest_that_floods_it
console_of_another_kind_is_refused
