# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# --acpi with 16 CPUs: Linux finds all of them, and turns them off and on.

. "$here/lib/acpi.bash"

vm_start_guest acpi-16 acpi,hotplug:1,acpi,poweroff --acpi --cpus 16
vm_finish
acpi_tables_are "a guest with ACPI and 16 CPUs" acpi-16-cpus
acpi_is_right "a guest with ACPI and 16 CPUs" 0-15
is "a guest with ACPI turns its 16 CPUs off and on" "$(guest_fact hotplug cpus)" 0-15
is "a guest with ACPI and 16 CPUs powers off: run exits 0" "$vm_status" 0
