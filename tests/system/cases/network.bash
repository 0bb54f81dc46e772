# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux with a network, at whose other end is tests/system/programs/net-peer.c: it answers
# ARP and pings, goes, and comes back; and then wake-peer, which wakes it by an ARP request, a ping,
# a neighbour solicitation. agent.bash has a network that is a tap.

# shellcheck source=tests/system/lib/network.bash
. "$here/lib/network.bash"
. "$here/lib/calls.bash"
. "$here/lib/control.bash"
. "$here/lib/wake.bash"

# One guest, since a boot takes longer than all else. What is typed has it go on where it reads.
linux_steps=net:10.0.0.1,ping:10.0.0.2:56,ping:10.0.0.2:1472,mtu:65000,ping:10.0.0.2:8972,ping:10.0.0.2:60000
linux_steps+=,read,carrier:0,read,carrier:1,read,carrier:0,read,carrier:1,pings:10.0.0.2
linux_steps+=,suspend:1,ping:10.0.0.2:56,suspend:1,pings:10.0.0.2,ping:10.0.0.2:1472
linux_steps+=,read,carrier:1,net:192.0.2.7,serve:192.0.2.7,suspend:4,agent,read,poweroff

linux_starts()
{
	mkfifo "$disks/net.keys"
	exec {keys}<>"$disks/net.keys"
	net_path=$disks/net.net
	peer_start "$net_path"
	vm_stdin=$disks/net.keys
	vm_start net --kernel "$guest/Image" --initrd "$guest/initrd-agent" --memory 256M --cpus 2 \
		--append "$vm_linux do=$linux_steps" \
		--net "unix:$net_path" --net "unix:$disks/none,mac=02:00:00:00:00:07"
	vm_stdin=
	vm_await "$vm_messages" ': running, ' || true
	dormouse events net >"$logs/net.events" 2>/dev/null &
}

linux_uses_a_network()
{
	vm_await "$vm_console" '^GUEST: reading' || true
	net_mac=$(guest_fact net mac)
	is "Linux finds both network devices" "$(guest_fact net devices)" 2
	is "Linux has the address that status names" "$net_mac" \
		"$(vm_state net net | sed -n '1s/.*mac //p')"
	ok "the address is one that is administered locally" grep -qE '^.[26ae]:' <<<"$net_mac"
	ok "a given address is kept" grep -qx "net: unix:$disks/none, mac 02:00:00:00:00:07" \
		<(dormouse status net)
	is "Linux has a carrier when the socket is connected" "$(guest_fact net carrier)" 1
	for size in 56 1472 8972 60000; do
		ok "a ping of $size bytes is answered" guest_said "^GUEST: ping size=$size answered"
	done
	ok "a socket that is not there is named with the reason" dormouse_said \
		"^dormouse: net: net1: cannot connect to $disks/none: No such file or directory: its guest's link is down until it can"
}

# The answers to the negotiation and to one command: net_qmp COMMAND ARGUMENTS
net_qmp()
{
	control_qmp net "{\"execute\": \"$1\", \"arguments\": $2}" | tail -n 1 | tr -d '\r'
}

linux_has_its_link_set_down_and_up()
{
	is "QMP's set_link sets a link down" "$(net_qmp set_link '{"name": "net0", "up": false}')" '{"return": {}}'
	is "status says that a link is set down" "$(vm_state net net0)" "connected, its link set down"
	echo go >&"$keys"
	ok "Linux loses its carrier when its link is set down" vm_await "$vm_console" '^GUEST: carrier=0'
	vm_await "$vm_console" '^GUEST: reading' 2 || true
	is "QMP's set_link sets a link up" "$(net_qmp set_link '{"name": "net0", "up": true}')" '{"return": {}}'
	echo go >&"$keys"
	ok "Linux has a carrier when its link is set up" vm_await "$vm_console" '^GUEST: carrier=1'
	is "QMP's set_link names a network that there is not" "$(net_qmp set_link '{"name": "net2", "up": true}')" \
		'{"error": {"class": "GenericError", "desc": "there is no network device net2"}}'
	is "QMP's set_link names what it wants" "$(net_qmp set_link '{"name": "net0"}')" \
		'{"error": {"class": "GenericError", "desc": "set_link wants two arguments: \"name\", such as net0, and \"up\""}}'
	is "QMP describes each network" "$(net_qmp x-dormouse-query-network '{}')" \
		"{\"return\": [{\"id\": \"net0\", \"kind\": \"unix\", \"mac\": \"$net_mac\", \"connected\": true, \"up\": true, \"kept\": 0, \"target\": \"$net_path\"}, {\"id\": \"net1\", \"kind\": \"unix\", \"mac\": \"02:00:00:00:00:07\", \"connected\": false, \"up\": true, \"kept\": 0, \"target\": \"$disks/none\"}]}"
	is "status says that a network is connected" "$(vm_state net net0)" connected
	is "status says that a network is not connected" "$(vm_state net net1)" "not connected"
}

