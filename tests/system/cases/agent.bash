# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux with ACPI that its host asks to sleep and to power off: by its buttons, to which it
# listens as systemd-logind does, and by Debian's qemu-guest-agent, unmodified; with programs in
# place of the agent that answer nothing, or send without end; on the console of virtio-console;
# and with a network that is a tap.
#
# A boot takes longer than all else, so it is one guest, which carries out what is typed. It is
# saved, and goes on from the file twice, since a run ends in one way only; and it hibernates twice.
# network.bash has an agent that powers its guest off.

. "$here/lib/control.bash"
. "$here/lib/ask.bash"
. "$here/lib/tap-network.bash"

# --- The guest ---

# Starts it, or has it go on: asked_vm COMMAND...
asked_vm()
{
	vm_stdin=$disks/asked-typed
	"$@"
	vm_stdin=
	asked_lines=0
}

# It carries out steps that are typed, once it has done those before: asked_does STEP,...
asked_does()
{
	asked_lines=$((asked_lines + 1))
	vm_await "$vm_console" '^GUEST: more' "$asked_lines" || true
	echo "$1,more" >&"$typed"
}

# It is woken, after which its step ends in which it had suspended itself.
asked_wakes()
{
	vm_await_state asked suspended || true
	dormouse wake asked >/dev/null || true
}

# --- Its agent ---

# Prints what it answers, or dormouse says: agent_says COMMAND [OPTION...]
agent_says()
{
	dormouse agent "${@:2}" asked "$1" 2>&1
}

agent_pings()
{
	dormouse agent --timeout 60 asked '{"execute": "guest-ping"}' >"$logs/ping" 2>/dev/null
}

# Waits until it answers; each failure is soon.
agent_answers()
{
	vm_until agent_pings
}

status_has()
{
	dormouse status asked 2>/dev/null | grep -qx -- "$1"
}

# Whether the guest's clock and the host's differ by at most 3 seconds.
clock_is_right()
{
	local time

	time=$(agent_says '{"execute": "guest-get-time"}' | sed -n 's/.*"return": \([0-9]*\)[0-9]\{9\}}/\1/p')
	[[ $time ]] && (($(date +%s) - time <= 3 && time - $(date +%s) <= 3))
}

# What a clock loses by standing still has to be more than that: stand_still_since SECONDS
stand_still_since()
{
	until (($(date +%s) - $1 > 4)); do
		vm_sleep
	done
}

port_is_reported()
{
	grep -q "\"event\": \"VSERPORT_CHANGE\", \"data\": {\"id\": \"org.qemu.guest_agent.0\", \"open\": $1}" \
		"$logs/agent-events"
}

# It has buttons, too: was_asked_by_agent WHAT
was_asked_by_agent()
{
	[[ $(vm_state asked request) == "$1, by its agent, "*": done, "* ]]
}

# --- What is tested, in this order ---

a_guest_is_on_hvc0()
{
	mkfifo "$disks/asked-typed"
	exec {typed}<>"$disks/asked-typed"
	host_tap_serve
	asked_vm vm_start_guest asked hvc,ask,ports,buttons,more --initrd "$guest/initrd-agent" --acpi \
		--cpus 2 --console-device hvc --net tap:tap0
	ok "hvc: output of the guest's hvc0 is on the terminal" vm_await "$vm_console" '^GUEST: asking'
	is "agent: a guest without one has none" "$(agent_says '{"execute": "guest-ping"}')" \
		"dormouse: asked: its guest has no agent that has its port open"
	echo "from the host" >&"$typed"
	ok "hvc: input of the terminal is on the guest's hvc0" \
		vm_await "$vm_console" '^GUEST: asked line=from the host'
	ok "agent: the guest finds the agent's port by its name" \
		vm_await "$vm_console" '^GUEST: port name=.* called=org.qemu.guest_agent.0'
}

# Its network is used while the agent has its time to answer.
an_agent_that_does_not_answer_is_named()
{
	local asker

	asked_does peer
	vm_await "$vm_console" '^GUEST: peer' || true
	agent_says '{"execute": "guest-ping"}' --timeout 60 >"$logs/silent" &
	asker=$!
	asked_does "$tap_steps"
	tap_is_refused_to_another
	tap_is_used
	wait "$asker" || true
	is "agent: one that does not answer is named as such" "$(cat "$logs/silent")" \
		"dormouse: asked: its agent has not answered within 10 seconds"
	is "agent: status says that it does not answer" "$(vm_state asked agent)" \
		"its agent has not answered within 10 seconds"
}

