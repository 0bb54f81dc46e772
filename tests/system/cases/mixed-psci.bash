# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# With --psci mixed KVM starts and stops a Linux guest's CPUs, and its
# SYSTEM_OFF2 is ours: on a host whose KVM has none, too.

mixed_offered()
{
	[[ $(dormouse features | sed -n 's/^psci-mixed: //p') != no ]]
}

mixed_hibernates()
{
	ok "dormouse features: this host has --psci mixed" mixed_offered
	vm_start_guest mixed report,hotplug:2,hibernate,poweroff --cpus 2 --psci mixed
	vm_finish
	ok "--psci mixed: dormouse reports that KVM and libpsci serve PSCI 1.3" dormouse_said \
		'^dormouse: mixed: running, .*PSCI 1\.3 by KVM and libpsci '
	is "--psci mixed: the guest finds PSCI 1.3" "$(guest_fact report psci)" 1.3
	ok "--psci mixed: CPU 1 is started and says so" guest_said \
		'^GUEST: CPU1: Booted secondary processor 0x0000000001 '
	is "--psci mixed: CPU 1 goes off and on twice" "$(guest_fact hotplug rounds)" 2
	if guest_knows_off2; then
		is "--psci mixed: run of a guest that hibernated exits 3" "$vm_status" 3
		ok "--psci mixed: dormouse reports hibernated and the cause" dormouse_said \
			'^dormouse: mixed: hibernated: SYSTEM_OFF2, type [01], from vCPU 0, at '
	else
		is "--psci mixed: run of a guest that hibernated without SYSTEM_OFF2 exits 0" "$vm_status" 0
		ok "--psci mixed: dormouse reports off and the cause" dormouse_said \
			'^dormouse: mixed: off: SYSTEM_OFF, from vCPU 0, at '
	fi
	boot_id=$(guest_fact hibernating boot_id)
}

mixed_resumes()
{
	vm_start mixed
	vm_finish
	ok "--psci mixed: the guest prints its identity before it hibernates" [ "$boot_id" ]
	is "--psci mixed: the guest that resumes is the one that hibernated" \
		"$(guest_fact resumed boot_id)" "$boot_id"
	is "--psci mixed: the guest that resumes has both CPUs" "$(guest_fact resumed cpus)" 0-1
	is "--psci mixed: run exits 0 after a power-off" "$vm_status" 0
}

mixed_hibernates
mixed_resumes
