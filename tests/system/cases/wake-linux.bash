# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux that frames from a socket wake: by an ARP request, a ping, a neighbour solicitation.

. "$here/lib/wake.bash"

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
