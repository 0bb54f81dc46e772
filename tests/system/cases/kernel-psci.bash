# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# With --psci kernel the host's KVM answers: from Linux 6.13 on with PSCI 1.3,
# whose SYSTEM_OFF2 gives the report that libpsci's gives; before that the
# guest finds no SYSTEM_OFF2, and its hibernation is an ordinary off.

host_has_off2()
{
	uname -r | release_is_at_least 6 13
}

if host_has_off2; then
	version=1.3
else
	version=1.1
fi

kernel_hibernates()
{
	vm_start_guest kernel report,hibernate,poweroff --cpus 2 --psci kernel
	vm_finish
	ok "--psci kernel: the guest hibernated" guest_said '^GUEST: hibernating '
	ok "--psci kernel: CPU 1 is started and says so" guest_said \
		'^GUEST: CPU1: Booted secondary processor 0x0000000001 '
	ok "--psci kernel: dormouse reports that KVM serves PSCI $version" dormouse_said \
		"^dormouse: kernel: running, .*, PSCI $version by KVM"
	is "--psci kernel: the guest finds PSCI $version" "$(guest_fact report psci)" "$version"
	if host_has_off2 && guest_knows_off2; then
		is "--psci kernel: run of a guest that hibernated exits 3" "$vm_status" 3
		ok "--psci kernel: dormouse reports hibernated and the cause" dormouse_said \
			'^dormouse: kernel: hibernated: SYSTEM_OFF2, from vCPU 0, at '
		is "--psci kernel: status says hibernated" "$(vm_state kernel state)" hibernated
	else
		is "--psci kernel: the guest finds no SYSTEM_OFF2" "$(guest_fact report off2)" no
		is "--psci kernel: run of a guest that hibernated without SYSTEM_OFF2 exits 0" "$vm_status" 0
		ok "--psci kernel: dormouse reports off and the cause" dormouse_said \
			'^dormouse: kernel: off: SYSTEM_OFF, from vCPU 0, at '
		is "--psci kernel: status says off" "$(vm_state kernel state)" off
	fi
}

kernel_hibernates