linux_loses_its_network_and_has_it_back()
{
	vm_await "$vm_console" '^GUEST: reading' 3 || true
	peer_end
	echo go >&"$keys"
	ok "Linux loses its carrier when the peer ends" vm_await "$vm_console" '^GUEST: carrier=0' 2
	vm_await "$vm_console" '^GUEST: reading' 4 || true
	peer_start "$net_path"
	echo go >&"$keys"
	ok "Linux has a carrier when another peer listens there" vm_await "$vm_console" '^GUEST: carrier=1' 2
	ok "pings are answered by it" vm_await "$vm_console" '^GUEST: pings lost='
	ok "QMP reports that the connection is lost" \
		vm_await "$logs/net.events" ' NETDEV_STREAM_DISCONNECTED net0'
	ok "QMP reports that there is another" \
		vm_await "$logs/net.events" ' NETDEV_STREAM_CONNECTED net0'
	vm_await_state net suspended || true
	dormouse wake net >/dev/null || true
	ok "pings are answered after a suspension" vm_await "$vm_console" '^GUEST: ping size=56 answered' 2
}

restored_linux_uses_its_network()
{
	vm_await "$vm_messages" ': suspended: ' 2 || true
	dormouse save net "$disks/net.saved" >/dev/null || true
	vm_finish
	is "a suspended guest with a network is saved" "$vm_status" 7
	vm_stdin=$disks/net.keys
	vm_restore net "$disks/net.saved"
	vm_stdin=
	vm_await_state net suspended || true
	dormouse wake net >/dev/null || true
	ok "pings are answered after a restore" vm_await "$vm_console" '^GUEST: ping size=1472 answered'
	is "dormouse connects again for a restored guest" "$(count_lines "$peer_output" '^connected')" 2
	peer_end
	rm -f "$disks/net.saved" "$net_path"
}

# The third peer sends what wakes it.
linux_is_woken_by_frames()
{
	local link_local

	net_start net
	net_await '^connected' || true
	echo go >&"$keys"
	vm_await "$vm_messages" ': suspended: ' || true
	net_send noise
	ok "an ARP request for an address of a sleeping Linux wakes it" \
		net_asks net "^arp 192.0.2.7 $net_mac\$" arp 192.0.2.7
	ok "status says that the ARP request woke Linux" dormouse_said \
		': running: woken by an ARP request from 192.0.2.1 for 192.0.2.7, at '
	ok "Linux suspends again" vm_await "$vm_messages" ': suspended: ' 2
	ok "a ping wakes Linux and is answered" net_asks net '^pong 192.0.2.7$' ping "$net_mac" 192.0.2.7
	vm_await "$vm_messages" ': suspended: ' 3 || true
	link_local=$(link_local_of "$net_mac")
	ok "a neighbour solicitation wakes Linux and is answered" \
		net_asks net "^advert $link_local\$" solicit "$link_local"
	vm_await "$vm_messages" ': suspended: ' 4 || true
	net_send connect "$net_mac" 192.0.2.7 80
	ok "a connection by TCP wakes Linux and is accepted, though its first segment is not sent again" \
		net_await '^accepted 192.0.2.7 80$'
	# And before them by dormouse wake.
	is "Linux was woken by these frames alone" "$(count_lines "$vm_messages" ': running: woken by ')" 5
}

agent_answers_ping()
{
	dormouse agent --timeout 60 net '{"execute": "guest-ping"}' >"$logs/ping" 2>&1
}

# It has no buttons.
an_agent_powers_linux_off()
{
	vm_await "$vm_console" '^GUEST: agent started' || true
	ok "agent: it answers in a machine without ACPI" vm_until agent_answers_ping
	is "dormouse poweroff: a guest with an agent has powered off" \
		"$(dormouse poweroff --timeout 200 net 2>&1)" "net: off"
	ok "dormouse poweroff: it was asked by its agent" grep -q '^power off, by its agent, .*: done, ' \
		<<<"$(vm_state net request)"
	vm_finish
	is "a Linux that was woken by three frames powers off: run exits 0" "$vm_status" 0
	net_stop
	exec {keys}>&-
}

