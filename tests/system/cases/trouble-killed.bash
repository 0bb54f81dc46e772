# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# dormouse is killed while its guest hibernates: at the first page of its image,
# in the middle, and once the image is complete but SYSTEM_OFF2 has not been
# called. The record says what is known, that it crashed; the next run has this
# machine again, and boots, or resumes where the image was complete.

swap=$disks/killed-swap

# Kilobytes that the disk takes, of a file that began with none.
written()
{
	du -k "$swap" | cut -f 1
}

# The end of a swap area's first page: SWAPSPACE2, or S1SUSPEND once an image is complete.
is_complete()
{
	[[ $(dd if="$swap" bs=1 skip=4086 count=9 2>/dev/null) == S1SUSPEND ]]
}

# Waits until the image has come so far: await_image begun, half or
# complete. It does not sleep, since it is soon over.
await_image()
{
	local before

	vm_await "$vm_console" '^GUEST: hibernating ' || return 1
	before=$(written)
	while vm_is_alive; do
		case $1 in
		begun) (($(written) <= before + 100)) || return 0 ;;
		half) (($(written) <= before + 20000)) || return 0 ;;
		complete) ! is_complete || return 0 ;;
		esac
	done
	return 1
}

killed_machine()
{
	dormouse status killed | grep -vE '^(state|since|cause|pid|boots|host):'
}

dormouse_is_killed_while_its_guest_hibernates()
{
	vm_start_guest killed count,hibernate,poweroff --cpus 2 --memory 512M
	machine=
	for point in begun half complete; do
		ok "killed when the image is $point: the image gets as far as that" await_image "$point"
		: "${machine:=$(killed_machine)}"
		vm_signal KILL
		ok "killed when the image is $point: run ends by SIGKILL" \
			[ "$vm_status" = 137 ]
		is "killed when the image is $point: status says crashed" "$(vm_state killed state)" crashed
		ok "killed when the image is $point: status names the death of dormouse as cause" grep -q 'died' \
			<<<"$(vm_state killed cause)"
		is "killed when the image is $point: the recorded machine is unchanged" "$(killed_machine)" "$machine"
		nonce=$(guest_fact hibernating nonce)
		vm_start killed
		vm_await "$vm_console" '^GUEST: boot ' || true
		ok "killed when the image is $point: the next run reports the crash" dormouse_said \
			'^dormouse: killed: the dormouse that ran it \(pid [0-9]+\) died: it crashed'
	done
	vm_finish
	is "killed when the image is complete: the guest resumes and powers off" "$vm_status" 0
	is "killed when the image is complete: the guest that resumes is the one that hibernated" \
		"$(guest_fact resumed nonce)" "$nonce"
}

dormouse_is_killed_while_its_guest_hibernates
