# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# A guest whose kernel is older than 6.13 and has the module psci_hibernate:
# without it a hibernation looks like a power-off, with it it does not, and
# nothing else changes. Longer tests are in cases/module-paths.bash.

# shellcheck source=tests/system/lib/module.bash
. "$here/lib/module.bash"

# --- A power cycle with it ---

module_in_one_life()
{
	vm_start_guest module hibernate,load,hibernate,hibernate:reboot,abort,poweroff --cpus 2
	vm_finish
	identity=$(identity_of hibernating)
	ends "without the module: a hibernation" off

	vm_start module
	vm_finish
	resumes "without the module"
	ok "psci_hibernate: the module loads and says so" guest_said "$module_loaded"
	ends "with the module: a hibernation" hibernated

	vm_start module
	vm_finish
	resumes "with the module"
	ok "with the module: a hibernation with \"reboot\" in /sys/power/disk is a reset" dormouse_said \
		'^dormouse: module: resetting: SYSTEM_RESET2?, (.*, )?from vCPU 0, at '
	is "with the module: a guest that hibernated by a reset resumes in the same dormouse" \
		"$(count_lines "$vm_console" '^GUEST: resumed ')" 2
	resumes "with the module, after the reset"
	ok "with the module: a hibernation by a reset is not reported as a power-off" \
		[ "$(count_lines "$vm_messages" ' off: ')" -eq 1 ]
	# A hibernation that fails leaves no trace: the next end is a power-off.
	ok "with the module: a hibernation fails for want of swap space" guest_said \
		'^GUEST: aborted error=No space left on device'
	ends "with the module, resumed, after a failed hibernation: a power-off" off
}

# --- A host that has no SYSTEM_OFF2 ---

host_without_system_off2()
{
	vm_start_guest older load,poweroff --psci-version 1.1
	vm_finish
	ok "a guest with PSCI 1.1: the module refuses to load and names the version" guest_said \
		"^GUEST: module refused .*says=not loaded: the host's PSCI, version 1\.1, offers no SYSTEM_OFF2"
	ends "a guest with PSCI 1.1: a power-off" off
}

module_in_one_life
host_without_system_off2