# The address that IPv6 makes of a MAC, in its shortest form: link_local_of MAC
link_local_of()
{
	local bytes first

	IFS=: read -ra bytes <<<"$1"
	printf -v first %x: $((16#${bytes[0]}${bytes[1]} ^ 0x200))
	printf 'fe80::%s%x:fe%s:%x\n' "${first#0:}" $((16#${bytes[2]}ff)) "${bytes[3]}" $((16#${bytes[4]}${bytes[5]}))
}

# --- Two of one address ---

vms_that_share_an_address_are_named()
{
	cat "$(command -v net-frames.img)" >"$disks/frames.img"
	append_words "$disks/frames.img" 1 1 60
	vm_start net-shared --flat "$disks/frames.img" --memory 64M --net "unix:$disks/none,mac=02:00:00:00:00:07"
	vm_finish
	is "a guest whose frames nothing takes powers off" "$vm_status" 0
	ok "VMs that share an address are named" dormouse_said \
		'^dormouse: net-shared: its net0 has the MAC 02:00:00:00:00:07, as a device of net has: '
}

# --- What cannot be used ---

# The dormouse that is refused: its command, and its user.
net_as=(dormouse)

# net_refused SENTENCE MESSAGE OPTION...
net_refused()
{
	local status=0

	"${net_as[@]}" run --name net-refused --kernel "$guest/Image" --memory 64M "${@:3}" \
		>"$logs/net.refused" 2>&1 </dev/null || status=$?
	ok "$1 is refused" [ "$status" -ne 0 ]
	is "$1 is named with the reason" "$(cat "$logs/net.refused")" "dormouse: $2"
}

own_tap_is_used()
{
	"${net_as[@]}" run --name net-own --flat "$disks/frames.img" --memory 64M --net tap:tap-alice \
		>"$logs/net.own" 2>&1 </dev/null
}

networks_that_cannot_be_used_are_refused()
{
	local long

	modprobe tun
	printf -v long '/%0107d' 0
	net_refused "a socket whose path is too long" "cannot connect to $long: its path is longer than 107 bytes" \
		--net "unix:$long"
	net_refused "an interface that does not exist" "there is no network interface nosuch" --net tap:nosuch
	net_refused "an interface that is no tap" \
		"the interface lo is not a tap interface, as \"ip tuntap add NAME mode tap\" makes one" --net tap:lo
	net_refused "a machine without network devices" \
		"--net for net-refused, which has machine version 3: network devices came with version 4" \
		--net tap:tap0 --machine-version 3
	net_refused "two devices with one address" "--net tap:tap0,mac=02:00:00:00:00:01: another device has that MAC (try: dormouse run --help)" \
		--net tap:tap1,mac=02:00:00:00:00:01 --net tap:tap0,mac=02:00:00:00:00:01
}

# By a user without privileges, who may use KVM: net_as_user UID
net_as_user()
{
	grep -q ":$1:" /etc/passwd 2>/dev/null || echo "user$1:x:$1:$1::/:/bin/false" >>/etc/passwd
	# It would not start a program that runs already, under this name.
	net_as=(start-stop-daemon -S -c "$1:$1" -n none -x "$(command -v dormouse)" --)
	export DORMOUSE_STATE_DIR=$disks/state-$1
	mkdir "$DORMOUSE_STATE_DIR"
	chown "$1:$1" "$DORMOUSE_STATE_DIR"
}

taps_that_a_user_may_not_use_are_refused()
{
	local state=$DORMOUSE_STATE_DIR

	own-tap tap-alice 1234
	chmod 666 /dev/kvm /dev/net/tun
	chmod 711 "$disks"
	cat "$(command -v net-frames.img)" >"$disks/frames.img"
	append_words "$disks/frames.img" 1 1 60
	net_as_user 1234
	ok "a tap is used by the user to whom it belongs" own_tap_is_used
	net_as_user 4321
	net_refused "a tap of another user" \
		"the interface tap-alice may not be used by this user: it belongs to the user with the id 1234, and not 4321; an administrator can make one by \"ip tuntap add NAME mode tap user 4321\"" \
		--net tap:tap-alice
	chmod 600 /dev/net/tun
	net_refused "a tap for a user who may not open their driver" \
		"this user may not open /dev/net/tun, by which tap interfaces are used: reading and writing it has to be allowed" \
		--net tap:tap-alice
	mv /dev/net/tun /dev/net/tun-away
	net_refused "a tap on a host that has none" \
		'the host has no tap interfaces: there is no /dev/net/tun, which "modprobe tun" makes' --net tap:tap-alice
	mv /dev/net/tun-away /dev/net/tun
	export DORMOUSE_STATE_DIR=$state
	net_as=(dormouse)
}

# --- Frames of every size ---

frames_of_every_size_come_back()
{
	peer_start "$disks/net.socket" --echo
	cat "$(command -v net-frames.img)" >"$disks/frames.img"
	append_words "$disks/frames.img" 0 0 0
	vm_start frames --flat "$disks/frames.img" --memory 64M --net "unix:$disks/net.socket"
	vm_finish
	is "a guest that sends frames of every size powers off" "$vm_status" 0
	ok "frames from 14 to 1514 bytes, of 9014 and of 65535 come back as they were" \
		guest_said '^echoed 00000000000005df'
	peer_end
}

frames_of_every_size_come_back
linux_starts
linux_uses_a_network
linux_has_its_link_set_down_and_up
linux_loses_its_network_and_has_it_back
restored_linux_uses_its_network
linux_is_woken_by_frames
an_agent_powers_linux_off
vms_that_share_an_address_are_named
networks_that_cannot_be_used_are_refused
taps_that_a_user_may_not_use_are_refused
