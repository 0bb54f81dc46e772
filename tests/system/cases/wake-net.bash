# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# A frame that wakes a guest: each kind of frame, each policy, each step on a guest's way to
# sleep, and many times. The guest is tests/system/guests/net-sleeper.c.

. "$here/lib/calls.bash"
. "$here/lib/wake.bash"

mkfifo "$disks/in"
exec {bytes}<>"$disks/in"

# Has it answer test frame N and sleep: put_to_sleep NAME N
put_to_sleep()
{
	net_send test "$net_mac" "$2"
	net_await "^test $2$" || true
	vm_await_state "$1" suspended || true
}

woken_by()
{
	count_lines "$vm_messages" ": running: woken by $1, at "
}

# --- each kind of frame ---

# Sends a frame that wakes the guest, and waits for the answer to the next one:
# wakes_by NAME N WORDS COMMAND...
wakes_by()
{
	net_send "${@:4}"
	ok "directed: ${*:4} wakes the guest" vm_await "$vm_messages" ": running: woken by $3, at "
	is "directed: status says what woke the guest by ${*:4}" "$(vm_state "$1" cause)" "woken by $3"
	put_to_sleep "$1" "$2"
}

sleeper_start wake-kinds 6 0
put_to_sleep wake-kinds 1
is "status of a sleeping guest says which frames wake it" "$(vm_state wake-kinds wake-on-net)" directed
wakes_by wake-kinds 2 "an ARP request from 192.0.2.1 for 192.0.2.7" arp 192.0.2.7
wakes_by wake-kinds 3 "a network frame from 192.0.2.1 for 192.0.2.7" ping "$net_mac" 192.0.2.7
wakes_by wake-kinds 4 "a magic packet from 52:54:00:00:02:01" magic "$net_mac"
# What woke it is in the order of what came: noise before it would have woken the guest first.
net_send noise
net_send arp 192.0.2.8
net_send magic 52:54:00:12:34:57
net_send test 52:54:00:12:34:57 99
net_send test "$net_mac" 5
ok "directed: a frame of an unknown type to the guest wakes it" net_await '^test 5$'
is "directed: frames to others and to all do not wake the guest" \
	"$(woken_by 'a network frame from 52:54:00:00:02:01')" 1
is "directed: only the frames for it have woken the guest" "$(count_lines "$vm_messages" ': running: woken by ')" 4
vm_await_state wake-kinds suspended || true
net_send test "$net_mac" 6
vm_finish
is "directed: a guest that was woken five times powers off: run exits 0" "$vm_status" 0
is "directed: no frame is lost and none comes twice" \
	"$(tr -d '\r' <"$vm_console" | tail -n 1)" "answered 0000000000000006"
net_stop

# --- other policies ---

sleeper_start wake-any 2 0 --wake-on-net any
put_to_sleep wake-any 1
net_send noise
ok "--wake-on-net any: noise wakes the guest" vm_await "$vm_messages" ': running: woken by a network frame from 192.0.2.1 for 192.0.2.99, at '
net_send test "$net_mac" 2
vm_finish
is "--wake-on-net any: run exits 0" "$vm_status" 0
net_stop

# The console shows that the frames before it did not wake it.
sleeper_start wake-magic 2 0 --wake-on-net magic
put_to_sleep wake-magic 1
net_send arp 192.0.2.7
net_send test "$net_mac" 77
net_send magic "$net_mac"
ok "--wake-on-net magic: a magic packet wakes the guest" vm_await "$vm_messages" ': running: woken by a magic packet '
net_send test "$net_mac" 2
vm_finish
is "--wake-on-net magic: run exits 0" "$vm_status" 0
is "--wake-on-net magic: nothing else has woken the guest" "$(count_lines "$vm_messages" ': running: woken by ')" 1
is "--wake-on-net magic: status keeps the policy" "$(vm_state wake-magic wake-on-net)" magic
net_stop

