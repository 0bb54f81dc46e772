# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# tap-network.bash - a tap interface, tap0, with servers at the host's end, and what Linux does there
#
# To be sourced after vm.bash and tap.bash, which is about other taps.

# The guest's steps.
tap_steps=net:10.0.1.1,ping:10.0.1.2:56,get:10.0.1.2/file,put:10.0.1.2:5000

host_tap_serve()
{
	modprobe tun
	tunctl -t tap0 >/dev/null && ip link set tap0 up && ip addr add 10.0.1.2/24 dev tap0
	mkdir "$disks/www"
	dd if=/dev/urandom of="$disks/www/file" bs=64K count=8 2>/dev/null
	tap_file_sum=$(sha256sum <"$disks/www/file" | cut -d ' ' -f 1)
	httpd -f -p 10.0.1.2:80 -h "$disks/www" &
	tap_server=$!
	nc -l -p 5000 >"$disks/put" <&"$vm_silence" &
	tap_taker=$!
}

host_tap_end()
{
	kill "$tap_server" "$tap_taker" 2>/dev/null || true
	wait "$tap_server" "$tap_taker" 2>/dev/null || true
}

tap_is_refused_to_another()
{
	local status=0

	dormouse run --name net-other --kernel "$guest/Image" --memory 64M --net tap:tap0 2>"$logs/net.refused" </dev/null || status=$?
	is "a tap that is in use is refused" "$status" 1
	ok "a tap that is in use is named" has_line "$logs/net.refused" \
		'^dormouse: the interface tap0 is in use by another program'
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

# The guest has carried out $tap_steps.
tap_is_used()
{
	vm_await "$vm_console" '^GUEST: put ' || true
	ok "ACPI: Linux finds the network device" guest_said '^GUEST: net devices=1 '
	ok "Linux leaves checksums and segmentation to the host, and takes them over from it" \
		has_features 0 1 7 8 11 12
	ok "a ping over a tap is answered" guest_said '^GUEST: ping size=56 answered'
	is "a file that Linux gets over a tap is as the host has it" "$(guest_fact get sha256)" "$tap_file_sum"
	ok "a file that Linux sends over a tap arrives" cmp "$disks/put" "$disks/www/file"
}
