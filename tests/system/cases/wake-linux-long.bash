# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux that is woken many times by frames, at any moment of its way to sleep; and by a
# connection to a port of the host, through passt.

. "$here/lib/wake.bash"

# --- many times ---

# A ping on the way to each sleep: Linux answers it at once, since it has not stopped its driver
# yet; or is woken by it, and answers then. Whatever does not wake it is followed by another.
net_start wake-many
linux_start wake-many "unix:$net_path" 192.0.2.7 20
pings=0
ping_once()
{
	net_send ping "$net_mac" 192.0.2.7
	pings=$((pings + 1))
	net_await '^pong 192.0.2.7$' "$pings" || true
}
for ((sleeps = 1; sleeps <= 20; sleeps++)); do
	vm_await "$vm_console" '^GUEST: suspending' "$sleeps" || true
	ping_once
	until has_lines "$vm_messages" ': running: woken by ' "$sleeps" || ! vm_is_alive; do
		! vm_state_is wake-many suspended || ping_once
		vm_sleep
	done
done
vm_finish
is "20 sleeps of Linux, each ended by a ping: run exits 0" "$vm_status" 0
is "20 sleeps of Linux, each ended by a ping: Linux has suspended each time" "$(guest_fact suspended success)" 20
is "20 sleeps of Linux, each ended by a ping: each ping was answered once" \
	"$(count_lines "$net_said" '^pong 192.0.2.7$')" "$pings"
net_stop

# --- through passt ---

if passt_set_up; then
	# Prints what a server at a port of this host sends for /nonce, once the port is open: get PORT
	get()
	{
		until exec {server}<>"/dev/tcp/127.0.0.1/$1"; do
			vm_sleep
		done 2>/dev/null
		printf 'GET /nonce HTTP/1.0\r\n\r\n' >&"$server"
		cat <&"$server"
	}

	# A connection, once there is one, gets an answer: is_answered WHICH
	is_answered()
	{
		local getter

		get 8080 >"$disks/got" 2>&1 &
		getter=$!
		ok "--net passt: a connection to $1 is answered" vm_await "$disks/got" '^HTTP/1.[01] 200 OK'
		kill "$getter" 2>/dev/null || true
	}

	# It accepts connections before it has a network.
	another_passt_is_connected()
	{
		[[ $(passt_pids) && $(passt_pids) != "$passt_pid" ]] && has_line "$vm_messages" ': net0: connected to passt'
	}

	linux_start wake-passt passt 198.51.100.2 2 --forward 127.0.0.1:8080:80
	ok "--net passt: Linux suspends" vm_await_state wake-passt suspended
	passt_pid=$(passt_pids)
	is "--net passt: passt runs as nobody if root started dormouse" \
		"$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$passt_pid/status")" 65534
	is_answered "a sleeping Linux"
	ok "--net passt: status says what woke Linux" dormouse_said \
		': running: woken by a(n ARP request| network frame) from [0-9.]* for 198.51.100.2, at '
	vm_await "$vm_console" '^GUEST: suspending' 2 || true
	vm_await_state wake-passt suspended || true
	kill -KILL "$passt_pid"
	ok "--net passt: another passt is started while Linux sleeps" vm_until another_passt_is_connected
	is_answered "a sleeping Linux of which its passt has seen nothing"
	vm_finish
	is "--net passt: a Linux that a connection woke powers off: run exits 0" "$vm_status" 0
	is "--net passt: passt ends with dormouse" "$(passt_pids)" ""
fi
