# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# A VM commanded from outside: dormouse stop, cont, wake, reset, kill and events,
# each where it makes sense and where it does not, and QMP itself on the socket.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

control_socket()
{
	echo "$DORMOUSE_STATE_DIR/$1/qmp"
}

quietly()
{
	"$@" >/dev/null
}

# It has heard something. Before, somebody has to make the first event: control_hears NAME
control_hears()
{
	! has_line "$events" STOP || return 0
	dormouse stop "$1" >/dev/null && dormouse cont "$1" >/dev/null
	return 1
}

# Hears of the VM's events, in a file, until it ends: control_listen NAME
control_listen()
{
	vm_await_socket "$(control_socket "$1")" || true
	events=$logs/$vm_runs-$1.events
	: >"$events"
	dormouse events "$1" >"$events" 2>&1 &
	events_pid=$!
	vm_until control_hears "$1" || true
}

# The events so far, without their times and what was there at first, in a line.
control_heard()
{
	whole_lines "$events" | sed -E 's/^[^ ]+ //' | grep -vxE 'STOP|RESUME' | tr '\n' ' '
}

# verb_says SENTENCE COMMAND...: dormouse COMMAND fails with a sentence
verb_says()
{
	local pattern=$1 said status=0

	shift
	said=$(dormouse "$@" 2>&1) || status=$?
	[[ $status == 1 && $said =~ ^dormouse:\ $pattern$ ]]
}

# Says lines to the VM's QMP; prints all answers: control_qmp NAME LINE...
control_qmp()
{
	local name=$1

	shift
	# Ends when QMP has nothing more to say: it closes after the last answer.
	printf '%s\n' '{"execute": "qmp_capabilities"}' "$@" |
		on-socket --all "$(control_socket "$name")"
}

# --- A Linux that sleeps twice, and stays awake ---

vm_start_guest control suspend:2,shell --cpus 2
vm_await "$vm_console" '^GUEST: boot ' || true
control_listen control
vm_await "$events" ' SUSPEND$' || true
is "a guest that sleeps is suspended" "$(vm_state control state)" suspended
ok "a sleeping guest can be stopped" quietly dormouse stop control
is "status says that a sleeping guest is stopped" "$(vm_state control paused)" yes
is "stopped, a sleeping guest is suspended still" "$(vm_state control state)" suspended
ok "a sleeping guest can go on sleeping" quietly dormouse cont control
is "after that it is suspended" "$(vm_state control state)" suspended
is "wake wakes it" "$(dormouse wake control)" "control: awake"
vm_await "$vm_console" 'GUEST: suspending.*' || true
vm_await "$events" ' SUSPEND$' 2 || true
ok "wake tells in JSON that it did" grep -qE '"done": true.*"state": "running"' \
	<<<"$(dormouse wake --json control)"
vm_await "$vm_console" '^GUEST: suspended ' || true
is "the guest slept twice" "$(guest_fact suspended success)" 2
is "events tells all in their order" "$(control_heard)" "SUSPEND WAKEUP SUSPEND WAKEUP "

ok "it cannot be woken" verb_says 'control is not suspended: it is running' wake control
ok "nor asked to suspend, for want of an agent" verb_says \
	'control has no agent in its guest, which the command suspend needs: .*' suspend control
ok "nor to power off, for want of a button" verb_says 'control has no power button.*' poweroff control
ok "nor does it take long to say so in JSON" grep -q '"done": false, "error": "control has no power' \
	<<<"$(dormouse poweroff --json control)"
ok "reset resets it" quietly dormouse reset control
vm_await "$events" ' RESET host-qmp-system-reset$' || true
ok "events tell of it" has_line "$events" ' RESET host-qmp-system-reset$'
ok "dormouse says by whom" dormouse_said 'resetting: a client of QMP, at '

