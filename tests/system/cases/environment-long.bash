# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# A Linux with ACPI that hibernates and finds another environment, of each kind: it discards
# its image, boots cleanly and hibernates again. At last nothing differs, and it resumes.
#
# A kernel before 6.10 would not compare its signature. One that does not call SYSTEM_OFF2,
# before 6.13, hibernates as well: its host takes it for powered off,
# and gives it another signature nevertheless.

. "$here/lib/environment.bash"

# 16 CPUs of a kernel 6.12 boot for minutes.
vm_deadline=2400

# Describes the machine with a change: long_start [OPTION...]
long_start()
{
	vm_start long --kernel "$guest/Image" --initrd "$guest/initrd" --acpi \
		--disk "$disks/long-swap" --disk "$disks/long-scratch" \
		--append "$vm_linux swap=vda scratch=vdb do=hibernate,poweroff" "$@"
	vm_finish
}

# It boots without its image, and hibernates again: long_is_discarded WHO PATTERN [OPTION...]
long_is_discarded()
{
	local who=$1 pattern=$2

	long_start "${@:3}"
	[[ $long_status == 0 ]] || ok "Linux, $who: dormouse says what differs" dormouse_said \
		"^dormouse: long: its image needs $pattern: another hardware signature"
	ok "Linux, $who: it reports that the hardware signature does not match" \
		guest_said '^GUEST: image .*hardware signature mismatch'
	is "Linux, $who: it does not resume" "$(guest_fact resumed boot_id)" ""
	is "Linux, $who: it hibernates again" "$vm_status" "$long_status"
}

long_finds_each_difference()
{
	long_is_discarded "16 CPUs and other memory" "2 CPUs, not 16; 512 MiB of memory, not 768" \
		--memory 768M --cpus 16
	long_is_discarded "CPUs less" "16 CPUs, not 1" --memory 768M --cpus 1
	long_is_discarded "another machine version" "machine version 2, not 1" \
		--memory 768M --cpus 1 --machine-version 1
	cp "$disks/long-scratch" "$disks/other"
	mv "$disks/other" "$disks/long-scratch"
	long_is_discarded "another disk image" \
		"the disk vdb as its guest left it \(it is (a copy|another file)\)" --memory 768M --cpus 1
	printf x | dd of="$disks/long-scratch" bs=1 seek=65536 conv=notrunc 2>/dev/null
	long_is_discarded "a disk that was written meanwhile" \
		"the disk vdb as its guest left it \(it was written since\)" --memory 768M --cpus 1
	long_is_discarded "another server of PSCI" \
		"PSCI 1\.3 from --psci userspace, not 1\.3 from --psci mixed" \
		--memory 768M --cpus 1 --psci mixed
}

long_boots_without_its_image_by_discard()
{
	boot_id=$(guest_fact boot boot_id)
	vm_start long --discard
	vm_finish
	is "Linux, --discard: it does not resume" "$(guest_fact resumed boot_id)" ""
	ok "Linux, --discard: it boots cleanly" [ "$(guest_fact boot boot_id)" != "$boot_id" ]
	is "Linux, --discard: it hibernates again" "$vm_status" "$long_status"
}

long_resumes_where_nothing_differs()
{
	boot_id=$(guest_fact boot boot_id)
	if [[ $long_status != 0 ]]; then
		facs_check long
		is "Linux, nothing differs: check exits 0" "$check_status" 0
	fi
	vm_start long
	vm_finish
	is "Linux, nothing differs: it resumes" "$(guest_fact resumed boot_id)" "$boot_id"
	is "Linux, nothing differs: it has its CPU" "$(guest_fact resumed cpus)" 0
	is "Linux, nothing differs: it powers off" "$vm_status" 0
}

# The exit status of a run whose guest hibernates.
long_status=0
! guest_knows_off2 || long_status=3
vm_start_guest long hibernate,poweroff --acpi --cpus 2
vm_finish
is "Linux hibernates: run exits $long_status" "$vm_status" "$long_status"
long_finds_each_difference
long_boots_without_its_image_by_discard
long_resumes_where_nothing_differs
