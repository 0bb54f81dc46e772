# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set them.
#
# Problems that users report of Linux guests: a soft lockup after a pause, a panic
# that ends nothing, systemd that detects no virtualization; and memory of the host
# that breaks under a guest.

. "$here/lib/calls.bash"

# Starts a Linux with a shell, whose keys come from $keys: shell_start NAME "ARGUMENT..."
# [OPTION...]
shell_start()
{
	local name=$1 arguments=$2

	shift 2
	mkfifo "$disks/$name-in"
	exec {keys}<>"$disks/$name-in"
	vm_stdin=$disks/$name-in
	vm_start "$name" --kernel "$guest/Image" --initrd "$guest/initrd" --memory 256M \
		--append "$vm_linux $arguments do=shell,poweroff" "$@"
	vm_await "$vm_console" '^GUEST: shell' || true
}

shell_end()
{
	vm_finish
	exec {keys}>&-
	vm_stdin=
}

# --- A pause of a busy guest is no soft lockup ---

busy_guest_is_paused()
{
	# A lockup is 2 s, and a pause is longer than that; each CPU computes all the time.
	shell_start paused "softlockup_panic=1 panic=1" --cpus 2 --on-reset exit
	echo "sysctl -w kernel.watchdog_thresh=1; for c in 1 2; do taskset \$c sh -c 'while :; do :; done' & done; \
until [ \$(cut -d' ' -f14 /proc/\$!/stat) -gt 50 ]; do sleep 0.1; done; echo busy" >&"$keys"
	vm_await "$vm_console" '^busy' || true
	dormouse stop paused >/dev/null
	sleep 20
	dormouse cont paused >/dev/null
	sleep 6
	echo "dmesg | grep -c 'soft lockup'; echo counted" >&"$keys"
	ok "busy guest paused for 20 s: the guest continues after dormouse cont" vm_await "$vm_console" '^counted'
	ok "busy guest paused for 20 s: its kernel reports no soft lockup" guest_said '^0.?$'
	ok "busy guest paused for 20 s: the guest has not reset" vm_state_is paused running
	dormouse kill paused >/dev/null
	shell_end
}

# --- A panic ---

linux_panics()
{
	shell_start panics "panic=1" --on-reset exit
	echo "echo c >/proc/sysrq-trigger" >&"$keys"
	shell_end
	ok "Linux with panic=1: the kernel panics by sysrq" \
		guest_said 'Kernel panic - not syncing: sysrq triggered crash'
	is "Linux with panic=1 and --on-reset exit: run exits 6 after a panic" "$vm_status" 6
	is "Linux with panic=1 and --on-reset exit: the record says off" "$(vm_state panics state)" off
}

# --- Broken memory ---

# Breaks the host's page under a guest's address: break_page ADDRESS
break_page()
{
	local start entry

	start=$(sed -nE 's/^([0-9a-f]+)-([0-9a-f]+) .*/\1 \2/p' "/proc/$vm_pid/maps" |
		while read -r from to; do
			((16#$to - 16#$from != 64 << 20)) || echo "$from"
		done)
	entry=$(dd if="/proc/$vm_pid/pagemap" bs=8 count=1 \
		skip=$(((16#$start + $1 - 0x40000000) / 4096)) 2>/dev/null | od -An -tu8)
	echo $(((entry & ((1 << 55) - 1)) * 4096)) >/sys/devices/system/memory/hard_offline_page
}

memory_of_the_host_breaks()
{
	calls_guest "$disks/broken.img" 0x84000000 2 0x84000008
	mkfifo "$disks/broken-in"
	exec {keys}<>"$disks/broken-in"
	vm_stdin=$disks/broken-in
	vm_start broken --kernel "$disks/broken.img" --memory 64M
	vm_await "$vm_console" '^0 call 84000000 = ' || true
	ok "guest memory on broken host memory: the host's kernel can break a page" break_page 0x40200000
	vm_finish
	exec {keys}>&-
	vm_stdin=
	is "guest memory on broken host memory: run exits 4" "$vm_status" 4
	is "guest memory on broken host memory: the record says crashed" "$(vm_state broken state)" crashed
	ok "guest memory on broken host memory: dormouse reports the guest's address" dormouse_said \
		'the guest used memory at 0x40200[0-9a-f]{3} that is broken on this host'
}

busy_guest_is_paused
linux_panics
memory_of_the_host_breaks