answers=$(control_qmp control '{"execute": "query-status", "id": 1}' '{"execute": "query-name"}' \
	'{"execute": "query-cpus-fast"}' '{"execute": "query-block"}' '{"execute": "query-kvm"}' \
	'{"execute": "query-version"}' '{"execute": "query-uuid"}' '{"execute": "query-chardev"}' \
	'{"execute": "x-dormouse-query-psci"}' '{"execute": "x-dormouse-query-record"}' \
	'{"execute": "query-commands"}' '{"execute": "balloon"}')
qmp_said()
{
	grep -qE -- "$1" <<<"$answers"
}
ok "QMP: it greets" qmp_said '^\{"QMP": \{"version": \{"qemu": \{"major": [0-9]+'
ok "QMP: query-status" qmp_said \
	'^\{"return": \{"running": true, "status": "running"\}, "id": 1\}'
ok "QMP: query-name" qmp_said '"return": \{"name": "control"\}'
ok "QMP: query-cpus-fast has both, and their threads" qmp_said \
	'"cpu-index": 0.*"thread-id": [1-9][0-9]*.*"cpu-index": 1.*"thread-id": [1-9][0-9]*'
ok "QMP: query-block has both disks" qmp_said '"device": "disk0".*control-swap.*"device": "disk1"'
ok "QMP: query-kvm" qmp_said '"return": \{"enabled": true, "present": true\}'
ok "QMP: query-uuid" qmp_said '"UUID": "0{8}-'
ok "QMP: query-chardev" qmp_said '"label": "serial0", "filename": "stdio"'
ok "QMP: PSCI's server and version" qmp_said '"server": "userspace", "version": "1\.3", "cpus": \['
ok "QMP: the record" qmp_said '"state": "running"'
ok "QMP: query-commands has quit" qmp_said '\{"name": "quit"\}'
ok "QMP: what there is not is CommandNotFound" qmp_said '"class": "CommandNotFound"'

is "kill ends it" "$(dormouse kill control)" "control: ended"
vm_finish
is "run exits 5 then" "$vm_status" 5
is "and status says off" "$(vm_state control state)" off
is "and by whom" "$(vm_state control cause)" "a client of QMP"
is "and that it had two lives" "$(vm_state control boots)" 2
wait "$events_pid" || events_status=$?
is "events ends with the VM" "${events_status-0}" 0
ok "events end with it" has_line "$events" ' SHUTDOWN host-qmp-quit$'
ok "the socket is gone" [ ! -e "$(control_socket control)" ]

# --- Where a command makes no sense ---

for verb in stop cont wake suspend reset poweroff kill events; do
	ok "$verb: a VM that is off is refused" verb_says 'control does not run: it is off' \
		"$verb" control
	ok "$verb: one that there is not, too" verb_says 'there is no VM named nobody.*' \
		"$verb" nobody
done

# --- One whose dormouse does not answer, for it is stopped itself ---

mkfifo "$disks/control-in"
exec {bytes}<>"$disks/control-in"
vm_stdin=$disks/control-in
# s suspends; it begins again when it wakes. o ends it.
calls_guest "$disks/control.img" 2 "3 0x6f 4" "0xc400000e 0x40200000" 0 0x84000008
vm_start deaf --kernel "$disks/control.img" --memory 64M
control_listen deaf
kill -STOP "$vm_pid"
ok "its silence ends with --timeout, and what came of it is told" verb_says \
	'the dormouse that runs deaf has not answered within 1 second, and was sent no request' \
	reset --timeout 1 deaf
ok "in JSON too, and the state" grep -q '"done": false.* within 1 second.*"state": "running"' \
	<<<"$(dormouse reset --json --timeout 1 deaf)"
kill -CONT "$vm_pid"
ok "list has it in JSON" grep -A 1 '"name": "deaf"' <<<"$(dormouse list --json)"

# --- Asleep: reset, stopped and reset, killed ---

