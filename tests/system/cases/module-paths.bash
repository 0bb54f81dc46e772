# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set them.
#
# More of psci_hibernate, see cases/module.bash: all ways in which a guest with
# it hibernates or seems to, and in which it powers off.

# shellcheck source=tests/system/lib/module.bash
. "$here/lib/module.bash"

# --- What is no hibernation that powers off ---

# Older kernels open the swap device for test_resume as if it were not in use.
tested=load,hibernate:test_resume,reboot
release_is_at_least 6 12 <"$guest/version" || tested=load,reboot
vm_start_guest tested $tested,load,unload,hibernate,poweroff --cpus 2
vm_finish
if [[ $tested == *test_resume* ]]; then
	ok "test_resume: the guest writes its image and resumes from it in one run" guest_said \
		'^GUEST: resumed '
fi
ok "a reboot is a reset" dormouse_said \
	'^dormouse: tested: resetting: SYSTEM_RESET2?, (.*, )?from vCPU 0, at '
ok "the module loads again after the reboot" \
	[ "$(count_lines "$vm_console" "$module_loaded")" -eq 2 ]
ok "it is unloaded" guest_said '^GUEST: module unloaded'
ends "unloaded: a hibernation" off

vm_start tested
vm_finish
ok "unloaded: the guest resumes" guest_said '^GUEST: resumed '
ends "unloaded: a power-off" off

# Its image is written when it goes to sleep in RAM; what comes of it is up to who wakes it.
vm_start_guest hybrid load,hibernate:suspend,poweroff --cpus 2
ok "suspend-hybrid: the guest writes its image and sleeps" \
	vm_await "$vm_messages" '^dormouse: hybrid: suspended: SYSTEM_SUSPEND, '
dormouse wake hybrid
vm_finish
ok "suspend-hybrid: the guest goes on in one run" guest_said '^GUEST: resumed '
ends "suspend-hybrid: a power-off after it" off

vm_start_guest uswsusp load,snapshot
vm_finish
ok "uswsusp: a process announces a hibernation and powers off" guest_said \
	'^GUEST: powering off with /dev/snapshot open'
ends "uswsusp: that power-off" off

vm_start_guest uswsusp-other load,snapshot:other
vm_finish
ok "uswsusp: a process announces a hibernation and another powers off" guest_said \
	'^GUEST: powering off with /dev/snapshot open'
ends "uswsusp: that other's power-off" off

# --- With several failures and hibernations in one life ---

vm_start_guest again load,abort,hibernate,abort,poweroff --cpus 2
vm_finish
ends "after one that failed: a hibernation" hibernated

vm_start again
vm_finish
ok "after one that failed: the guest resumes" guest_said '^GUEST: resumed '
ends "after one that failed in a resumed guest: a power-off" off

# --- KVM's own PSCI, if it is one without SYSTEM_OFF2 ---

if release_is_at_least 6 13 < <(uname -r); then
	psci_refuses='hibernation will end in SYSTEM_OFF2'
else
	psci_refuses='not loaded: the host.s PSCI, version 1\.[01], offers no SYSTEM_OFF2'
fi
vm_start_guest kernel load,poweroff --psci kernel
vm_finish
ok "--psci kernel: the module says what this host's KVM has" guest_said "^GUEST: module .*says=$psci_refuses"
ends "--psci kernel: a power-off" off
