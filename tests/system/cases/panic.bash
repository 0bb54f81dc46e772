# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# A guest says by pvpanic that it has panicked, and then calls SYSTEM_RESET or waits, as
# Linux does with panic=1 or without.

. "$here/lib/calls.bash"

pvpanic=0x09ff0000
panics="12 $pvpanic 1"
takes_over="12 $pvpanic 2"
reset=0x84000009
off=0x84000008

calls_run panic-off "" "$panics" "$off"
is "pvpanic: reads say that panics and crash kernels can be reported" \
	"$(count_lines "$vm_console" '^0 byte 03')" 1
is "pvpanic: a guest that goes on ends as it wants" "$vm_status" 0
is "pvpanic: dormouse reports the panic once" \
	"$(count_lines "$vm_messages" '^dormouse: panic-off: running: the guest panicked, at ')" 1

calls_guest "$disks/panic-stay.img" "$panics" "$panics" 0
vm_start panic-stay --kernel "$disks/panic-stay.img" --memory 64M
vm_await "$vm_messages" ': running: the guest panicked, at '
is "pvpanic: the record of a guest that goes on says running" "$(vm_state panic-stay state)" running
is "pvpanic: the record of a guest that goes on has the panic as its cause" \
	"$(vm_state panic-stay cause)" "the guest panicked"
kill "$vm_pid"
vm_finish
is "pvpanic: a guest that has panicked can be stopped" "$vm_status" 5

calls_run panic-exit "--on-panic exit" "$panics" "$reset"
is "--on-panic exit: run exits 8, whatever the guest would do next" "$vm_status" 8
is "--on-panic exit: status says crashed" "$(vm_state panic-exit state)" crashed
is "--on-panic exit: status names the cause" "$(vm_state panic-exit cause)" "the guest panicked"
is "--on-panic exit: status has the option" "$(vm_state panic-exit on-panic)" exit
ok "--on-panic exit: there is no reset" [ "$(count_lines "$vm_messages" ': resetting: ')" -eq 0 ]
vm_start panic-exit
vm_finish
is "--on-panic exit: the next run keeps it and exits 8" "$vm_status" 8

calls_run panic-takes "--on-panic exit" "$takes_over" "$off"
is "--on-panic exit: a crash kernel that takes over changes nothing" "$vm_status" 0

# It panics in each power cycle, until it is killed.
calls_guest "$disks/panic-again.img" "$panics" 0
vm_start panic-again --kernel "$disks/panic-again.img" --memory 64M --on-panic restart --on-reset exit
vm_await "$vm_messages" ': resetting: the guest panicked, at ' 3
kill "$vm_pid"
vm_finish
is "--on-panic restart: the guest is reset until SIGTERM ends the run" "$vm_status" 5

calls_run panic-2 "--machine-version 2 --on-panic exit" "$off"
is "--on-panic exit: a machine without pvpanic runs as before" "$vm_status" 0
