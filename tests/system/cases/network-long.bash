# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# Linux with a network under Debian's UEFI firmware, which has a driver for the device.

# shellcheck source=tests/system/lib/network.bash
. "$here/lib/network.bash"
# shellcheck source=tests/system/lib/efi-linux.bash
. "$here/lib/efi-linux.bash"

efi_linux_uses_a_network()
{
	peer_start "$disks/net.socket"
	efi_linux_start net-efi net:10.0.0.1,ping:10.0.0.2:56,hibernate,pings:10.0.0.2,ping:10.0.0.2:1472,poweroff \
		--net "unix:$disks/net.socket"
	vm_finish
	if guest_knows_off2; then
		is "UEFI: a guest with a network hibernates" "$vm_status" 3
	fi
	ok "UEFI: Linux finds the network device" guest_said '^GUEST: net devices=1 .* carrier=1'
	ok "UEFI: a ping is answered" guest_said '^GUEST: ping size=56 answered'
	vm_start net-efi
	vm_finish
	is "UEFI: a resumed guest with a network powers off" "$vm_status" 0
	ok "UEFI: pings are answered after a hibernation" guest_said '^GUEST: ping size=1472 answered'
	peer_end
}

efi_linux_uses_a_network
