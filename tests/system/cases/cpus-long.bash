# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# A guest boots with one, two and eight vCPUs; each says that it is there.
# (Two vCPUs are part of cases/life.bash, which needs them anyway.)

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
