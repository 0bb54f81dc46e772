# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # The guest expands; vm.bash and run-in-host set them.
#
# Debian on its own disk, /dev/vda here, unchanged: UEFI firmware, GRUB, systemd. It is used at
# its console. See tools/debian-disk for the disk, and tests/system/run, which attaches it.

# shellcheck source=tests/system/lib/efi-map.bash
. "$here/lib/efi-map.bash"
# shellcheck source=tests/system/lib/distribution.bash
. "$here/lib/distribution.bash"

options='efi=debug systemd.show_status=false systemd.default_device_timeout_sec=1800 systemd.default_timeout_start_sec=1800'
machine=(--firmware uefi --disk /dev/vda --memory 1G)
boot_id='cat /proc/sys/kernel/random/boot_id'
# The maps of all boots but the first, by what each differs in from the second.
map_count=0 map_differences=
first_map=

# Compares the map of the last boot of this run with those before; the first one that is looked
# at is what the others are compared with: looks_at_map WHICH N
looks_at_map()
{
	local map

	vm_until efi_map_ends "$vm_console" "$2" || true
	efi_map "$vm_console" "$2" >"$logs/map-$map_count"
	map=$(efi_map_kept <"$logs/map-$map_count")
	echo "# map $map_count, $1: $(md5sum <"$logs/map-$map_count" | cut -c 1-8), kept $(md5sum <<<"$map" | cut -c 1-8)"
	[[ $first_map ]] || first_map=$map
	[[ $map && $map == "$first_map" ]] || map_differences+=" $1"
	map_count=$((map_count + 1))
}

first_boot()
{
	system_start web "${machine[@]}" --cpus 2
	ok "Debian boots by firmware and GRUB, and a shell shows its prompt" system_boots
	system_has_no_failed_unit "Debian has no failed unit"
	system_is "Debian finds KVM" systemd-detect-virt kvm
	system_is "Debian was booted by EFI" '[ -d /sys/firmware/efi ] && echo yes' yes
	system_is "Debian has its CPUs" nproc 2
	ok "Debian has a kernel that reports hibernation by itself, or the module that does" guest_reports
	# From here on each boot prints its memory map. On a busy machine a boot takes longer than
	# systemd waits for a disk.
	system_is "Debian's boot loader can be configured" \
		"sed -i 's/console=ttyAMA0 quiet/console=ttyAMA0 $options/' /boot/grub/grub.cfg && grep -c efi=debug /boot/grub/grub.cfg >/tmp/n && echo yes" yes
	system_is "efibootmgr makes a boot entry, the first of the boot order" \
		"efibootmgr -q -c -d /dev/vda -p 1 -L mine -l '\\EFI\\debian\\grubaa64.efi' && efibootmgr | sed -n 's/^Boot\\(....\\).* mine.*/\\1/p' >/var/tmp/entry && echo yes" yes
	system_answers "$boot_id"
	previous=$answer
}

# By a module before 6.13.
guest_reports()
{
	system_answers 'uname -r'
	! release_is_at_least 6 13 <<<"$answer" || return 0
	system_answers 'lsmod | grep -c psci_hibernate'
	[[ $answer == 1 ]]
}

reboots()
{
	system_types 'systemctl reboot'
	ok "systemctl reboot reboots Debian" system_boots 2
	looks_at_map reboot 1
	system_answers "$boot_id"
	ok "the reboot starts another boot" [ "$answer" -a "$answer" != "$previous" ]
	system_is "the firmware starts the boot entry that efibootmgr made" \
		'[ "$(efibootmgr | sed -n "s/BootCurrent: //p")" = "$(cat /var/tmp/entry)" ] && echo yes' yes
	previous=$answer
}

suspends_and_powers_off()
{
	system_answers "$boot_id"
	previous=$answer
	system_types 'systemctl suspend'
	ok "systemctl suspend suspends the VM" vm_await_state web suspended
	ok "dormouse wake wakes it, and its shell answers" system_wakes
	system_is "Debian is woken, and is the one that suspended" "$boot_id" "$previous"
	system_is "Debian has its CPUs after it was suspended" nproc 2
	system_settles
	system_types 'systemctl poweroff'
	vm_finish
	is "systemctl poweroff ends the run with 0" "$vm_status" 0
	is "systemctl poweroff: status says off" "$(vm_state web state)" off
}

hibernates_often()
{
	local round

	system_start web
	ok "Debian boots after a power-off" system_boots
	looks_at_map power-off 1
	system_is "the boot entry is remembered over a power-off" \
		'[ "$(efibootmgr | sed -n "s/BootCurrent: //p")" = "$(cat /var/tmp/entry)" ] && echo yes' yes
	system_counts
	system_answers "$boot_id"
	previous=$answer
	for round in 1 2 3 4 5; do
		system_hibernates "hibernation $round"
		system_comes_back "hibernation $round" "$previous"
		looks_at_map "resume-$round" 1
		system_is "hibernation $round: Debian has its CPUs" nproc 2
	done
	system_has_no_failed_unit "Debian has no failed unit after its hibernations"
}

panics()
{
	system_types 'sysctl kernel.panic=1 kernel.sysrq=1; sync; echo c >/proc/sysrq-trigger'
	ok "a panic with panic=1 reboots Debian" system_boots 2
	looks_at_map panic 2
	system_answers "$boot_id"
	ok "after the panic it is another boot" [ "$answer" -a "$answer" != "$previous" ]
	previous=$answer
}

loses_a_cpu()
{
	system_hibernates "before a CPU is taken away"
	system_start web "${machine[@]}" --cpus 1
	ok "with a CPU less Debian boots" system_boots
	system_answers "$boot_id"
	ok "with a CPU less Debian boots anew" [ "$answer" -a "$answer" != "$previous" ]
	system_is "with a CPU less Debian has one" nproc 1
	ok "dormouse says what differs and that the guest boots cleanly" dormouse_said \
		'^dormouse: web: its image needs 2 CPUs.*: another hardware signature makes the guest boot'
	ok "Debian's kernel reports the mismatch" guest_said 'hardware signature mismatch'
	system_has_no_failed_unit "with a CPU less Debian has no failed unit"
	system_settles
	system_types 'systemctl poweroff'
	vm_finish
	is "with a CPU less Debian powers off: run exits 0" "$vm_status" 0
}

# To see the map, a boot need not be complete.
boots_to_its_map()
{
	local more

	system_start web "${machine[@]}" --cpus 2
	looks_at_map 'with both CPUs again' 1
	for ((more = 2; map_count < 20; more++)); do
		dormouse reset web >"$logs/said" 2>&1 || true
		looks_at_map "reset-$more" "$more"
	done
	vm_signal KILL
	is "the firmware's memory map is the same in $map_count boots" "$map_differences" ""
}

# Debian takes longer than the guests of other tests.
vm_deadline=2000
mkfifo "$disks/system-keys"
exec {keys}<>"$disks/system-keys"
first_boot
reboots
suspends_and_powers_off
hibernates_often
panics
loses_a_cpu
boots_to_its_map
exec {keys}>&-
