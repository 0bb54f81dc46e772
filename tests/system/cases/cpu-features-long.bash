# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux with the CPU's features of cpu-features.bash, described by a device tree and by
# ACPI: it finds them on all CPUs, turns CPUs off and on, hibernates and resumes, and is
# saved and restored.

. "$here/lib/suspend.bash"

# What Linux found, and says again: features_of_linux WHO
features_of_linux()
{
	local flags pmu=

	flags=,$(guest_fact features flags),
	! host_has pauth || ok "$1: Linux has pointer authentication" [ -z "${flags##*,paca,pacg,*}" ]
	! host_has sve || ok "$1: Linux has SVE" [ -z "${flags##*,sve,*}" ]
	! host_has sve || is "$1: the vectors of Linux's processes have the host's length" \
		"$(guest_fact features vector)" "$(($(sed -n 's/^sve-bits: .* //p' <<<"$host_features") / 8))"
	! host_has pmu || pmu=armv8_pmuv3
	# With ACPI, Linux numbers the models of CPUs.
	is "$1: Linux has the PMU's driver" "$(guest_fact features pmu | sed 's/_0$//')" "$pmu"
	is "$1: Linux reports nothing wrong with them" "$(guest_fact features unhandled)" 0
}

linux_with_features_hibernates()
{
	local boot_id name=features-$1

	vm_start_guest "$name" features,hotplug:3,count,hibernate,features,hotplug:2,poweroff \
		--cpus 2 "${@:3}"
	vm_finish
	features_of_linux "$2"
	is "$2: CPUs of Linux go off and come back" "$(guest_fact hotplug rounds)" 3
	boot_id=$(guest_fact hibernating boot_id)
	if guest_knows_off2; then
		is "$2: Linux hibernates" "$vm_status" 3
	else
		is "$2: Linux hibernates" "$vm_status" 0
	fi
	vm_start "$name"
	vm_finish
	is "$2: Linux resumes, as the one that hibernated" "$(guest_fact resumed boot_id)" "$boot_id"
	features_of_linux "$2, resumed"
	is "$2, resumed: CPUs of Linux go off and come back" "$(guest_fact hotplug rounds)" 2
	is "$2, resumed: Linux powers off: run exits 0" "$vm_status" 0
}

host_features=$(dormouse features)
host_has()
{
	[[ $host_features == *"cpu-$1: yes"* ]]
}

linux_with_features_hibernates tree "CPU features, device tree"
linux_with_features_hibernates acpi "CPU features, ACPI" --acpi
save_linux userspace
