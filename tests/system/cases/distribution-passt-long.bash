# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2016,SC2034,SC2154 # The guest expands; vm.bash and run-in-host set them.
#
# Debian on its own disk, /dev/vda here, has a network by Debian's passt and serves a file by
# Debian's busybox: whenever it sleeps, Debian's curl on the host wakes it and gets the file.

. "$here/lib/calls.bash"
. "$here/lib/wake.bash"
# shellcheck source=tests/system/lib/distribution.bash
. "$here/lib/distribution.bash"

address=198.51.100.2
port=8080

# As passt_set_up does for passt.
curl_set_up()
{
	[[ -d /host/curl ]] || return 1
	printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' /host/curl/lib/ld-linux-aarch64.so.1 \
		/host/curl/lib /host/curl/curl >/bin/curl
	chmod 755 /bin/curl
}

# One connection, in which the guest's file comes. A passt that has just been started may not have
# opened its port: gets_its_file WHICH
gets_its_file()
{
	curl -sS --retry 600 --retry-delay 1 --retry-connrefused --max-time "$vm_deadline" "http://127.0.0.1:$port/file" >"$logs/got" 2>&1 || true
	is "passt: $1: curl gets its answer by one connection" "$(cat "$logs/got")" "$served"
}

# The guest's own time, by which it has its address.
has_its_address()
{
	system_answers "for i in \$(seq 600); do ip -4 -o addr show scope global | grep -q $address/ && break; sleep 1; done; ip -4 -o addr show scope global | grep -o '$address/'"
	[[ $answer == "$address/" ]]
}

# The file is new at each boot of the test: serves_a_file
serves_a_file()
{
	system_answers 'mkdir -p /srv/web && cat /proc/sys/kernel/random/uuid | tee /srv/web/file'
	served=$answer
	system_is "passt: Debian's busybox serves a file" 'busybox httpd -p 80 -h /srv/web </dev/null >/dev/null 2>&1 && echo yes' yes
}

# It is suspended by its agent: sleeps WHICH
sleeps()
{
	system_settles
	ok "passt: $1: dormouse suspend has Debian suspend itself" silently dormouse suspend web --timeout 1500
	ok "passt: $1: it is suspended" vm_await_state web suspended
}

# What the command prints is no result of a test: silently COMMAND...
silently()
{
	"$@" >"$logs/said" 2>&1
}

# What the messages of this run have of its wake-ups: frames_have_woken_it COUNT
frames_have_woken_it()
{
	vm_await "$vm_messages" ": running: woken by a(n ARP request| network frame) from [0-9.]* for $address, at " "$1"
}

boots_with_a_network()
{
	system_start web --firmware uefi --disk /dev/vda --memory 1G --cpus 2 --net passt --forward "127.0.0.1:$port:80"
	ok "passt: Debian boots" system_boots
	ok "passt: Debian gets the host's address by DHCP" has_its_address
	system_counts
	system_answers 'cat /proc/sys/kernel/random/boot_id'
	boot_id=$answer
	serves_a_file
	gets_its_file "Debian is awake"
}

is_woken_from_ram()
{
	local sleep

	for sleep in 1 2; do
		sleeps "sleep $sleep"
		gets_its_file "sleep $sleep"
		ok "passt: sleep $sleep: status says what woke it" frames_have_woken_it "$sleep"
	done
	system_is "passt: Debian is the one that slept" 'cat /proc/sys/kernel/random/boot_id' "$boot_id"
}

passt_runs()
{
	[[ $(passt_pids) ]]
}

is_woken_after_a_restore()
{
	sleeps "saved"
	ok "passt: a sleeping Debian is saved" silently dormouse save web "$disks/web.saved"
	vm_finish
	is "passt: a saved Debian ends the run with 7" "$vm_status" 7
	vm_stdin=$disks/system-keys
	vm_restore web "$disks/web.saved"
	vm_stdin=
	ok "passt: a restored Debian sleeps on" vm_await_state web suspended
	ok "passt: a restored Debian has a passt again" vm_until passt_runs
	gets_its_file "restored"
	ok "passt: restored: a frame has woken it" frames_have_woken_it 1
}

is_reached_after_a_hibernation()
{
	system_answers 'cat /run/count'
	system_count=$answer
	system_settles
	ok "passt: dormouse hibernate has Debian hibernate" silently dormouse hibernate web --timeout 1500
	vm_finish
	is "passt: a hibernated Debian ends the run with 3" "$vm_status" 3
	system_comes_back "passt" "$boot_id"
	gets_its_file "resumed"
	system_types 'systemctl poweroff'
	vm_finish
	is "passt: Debian powers off" "$vm_status" 0
	is "passt: passt has ended with dormouse" "$(passt_pids)" ""
}

# Debian takes longer than the guests of other tests.
vm_deadline=2000
mkfifo "$disks/system-keys"
exec {keys}<>"$disks/system-keys"
ok "passt: the host has passt, and a network with a route" passt_set_up
ok "passt: the host has curl" curl_set_up
boots_with_a_network
is_woken_from_ram
is_woken_after_a_restore
is_reached_after_a_hibernation
exec {keys}>&-
