# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# A guest boots with one and eight vCPUs, and each reports that it is there; one
# of two vCPUs goes off and on many times. (cases/life.bash does that a few times.)

# Passes if CPU_ON brought CPUs 1 to $1 - 1 up, each by its own MPIDR.
each_cpu_said_booted()
{
	local cpu

	for ((cpu = 1; cpu < $1; cpu++)); do
		guest_said "^GUEST: CPU$cpu: Booted secondary processor 0x$(printf %010x "$cpu") " ||
			return 1
	done
}

# No CPU but those requested: cpus_are COUNT
cpus_are()
{
	local all=0

	(($1 == 1)) || all=0-$(($1 - 1))
	[[ $(guest_fact report cpus) == "$all" ]]
}

for cpus in 1 8; do
	vm_start "cpus$cpus" --kernel "$guest/Image" --initrd "$guest/initrd" --cpus "$cpus" \
		--memory 256M --append "$vm_linux do=report,poweroff"
	vm_finish
	is "Linux with $cpus vCPUs: run exits 0 after a power-off" "$vm_status" 0
	is "Linux with $cpus vCPUs: the guest finds PSCI 1.3" "$(guest_fact report psci)" 1.3
	ok "Linux with $cpus vCPUs: exactly these are online" cpus_are "$cpus"
	ok "Linux with $cpus vCPUs: each secondary CPU reports that it booted" each_cpu_said_booted "$cpus"
	ok "Linux with $cpus vCPUs: dormouse reports off, by SYSTEM_OFF" \
		dormouse_said "^dormouse: cpus$cpus: off: SYSTEM_OFF, from vCPU [0-9]+, at "
	is "Linux with $cpus vCPUs: status says off" "$(vm_state "cpus$cpus" state)" off
done

vm_start hotplug --kernel "$guest/Image" --initrd "$guest/initrd" --cpus 2 --memory 256M \
	--append "$vm_linux do=hotplug:20,poweroff"
vm_finish
is "Linux with 2 vCPUs: CPU 1 goes off and on 20 times" "$(guest_fact hotplug rounds)" 20
is "Linux with 2 vCPUs: each time CPU 1 is started by a CPU_ON of its own" \
	"$(guest_fact hotplug booted)" 21
is "Linux with 2 vCPUs: run exits 0 after 20 rounds of hotplug" "$vm_status" 0
