# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# Linux with a network, at whose other end is tests/system/programs/net-peer.c: it answers
# ARP and pings, goes, and comes back.

# shellcheck source=tests/system/lib/network.bash
. "$here/lib/network.bash"
. "$here/lib/calls.bash"

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

# --- A guest that is saved, and restored ---

restored_linux_uses_its_network()
{
	peer_start "$disks/net.socket"
	vm_start net-saved --kernel "$guest/Image" --initrd "$guest/initrd" --memory 512M \
		--append "$vm_linux do=net:10.0.0.1,ping:10.0.0.2:56,suspend:1,pings:10.0.0.2,ping:10.0.0.2:1472,poweroff" \
		--net "unix:$disks/net.socket"
	vm_await_state net-saved suspended || true
	dormouse save net-saved "$disks/net.saved"
	vm_finish
	is "a suspended guest with a network is saved" "$vm_status" 7
	vm_restore net-saved "$disks/net.saved"
	vm_await_state net-saved suspended || true
	dormouse wake net-saved
	vm_finish
	is "a restored guest with a network powers off" "$vm_status" 0
	ok "pings are answered after a restore" guest_said '^GUEST: ping size=1472 answered'
	is "dormouse connects again for a restored guest" "$(count_lines "$peer_output" '^connected')" 2
	peer_end
	rm -f "$disks/net.saved"
}

# --- With a tap ---

tap_make()
{
	tunctl -t "$1" >/dev/null && ip link set "$1" up && ip addr add 10.0.1.2/24 dev "$1"
}

# The negotiated features, of which each has its bit's number: has_features BIT...
has_features()
{
	local bits bit

	bits=$(guest_fact net features)
	for bit; do
		[[ ${bits:bit:1} == 1 ]] || return 1
	done
}

linux_uses_a_tap()
{
	modprobe tun
	tap_make tap0
	mkdir "$disks/www"
	dd if=/dev/urandom of="$disks/www/file" bs=1M count=2 2>/dev/null
	httpd -f -p 10.0.1.2:80 -h "$disks/www" &
	server=$!
	nc -l -p 5000 >"$disks/put" <&"$vm_silence" &
	taker=$!
	vm_start_guest net-tap net:10.0.1.1,ping:10.0.1.2:56,get:10.0.1.2/file,put:10.0.1.2:5000,hibernate,pings:10.0.1.2,get:10.0.1.2/file,poweroff \
		--acpi --net tap:tap0
	vm_await "$vm_messages" ': running, ' || true
	dormouse run --name net-other --kernel "$guest/Image" --memory 64M --net tap:tap0 2>"$logs/net.refused" </dev/null || status=$?
	is "a tap that is in use is refused" "$status" 1
	ok "a tap that is in use is named" has_line "$logs/net.refused" \
		'^dormouse: the interface tap0 is in use by another program'
	vm_finish
	is "ACPI: a guest with a network on a tap hibernates" "$vm_status" 3
	kill "$taker" 2>/dev/null || true
	wait "$taker" 2>/dev/null || true
	ok "ACPI: Linux finds the network device" guest_said '^GUEST: net devices=1 '
	ok "Linux leaves checksums and segmentation to the host, and takes them over from it" \
		has_features 0 1 7 8 11 12
	ok "a ping over a tap is answered" guest_said '^GUEST: ping size=56 answered'
	is "a file that Linux gets over a tap is as the host has it" "$(guest_fact get sha256)" \
		"$(sha256sum <"$disks/www/file" | cut -d ' ' -f 1)"
	ok "a file that Linux sends over a tap arrives" cmp "$disks/put" "$disks/www/file"

	vm_start net-tap
	vm_finish
	is "ACPI: a resumed guest with a network powers off" "$vm_status" 0
	ok "pings are answered after a hibernation" guest_said '^GUEST: pings lost='
	is "the queues go on after a hibernation" "$(guest_fact get sha256)" \
		"$(sha256sum <"$disks/www/file" | cut -d ' ' -f 1)"
	kill "$server"
	wait "$server" 2>/dev/null || true
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

# net_refused SENTENCE MESSAGE OPTION...
net_refused()
{
	local status=0

	dormouse run --name net-refused --kernel "$guest/Image" --memory 64M "${@:3}" \
		>"$logs/net.refused" 2>&1 </dev/null || status=$?
	ok "$1 is refused" [ "$status" -ne 0 ]
	is "$1 is named with the reason" "$(cat "$logs/net.refused")" "dormouse: $2"
}

networks_that_cannot_be_used_are_refused()
{
	net_refused "an interface that does not exist" "there is no network interface nosuch" --net tap:nosuch
	net_refused "an interface that is no tap" "the interface lo is not a tap interface" --net tap:lo
	net_refused "a machine without network devices" \
		"--net for net-refused, which has machine version 3: network devices came with version 4" \
		--net tap:tap0 --machine-version 3
	net_refused "two devices with one address" "--net tap:tap0,mac=02:00:00:00:00:01: another device has that MAC (try: dormouse run --help)" \
		--net tap:tap1,mac=02:00:00:00:00:01 --net tap:tap0,mac=02:00:00:00:00:01
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
linux_uses_a_network
restored_linux_uses_its_network
linux_uses_a_tap
vms_that_share_an_address_are_named
networks_that_cannot_be_used_are_refused
