# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# --acpi with one CPU and with 16: Linux reads its tables as they were made and finds all
# CPUs; it turns 15 of 16 off and on. With acpi=off it boots by its device tree.

. "$here/lib/acpi.bash"

# acpi_boots CPUS ONLINE SHAPE STEP
acpi_boots()
{
	local who="a guest with ACPI and CPUs $2"

	vm_start_guest "acpi-$1" "acpi,$4,poweroff" --acpi --cpus "$1"
	vm_finish
	acpi_tables_are "$who" "$3"
	acpi_is_right "$who" "$2"
	is "$who powers off: run exits 0" "$vm_status" 0
}

# A user's acpi=off counts: the device tree is whole.
acpi_turned_off()
{
	vm_start acpi-off --kernel "$guest/Image" --initrd "$guest/initrd" --memory 256M --cpus 2 --acpi \
		--append "$vm_linux acpi=off do=report,acpi,poweroff"
	vm_finish
	is "a guest with acpi=off has no ACPI tables" "$(guest_fact acpi tables)" ""
	acpi_is_right "a guest with acpi=off" 0-1
	is "a guest with acpi=off finds PSCI 1.3" "$(guest_fact report psci)" 1.3
	is "a guest with acpi=off powers off: run exits 0" "$vm_status" 0
}

acpi_boots 1 0 acpi report
acpi_boots 16 0-15 acpi-16-cpus hotplug:1,acpi
is "a guest with ACPI turns 15 of its 16 CPUs off and on" "$(guest_fact hotplug cpus)" 0-15
acpi_turned_off
