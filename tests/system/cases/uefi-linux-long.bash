# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# Linux under Debian's UEFI firmware: what a start in another environment makes of its image, a
# clone of a hibernated VM, and its memory map over many boots.

# shellcheck source=tests/system/lib/efi-linux.bash
. "$here/lib/efi-linux.bash"

efi_linux_loses_a_cpu()
{
	local steps=hibernate,report,poweroff

	efi_linux_start less-efi "$steps"
	vm_finish
	ends "UEFI: a hibernation" hibernated
	identity=$(identity_of hibernating)
	efi_linux_described less-efi "$steps" --cpus 1 --strict
	vm_finish
	is "UEFI: another number of CPUs is refused with --strict" "$vm_status" 1

	dormouse clone less-efi cloned-efi >"$logs/said" 2>&1 || true
	vm_start cloned-efi
	vm_finish
	ok "UEFI: dormouse reports that a clone boots without the image" dormouse_said \
		'the image of the VM that it is a clone of is not its own: another hardware'
	ok "UEFI: Linux in the clone reports the mismatch" guest_said 'image .*hardware signature mismatch'
	ok "UEFI: Linux in the clone is another boot" \
		[ "$(guest_fact hibernating boot_id)" -a "$(guest_fact hibernating boot_id)" != "${identity%% *}" ]

	efi_linux_described less-efi "$steps" --cpus 1
	vm_finish
	ok "UEFI: dormouse reports what differs" dormouse_said \
		'^dormouse: less-efi: its image needs 2 CPUs.*: another hardware signature makes the guest boot'
	ok "UEFI: Linux reports the mismatch" guest_said 'image .*hardware signature mismatch'
	is "UEFI: Linux boots cleanly with one CPU, and hibernates again" "$vm_status" 3
	ok "UEFI: it is another boot" \
		[ "$(guest_fact hibernating boot_id)" -a "$(guest_fact hibernating boot_id)" != "${identity%% *}" ]
	identity=$(identity_of hibernating)
	vm_start less-efi
	vm_finish
	is "UEFI: with the same CPU Linux resumes" "$(identity_of resumed)" "$identity"
	is "UEFI: after that Linux powers off: run exits 0" "$vm_status" 0
}

efi_linux_keeps_its_map()
{
	local boot different=

	# Of seven boots six resume, then it begins anew.
	efi_linux_start map-efi hibernate,hibernate,hibernate,hibernate,hibernate,hibernate,poweroff
	vm_finish
	for ((boot = 2; boot <= 20; boot++)); do
		vm_start map-efi
		vm_finish
		efi_map "$vm_console" 1 >"$logs/efi-map-$boot"
		echo "# boot $boot ends with $vm_status"
		[[ -s $logs/efi-map-$boot ]] && cmp -s "$logs/efi-map-2" "$logs/efi-map-$boot" || different+=" $boot"
	done
	is "UEFI: the memory map is the same in 20 boots, from the second on" "$different" ""
}

# The first VM's own file, after its clone has gone on.
efi_linux_is_saved()
{
	local boot_id

	efi_linux_start save-efi report,suspend:1,reseeded,poweroff
	ok "UEFI: a guest suspends" vm_await_state save-efi suspended
	boot_id=$(guest_fact report boot_id)
	ok "UEFI: the guest is saved" vm_save save-efi "$disks/save-efi.saved"
	vm_finish
	dormouse clone save-efi save-efi-2 >"$logs/said" 2>&1 || true
	efi_linux_is_restored save-efi-2 "$(vm_state save-efi-2 saved)" "$boot_id"
	is "UEFI: Linux in the clone is notified once that it is a copy" "$(guest_fact reseeded count)" 1
	efi_linux_is_restored save-efi "$disks/save-efi.saved" "$boot_id"
	is "UEFI: Linux that was cloned is not notified that it is a copy" "$(guest_fact reseeded count)" 0
}

efi_linux_is_saved
efi_linux_loses_a_cpu
efi_linux_keeps_its_map
