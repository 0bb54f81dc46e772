# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# --acpi: a Linux that is handed ACPI tables reads them as they were made, finds nothing
# wrong with them, and does what it does with a device tree: it turns its CPUs off and on,
# suspends, is saved and restored, hibernates, resumes and powers off. In another machine it
# discards its image.

. "$here/lib/suspend.bash"
. "$here/lib/acpi.bash"

# How a hibernation ends: a kernel that does not know SYSTEM_OFF2 cannot tell its host.
acpi_hibernated=0
! guest_knows_off2 || acpi_hibernated=3

# Linux 7.2 takes the time-and-alarm device for a clock, and 6.12 does not.
acpi_clock=none acpi_alarm=report
! release_is_at_least 7 2 <"$guest/version" || acpi_clock=acpi-tad acpi_alarm=rtcwake:1

# The guest's last time is not earlier than a moment of the host's, nor later than now:
# acpi_clock_is_right WHEN SINCE
acpi_clock_is_right()
{
	local now

	now=$(date +%s)
	is "$1: the clock of a guest with ACPI is the time-and-alarm device" "$(guest_fact clock name)" "$acpi_clock"
	is "$1: a guest with ACPI has a timer that is not set" "$(guest_fact clock timer)" disabled
	[[ $acpi_clock != none ]] || return 0
	ok "$1: a guest with ACPI reads the host's time" between "$2" "$(guest_fact clock rtc)" "$now"
	# It was set to a whole second and a half.
	ok "$1: a guest with ACPI has the host's time" between $(($2 - 1)) "$(guest_fact clock time)" $((now + 1))
}

# between FIRST NUMBER LAST
between()
{
	[[ $2 ]] && (($1 <= $2 && $2 <= $3))
}

time_is()
{
	((EPOCHSECONDS >= $1))
}

acpi_suspends_and_is_typed_at()
{
	mkfifo "$disks/acpi-keys"
	exec {keys}<>"$disks/acpi-keys"
	vm_stdin=$disks/acpi-keys
	began=$(date +%s)
	vm_start_guest acpi acpi,clock,hotplug:1,suspend:1,clock,read,suspend:1,clock,hibernate,clock,acpi,$acpi_alarm,hibernate,poweroff \
		--acpi --cpus 4
	ok "a guest with ACPI suspends" vm_await_state acpi suspended
	is "status of a VM with ACPI says so" "$(vm_state acpi acpi)" yes
	acpi_clock_is_right "after a boot" "$began"
	acpi_tables_are "a guest with ACPI and four CPUs" acpi-4-cpus
	acpi_is_right "a guest with ACPI and four CPUs" 0-3
	is "a guest with ACPI turns its CPUs off and on" "$(guest_fact hotplug cpus)" 0-3
	# It sleeps for a time that its clock could miss.
	vm_until time_is "$(($(date +%s) + 3))" || true
	began=$(date +%s)
	echo >&"$keys"
	ok "a guest with ACPI is woken by its console" vm_await "$vm_console" '^GUEST: reading'
	acpi_clock_is_right "after a suspension" "$began"
	is "a guest with ACPI has suspended once" "$(guest_fact suspended success)" 1
	is "a guest with ACPI has all CPUs after it was suspended" "$(guest_fact suspended cpus)" 0-3
	is "a guest with ACPI is the one that suspended" "$(guest_fact suspended boot_id)" "$(guest_fact boot boot_id)"
	echo typed >&"$keys"
	ok "a guest with ACPI reads what is typed" vm_await "$vm_console" '^GUEST: read line=typed'
	boot_id=$(guest_fact boot boot_id)
}

acpi_is_saved_and_restored()
{
	ok "a guest with ACPI suspends again" vm_await_state acpi suspended
	ok "a guest with ACPI is saved" vm_save acpi "$disks/acpi.saved"
	vm_finish
	is "a guest with ACPI that was saved: run exits 7" "$vm_status" 7
	vm_restore acpi "$disks/acpi.saved"
	ok "a guest with ACPI is restored" vm_await_state acpi suspended
	began=$(date +%s)
	dormouse wake acpi >"$disks/said" 2>&1 || true
	vm_finish
	acpi_clock_is_right "after it was saved" "$began"
	is "a restored guest with ACPI is the one that was saved" "$(guest_fact suspended boot_id)" "$boot_id"
	is "a restored guest with ACPI has all CPUs" "$(guest_fact suspended cpus)" 0-3
}

acpi_hibernates_and_resumes()
{
	is "a guest with ACPI hibernates" "$vm_status" "$acpi_hibernated"
	ok "check finds the image of a guest with ACPI, and that it wants the machine's hardware signature" grep -qE \
		'^images +vda: the whole disk: a hibernation image, in pages of 4 KiB, that wants the hardware signature 0x[0-9a-f]{8}, which the machine had last$' \
		<<<"$(dormouse check acpi || true)"
	began=$(date +%s)
	vm_start acpi
	vm_finish
	exec {keys}>&-
	vm_stdin=
	acpi_clock_is_right "after a hibernation" "$began"
	is "a guest with ACPI that resumes is the one that hibernated" "$(guest_fact resumed boot_id)" "$boot_id"
	acpi_tables_are "a resumed guest with ACPI" acpi-4-cpus
	acpi_is_right "a resumed guest with ACPI" 0-3
	if [[ $acpi_alarm == rtcwake:1 ]]; then
		is "a resumed guest with ACPI is suspended until its alarm" "$(guest_fact suspended success)" 1
		ok "dormouse reports that the clock woke a guest with ACPI" dormouse_said \
			": acpi: running: woken by the clock's alarm, at "
	fi
	is "a resumed guest with ACPI hibernates again" "$vm_status" "$acpi_hibernated"
}

# An image of which the host does not know wants a signature as well.
acpi_discards_its_image()
{
	vm_start acpi --kernel "$guest/Image" --initrd "$guest/initrd" --memory 512M --acpi --cpus 1 \
		--disk "$disks/acpi-swap" --disk "$disks/acpi-scratch" \
		--append "$vm_linux swap=vda scratch=vdb do=poweroff"
	vm_finish
	if [[ $acpi_hibernated == 3 ]]; then
		ok "a guest with ACPI and fewer CPUs: dormouse says what differs" dormouse_said \
			'its image needs 4 CPUs, not 1; the command line that it had: another hardware signature'
	fi
	ok "a guest with ACPI and fewer CPUs reports that the hardware signature does not match" \
		guest_said '^GUEST: image .*hardware signature mismatch'
	ok "a guest with ACPI and fewer CPUs boots cleanly" [ "$(guest_fact boot boot_id)" != "$boot_id" ]
	is "a guest with ACPI and fewer CPUs does not resume" "$(guest_fact resumed boot_id)" ""
	is "a guest with ACPI powers off: run exits 0" "$vm_status" 0
	ok "a guest with ACPI powers off by SYSTEM_OFF" dormouse_said '^dormouse: acpi: off: SYSTEM_OFF, '
	ok "status says that a guest with ACPI and fewer CPUs discarded its image, and why" grep -qE \
		'^the guest discarded its image, which wants the hardware signature 0x[0-9a-f]{8}: its machine has 0x' \
		<<<"$(vm_state acpi image)"
}

acpi_suspends_and_is_typed_at
acpi_is_saved_and_restored
acpi_hibernates_and_resumes
acpi_discards_its_image