an_agent_that_floods_is_named()
{
	asked_does flood
	vm_await "$vm_console" '^GUEST: flood' || true
	is "agent: one that sends without end is named as such" \
		"$(agent_says '{"execute": "guest-ping"}' --timeout 60)" \
		"dormouse: asked: its agent sends without end, and not what it was asked for"
	is "agent: a machine whose guest sends without end is served" \
		"$(dormouse stop asked && dormouse cont asked)" $'asked: stopped\nasked: resumed'
}

an_agent_answers()
{
	asked_does agent
	ok "agent: it answers guest-ping" agent_answers
	is "agent: its answer is printed in a line" "$(cat "$logs/ping")" '{"return": {}}'
	is "agent: a command is read from standard input" \
		"$(echo '{"execute": "guest-ping"}' | agent_says -)" '{"return": {}}'
	ok "agent: status has its version" vm_until status_has 'agent: qemu-guest-agent [0-9.]*'
	ok "agent: status has the guest's swap space" vm_until status_has 'guest-swap: 511 MiB'
	is "agent: an error is printed, exit 1" \
		"$(agent_says '{"execute": "guest-nothing"}' | grep -c '"error".*guest-nothing'; echo "${PIPESTATUS[0]}")" $'1\n1'
	is "agent: text that is no JSON is refused, exit 2" \
		"$(agent_says 'guest-ping' >/dev/null; echo $?)" 2
	agent_says "{\"execute\": \"guest-set-time\", \"arguments\": {\"time\": $(date +%s)000000000}}" >/dev/null || true
	ok "agent: it sets the guest's clock on request" clock_is_right
	dormouse stop asked >/dev/null || true
	sleep 4
	dormouse cont asked >/dev/null || true
	ok "agent: a clock that has stood still while its guest was paused is set" vm_await "$vm_messages" \
		"dormouse: asked: its guest's clock is .* behind the host's: its agent sets it"
	ok "agent: the clock of a guest that is continued is the host's" vm_until clock_is_right
}

an_agent_suspends_its_guest()
{
	dormouse events --json asked >"$logs/agent-events" &
	events_pid=$!
	is "agent: guest-suspend-ram has no answer" \
		"$(agent_says '{"execute": "guest-suspend-ram"}' --timeout 100)" ""
	ok "agent: the guest has suspended itself" vm_await_state asked suspended
	is "agent: that of a suspended guest cannot answer" "$(agent_says '{"execute": "guest-ping"}')" \
		"dormouse: asked is suspended: its agent cannot answer"
	# At most once a second, with what the port is then.
	ok "agent: the port's closings are reported" vm_until port_is_reported false
	dormouse wake asked >/dev/null || true
	ok "agent: it answers after the guest was woken" agent_answers
	ok "agent: the port's openings are reported" vm_until port_is_reported true
	kill "$events_pid" 2>/dev/null || true

	is "dormouse suspend: a guest with an agent has suspended itself" \
		"$(dormouse suspend --timeout 200 asked 2>&1)" "asked: suspended"
	ok "dormouse suspend: it was asked by its agent" was_asked_by_agent suspend
	dormouse save asked "$disks/asked-saved" >/dev/null || true
	saved=$(date +%s)
	vm_finish
}

an_agent_answers_in_a_restored_guest()
{
	stand_still_since "$saved"
	asked_vm vm_restore asked "$disks/asked-saved"
	asked_wakes
	ok "agent: it answers after the guest was restored" agent_answers
	ok "agent: the clock of a restored guest is the host's" vm_until clock_is_right
	ok "agent: a clock that is right is not set" fails dormouse_said "dormouse: asked: its guest.s clock is .*"
}

an_agent_hibernates_its_guest()
{
	is "dormouse hibernate: a guest with an agent has hibernated" \
		"$(dormouse hibernate --timeout 200 asked 2>&1)" "asked: hibernated"
	ok "dormouse hibernate: it was asked by its agent" was_asked_by_agent hibernate
	hibernated=$(date +%s)
	vm_finish
	is "agent: the guest has hibernated, exit 3" "$vm_status" 3
	stand_still_since "$hibernated"
	asked_vm vm_start asked
	ok "agent: it answers after the guest has resumed from disk" agent_answers
	ok "agent: the clock of a resumed guest is the host's" vm_until clock_is_right
	ok "agent: a clock that was wrong is set" dormouse_said \
		"dormouse: asked: its guest's clock is .* behind the host's: its agent sets it"
}

agent_is_absent()
{
	[[ $(agent_says '{"execute": "guest-ping"}') == *"has no agent that has its port open" ]]
}

