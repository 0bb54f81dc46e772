# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# passt that is missing, that dies, and whose dormouse dies.

. "$here/lib/calls.bash"
. "$here/lib/wake.bash"

# Waits until so many passt run: passts_are COUNT
passts_are()
{
	[[ $(passt_pids | wc -l) -eq $1 ]]
}

another_passt_runs()
{
	passts_are 1 && [[ $(passt_pids) != "$passt_pid" ]]
}

# Waits until no passt runs, with or without a dormouse.
no_passt_is_left()
{
	local tries=$((vm_deadline * 5))

	until passts_are 0; do
		((tries-- > 0)) || return 1
		vm_sleep
	done
}

mkfifo "$disks/passt-in"
exec {bytes}<>"$disks/passt-in"

# On an emulated host, where another case may have put it.
if [[ -d /host/passt ]]; then
	rm -f /bin/passt
	vm_stdin=$disks/passt-in
	sleeper_vm passt-missing passt 1 0
	vm_stdin=
	ok "--net passt: without passt a message names its package" vm_await "$vm_messages" \
		": passt-missing: net0: cannot start passt, which is not installed: Debian's package passt has it: its guest's link is down"
	ok "--net passt: without passt the guest runs" vm_await "$vm_console" '^announced'
	passt_set_up
	ok "--net passt: passt is started once it is there" vm_await "$vm_messages" ': net0: connected to passt'
	ok "--net passt: one passt runs" vm_until passts_are 1
	passt_pid=$(passt_pids)
	kill -KILL "$passt_pid"
	ok "--net passt: the end of passt is reported" vm_await "$vm_messages" ': net0: passt was ended by SIGKILL'
	ok "--net passt: another passt is started" vm_until another_passt_runs
	vm_signal KILL
	ok "--net passt: passt ends when dormouse is killed" no_passt_is_left

	# The second one cannot have the port of the first.
	vm_stdin=$disks/passt-in
	sleeper_vm passt-first passt 1 0 --forward 127.0.0.1:8081:80
	vm_await "$vm_console" '^announced' || true
	vm_until passts_are 1 || true
	first_pid=$vm_pid
	sleeper_vm passt-second passt 1 0 --forward 127.0.0.1:8081:80
	vm_stdin=
	ok "--forward of a port that is in use: a message says so" vm_await "$vm_messages" \
		': net0: passt ended with status 1: .*8081'
	ok "--forward of a port that is in use: the guest runs" vm_await "$vm_console" '^announced'
	is "--forward is kept with the machine" "$(vm_state passt-second forward)" 127.0.0.1:8081:80
	vm_signal TERM
	is "--forward of a port that is in use: run can be ended" "$vm_status" 5
	vm_start passt-second --forward none
	vm_await "$vm_console" '^announced' || true
	is "--forward none at a later run forwards none" "$(vm_state passt-second forward)" ""
	vm_signal TERM
	vm_pid=$first_pid
	vm_signal TERM
	ok "--net passt: passt ends when dormouse is stopped" no_passt_is_left
fi

is "--forward without --net passt is refused" \
	"$(dormouse run --name passt-none --flat "$(command -v net-sleeper.img)" --forward 80:80 2>&1)" \
	"dormouse: --forward for passt-none, which has no --net passt: only passt forwards ports"

exec {bytes}>&-
rm "$disks/passt-in"
