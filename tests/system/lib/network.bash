# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# network.bash - the program at the other end of a guest's network
#
# To be sourced.

# A line to it: peer_say LINE
peer_say()
{
	echo "$1" >&"$peer_input"
}

# It listens when this returns: peer_start SOCKET [OPTION]
peer_start()
{
	peer_output=$logs/peer-$((peer_runs = ${peer_runs:-0} + 1))
	rm -f "$disks/peer.input"
	mkfifo "$disks/peer.input"
	exec {peer_input}<>"$disks/peer.input"
	: >"$peer_output"
	net-peer "${@:2}" "$1" <"$disks/peer.input" >"$peer_output" 2>&1 &
	peer_pid=$!
	until has_line "$peer_output" '^listening' || ! kill -0 "$peer_pid" 2>/dev/null; do
		vm_wait_a_little
	done
}

# It ends, and its socket remains, which refuses.
peer_end()
{
	peer_say end
	wait "$peer_pid" || true
	exec {peer_input}>&-
}
