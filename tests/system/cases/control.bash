# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# A VM commanded from outside: dormouse stop, cont, wake, reset, kill and events,
# each where it makes sense and where it does not, and QMP itself on the socket.

. "$here/lib/calls.bash"
. "$here/lib/control.bash"

# dormouse COMMAND fails with a message: verb_says SENTENCE COMMAND...
verb_says()
{
	local pattern=$1 said status=0

	shift
	said=$(dormouse "$@" 2>&1) || status=$?
	[[ $status == 1 && $said =~ ^dormouse:\ $pattern$ ]]
}

# --- A Linux that sleeps twice, and stays awake ---

control_of_a_sleeping_linux()
{
	vm_start_guest control suspend:2,shell --cpus 2
	vm_await "$vm_console" '^GUEST: boot ' || true
	control_listen control
	vm_await "$events" ' SUSPEND$' || true
	is "status of a sleeping guest is suspended" "$(vm_state control state)" suspended
	ok "dormouse stop of a sleeping guest succeeds" quietly dormouse stop control
	is "status of a sleeping guest that was stopped says paused" "$(vm_state control paused)" yes
	is "status of a sleeping guest that was stopped is still suspended" "$(vm_state control state)" suspended
	ok "dormouse cont of a sleeping guest succeeds" quietly dormouse cont control
	is "status of a sleeping guest after dormouse cont is suspended" "$(vm_state control state)" suspended
	is "dormouse wake of a sleeping guest reports that it is awake" \
		"$(dormouse wake control)" "control: awake"
	vm_await "$vm_console" 'GUEST: suspending.*' || true
	vm_await "$events" ' SUSPEND$' 2 || true
	ok "dormouse wake --json of a sleeping guest reports done and running" \
		grep -qE '"done": true.*"state": "running"' \
		<<<"$(dormouse wake --json control)"
	vm_await "$vm_console" '^GUEST: suspended ' || true
	is "a guest that was woken twice has suspended twice" "$(guest_fact suspended success)" 2
	is "dormouse events prints two suspensions and wake-ups in their order" \
		"$(control_heard)" "SUSPEND WAKEUP SUSPEND WAKEUP "
}

control_of_a_running_linux()
{
	ok "dormouse wake of a running guest is refused" \
		verb_says 'control is not suspended: it is running' wake control
	for verb in suspend hibernate poweroff; do
		ok "dormouse $verb of a guest without buttons and agent is refused" verb_says \
			'control cannot be asked to .*: its machine has no buttons, which come with --acpi .*' \
			"$verb" control
	done
	ok "dormouse poweroff --json of a guest without buttons and agent reports the error" \
		grep -q '"done": false, "error": "control cannot be asked to power off: its' \
		<<<"$(dormouse poweroff --json control)"
	ok "dormouse reset of a running guest succeeds" quietly dormouse reset control
	vm_await "$events" ' RESET host-qmp-system-reset$' || true
	ok "dormouse events prints a reset by a QMP client" has_line "$events" ' RESET host-qmp-system-reset$'
	ok "dormouse reports that a QMP client reset the guest" dormouse_said 'resetting: a client of QMP, at '
}

qmp_said()
{
	grep -qE -- "$1" <<<"$answers"
}

qmp_answers_queries()
{
	answers=$(control_qmp control '{"execute": "query-status", "id": 1}' '{"execute": "query-name"}' \
		'{"execute": "query-cpus-fast"}' '{"execute": "query-block"}' '{"execute": "query-kvm"}' \
		'{"execute": "query-version"}' '{"execute": "query-uuid"}' '{"execute": "query-chardev"}' \
		'{"execute": "x-dormouse-query-psci"}' '{"execute": "x-dormouse-query-record"}' \
		'{"execute": "query-commands"}' '{"execute": "balloon"}')
	ok "QMP: a client is greeted with a version of QEMU" \
		qmp_said '^\{"QMP": \{"version": \{"qemu": \{"major": [0-9]+'
	ok "QMP: query-status says running and repeats the id" qmp_said \
		'^\{"return": \{"running": true, "status": "running"\}, "id": 1\}'
	ok "QMP: query-name returns the VM's name" qmp_said '"return": \{"name": "control"\}'
	ok "QMP: query-cpus-fast lists both vCPUs and their threads" qmp_said \
		'"cpu-index": 0.*"thread-id": [1-9][0-9]*.*"cpu-index": 1.*"thread-id": [1-9][0-9]*'
	ok "QMP: query-block lists both disks" qmp_said '"device": "disk0".*control-swap.*"device": "disk1"'
	ok "QMP: query-kvm says that KVM is enabled" qmp_said '"return": \{"enabled": true, "present": true\}'
	ok "QMP: query-uuid returns a UUID of zeros" qmp_said '"UUID": "0{8}-'
	ok "QMP: query-chardev lists the serial port" qmp_said '"label": "serial0", "filename": "stdio"'
	ok "QMP: x-dormouse-query-psci returns server and version" \
		qmp_said '"server": "userspace", "version": "1\.3", "cpus": \['
	ok "QMP: x-dormouse-query-record returns the state" qmp_said '"state": "running"'
	ok "QMP: query-commands lists quit" qmp_said '\{"name": "quit"\}'
	ok "QMP: an unknown command gets CommandNotFound" qmp_said '"class": "CommandNotFound"'
}

