# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# wake.bash - guests with a network, whose other end is tests/system/programs/wake-peer.c
#
# To be sourced after vm.bash.

net_mac=52:54:00:12:34:56

# Starts the network of a VM, at $net_path, and waits until it is there: net_start NAME
net_start()
{
	net_path=$disks/$1.net
	net_said=$logs/$1.peer
	net_in=$disks/$1.peer
	mkfifo "$net_in"
	exec {net_commands}<>"$net_in"
	wake-peer "$net_path" <&"$net_commands" >"$net_said" 2>&1 &
	net_pid=$!
	until [[ -S $net_path ]] || ! kill -0 "$net_pid" 2>/dev/null; do
		vm_sleep
	done
}

net_stop()
{
	kill "$net_pid" 2>/dev/null || true
	wait "$net_pid" 2>/dev/null || true
	exec {net_commands}>&-
	rm -f "$net_path" "$net_in"
}

# Has the network send a frame: net_send COMMAND...
net_send()
{
	echo "$*" >&"$net_commands"
}

# Waits until the network has seen so many lines, one by default: net_await PATTERN [COUNT]
net_await()
{
	vm_await "$net_said" "$@"
}
