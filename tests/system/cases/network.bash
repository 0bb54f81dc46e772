# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# Linux with a network, at whose other end is tests/system/programs/net-peer.c: it answers
# ARP and pings, goes, and comes back.

# shellcheck source=tests/system/lib/network.bash
. "$here/lib/network.bash"

linux_uses_a_network()
{
	peer_start "$disks/net.socket"
	vm_start net --kernel "$guest/Image" --initrd "$guest/initrd" --memory 512M --cpus 2 \
		--append "$vm_linux do=net:10.0.0.1,ping:10.0.0.2:56,ping:10.0.0.2:1472,mtu:65000,ping:10.0.0.2:8972,ping:10.0.0.2:60000,read,carrier:0,read,carrier:1,pings:10.0.0.2,suspend:1,ping:10.0.0.2:56,poweroff" \
		--console "unix:$disks/net.console" --net "unix:$disks/net.socket" --net "unix:$disks/none,mac=02:00:00:00:00:07"
	vm_await_socket "$disks/net.console" || true
	mkfifo "$disks/net.keys"
	exec {keys}<>"$disks/net.keys"
	on-socket "$disks/net.console" <"$disks/net.keys" >"$vm_console" 2>/dev/null &
	vm_await "$vm_messages" ': running, ' || true
	dormouse events net >"$logs/net.events" 2>/dev/null &
	vm_await "$vm_console" '^GUEST: reading' || true
	is "Linux finds both network devices" "$(guest_fact net devices)" 2
	is "Linux has the address that status names" "$(guest_fact net mac)" \
		"$(vm_state net net | sed -n '1s/.*mac //p')"
	ok "the address is one that is administered locally" \
		grep -qE '^.[26ae]:' <<<"$(guest_fact net mac)"
	ok "a given address is kept" grep -qx "net: unix:$disks/none, mac 02:00:00:00:00:07" \
		<(dormouse status net)
	is "Linux has a carrier when the socket is connected" "$(guest_fact net carrier)" 1
	for size in 56 1472 8972 60000; do
		ok "a ping of $size bytes is answered" guest_said "^GUEST: ping size=$size answered"
	done
	ok "a socket that is not there is named with the reason" dormouse_said \
		"^dormouse: net: net1: cannot connect to $disks/none: No such file or directory: its guest's link is down until it can"

	peer_end
	echo go >&"$keys"
	ok "Linux loses its carrier when the peer ends" vm_await "$vm_console" '^GUEST: carrier=0'
	vm_await "$vm_console" '^GUEST: reading' 2 || true
	peer_start "$disks/net.socket"
	echo go >&"$keys"
	ok "Linux has a carrier when another peer listens there" vm_await "$vm_console" '^GUEST: carrier=1'
	ok "pings are answered by it" vm_await "$vm_console" '^GUEST: pings lost='
	ok "QMP reports that the connection is lost" \
		vm_await "$logs/net.events" ' NETDEV_STREAM_DISCONNECTED net0'
	ok "QMP reports that there is another" \
		vm_await "$logs/net.events" ' NETDEV_STREAM_CONNECTED net0'

	vm_await_state net suspended || true
	dormouse wake net
	ok "pings are answered after a suspension" vm_await "$vm_console" '^GUEST: ping size=56 answered' 2
	vm_finish
	is "a guest with a network powers off" "$vm_status" 0
	exec {keys}>&-
	peer_end
}

linux_uses_a_network
