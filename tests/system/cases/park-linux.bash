# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux that is parked, in which a process counts, and that is woken each time by something
# else: frames from a socket, a connection, QMP, the console and the clock.

. "$here/lib/wake.bash"
. "$here/lib/park.bash"

mkfifo "$disks/linux-in"
exec {bytes}<>"$disks/linux-in"
vm_stdin=$disks/linux-in
net_start park-linux
linux_start park-linux "unix:$net_path" 192.0.2.7 6,rtcwake:1:15

# Waits until it sleeps again, and parks it. Sets linux_wrote, in bytes: linux_parks NUMBER
linux_parks()
{
	vm_await "$vm_messages" ': suspended: ' "$1" || true
	linux_wrote=$(park_written)
	is "Linux is parked in its sleep $1" "$(dormouse park park-linux 2>&1)" "park-linux: parked"
	linux_wrote=$(($(park_written) - linux_wrote))
	echo "# to park Linux in its sleep $1, dormouse has written $linux_wrote bytes"
}

vm_await_state park-linux suspended || true
net_send noise
ok "an ARP request for an address of a sleeping Linux wakes it" \
	net_asks park-linux "^arp 192.0.2.7 $net_mac\$" arp 192.0.2.7
ok "status says that the ARP request woke Linux" dormouse_said \
	': running: woken by an ARP request from 192.0.2.1 for 192.0.2.7, at '
linux_parks 2
first=$linux_wrote
net_send noise
ok "a ping wakes a parked Linux and is answered" \
	net_asks park-linux '^pong 192.0.2.7$' ping "$net_mac" 192.0.2.7
vm_await "$vm_messages" ': suspended: ' 3 || true
link_local=fe80::5054:ff:fe12:3456
ok "a neighbour solicitation wakes Linux and is answered" \
	net_asks park-linux "^advert $link_local\$" solicit "$link_local"
linux_parks 4
ok "of a Linux that is parked again, less than half is written" [ "$linux_wrote" -lt $((first / 2)) ]
net_send connect "$net_mac" 192.0.2.7 80
ok "a connection by TCP wakes a parked Linux and is accepted, though its first segment is not sent again" \
	net_await '^accepted 192.0.2.7 80$'
linux_parks 5
dormouse wake park-linux >/dev/null
ok "dormouse wake wakes a parked Linux" dormouse_said ': running: woken by a client of QMP, at '
linux_parks 6
printf '\n' >&"$bytes"
ok "input wakes a parked Linux" vm_await "$vm_messages" ': running: woken by the console, at '
ok "Linux counts on after six sleeps" vm_await "$vm_console" '^GUEST: suspended '
is "Linux has suspended six times" "$(guest_fact suspended success)" 6
linux_parks 7
ok "the clock's alarm wakes a parked Linux" vm_await "$vm_messages" ": running: woken by the clock's alarm, at "
vm_finish
is "a Linux that was woken seven times powers off: run exits 0" "$vm_status" 0
is "Linux was woken by these alone" "$(count_lines "$vm_messages" ': running: woken by ')" 7
is "the file of a parked Linux is spent" "$(find "$DORMOUSE_STATE_DIR/park-linux" -name 'parked*')" ""
net_stop
exec {bytes}>&-
rm "$disks/linux-in"
vm_stdin=
