# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# More tests of psci_hibernate, see cases/module.bash: all ways in which a guest with
# it hibernates or seems to, and in which it powers off.

# shellcheck source=tests/system/lib/module.bash
. "$here/lib/module.bash"

# --- What is no hibernation that powers off ---

module_is_unloaded()
{
	# Older kernels open the swap device for test_resume as if it were not in use.
	tested=load,hibernate:test_resume,reboot
	release_is_at_least 6 12 <"$guest/version" || tested=load,reboot
	vm_start_guest tested $tested,load,unload,hibernate,poweroff --cpus 2
	vm_finish
	if [[ $tested == *test_resume* ]]; then
		ok "test_resume: the guest writes its image and resumes from it in one run" guest_said \
			'^GUEST: resumed '
	fi
	ok "with the module: a reboot is a reset" dormouse_said \
		'^dormouse: tested: resetting: SYSTEM_RESET2?, (.*, )?from vCPU 0, at '
	ok "with the module: the module loads again after a reboot" \
		[ "$(count_lines "$vm_console" "$module_loaded")" -eq 2 ]
	ok "with the module: the module can be unloaded" guest_said '^GUEST: module unloaded'
	ends "an unloaded module: a hibernation" off
}

guest_with_an_unloaded_module_resumes()
{
	vm_start tested
	vm_finish
	ok "an unloaded module: the guest resumes" guest_said '^GUEST: resumed '
	ends "an unloaded module: a power-off" off
}

suspend_hybrid()
{
	# It writes its image when it suspends to RAM; the wake-up decides what becomes of the
	# image.
	vm_start_guest hybrid load,hibernate:suspend,poweroff --cpus 2
	ok "suspend-hybrid: the guest writes its image and sleeps" \
		vm_await "$vm_messages" '^dormouse: hybrid: suspended: SYSTEM_SUSPEND, '
	dormouse wake hybrid
	vm_finish
	ok "suspend-hybrid: the guest resumes in the same run" guest_said '^GUEST: resumed '
	ends "suspend-hybrid: a power-off after it" off
}

hibernation_by_a_process()
{
	vm_start_guest uswsusp load,snapshot
	vm_finish
	ok "uswsusp: a process announces a hibernation and powers off" guest_said \
		'^GUEST: powering off with /dev/snapshot open'
	ends "uswsusp: a power-off by the process that announced a hibernation" off

	vm_start_guest uswsusp-other load,snapshot:other
	vm_finish
	ok "uswsusp: a process announces a hibernation and another powers off" guest_said \
		'^GUEST: powering off with /dev/snapshot open'
	ends "uswsusp: a power-off by another process than announced a hibernation" off
}

# --- With several failures and hibernations in one power cycle ---

hibernation_after_a_failed_one()
{
	vm_start_guest again load,abort,hibernate,abort,poweroff --cpus 2
	vm_finish
	ends "after a hibernation that failed: a hibernation" hibernated

	vm_start again
	vm_finish
	ok "after a hibernation that failed: the guest resumes from the next one" guest_said '^GUEST: resumed '
	ends "after a hibernation that failed in a resumed guest: a power-off" off
}

# --- KVM's own PSCI, if it is one without SYSTEM_OFF2 ---

module_on_kvms_own_psci()
{
	if release_is_at_least 6 13 < <(uname -r); then
		psci_refuses='hibernation will end in SYSTEM_OFF2'
	else
		psci_refuses='not loaded: the host.s PSCI, version 1\.[01], offers no SYSTEM_OFF2'
	fi
	vm_start_guest kernel load,poweroff --psci kernel
	vm_finish
	ok "--psci kernel: the module says whether this host's KVM has SYSTEM_OFF2" \
		guest_said "^GUEST: module .*says=$psci_refuses"
	ends "--psci kernel: a power-off" off
}

module_is_unloaded
guest_with_an_unloaded_module_resumes
suspend_hybrid
hibernation_by_a_process
hibernation_after_a_failed_one
module_on_kvms_own_psci
