# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# --sleep-when-idle: a bare-metal guest that waits for a byte is asked to suspend, and does so
# when one is typed.

. "$here/lib/calls.bash"

mkfifo "$disks/idle-in"
exec {bytes}<>"$disks/idle-in"
# o powers off, and any other byte suspends, after which it begins again.
calls_guest "$disks/idle-guest.img" 2 "3 0x6f 4" "0xc400000e 0x40200000" 0 0x84000008
asked=': idle for 1 s: its guest is asked to suspend$'

vm_stdin=$disks/idle-in
vm_start idle-guest --kernel "$disks/idle-guest.img" --memory 64M --acpi --sleep-when-idle 1
vm_stdin=
ok "--sleep-when-idle 1: a guest that waits is asked to suspend" vm_await "$vm_messages" "$asked"
ok "--sleep-when-idle 1: status has the request" grep -qE '^suspend, by its sleep button' \
	<<<"$(vm_state idle-guest request)"
printf s >&"$bytes"
ok "--sleep-when-idle 1: a guest that was asked suspends" vm_await_state idle-guest suspended
ok "--sleep-when-idle 1: status says that the guest has done it" grep -qE ': done, at ' \
	<<<"$(vm_state idle-guest request)"
asked_before=$(count_lines "$vm_messages" "$asked")
dormouse wake idle-guest >/dev/null
ok "--sleep-when-idle 1: a guest that was woken is asked again" \
	vm_await "$vm_messages" "$asked" $((asked_before + 1))
printf o >&"$bytes"
vm_finish
is "--sleep-when-idle 1: run exits 0" "$vm_status" 0
is "--sleep-when-idle is kept with the machine" "$(vm_state idle-guest sleep-when-idle)" "1 s"

# The guest has neither buttons nor an agent.
vm_stdin=$disks/idle-in
vm_start idle-deaf --kernel "$disks/idle-guest.img" --memory 64M --sleep-when-idle 1
vm_stdin=
ok "--sleep-when-idle: dormouse says why a guest cannot be asked" \
	vm_await "$vm_messages" ': idle-deaf .*--acpi'
printf o >&"$bytes"
vm_finish
is "--sleep-when-idle: a guest that cannot be asked lives: run exits 0" "$vm_status" 0

exec {bytes}>&-
rm "$disks/idle-in"
