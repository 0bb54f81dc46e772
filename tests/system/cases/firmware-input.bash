# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# What can be wrong with a firmware's variables, and with what a guest writes to fw_cfg:
# the VM is refused with a sentence and loses nothing, or its guest gets an error. The
# firmware is a few instructions; uefi.bash has a real one.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

tiny_firmware=$disks/tiny-firmware
# SYSTEM_SUSPEND(0, 0) at 0, for ever: movz x0, #0xe; movk x0, #0xc400, lsl 16; movz x1, #0;
# movz x2, #0; hvc #0; b .
printf '\xc0\x01\x80\xd2\x00\x80\xb8\xf2\x01\x00\x80\xd2\x02\x00\x80\xd2\x02\x00\x00\xd4\x00\x00\x00\x14' \
	>"$tiny_firmware"

# The VM does not start, and dormouse says why: variables_refused PATTERN NAME [OPTION...]
variables_refused()
{
	local pattern=$1

	shift
	vm_start "$@"
	vm_finish
	[[ $vm_status == 1 ]] && has_line "$vm_messages" "$pattern"
}

# The guest runs its firmware whatever the variables are: variables_accepted NAME [OPTION...]
variables_accepted()
{
	vm_start "$@"
	vm_await_state "$1" suspended || return 1
	vm_signal TERM
	[[ $vm_status == 5 ]]
}

# --- The file of the variables ---

variables_of_any_content()
{
	local size

	for size in 0 1 4095 262145; do
		head -c "$size" /dev/urandom >"$disks/odd-vars"
		ok "variables of $size random bytes: the firmware runs" \
			variables_accepted odd --firmware "$tiny_firmware" --vars "$disks/odd-vars" --memory 64M
		is "variables of $size random bytes: the file has its size after the run" \
			"$(stat -c %s "$disks/odd-vars")" "$size"
	done
}

variables_where_none_can_be_made()
{
	mkdir -p "$disks/tight-disk" "$DORMOUSE_STATE_DIR/locked"
	mount -t tmpfs -o size=64k tmpfs "$disks/tight-disk"
	ok "a template on a directory that is full: the VM is refused with the reason" \
		full_directory_is_refused
	is "a template on a directory that is full: no variables are left" \
		"$(find "$disks/tight-disk" -name '*vars*')" ""
	umount "$disks/tight-disk"

	mount -t tmpfs tmpfs "$disks/tight-disk"
	: >"$disks/tight-disk/vars"
	mount -o remount,ro "$disks/tight-disk"
	ok "variables on a read-only file system are refused with the reason" variables_refused \
		"cannot open the variables $disks/tight-disk/vars for reading and writing: Read-only file system" \
		locked --firmware "$tiny_firmware" --vars "$disks/tight-disk/vars" --memory 64M
	umount "$disks/tight-disk"
}

# The state directory is in it.
full_directory_is_refused()
{
	local kept=$DORMOUSE_STATE_DIR result=0

	export DORMOUSE_STATE_DIR=$disks/tight-disk
	variables_refused "cannot write $disks/tight-disk/full/vars.*: No space left on device" \
		full --firmware uefi --memory 64M || result=1
	export DORMOUSE_STATE_DIR=$kept

	return "$result"
}

# --- A saved guest ---

saved_variables()
{
	local saved=$disks/firmware.saved vars=$disks/saved-vars

	head -c 1000 /dev/zero >"$vars"
	vm_start firmware-save --firmware "$tiny_firmware" --vars "$vars" --memory 64M
	vm_await_state firmware-save suspended || true
	ok "a guest with a firmware is saved" vm_save firmware-save "$saved"
	vm_finish

	cp "$vars" "$vars.before"
	printf x | dd of="$vars" bs=1 seek=500 conv=notrunc 2>/dev/null
	restore_refused "variables that have changed since the guest was saved" \
		"firmware-save, saved in $saved, needs its firmware's variables as its guest left them"
	cp "$vars.before" "$vars"

	mv "$vars" "$vars.away"
	restore_refused "variables that are missing for a saved guest" \
		"cannot open the variables $vars: No such file"
	mv "$vars.away" "$vars"

	vm_start firmware-other --firmware "$tiny_firmware" --vars "$vars" --memory 64M
	vm_await_state firmware-other suspended || true
	other_pid=$vm_pid
	restore_refused "variables of a saved guest that another VM has" \
		"the variables $vars are in use by another VM"
	kill -KILL "$other_pid"
	wait "$other_pid" 2>/dev/null || true

	vm_restore firmware-save "$saved"
	ok "a guest with a firmware is restored after all refusals" vm_await_state firmware-save suspended
	vm_signal TERM
}

# restore_refused SITUATION PATTERN
restore_refused()
{
	vm_restore firmware-save "$saved"
	vm_finish
	is "$1: the restore is refused, exit status 1" "$vm_status" 1
	ok "$1: the message names the reason" dormouse_said "$2"
	is "$1: the guest is still saved" "$(vm_state firmware-save state)" saved
}

variables_of_any_content
variables_where_none_can_be_made
saved_variables
