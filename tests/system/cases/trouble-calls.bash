# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # run-in-host sets them.
#
# Events that no user can cause at will: a call to the kernel that fails at an
# awkward moment (at-call makes it fail), a signal that arrives as the guest
# hibernates, a dormouse that is killed, messages that are not read.

. "$here/lib/calls.bash"

cat "$(command -v hostile.img)" >"$disks/waiter"
append_words "$disks/waiter" 4 0

# --- Calls that fail ---

kvm_calls_fail()
{
	vm_under=(at-call get-x1 1 EIO)
	calls_run reset2 "--psci kernel --on-reset2 exit" "0xc4000012 0 0x123"
	is "SYSTEM_RESET2 whose type cannot be read: run exits 4" "$vm_status" 4
	ok "SYSTEM_RESET2 whose type cannot be read: dormouse reports the error and no type" dormouse_said \
		'^dormouse: reset2: crashed: cannot read the arguments of SYSTEM_RESET2: Input/output error, from vCPU 0, at '

	if [[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]]; then
		vm_under=(at-call mp-state 1 EPERM)
		calls_run sleep "" "0xc4000001 0" 0x84000008
		is "a vCPU that cannot sleep: run exits 4" "$vm_status" 4
		ok "a vCPU that cannot sleep: dormouse reports the reason" dormouse_said \
			'^dormouse: sleep: crashed: KVM_SET_MP_STATE to SUSPENDED: Operation not permitted, at PC 0x'
	fi
}

kvm_calls_are_interrupted()
{
	# As signals do that stop dormouse and continue it while its guest resets.
	vm_under=(at-call create-vm 1-3 EINTR)
	calls_run interrupted "" 0x84000008
	is "making a VM, interrupted three times: run exits 0" "$vm_status" 0
	vm_under=(at-call run 1-20 EINTR)
	calls_run interrupted "" 0x84000008
	is "running a vCPU, interrupted twenty times: run exits 0" "$vm_status" 0
	vm_under=(at-call run 1 ENOMEM)
	calls_run starved "" 0x84000008
	is "running a vCPU without memory for it: run exits 4" "$vm_status" 4
	ok "running a vCPU without memory for it: the reason is recorded" \
		grep -q '^KVM_RUN: Cannot allocate memory, at PC 0x' <<<"$(vm_state starved cause)"
	# Without KVM_CAP_ARM_NISV_TO_USER: a load of two registers at 0x9000000 ends the machine.
	vm_under=(at-call enable-cap 1 EINVAL)
	cat "$(command -v hostile.img)" >"$disks/undecoded"
	append_words "$disks/undecoded" 7 0x900000000
	vm_start undecoded --flat "$disks/undecoded" --memory 64M
	vm_finish
	is "an access that this KVM cannot report: run exits 4" "$vm_status" 4
	ok "an access that this KVM cannot report: dormouse reports that KVM cannot decode it" dormouse_said \
		': crashed: an instruction that KVM cannot decode .* no KVM_CAP_ARM_NISV_TO_USER, at PC 0x'
	vm_under=()
}

