# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux, woken by frames: through a socket, and through passt by a connection to a port of the
# host.

. "$here/lib/wake.bash"

# Starts Linux, which announces an address and suspends COUNT times: linux_start NAME NET ADDRESS COUNT [OPTION...]
linux_start()
{
	vm_start "$1" --kernel "$guest/Image" --initrd "$guest/initrd" --memory 256M --cpus 2 \
		--net "$2,mac=$net_mac" --append "$vm_linux do=net:$3,serve:$3,suspend:$4,poweroff" "${@:5}"
}

# --- through a socket ---

net_start wake-linux
linux_start wake-linux "unix:$net_path" 192.0.2.7 3
vm_await_state wake-linux suspended || true
net_send noise
net_send arp 192.0.2.7
ok "an ARP request for an address of a sleeping Linux wakes it" net_await "^arp 192.0.2.7 $net_mac\$"
ok "status says that the ARP request woke Linux" dormouse_said \
	': running: woken by an ARP request from 192.0.2.1 for 192.0.2.7, at '
ok "Linux suspends again" vm_until has_lines "$vm_messages" ': suspended: ' 2
net_send ping "$net_mac" 192.0.2.7
ok "a ping wakes Linux and is answered" net_await '^pong 192.0.2.7$'
vm_until has_lines "$vm_messages" ': suspended: ' 3 || true
link_local=fe80::5054:ff:fe12:3456
net_send solicit "$link_local"
ok "a neighbour solicitation wakes Linux and is answered" net_await "^advert $link_local\$"
vm_finish
is "a Linux that was woken by three frames powers off: run exits 0" "$vm_status" 0
is "Linux was woken by these frames alone" "$(count_lines "$vm_messages" ': running: woken by ')" 3
net_stop

# --- through passt ---

if passt_set_up; then
	# Prints what a server at a port of this host sends for /nonce: get PORT
	get()
	{
		exec {server}<>"/dev/tcp/127.0.0.1/$1"
		printf 'GET /nonce HTTP/1.0\r\n\r\n' >&"$server"
		cat <&"$server"
	}

	linux_start wake-passt passt 198.51.100.2 1 --forward 127.0.0.1:8080:80
	ok "--net passt: Linux suspends" vm_await_state wake-passt suspended
	passt_pid=$(passt_pids)
	is "--net passt: passt runs as nobody if root started dormouse" \
		"$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$passt_pid/status")" 65534
	get 8080 >"$disks/got" 2>&1 &
	getter=$!
	ok "--net passt: a connection to a sleeping Linux is answered" \
		vm_await "$disks/got" '^HTTP/1.[01] 200 OK'
	kill "$getter" 2>/dev/null || true
	ok "--net passt: status says what woke Linux" dormouse_said \
		': running: woken by a(n ARP request| network frame) from [0-9.]* for 198.51.100.2, at '
	vm_finish
	is "--net passt: a Linux that a connection woke powers off: run exits 0" "$vm_status" 0
	is "--net passt: passt ends with dormouse" "$(passt_pids)" ""
fi
