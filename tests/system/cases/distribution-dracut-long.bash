# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # The guest expands; vm.bash and run-in-host set them.
#
# Debian with an initramfs that has systemd, which looks for the image where the EFI variable
# HibernateLocation says. The disk is /dev/vda here, see tests/system/run.

# shellcheck source=tests/system/lib/distribution.bash
. "$here/lib/distribution.bash"

options=systemd.default_device_timeout_sec=1800
variable=/sys/firmware/efi/efivars/HibernateLocation-8cf2644b-4b0b-428f-9387-6d876050dc67

finds_its_image_by_the_variable()
{
	local previous round

	system_start web --firmware uefi --disk /dev/vda --memory 1G --cpus 2
	ok "dracut: Debian boots by firmware and GRUB, and a shell shows its prompt" system_boots
	system_is "dracut: its command line names no swap space" 'grep -c resume= /proc/cmdline' 0
	system_is "dracut: nothing has set the variable" "[ -e $variable ] || echo no" no
	# On a busy machine the initramfs takes longer than it waits for a disk. GRUB does not replay the
	# journal of a file system that is mounted while the system hibernates.
	system_is "dracut: Debian's boot loader can be configured" \
		"sed -i 's/console=ttyAMA0 quiet/console=ttyAMA0 $options/' /boot/grub/grub.cfg && fsfreeze -f / && fsfreeze -u / && echo yes" yes
	system_counts
	system_answers 'cat /proc/sys/kernel/random/boot_id'
	previous=$answer
	for round in 1 2; do
		system_hibernates "dracut, hibernation $round"
		system_comes_back "dracut, hibernation $round" "$previous"
	done
	system_is "dracut: the variable is gone once it has resumed" "[ -e $variable ] || echo no" no
	system_has_no_failed_unit "dracut: Debian has no failed unit"
	system_settles
	system_types 'systemctl poweroff'
	vm_finish
	is "dracut: systemctl poweroff ends the run with 0" "$vm_status" 0
}

# Debian takes longer than the guests of other tests.
vm_deadline=2000
mkfifo "$disks/system-keys"
exec {keys}<>"$disks/system-keys"
finds_its_image_by_the_variable
exec {keys}>&-
