# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # See vm.bash and the tests.
#
# What the tests of the module psci_hibernate share, cases/module*.bash.

module_loaded='^GUEST: module loaded says=hibernation will end in SYSTEM_OFF2, '

# How the run ended, by exit status and message: ends WHICH STATE
ends()
{
	local status=0 cause='SYSTEM_OFF, from vCPU 0'

	[[ $2 != hibernated ]] || status=3 cause='SYSTEM_OFF2, type 0, from vCPU 0'
	is "$1: run exits $status" "$vm_status" "$status"
	ok "$1: dormouse reports $2 and the cause" dormouse_said "^dormouse: $vm_name: $2: $cause, at "
}

# The guest is the one whose identity is in $identity: resumes WHICH
resumes()
{
	ok "$1: the guest resumes: same boot, same memory, same process" \
		[ "${identity// /}" -a "$(identity_of resumed)" = "$identity" ]
}

# A guest is its boot, its memory and a process: identity_of LINE
identity_of()
{
	echo "$(guest_fact "$1" boot_id) $(guest_fact "$1" nonce) $(guest_fact "$1" pid)"
}