record_cannot_be_synced()
{
	# The last step of recording "running": the record says so already.
	vm_under=()
	calls_run sync "--psci userspace" 0xc4000015
	is "a VM hibernates before its record cannot be synced" "$vm_status" 3
	since=$(vm_state sync since) boots=$(vm_state sync boots)
	vm_under=(at-call fsync-directory 1 EIO)
	vm_start sync
	vm_finish
	is "a record that cannot be synced: run exits 1" "$vm_status" 1
	ok "a record that cannot be synced: dormouse reports the reason" dormouse_said \
		'^dormouse: cannot write the record of sync: Input/output error$'
	is "a record that cannot be synced: the guest executes no instruction" \
		"$(wc -c <"$vm_console")" 0
	is "a record that cannot be synced: the guest is still hibernated" \
		"$(vm_state sync state)" hibernated
	is "a record that cannot be synced: time and boots of the hibernation are unchanged" \
		"$(vm_state sync since), $(vm_state sync boots)" "$since, $boots"
	# The directories above the VM's, which are made durable first, are as many as slashes tell.
	slashes=${DORMOUSE_STATE_DIR//[^\/]/}
	vm_under=(at-call fsync-directory $((${#slashes} + 2)) EIO)
	calls_run sync-first "" 0x84000008
	is "a first record that cannot be synced: run exits 1" "$vm_status" 1
	is "a first record that cannot be synced: the record says why no guest ran" \
		"$(vm_state sync-first state): $(vm_state sync-first cause)" \
		"crashed: cannot write the record of sync-first: Input/output error"
	vm_under=()
	vm_start sync-first
	vm_finish
	is "a first record that could not be synced: the next run exits 0" "$vm_status" 0
}

# --- A signal while a kernel is unpacked, whose length is known only at the end ---

signal_while_a_kernel_is_unpacked()
{
	tiny=$disks/unpacked
	{
		printf '\x10\x00\x00\x14' && head -c 52 /dev/zero && printf 'ARM\x64' && head -c 16777156 /dev/zero
	} | gzip -1 >"$tiny"
	for ((i = 0; i < 250; i++)); do
		cat "$tiny"
	done >"$disks/long"
	# With room for it: a kernel that the machine cannot hold is refused before its end.
	vm_start long --kernel "$disks/long" --memory 6G
	# From here on SIGTERM stays pending until it is taken.
	until grep -qE '^SigBlk:.*[4-7c-f][0-9a-f]{3}$' "/proc/$vm_pid/status" || ! vm_is_alive; do
		vm_wait_a_little
	done
	vm_signal TERM
	is "SIGTERM while a kernel is unpacked: run exits 5" "$vm_status" 5
	ok "SIGTERM while a kernel is unpacked: dormouse reports that no guest ran" dormouse_said \
		'^dormouse: long: interrupted before its guest ran: nothing has changed$'
}

# --- A signal as the guest reports that it hibernates ---

signal_as_the_guest_hibernates()
{
	if [[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]]; then
		vm_under=(at-call get-x1 1 signal)
		calls_run race "--cpus 2" 0xc4000015
		vm_under=()
		is "SIGTERM as SYSTEM_OFF2 is called: run exits 3" "$vm_status" 3
		ok "SIGTERM as SYSTEM_OFF2 is called: dormouse reports the hibernation" dormouse_said \
			'^dormouse: race: hibernated: SYSTEM_OFF2, type 0, from vCPU 0, at '
		is "SIGTERM as SYSTEM_OFF2 is called: status of the VM is hibernated" \
			"$(vm_state race state)" hibernated
	fi
}

# --- A dormouse that was killed: its guest may have been about to hibernate ---

dormouse_was_killed()
{
	vm_start killed --flat "$disks/waiter" --memory 64M
	vm_await "$vm_console" '^waiting' || true
	vm_signal KILL
	for again in "" ", again"; do
		vm_start killed --flat "$disks/waiter" --memory 128M
		vm_finish
		is "a killed VM in another machine$again: run exits 1" "$vm_status" 1
		ok "a killed VM in another machine$again: dormouse names what the guest may rely on" dormouse_said \
			'^dormouse: killed was killed, perhaps while .* needs 64 MiB of memory, not 128: .* --force'
		is "a killed VM in another machine$again: the guest executes no instruction" \
			"$(wc -c <"$vm_console")" 0
		is "a killed VM in another machine$again: status says crashed" "$(vm_state killed state)" crashed
		is "a killed VM in another machine$again: the recorded machine is unchanged" \
			"$(vm_state killed memory)" "64 MiB"
	done
	vm_start killed --flat "$disks/waiter" --memory 64M
	vm_await "$vm_console" '^waiting' || true
	ok "a killed VM in the same machine, described anew: the guest runs" guest_said '^waiting'
	vm_signal KILL
	vm_start killed --flat "$disks/waiter" --memory 128M --force
	vm_await "$vm_console" '^waiting' || true
	ok "a killed VM in another machine, with --force: the guest runs" guest_said '^waiting'
	vm_signal TERM
	vm_start killed --flat "$disks/waiter" --memory 64M
	vm_await "$vm_console" '^waiting' || true
	ok "a VM that its user stopped can be given another machine" guest_said '^waiting'
	vm_signal TERM
}

# --- Messages that are not read ---

standard_error_is_blocked()
{
	full_pipe "$disks/messages"
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-unread.console vm_messages=$logs/$vm_runs-unread.dormouse
	: >"$vm_console"
	dormouse run --name unread --flat "$disks/waiter" </dev/null >"$vm_console" 2>"$disks/messages" &
	vm_pid=$!
	vm_await "$vm_console" '^waiting' || true
	ok "standard error that is blocked: the guest runs" guest_said '^waiting'
	dd if="$disks/messages" of="$disks/zeros" bs=4096 count=16 2>/dev/null
	vm_signal TERM
	is "standard error that is blocked: run exits 5 after SIGTERM" "$vm_status" 5
	# What is in the pipe, without waiting for more.
	timeout 5 head -n 2 <&"$pipe" >"$vm_messages" || true
	exec {pipe}>&-
	is "standard error that was blocked: dormouse reports how many messages it dropped" \
		"$(whole_lines "$vm_messages" | sed -n 1p)" \
		"dormouse: dropped 1 message: standard error was blocked"
	ok "standard error that was blocked: later messages are written" dormouse_said \
		'^dormouse: unread: off: SIGTERM, at '
}

kvm_calls_fail
kvm_calls_are_interrupted
record_cannot_be_synced
signal_while_a_kernel_is_unpacked
signal_as_the_guest_hibernates
dormouse_was_killed
standard_error_is_blocked
