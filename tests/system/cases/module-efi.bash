# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# psci_hibernate in a guest that firmware started as an EFI program: Linux then
# powers off by EFI's ResetSystem, and SYSTEM_OFF2 must come before it. See
# cases/firmware.bash for U-Boot and the disk.

# shellcheck source=tests/system/lib/module.bash
. "$here/lib/module.bash"

mkfifo "$disks/efi-keys"
exec {keys}<>"$disks/efi-keys"

# Starts the VM, new or again, and has U-Boot start Linux: boot_by_efi OPTION...
boot_by_efi()
{
	vm_stdin=$disks/efi-keys
	vm_start efi "$@"
	vm_stdin=
	# Any key before it counts to zero.
	echo >&"$keys"
	# Linux' EFI stub loads the initrd from the device that U-Boot loaded Linux from,
	# which U-Boot does not know if a length was given.
	at_prompt 1 "setenv bootargs 'console=ttyAMA0 quiet initrd=/initrd swap=vdb scratch=vdc do=$steps'"
	# shellcheck disable=SC2016 # The variables are U-Boot's.
	at_prompt 2 'load virtio 0:1 ${kernel_addr_r} /Image'
	# shellcheck disable=SC2016
	at_prompt 3 'bootefi ${kernel_addr_r} ${fdtcontroladdr}'
	vm_finish
}

efi_guest_hibernates()
{
	steps=report,load,hibernate,poweroff
	vm_disk efi-swap 512
	vm_disk efi-scratch 1
	boot_by_efi --firmware "${here%/*}/u-boot.bin" --disk "${here%/*}/boot.disk,ro" \
		--disk "$disks/efi-swap" --disk "$disks/efi-scratch" --memory 768M --cpus 2
	identity=$(identity_of hibernating)
	is "EFI: Linux is an EFI program, with EFI's services at run time, its power-off among them" \
		"$(guest_fact report efi)" yes
	ok "EFI: the module loads" guest_said "$module_loaded"
	ends "EFI: a hibernation" hibernated
}

efi_guest_resumes()
{
	boot_by_efi
	resumes "EFI"
	ends "EFI, resumed: a power-off" off
	exec {keys}>&-
}

efi_guest_hibernates
efi_guest_resumes