printf s >&"$bytes"
ok "it suspends" vm_await_state deaf suspended
is "asleep it can be reset" "$(dormouse reset deaf 2>&1)" "deaf: reset"
is "then it runs" "$(vm_state deaf state)" running
printf s >&"$bytes"
ok "from its beginning: it suspends again" vm_await_state deaf suspended
ok "it can be stopped" quietly dormouse stop deaf
is "and reset meanwhile" "$(dormouse reset deaf 2>&1)" "deaf: reset"
is "then it is still stopped" "$(vm_state deaf paused)" yes
printf s >&"$bytes"
ok "it goes on" quietly dormouse cont deaf
ok "and suspends" vm_await_state deaf suspended
is "asleep it can be killed" "$(dormouse kill deaf)" "deaf: ended"
vm_finish
is "run exits 5 then, too" "$vm_status" 5
wait "$events_pid" || true
is "events tell all of it" "$(control_heard)" "SUSPEND RESET host-qmp-system-reset SUSPEND \
RESET host-qmp-system-reset SUSPEND SHUTDOWN host-qmp-quit "

# --- Ends that have events of their own ---

# Waits for a byte before it ends: control_ends NAME STEP...
control_ends()
{
	calls_guest "$disks/$1.img" 2 "${@:2}"
	vm_start "$1" --kernel "$disks/$1.img" --memory 64M --cpus 2
	control_listen "$1"
	printf e >&"$bytes"
	vm_finish
	wait "$events_pid" || true
}

control_ends hibernates 0xc4000015 0x84000008
is "a hibernation is SUSPEND_DISK" "$(control_heard)" "SUSPEND_DISK SHUTDOWN guest-shutdown "
# Behind its three steps are two instructions that KVM cannot emulate: movz x0, #0x900, lsl #16;
# ldp x2, x3, [x0]. The second vCPU starts there, and gets no abort for them.
vm_under=(at-call set-events 1 EPERM)
calls_guest "$disks/panics.img"
panic=$((0x40200000 + $(stat -c %s "$disks/panics.img") + 3 * 32))
control_ends panics "0xc4000003 1 $panic" 0 0xa9400c02d2a12000
vm_under=()
is "a guest that cannot go on is GUEST_PANICKED" "$(control_heard)" \
	"GUEST_PANICKED SHUTDOWN guest-panic "
is "and status says that it crashed" "$(vm_state panics state)" crashed
exec {bytes}>&-
rm "$disks/control-in"
vm_stdin=

# --- The guest's counter ---

mkfifo "$disks/pause-in"
exec {bytes}<>"$disks/pause-in"
vm_stdin=$disks/pause-in
vm_start pause --kernel "$(command -v psci-pause.img)" --memory 64M
vm_await "$vm_console" '^frequency [0-9a-f]{16}' || true
second=$((16#$(whole_lines "$vm_console" | sed -n 's/^frequency //p' | tr -d '\r')))

# The guest's nth word on how far its counter is behind: pause_offset N
pause_offset()
{
	vm_await "$vm_console" '^offset [0-9a-f]{16}.?$' "$1" || true
	echo "$((16#$(whole_lines "$vm_console" | sed -nE 's/^offset ([0-9a-f]{16}).?$/\1/p' | sed -n "$1p")))"
}

printf o >&"$bytes"
at_first=$(pause_offset 1)
dormouse stop pause >/dev/null
sleep 1
dormouse cont pause >/dev/null
printf o >&"$bytes"
after_stop=$(pause_offset 2)
ok "while it is stopped, its counter stands" [ $((after_stop - at_first)) -ge "$second" ]
printf s >&"$bytes"
ok "it suspends" vm_await_state pause suspended
dormouse stop pause >/dev/null
sleep 1
dormouse cont pause >/dev/null
dormouse wake pause >/dev/null
after_sleep=$(pause_offset 3)
ok "while it sleeps, its counter goes on, stopped or not" \
	[ $((after_sleep - after_stop)) -lt "$second" ]
printf q >&"$bytes"
vm_finish
is "it ends as it is told" "$vm_status" 0
exec {bytes}>&-
rm "$disks/pause-in"
vm_stdin=
