# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # The sourcing script sets them.
#
# efi-linux.bash - our small guest under Debian's UEFI firmware, which gets it by fw_cfg
#
# To be sourced after vm.bash and tap.bash.

. "$here/lib/efi-map.bash"
. "$here/lib/module.bash"
. "$here/lib/suspend.bash"

# As the package has it; tests/system/run leaves out the zeros.
dd if=/dev/zero of=/usr/share/AAVMF/AAVMF_VARS.fd bs=1M count=0 seek=64 2>/dev/null

# Describes a VM and starts it: efi_linux_start NAME STEPS [OPTION...]
efi_linux_start()
{
	vm_disk "$1-swap" 512
	vm_disk "$1-scratch" 1
	efi_linux_described "$@"
}

# As efi_linux_start, with the disks that it has: efi_linux_described NAME STEPS [OPTION...]
efi_linux_described()
{
	vm_start "$1" --firmware uefi --kernel "$guest/Image" --initrd "$guest/initrd" --cpus 2 \
		--memory 512M --disk "$disks/$1-swap" --disk "$disks/$1-scratch" \
		--append "$vm_linux efi=debug swap=vda scratch=vdb do=$2" "${@:3}"
}

# A saved guest goes on, and ends: efi_linux_is_restored NAME FILE BOOT-ID
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
