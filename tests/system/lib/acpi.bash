# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # The sourcing script sets them.
#
# acpi.bash - what a Linux with ACPI finds, compared with what its machine version has
#
# To be sourced after vm.bash and tap.bash. The guest has 512 MiB of memory and two disks,
# as vm_start_guest makes it, and takes the step acpi.

acpi_tables=APIC,DBG2,DSDT,FACP,FACS,GTDT,PPTT,SPCR
# Of the CPUs, the events, the console, the disks, the generation ID and the buttons.
acpi_drivers=(processor acpi-ged sbsa-uart virtio-mmio vmgenid button)

# Prints what the guest is to find: the SHA-256 of a table of the file that acpidump(8)
# could have made. The FACS has the signature of this VM, in the place of the file's:
# acpi_sum FILE TABLE
acpi_sum()
{
	local bytes signature

	bytes=$(sed -nE "/^$2 @/,/^$/ s/^ +[0-9A-F]+: (.{48}).*/\1/p" "$1" |
		tr -d '\n' | sed 's/ *$//; s/ *\([0-9A-F][0-9A-F]\)/\\x\1/g')
	if [[ $2 == FACS ]]; then
		signature=$(printf %08x "$(vm_state "$vm_name" hardware-signature)")
		# Four bytes, the least significant first; each has four characters here.
		bytes=${bytes:0:32}$(sed -E 's/(..)(..)(..)(..)/\\x\4\\x\3\\x\2\\x\1/' <<<"$signature")${bytes:48}
	fi
	printf %b "$bytes" | sha256sum | cut -d ' ' -f 1
}

# The tables of the guest that ran last are those of the newest machine version, and lead
# its drivers to the devices: acpi_tables_are WHO SHAPE
acpi_tables_are()
{
	local table file driver

	file=$(printf '%s\n' "$here/../machine/"*"-$2.acpi" | sort -V | tail -n 1)
	is "$1 has each table that dormouse makes" "$(guest_fact acpi tables)" "$acpi_tables"
	for table in ${acpi_tables//,/ }; do
		is "$1 reads $table as it was made" "$(guest_fact "table name=$table" sha256)" \
			"$(acpi_sum "$file" "$table")"
	done
	for driver in "${acpi_drivers[@]}"; do
		ok "$1 has a device for the driver $driver" grep -q ",$driver," <<<",$(guest_fact acpi drivers)"
	done
}

# Its kernel reports nothing that is wrong, and has all CPUs: acpi_is_right WHO CPUS
acpi_is_right()
{
	is "$1 finds each of its CPUs" "$(guest_fact acpi cpus)" "$2"
	is "$1 reports no error of ACPI or EFI" "$(guest_fact acpi errors)" 0
}