control_ends_a_running_linux()
{
	is "dormouse kill of a running guest reports that it ended" "$(dormouse kill control)" "control: ended"
	vm_finish
	is "run of a guest ended by dormouse kill exits 5" "$vm_status" 5
	is "status of a guest ended by dormouse kill is off" "$(vm_state control state)" off
	is "status of a guest ended by dormouse kill names a QMP client as cause" \
		"$(vm_state control cause)" "a client of QMP"
	is "status of a guest that was reset once counts two boots" "$(vm_state control boots)" 2
	wait "$events_pid" || events_status=$?
	is "dormouse events exits 0 at the VM's end" "${events_status-0}" 0
	ok "dormouse events prints the end by dormouse kill" has_line "$events" ' SHUTDOWN host-qmp-quit$'
	ok "the QMP socket is removed at the VM's end" [ ! -e "$(control_socket control)" ]
}

# --- Where a command makes no sense ---

control_of_a_vm_that_does_not_run()
{
	for verb in stop cont wake suspend hibernate reset poweroff kill events; do
		ok "dormouse $verb of a VM that is off is refused" verb_says 'control does not run: it is off' \
			"$verb" control
		ok "dormouse $verb of a VM that does not exist is refused" verb_says 'there is no VM named nobody.*' \
			"$verb" nobody
	done
}

# --- A VM whose dormouse does not answer, as it is stopped itself ---

control_of_a_stopped_dormouse()
{
	mkfifo "$disks/control-in"
	exec {bytes}<>"$disks/control-in"
	vm_stdin=$disks/control-in
	# s suspends; it begins again when it wakes. o ends it.
	calls_guest "$disks/control.img" 2 "3 0x6f 4" "0xc400000e 0x40200000" 0 0x84000008
	vm_start deaf --kernel "$disks/control.img" --memory 64M
	control_listen deaf
	kill -STOP "$vm_pid"
	ok "dormouse reset --timeout 1 of a dormouse that is stopped ends with a message" verb_says \
		'the dormouse that runs deaf has not answered within 1 second, and was sent no request' \
		reset --timeout 1 deaf
	ok "dormouse reset --json --timeout 1 of a dormouse that is stopped reports error and state" \
		grep -q '"done": false.* within 1 second.*"state": "running"' \
		<<<"$(dormouse reset --json --timeout 1 deaf)"
	kill -CONT "$vm_pid"
	ok "dormouse list --json lists a VM whose dormouse was stopped" \
		grep -A 1 '"name": "deaf"' <<<"$(dormouse list --json)"
}

# --- Asleep: reset, stopped and reset, killed ---

