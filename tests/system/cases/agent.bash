# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# An agent in a guest: Debian's qemu-guest-agent, unmodified, and programs in its place that
# answer nothing, or send without end. And the other port of virtio-console, a console.

# A guest whose initramfs has the agent: agent_start NAME STEPS [OPTION...]
agent_start()
{
	vm_start_guest "$1" "$2" --initrd "$guest/initrd-agent" "${@:3}"
}

# Waits until the agent answers; each failure is soon.
agent_answers()
{
	vm_until agent_pings "$1"
}

agent_pings()
{
	dormouse agent --timeout 60 "$1" '{"execute": "guest-ping"}' >"$logs/ping" 2>/dev/null
}

# Prints what the agent of a guest answers, or dormouse says: agent_says NAME COMMAND [OPTION...]
agent_says()
{
	dormouse agent "${@:3}" "$1" "$2" 2>&1
}

# A value of status's JSON: status_has NAME TEXT
status_has()
{
	dormouse status "$1" 2>/dev/null | grep -qx -- "$2"
}

# Whether the guest's clock and the host's differ by at most 3 seconds.
clock_is_right()
{
	local time

	time=$(agent_says "$1" '{"execute": "guest-get-time"}' | sed -n 's/.*"return": \([0-9]*\)[0-9]\{9\}}/\1/p')
	[[ $time ]] && (($(date +%s) - time <= 3 && time - $(date +%s) <= 3))
}

events_have()
{
	grep -q "\"event\": \"VSERPORT_CHANGE\", \"data\": {\"id\": \"org.qemu.guest_agent.0\", \"open\": $1}" \
		"$logs/agent-events"
}

# It has buttons, too: asked_by_agent WHAT
asked_by_agent()
{
	[[ $(vm_state agent request) == "$1, by its agent, "*": done, "* ]]
}

