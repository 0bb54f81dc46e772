# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# Linux under Debian's UEFI firmware, which gets it by fw_cfg: it hibernates, resumes, is saved,
# cloned and restored, and finds the same memory map at each boot.

# shellcheck source=tests/system/lib/efi-linux.bash
. "$here/lib/efi-linux.bash"

efi_linux_hibernates()
{
	efi_linux_start linux-efi hibernate,report,acpi,suspend:1,reseeded,poweroff
	vm_finish
	if guest_knows_off2; then
		ends "UEFI: a hibernation" hibernated
	else
		ends "UEFI: a hibernation" off
	fi
	identity=$(identity_of hibernating)
	efi_map "$vm_console" 1 >"$logs/efi-map-1"
	ok "UEFI: Linux has a memory map" [ -s "$logs/efi-map-1" ]
}

efi_linux_resumes()
{
	vm_start linux-efi
	ok "UEFI: Linux suspends after its resume" vm_await_state linux-efi suspended
	is "UEFI: Linux resumes: same boot, same memory, same process" "$(identity_of resumed)" "$identity"
	is "UEFI: Linux was started by EFI" "$(guest_fact report efi)" yes
	is "UEFI: Linux reports no error of ACPI or EFI" "$(guest_fact acpi errors)" 0
	is "UEFI: Linux finds each of its CPUs" "$(guest_fact acpi cpus)" 0-1
	efi_map "$vm_console" 1 >"$logs/efi-map-2"
	is "UEFI: the memory map is the same at both boots" \
		"$(efi_map_kept <"$logs/efi-map-2")" "$(efi_map_kept <"$logs/efi-map-1")"
}

efi_linux_is_saved_and_cloned()
{
	local boot_id

	boot_id=$(guest_fact report boot_id)
	ok "UEFI: Linux is saved" dormouse save linux-efi "$disks/linux-efi.saved"
	vm_finish
	is "UEFI: the run of a guest that was saved exits 7" "$vm_status" 7
	ok "UEFI: a saved VM is cloned" dormouse clone linux-efi clone-efi
	ok "UEFI: the clone has variables of its own" \
		cmp "$DORMOUSE_STATE_DIR/linux-efi/vars" "$DORMOUSE_STATE_DIR/clone-efi/vars"

	efi_linux_is_restored clone-efi "$(vm_state clone-efi saved)" "$boot_id"
	is "UEFI: Linux in the clone is notified once that it is a copy" "$(guest_fact reseeded count)" 1
	efi_linux_is_restored linux-efi "$disks/linux-efi.saved" "$boot_id"
	is "UEFI: Linux that was cloned is not notified that it is a copy" "$(guest_fact reseeded count)" 0
}

# efi_linux_is_restored NAME FILE BOOT-ID
efi_linux_is_restored()
{
	vm_restore "$1" "$2"
	ok "UEFI: $1 is restored" vm_await_state "$1" suspended
	vm_await_socket "$DORMOUSE_STATE_DIR/$1/qmp" || true
	dormouse wake "$1" >"$logs/said" 2>&1 || true
	vm_finish
	is "UEFI: $1, restored, is the guest that was saved" "$(guest_fact reseeded boot_id)" "$3"
	is "UEFI: $1, restored, powers off: run exits 0" "$vm_status" 0
}

efi_linux_hibernates
efi_linux_resumes
efi_linux_is_saved_and_cloned
