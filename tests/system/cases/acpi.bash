# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# --acpi: a Linux that is handed ACPI tables uses them, finds nothing wrong with them,
# turns its CPUs off and on, powers off, hibernates and resumes.

acpi_tables=APIC,DBG2,DSDT,FACP,FACS,GTDT,PPTT,SPCR

# The guest's kernel uses all tables and reports no error: finds_tables WHO CPUS
finds_tables()
{
	is "$1 with ACPI has each table that dormouse makes" "$(guest_fact acpi tables)" "$acpi_tables"
	is "$1 with ACPI finds each of its CPUs" "$(guest_fact acpi cpus)" "$2"
	is "$1 with ACPI reports no error of ACPI or EFI" "$(guest_fact acpi errors)" 0
}

# How a hibernation ends: a kernel that does not know SYSTEM_OFF2 cannot tell its host.
acpi_hibernated=0
! guest_knows_off2 || acpi_hibernated=3

acpi_with_one_cpu()
{
	vm_start_guest acpi-one acpi,poweroff --acpi
	vm_finish
	finds_tables "a guest with one CPU" 0
	is "a guest with ACPI powers off" "$vm_status" 0
	ok "a guest with ACPI powers off by SYSTEM_OFF" dormouse_said '^dormouse: acpi-one: off: SYSTEM_OFF, '
}

acpi_hibernates_and_resumes()
{
	local boot_id

	vm_start_guest acpi acpi,hotplug:1,count,hibernate,poweroff --acpi --cpus 4
	vm_finish
	finds_tables "a guest with four CPUs" 0-3
	is "a guest with ACPI turns its CPUs off and on" "$(guest_fact hotplug cpus)" 0-3
	is "a guest with ACPI hibernates" "$vm_status" "$acpi_hibernated"
	boot_id=$(guest_fact hibernating boot_id)
	vm_start acpi
	vm_finish
	ok "a guest with ACPI says its boot id before it hibernates" [ "$boot_id" ]
	is "a guest with ACPI that resumes is the one that hibernated" "$(guest_fact resumed boot_id)" "$boot_id"
	is "a resumed guest with ACPI powers off" "$vm_status" 0
}

acpi_with_one_cpu
acpi_hibernates_and_resumes