# With ACPI, this Linux has no real-time clock before a module is loaded.
agent_sleeps()
{
	local events

	agent_start agent ports,agent --acpi
	vm_await "$vm_console" 'GUEST: agent started' || true
	ok "agent: the guest finds the agent's port by its name" \
		guest_said 'GUEST: port name=.* called=org.qemu.guest_agent.0'
	ok "agent: it answers guest-ping" agent_answers agent
	is "agent: its answer is printed in a line" "$(cat "$logs/ping")" '{"return": {}}'
	is "agent: a command is read from standard input" \
		"$(echo '{"execute": "guest-ping"}' | agent_says agent -)" '{"return": {}}'
	ok "agent: status has its version" vm_until status_has agent 'agent: qemu-guest-agent [0-9.]*'
	ok "agent: status has the guest's swap space" vm_until status_has agent 'guest-swap: 511 MiB'
	is "agent: an error is printed, exit 1" \
		"$(agent_says agent '{"execute": "guest-nothing"}' | grep -c '"error".*guest-nothing'; echo "${PIPESTATUS[0]}")" $'1\n1'
	is "agent: text that is no JSON is refused, exit 2" \
		"$(agent_says agent 'guest-ping' >/dev/null; echo $?)" 2
	agent_says agent "{\"execute\": \"guest-set-time\", \"arguments\": {\"time\": $(date +%s)000000000}}" >/dev/null || true
	ok "agent: it sets the guest's clock on request" clock_is_right agent

	# To RAM, by the agent, and it is back after that.
	dormouse events --json agent >"$logs/agent-events" &
	events=$!
	# A port is reported at most once a second, with what it is then.
	sleep 2
	is "agent: guest-suspend-ram has no answer" \
		"$(agent_says agent '{"execute": "guest-suspend-ram"}' --timeout 100)" ""
	ok "agent: the guest has suspended itself" vm_await_state agent suspended
	is "agent: that of a suspended guest cannot answer" \
		"$(agent_says agent '{"execute": "guest-ping"}')" \
		"dormouse: agent is suspended: its agent cannot answer"
	sleep 2
	dormouse wake agent >/dev/null || true
	ok "agent: it answers after the guest was woken" agent_answers agent
	ok "agent: the port's openings are reported" vm_until events_have true
	ok "agent: the port's closings are reported" vm_until events_have false
	kill "$events" 2>/dev/null || true

	is "dormouse suspend: a guest with an agent has suspended itself" \
		"$(dormouse suspend --timeout 200 agent 2>&1)" "agent: suspended"
	ok "dormouse suspend: it was asked by its agent" asked_by_agent suspend
	dormouse save agent "$disks/agent.saved" >/dev/null || true
	vm_finish
	sleep 5
	vm_restore agent "$disks/agent.saved"
	vm_await_state agent suspended || true
	dormouse wake agent >/dev/null || true
	ok "agent: it answers after the guest was restored" agent_answers agent
	ok "agent: the clock of a restored guest is the host's" vm_until clock_is_right agent
	ok "agent: a clock that is right is not set" fails dormouse_said "dormouse: agent: its guest.s clock is .*"

	# To disk, and back.
	is "dormouse hibernate: a guest with an agent has hibernated" \
		"$(dormouse hibernate --timeout 200 agent 2>&1)" "agent: hibernated"
	ok "dormouse hibernate: it was asked by its agent" asked_by_agent hibernate
	vm_finish
	is "agent: the guest has hibernated, exit 3" "$vm_status" 3
	sleep 5
	vm_start agent
	ok "agent: it answers after the guest has resumed from disk" agent_answers agent
	ok "agent: the clock of a resumed guest is the host's" vm_until clock_is_right agent
	ok "agent: a clock that was wrong is set" dormouse_said \
		"dormouse: agent: its guest's clock is .* behind after it slept: its agent sets it"
	is "dormouse poweroff: a guest with an agent has powered off" \
		"$(dormouse poweroff --timeout 200 agent 2>&1)" "agent: off"
	ok "dormouse poweroff: it was asked by its agent" asked_by_agent "power off"
	vm_finish
	is "agent: the guest has powered off, exit 0" "$vm_status" 0
}

# Its lines are on the console of virtio-console, and it waits for one there twice.
agent_misbehaves()
{
	local typed

	mkfifo "$disks/agent-typed"
	exec {typed}<>"$disks/agent-typed"
	vm_stdin=$disks/agent-typed
	vm_start_guest peer hvc,ask,peer,ask,flood --console-device hvc
	vm_stdin=
	ok "hvc: output of the guest's hvc0 is on the terminal" vm_await "$vm_console" 'GUEST: asking'
	is "agent: a guest without one has none" "$(agent_says peer '{"execute": "guest-ping"}')" \
		"dormouse: peer: its guest has no agent that has its port open"
	echo "from the host" >&"$typed"
	ok "hvc: input of the terminal is on the guest's hvc0" \
		vm_await "$vm_console" 'GUEST: asked line=from the host'
	vm_await "$vm_console" 'GUEST: asking' 2 || true
	is "agent: one that does not answer is named as such" \
		"$(agent_says peer '{"execute": "guest-ping"}' --timeout 60)" \
		"dormouse: peer: its agent has not answered within 10 seconds"
	is "agent: status says that it does not answer" "$(vm_state peer agent)" \
		"its agent has not answered within 10 seconds"
	echo "again" >&"$typed"
	vm_await "$vm_console" 'GUEST: flood' || true
	is "agent: one that sends without end is named as such" \
		"$(agent_says peer '{"execute": "guest-ping"}' --timeout 60)" \
		"dormouse: peer: its agent sends without end, and not what it was asked for"
	is "agent: a machine whose guest sends without end is served" \
		"$(dormouse stop peer && dormouse cont peer)" $'peer: stopped\npeer: resumed'
	exec {typed}>&-
	dormouse kill peer >/dev/null || true
	vm_finish
}

agent_sleeps
agent_misbehaves
