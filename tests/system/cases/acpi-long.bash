# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# --acpi with one CPU and with 16: Linux reads its tables as they were made and finds all
# CPUs; it turns 15 of 16 off and on.

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

acpi_boots 1 0 acpi report
acpi_boots 16 0-15 acpi-16-cpus hotplug:1,acpi
is "a guest with ACPI turns 15 of its 16 CPUs off and on" "$(guest_fact hotplug cpus)" 0-15
