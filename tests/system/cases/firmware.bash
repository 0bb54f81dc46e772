# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# Debian's U-Boot for arm64, unchanged: it boots Linux from a disk by itself, and
# obeys commands at its prompt. It lies, with a disk of tests/system/boot-disk,
# beside the folder of the tests.

u_boot=${here%/*}/u-boot.bin boot_disk=${here%/*}/boot.disk

# --- By itself ---

u_boot_boots_linux()
{
	vm_start u-boot --firmware "$u_boot" --disk "$boot_disk,ro" --cpus 2
	vm_finish
	is "U-Boot: run exits 0 after the power-off of the Linux that it booted" "$vm_status" 0
	ok "U-Boot says its version" guest_said '^U-Boot 20[0-9][0-9]\.'
	ok "U-Boot finds the memory that there is" guest_said '^DRAM: +512 MiB'
	ok "U-Boot finds what to boot on the disk" guest_said '^Retrieving file: /Image'
	is "U-Boot boots Linux, which finds the PSCI that dormouse says" "$(guest_fact report psci)" \
		"$(whole_lines "$vm_messages" | sed -nE 's/.* running, .*, PSCI ([0-9.]+) by .*/\1/p')"
	is "U-Boot boots Linux with both CPUs" "$(guest_fact report cpus)" 0-1
}

# --- At its prompt ---

u_boot_at_its_prompt()
{
	mkfifo "$disks/keys"
	exec {keys}<>"$disks/keys"
	# shellcheck disable=SC2034 # vm_start reads it.
	vm_stdin=$disks/keys
	vm_start prompt --firmware "$u_boot" --disk "$boot_disk,ro"
	# shellcheck disable=SC2034
	vm_stdin=
	# Any key before it counts to zero.
	echo >&"$keys"
	at_prompt 1 'ls virtio 0:1 /'
	# shellcheck disable=SC2016 # The variable is U-Boot's.
	at_prompt 2 'load virtio 0:1 ${ramdisk_addr_r} /initrd && echo loaded=${filesize}'
	at_prompt 3 'md.l 4000000 1; mw.l 4000000 0; md.l 4000000 1'
	at_prompt 4 'dm tree'
	at_prompt 5 'reset'
	vm_await "$vm_messages" '^dormouse: prompt: resetting: SYSTEM_RESET'
	echo >&"$keys"
	at_prompt 6 'poweroff'
	vm_finish
	exec {keys}>&-
	is "U-Boot's prompt: poweroff ends the run with 0" "$vm_status" 0
	ok "U-Boot's prompt: ls prints the disk's files" guest_said '^ *[0-9]+ +Image'
	ok "U-Boot's prompt: load loads a whole file" guest_said \
		"^loaded=$(printf %x "$(wc -c <"$guest/initrd")")"
	is "U-Boot's prompt: flash reads 0xff, before and after a write" \
		"$(count_lines "$vm_console" '^04000000: ffffffff')" 2
	ok "U-Boot's prompt: dm tree lists virtio-rng" guest_said ' virtio-rng[# ]'
	ok "U-Boot's prompt: reset restarts U-Boot in the same dormouse" \
		[ "$(count_lines "$vm_console" '^U-Boot 20')" -eq 2 ]
	ok "U-Boot's prompt: dormouse reports the reset and its cause" dormouse_said \
		'^dormouse: prompt: resetting: SYSTEM_RESET2?, .*from vCPU 0, at '
}

# --- On a socket ---

# A client that types the contents of $keys, and displays the console. The client
# before it has left: client FILE
client()
{
	if [[ ${client_pid-} ]]; then
		kill "$client_pid"
		wait "$client_pid" || true
	fi
	vm_console=$1
	on-socket "$disks/console" <&"$keys" >"$vm_console" &
	client_pid=$!
}

u_boot_on_a_socket()
{
	vm_start socket --firmware "$u_boot" --console "unix:$disks/console"
	vm_await "$vm_messages" '^dormouse: socket: running'
	exec {keys}<>"$disks/keys"
	mkfifo "$disks/keys-of-nobody"
	client "$logs/socket-1.console"
	echo >&"$keys"
	at_prompt 1 'echo first=client'
	vm_await "$vm_console" '^first=client'
	client "$logs/socket-2.console"
	echo 'echo second=client' >&"$keys"
	vm_await "$vm_console" '^second=client'
	ok "U-Boot's console on a socket: the first client sees U-Boot start" \
		has_line "$logs/socket-1.console" '^U-Boot 20'
	ok "U-Boot's console on a socket: the second client does not get the first one's output again" \
		[ "$(count_lines "$vm_console" 'first=client')" -eq 0 ]
	# Its input never ends; it leaves because it is turned away.
	on-socket "$disks/console" <>"$disks/keys-of-nobody" >"$logs/socket-3.console" || true
	ok "U-Boot's console on a socket: a further client is refused while one is connected" \
		has_line "$logs/socket-3.console" 'in use by another client'
	echo poweroff >&"$keys"
	vm_finish
	exec {keys}>&-
	is "U-Boot's console on a socket: poweroff ends the run with 0" "$vm_status" 0
	status=0
	wait "$client_pid" || status=$?
	is "U-Boot's console on a socket: the client's connection is closed at the end" "$status" 0
}

u_boot_boots_linux
u_boot_at_its_prompt
u_boot_on_a_socket
