# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# control.bash - listen to a VM while it is commanded from outside
#
# To be sourced after vm.bash.

control_socket()
{
	echo "$DORMOUSE_STATE_DIR/$1/qmp"
}

# Sends lines to the VM's QMP; prints all answers: control_qmp NAME LINE...
control_qmp()
{
	local name=$1

	shift
	# Ends when QMP has nothing more to send: it closes after the last answer.
	printf '%s\n' '{"execute": "qmp_capabilities"}' "$@" |
		on-socket --all "$(control_socket "$name")"
}

quietly()
{
	"$@" >/dev/null
}

# The listener has received an event. The test must cause the first one: control_hears NAME
control_hears()
{
	! has_line "$events" STOP || return 0
	dormouse stop "$1" >/dev/null && dormouse cont "$1" >/dev/null
	return 1
}

# Receives the VM's events, into a file, until it ends: control_listen NAME
control_listen()
{
	vm_await_socket "$(control_socket "$1")" || true
	events=$logs/$vm_runs-$1.events
	: >"$events"
	dormouse events "$1" >"$events" 2>&1 &
	events_pid=$!
	vm_until control_hears "$1" || true
}

# The events so far, without their times and those that were there at first, in a line.
control_heard()
{
	whole_lines "$events" | sed -E 's/^[^ ]+ //' | grep -vxE 'STOP|RESUME' | tr '\n' ' '
}