control_of_a_suspended_guest()
{
	printf s >&"$bytes"
	ok "a guest under control from outside suspends" vm_await_state deaf suspended
	is "dormouse reset of a suspended guest reports the reset" "$(dormouse reset deaf 2>&1)" "deaf: reset"
	is "status of a suspended guest after dormouse reset is running" "$(vm_state deaf state)" running
	printf s >&"$bytes"
	ok "a guest that was reset while suspended begins anew and suspends again" vm_await_state deaf suspended
	ok "dormouse stop of a suspended guest succeeds before its reset" quietly dormouse stop deaf
	is "dormouse reset of a guest that is stopped and suspended reports the reset" \
		"$(dormouse reset deaf 2>&1)" "deaf: reset"
	is "status of a stopped guest after dormouse reset still says paused" "$(vm_state deaf paused)" yes
	printf s >&"$bytes"
	ok "dormouse cont of a guest that was reset while stopped succeeds" quietly dormouse cont deaf
	ok "a guest that was reset while stopped runs after dormouse cont and suspends" \
		vm_await_state deaf suspended
	is "dormouse kill of a suspended guest reports that it ended" "$(dormouse kill deaf)" "deaf: ended"
	vm_finish
	is "run of a suspended guest ended by dormouse kill exits 5" "$vm_status" 5
	wait "$events_pid" || true
	is "dormouse events prints suspensions, resets and the end in their order" \
		"$(control_heard)" "SUSPEND RESET host-qmp-system-reset SUSPEND \
RESET host-qmp-system-reset SUSPEND SHUTDOWN host-qmp-quit "
}

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

events_of_a_hibernation_and_a_crash()
{
	control_ends hibernates 0xc4000015 0x84000008
	is "dormouse events prints SUSPEND_DISK for a hibernation" \
		"$(control_heard)" "SUSPEND_DISK SHUTDOWN guest-shutdown "
	# Behind its three steps are two instructions that KVM cannot emulate: movz x0, #0x900, lsl
	# #16;
	# ldp x2, x3, [x0]. The second vCPU starts there, and receives no abort for them.
	vm_under=(at-call set-events 1 EPERM)
	calls_guest "$disks/panics.img"
	panic=$((0x40200000 + $(stat -c %s "$disks/panics.img") + 3 * 32))
	control_ends panics "0xc4000003 1 $panic" 0 0xa9400c02d2a12000
	vm_under=()
	is "dormouse events prints GUEST_PANICKED for a guest that crashed" "$(control_heard)" \
		"GUEST_PANICKED SHUTDOWN guest-panic "
	is "status of a guest that panicked is crashed" "$(vm_state panics state)" crashed
	exec {bytes}>&-
	rm "$disks/control-in"
	vm_stdin=
}

# --- The guest's counter ---

# The guest's nth line on how far its counter is behind: pause_offset N
pause_offset()
{
	vm_await "$vm_console" '^offset [0-9a-f]{16}.?$' "$1" || true
	echo "$((16#$(whole_lines "$vm_console" | sed -nE 's/^offset ([0-9a-f]{16}).?$/\1/p' | sed -n "$1p")))"
}

counter_of_a_stopped_guest()
{
	mkfifo "$disks/pause-in"
	exec {bytes}<>"$disks/pause-in"
	vm_stdin=$disks/pause-in
	vm_start pause --kernel "$(command -v psci-pause.img)" --memory 64M
	vm_await "$vm_console" '^frequency [0-9a-f]{16}' || true
	second=$((16#$(whole_lines "$vm_console" | sed -n 's/^frequency //p' | tr -d '\r')))

	printf o >&"$bytes"
	at_first=$(pause_offset 1)
	dormouse stop pause >/dev/null
	sleep 1
	dormouse cont pause >/dev/null
	printf o >&"$bytes"
	after_stop=$(pause_offset 2)
	ok "the counter of a running guest stops while dormouse stop holds it" \
		[ $((after_stop - at_first)) -ge "$second" ]
	printf s >&"$bytes"
	ok "a guest that reads its counter suspends" vm_await_state pause suspended
	dormouse stop pause >/dev/null
	sleep 1
	dormouse cont pause >/dev/null
	dormouse wake pause >/dev/null
	after_sleep=$(pause_offset 3)
	ok "the counter of a sleeping guest runs, stopped or not" \
		[ $((after_sleep - after_stop)) -lt "$second" ]
	printf q >&"$bytes"
	vm_finish
	is "a guest that reads its counter powers off: run exits 0" "$vm_status" 0
	exec {bytes}>&-
	rm "$disks/pause-in"
	vm_stdin=
}

control_of_a_sleeping_linux
control_of_a_running_linux
qmp_answers_queries
control_ends_a_running_linux
control_of_a_vm_that_does_not_run
control_of_a_stopped_dormouse
control_of_a_suspended_guest
events_of_a_hibernation_and_a_crash
counter_of_a_stopped_guest
