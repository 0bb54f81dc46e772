# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # run-in-host sets them.
#
# What can happen to a console: a terminal, which is as before however the run
# ends, and which may go away; a reader that takes nothing for a while; a writer
# that sends more than the guest can take. No byte is lost.

. "$here/lib/calls.bash"

cat "$(command -v hostile.img)" >"$disks/waiter"
append_words "$disks/waiter" 4 0

# --- A terminal ---

# on_terminal COMMAND...: what is written to $bytes is typed there
on_terminal()
{
	rm -f "$disks/typed"
	mkfifo "$disks/typed"
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-terminal.console vm_messages=$logs/$vm_runs-terminal.dormouse
	: >"$vm_console"
	on-terminal "$@" <"$disks/typed" >"$vm_console" 2>"$vm_messages" &
	vm_pid=$!
	exec {bytes}>"$disks/typed"
}

# A guest on it that waits for ever: terminal_start [--no-control]
terminal_start()
{
	on_terminal "$@" dormouse run --name terminal --flat "$disks/waiter"
	vm_await "$vm_console" '^waiting' || true
}

# terminal_ended SENTENCE STATUS: the run ended, and the terminal is as before
terminal_ended()
{
	vm_finish
	exec {bytes}>&-
	is "$1: run exits $2" "$vm_status" "$2"
	ok "$1: the terminal is as before" dormouse_said "^on-terminal: .* is as before$"
}

# A guest that ends by itself: terminal_calls SENTENCE STATUS "OPTION..." STEP...
terminal_calls()
{
	local options

	read -ra options <<<"$3"
	calls_guest "$disks/calls.img" "${@:4}"
	on_terminal dormouse run --name calls --kernel "$disks/calls.img" --memory 64M "${options[@]}"
	terminal_ended "$1" "$2"
}

terminal_is_restored()
{
	terminal_start
	printf '\001x' >&"$bytes"
	terminal_ended "Ctrl-A x" 5
	ok "Ctrl-A x: the terminal is raw before it" dormouse_said "^on-terminal: .* is another one$"
	is "Ctrl-A x: status of the VM names it as cause" "$(vm_state terminal cause)" "Ctrl-A x on the console"
	terminal_start
	kill -TERM "$(dormouse_pid)"
	terminal_ended "SIGTERM on a terminal" 5
	terminal_start
	dormouse kill terminal >/dev/null
	terminal_ended "dormouse kill on a terminal" 5

	terminal_calls "a power-off on a terminal" 0 "" 0x84000008
	terminal_calls "a hibernation on a terminal" 3 "" 0xc4000015
	terminal_calls "a last reset on a terminal" 6 "--on-reset exit" 0x84000009
	on_terminal at-call run 1 ENOMEM dormouse run --name crasher --flat "$disks/waiter"
	terminal_ended "a crash on a terminal" 4
	# The directories above the VM's are made durable first, then its record.
	slashes=${DORMOUSE_STATE_DIR//[^\/]/}
	on_terminal at-call fsync-directory $((${#slashes} + 2)) EIO dormouse run --name refused --flat "$disks/waiter"
	terminal_ended "a start that fails on a terminal" 1
}

terminal_hangs_up()
{
	terminal_start
	exec {bytes}>&-
	vm_finish
	is "the terminal hangs up: run exits 5" "$vm_status" 5
	is "the terminal hangs up: status of the VM names SIGHUP as cause" "$(vm_state terminal cause)" SIGHUP
	terminal_start --no-control
	exec {bytes}>&-
	dormouse_is=$(dormouse_pid)
	ok "a terminal that does not control dormouse hangs up: the guest continues" \
		[ "$(vm_state terminal state)" = running ]
	kill -TERM "$dormouse_is"
	vm_finish
	is "a terminal that does not control dormouse hung up: SIGTERM ends the run with 5" "$vm_status" 5
	is "a terminal that does not control dormouse hung up: status of the VM is off" \
		"$(vm_state terminal state)" off
}

# --- A reader that takes nothing, and then everything ---

reader_comes_late()
{
	# 1600 bytes, a hundred times the UART's FIFO.
	calls_guest "$disks/calls.img" "10 1600" 0x84000008
	for ((i = 0; i < 100; i++)); do
		printf abcdefghijklmnop
	done >"$disks/letters"
	full_pipe "$disks/slow"
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-slow.console vm_messages=$logs/$vm_runs-slow.dormouse
	: >"$vm_console"
	dormouse run --name slow --kernel "$disks/calls.img" --memory 64M </dev/null \
		>"$disks/slow" 2>"$vm_messages" {pipe}>&- &
	vm_pid=$!
	vm_await "$vm_messages" ': running' || true
	tr -d '\0' <"$disks/slow" >"$vm_console" {pipe}>&- &
	reader=$!
	exec {pipe}>&-
	vm_finish
	wait "$reader"
	is "a console whose reader comes late: run exits 0" "$vm_status" 0
	ok "a console whose reader comes late: the reader gets every byte, and nothing else" \
		cmp -s "$vm_console" "$disks/letters"
}

# --- More input than the guest takes at once ---

input_comes_too_fast()
{
	# It expects a, b, c, a, b, c, … and o in the end; anything else is a reset.
	calls_guest "$disks/calls.img" 2 "3 0x61 4" "3 0x6f 11" 0x84000009 2 "3 0x62 7" 0x84000009 \
		2 "3 0x63 0" 0x84000009 0 0x84000008
	{
		for ((i = 0; i < 400; i++)); do
			printf abc
		done
		printf o
	} >"$disks/input"
	vm_stdin=$disks/input
	vm_start input --kernel "$disks/calls.img" --memory 64M --on-reset exit
	vm_stdin=
	vm_finish
	is "1200 bytes at once reach the guest, each in its turn" "$vm_status" 0
}

terminal_is_restored
terminal_hangs_up
reader_comes_late
input_comes_too_fast
