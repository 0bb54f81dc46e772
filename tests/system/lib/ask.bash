# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# ask.bash - commands that ask a guest, while the test does what the guest does
#
# To be sourced after vm.bash.

# Runs in the background; its output is in $asked_said: ask COMMAND [OPTION...]
ask()
{
	asked_said=$logs/$vm_runs-$vm_name.$1
	dormouse "$@" >"$asked_said" 2>&1 &
	asked_pid=$!
}

# The guest was asked, and has done nothing yet.
is_asked()
{
	[[ $(vm_state "$vm_name" request) == *" seconds for it; else: "* ]]
}

# Waits for its end; its exit status is in $asked_status.
asked_ends()
{
	asked_status=0
	wait "$asked_pid" || asked_status=$?
}