buttons_ask_a_resumed_linux_to_power_off()
{
	echo release,pings:10.0.1.2,get:10.0.1.2/file,press:power,poweroff >&"$typed"
	vm_until agent_is_absent || true
	ok "pings are answered after a hibernation" vm_await "$vm_console" '^GUEST: pings lost='
	vm_await "$vm_console" '^GUEST: get ' || true
	is "the queues go on after a hibernation" "$(guest_fact get sha256)" "$tap_file_sum"
	control_listen asked
	ask poweroff --timeout 600 asked
	asked_ends
	vm_finish
	wait "$events_pid" || true
	is "dormouse poweroff of a Linux that has resumed exits 0" "$asked_status" 0
	is "a Linux that has resumed has received KEY_POWER" "$(guest_fact 'pressed button=power' key)" 116
	is "run of a Linux that was asked to power off exits 0" "$vm_status" 0
	ok "dormouse events prints that Linux was asked to power off" has_line "$events" ' POWERDOWN$'
}

# It wakes and is asked before it does anything: until it has resumed, its agent's port is closed,
# and its driver for buttons drops what is pressed.
buttons_ask_a_linux_that_wakes_to_suspend()
{
	vm_await_state asked suspended || true
	control_listen asked
	quietly dormouse stop asked
	quietly dormouse wake asked
	echo release,press:sleep,suspend:1,press:sleep,hibernate,press:power,poweroff >&"$typed"
	ask suspend --timeout 600 asked
	ok "Linux is asked to suspend before it has woken" vm_until is_asked
	quietly dormouse cont asked
	asked_ends
	is "dormouse suspend of Linux with ACPI exits 0" "$asked_status" 0
	is "dormouse suspend of Linux with ACPI says that it has suspended" "$(<"$asked_said")" \
		"asked: suspended"
	ok "dormouse suspend of Linux without an agent presses its button" grep -q '^suspend, by its sleep button, ' \
		<<<"$(vm_state asked request)"
	is "Linux with ACPI has received KEY_SLEEP" "$(guest_fact 'pressed button=sleep' key)" 142
}

# The press wakes it, and is not passed on: it is pressed again.
buttons_ask_a_suspended_linux_to_hibernate()
{
	ask hibernate --timeout 600 asked
	asked_ends
	vm_finish
	wait "$events_pid" || true
	ok "dormouse reports that a button woke Linux" dormouse_said ': asked: running: woken by a button, at '
	is "dormouse hibernate of a Linux that is suspended exits 0" "$asked_status" 0
	is "dormouse hibernate of a Linux that is suspended says that it has hibernated" \
		"$(<"$asked_said")" "asked: hibernated"
	is "run of a Linux that was asked to hibernate exits 3" "$vm_status" 3
	is "dormouse events prints the requests beside what Linux did" \
		"$(control_heard | sed -E 's/VSERPORT_CHANGE( [^A-Z ]+)* //g')" \
		"WAKEUP SUSPEND X_DORMOUSE_REQUEST WAKEUP X_DORMOUSE_REQUEST SUSPEND_DISK SHUTDOWN guest-shutdown "
}

# What it is pressed while it loads its image is lost with the kernel that loads it.
buttons_ask_a_linux_that_resumes_to_power_off()
{
	asked_vm vm_start asked
	vm_await_socket "$(control_socket asked)" || true
	ask poweroff --timeout 600 asked
	asked_ends
	vm_finish
	is "dormouse poweroff of a Linux that resumes from disk exits 0" "$asked_status" 0
	is "run of a Linux that was asked to power off while it resumed exits 0" "$vm_status" 0
}

a_guest_is_on_hvc0
an_agent_that_does_not_answer_is_named
an_agent_that_floods_is_named
an_agent_answers
an_agent_suspends_its_guest
an_agent_answers_in_a_restored_guest
if guest_knows_off2; then
	an_agent_hibernates_its_guest
	buttons_ask_a_resumed_linux_to_power_off
	asked_vm vm_restore asked "$disks/asked-saved" --force
else
	quietly dormouse suspend --timeout 200 asked
fi
buttons_ask_a_linux_that_wakes_to_suspend
if guest_knows_off2; then
	buttons_ask_a_suspended_linux_to_hibernate
	buttons_ask_a_linux_that_resumes_to_power_off
else
	dormouse kill asked >/dev/null || true
	vm_finish
fi
host_tap_end
exec {typed}>&-
rm -f "$disks/asked-typed" "$disks/asked-saved"
