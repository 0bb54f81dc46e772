# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# Linux under Debian's UEFI firmware, which gets it by fw_cfg: it hibernates and resumes, and
# finds the same memory map at both boots.

# shellcheck source=tests/system/lib/efi-linux.bash
. "$here/lib/efi-linux.bash"

efi_linux_hibernates()
{
	efi_linux_start linux-efi hibernate,report,acpi,poweroff
	# The first boot has another map, see docs/firmware.md.
	ok "UEFI: the firmware starts Linux, which it gets by fw_cfg" \
		vm_await "$vm_console" '^EFI stub: Exiting boot services'
	dormouse reset linux-efi >"$logs/said" 2>&1 || true
	vm_finish
	if guest_knows_off2; then
		ends "UEFI: a hibernation" hibernated
	else
		ends "UEFI: a hibernation" off
	fi
	identity=$(identity_of hibernating)
	efi_map "$vm_console" 1 >"$logs/efi-map-2"
}

# Others would not be those that the guest relies on.
missing_variables_are_refused()
{
	local vars=$DORMOUSE_STATE_DIR/linux-efi/vars

	mv "$vars" "$vars.away"
	vm_start linux-efi
	vm_finish
	is "UEFI: missing variables of a hibernated guest are refused" "$vm_status" 1
	ok "UEFI: missing variables are named" dormouse_said \
		"^dormouse: the variables $vars are missing, which the guest relies on"
	ok "UEFI: missing variables are not made anew" [ ! -e "$vars" ]
	mv "$vars.away" "$vars"
}

efi_linux_resumes()
{
	vm_start linux-efi
	vm_finish
	is "UEFI: Linux resumes: same boot, same memory, same process" "$(identity_of resumed)" "$identity"
	is "UEFI: Linux was started by EFI" "$(guest_fact report efi)" yes
	is "UEFI: Linux reports no error of ACPI or EFI" "$(guest_fact acpi errors)" 0
	is "UEFI: Linux finds each of its CPUs" "$(guest_fact acpi cpus)" 0-1
	ends "UEFI: a power-off" off
	efi_map "$vm_console" 1 >"$logs/efi-map-3"
	ok "UEFI: Linux has a memory map" [ -s "$logs/efi-map-3" ]
	is "UEFI: the memory map of the boot that resumes is that of the boot before" \
		"$(diff "$logs/efi-map-2" "$logs/efi-map-3")" ""
}

efi_linux_hibernates
! guest_knows_off2 || missing_variables_are_refused
efi_linux_resumes