sleeper_start wake-off 2 0 --wake-on-net off
put_to_sleep wake-off 1
net_send test "$net_mac" 77
net_send magic "$net_mac"
net_send arp 192.0.2.7
printf x >&"$bytes"
ok "--wake-on-net off: the console wakes the guest" vm_await "$vm_messages" ': running: woken by the console, at '
net_send test "$net_mac" 2
vm_finish
is "--wake-on-net off: no frame has woken the guest" "$(count_lines "$vm_messages" ': running: woken by ')" 1
net_stop

# --- each step of falling asleep ---

sleeper_start wake-steps 5 1
net_send test "$net_mac" 1
vm_await "$vm_console" '^step awake' || true
printf x >&"$bytes"
vm_await "$vm_console" '^step reset' || true
net_send test "$net_mac" 2
printf x >&"$bytes"
ok "a frame after the driver's reset wakes the guest as soon as it sleeps" net_await '^test 2$'
vm_await "$vm_console" '^step awake' 2 || true
net_send test "$net_mac" 3
printf x >&"$bytes"
vm_await "$vm_console" '^step reset' 2 || true
printf x >&"$bytes"
ok "a frame that the driver was given and had not looked at wakes the guest" net_await '^test 3$'
vm_await "$vm_console" '^step awake' 3 || true
printf x >&"$bytes"
vm_await "$vm_console" '^step reset' 3 || true
# Noise and what a sleeping guest does not want must not hide what comes behind.
for i in {1..300}; do
	net_send noise
done
net_send arp 192.0.2.7
net_send test "$net_mac" 4
printf x >&"$bytes"
ok "a frame behind more noise than a queue holds wakes the guest" net_await '^test 4$'
vm_await "$vm_console" '^step awake' 4 || true
printf x >&"$bytes"
vm_await "$vm_console" '^step reset' 4 || true
printf x >&"$bytes"
vm_await_state wake-steps suspended || true
net_send test "$net_mac" 5
vm_finish
is "a guest to which frames came at each step powers off: run exits 0" "$vm_status" 0
is "each of these frames was answered once" "$(tr -d '\r' <"$vm_console" | tail -n 1)" "answered 0000000000000005"
is "the guest was woken for each of them" "$(count_lines "$vm_messages" ': running: woken by ')" 4
net_stop

# --- paused ---

sleeper_start wake-paused 2 0
put_to_sleep wake-paused 1
dormouse stop wake-paused >/dev/null
net_send test "$net_mac" 2
vm_await "$vm_messages" ': running: woken by a network frame ' || true
is "a frame to a sleeping guest that is paused: it is paused still" "$(vm_state wake-paused paused)" yes
ok "a frame to a sleeping guest that is paused is not answered" [ "$(count_lines "$net_said" '^test 2$')" -eq 0 ]
dormouse cont wake-paused >/dev/null
ok "a frame to a sleeping guest that is paused is answered once it is continued" net_await '^test 2$'
vm_finish
is "a guest that was woken while it was paused powers off: run exits 0" "$vm_status" 0
net_stop

# --- saved ---

sleeper_start wake-saved 3 0
put_to_sleep wake-saved 1
dormouse save wake-saved "$disks/wake.saved" >/dev/null 2>&1
vm_finish
vm_restore wake-saved "$disks/wake.saved"
vm_await_state wake-saved suspended || true
net_await '^connected$' 2 || true
net_send arp 192.0.2.7
ok "an ARP request for an address that it used before it was saved wakes a restored guest" \
	vm_await "$vm_messages" ': running: woken by an ARP request from 192.0.2.1 for 192.0.2.7, at '
net_send test "$net_mac" 2
ok "a restored guest answers" net_await '^test 2$'
net_send test "$net_mac" 3
vm_finish
is "a restored guest that was woken by frames powers off: run exits 0" "$vm_status" 0
net_stop

# --- many times ---

many_sleeps userspace 100
many_sleeps kernel 20

exec {bytes}>&-
rm "$disks/in"
