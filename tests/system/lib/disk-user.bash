# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# disk-user.bash - run a guest that reads and writes one sector by command
#
# To be sourced after vm.bash and calls.bash. The guest is the disk's user of
# tests/system/guests/hostile.c, in hostile.img in the PATH.

# Starts it: disk_start DISK SECTOR. Its commands are written to $bytes.
disk_start()
{
	cat "$(command -v hostile.img)" >"$disks/disk-user"
	append_words "$disks/disk-user" 12 "$2"
	rm -f "$disks/commands"
	mkfifo "$disks/commands"
	exec {bytes}<>"$disks/commands"
	vm_stdin=$disks/commands
	vm_start disk --flat "$disks/disk-user" --memory 64M --disk "$1"
	vm_stdin=
	vm_await "$vm_console" '^ready' || true
	answers=0
}

# It gets the command r(ead), w(rite) or f(lush), and prints a status of virtio-blk, which
# is STATUS: disk_does SENTENCE COMMAND STATUS
disk_does()
{
	printf %s "$2" >&"$bytes"
	answers=$((answers + 1))
	vm_await "$vm_console" '^status' "$answers" || true
	is "$1" "$(whole_lines "$vm_console" | sed -n 's/^status 0*\([0-9a-f]\)\r*$/\1/p' |
		sed -n "${answers}p")" "$3"
}

disk_power_off()
{
	printf o >&"$bytes"
	vm_finish
}

disk_close()
{
	exec {bytes}>&-
}
