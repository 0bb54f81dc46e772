# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# Debian's UEFI firmware with variables that are damaged, or of another size than its own:
# it repairs them and starts its shell.

uefi_code=/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd
uefi_vars=/usr/share/AAVMF/AAVMF_VARS.fd

# Only what is before 3 MiB is there, see tests/system/uefi-files: uefi_starts_with WHAT FILE
uefi_starts_with()
{
	vm_start uefi-damaged --firmware "$uefi_code" --vars "$2"
	ok "UEFI with variables that are $1: the firmware starts its shell" \
		vm_await "$vm_console" 'UEFI Interactive Shell v'
	vm_signal TERM
	is "UEFI with variables that are $1: dormouse can be stopped" "$vm_status" 5
	is "UEFI with variables that are $1: dormouse reports no error" \
		"$(count_lines "$vm_messages" 'variables')" 0
	rm "$2"
}

head -c 1048576 /dev/urandom >"$disks/random"
dd if=/dev/zero of="$disks/random" bs=1M count=0 seek=64 2>/dev/null
uefi_starts_with "random bytes" "$disks/random"

head -c 102400 "$uefi_vars" >"$disks/torn"
uefi_starts_with "shorter than the firmware's own" "$disks/torn"

head -c 786432 "$uefi_vars" >"$disks/header"
head -c 20 /dev/urandom | dd of="$disks/header" bs=1 seek=40 conv=notrunc 2>/dev/null
uefi_starts_with "of a damaged header" "$disks/header"

: >"$disks/empty"
uefi_starts_with "empty" "$disks/empty"

dd if=/dev/zero of="$disks/zeros" bs=1M count=0 seek=64 2>/dev/null
uefi_starts_with "zeros" "$disks/zeros"
