# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# A guest that keeps a pattern in its memory while it is parked and woken, and checks it after
# each wake (guests/pattern.c). To be sourced after vm.bash and calls.bash.

# How many bytes its dormouse has written so far
park_written()
{
	sed -n 's/^wchar: //p' "/proc/$(dormouse_pid)/io"
}

# Starts that guest of 64 MiB: park_pattern NAME COUNT MEBIBYTES [OPTION...]
park_pattern()
{
	cat "$(command -v pattern.img)" >"$disks/$1.img"
	append_words "$disks/$1.img" $(($3 << 20)) "$2"
	vm_start "$1" --flat "$disks/$1.img" --memory 64M "${@:4}"
}

# Parks and wakes it so often: park_cycles COUNT MEBIBYTES WHAT
park_cycles()
{
	local name=park-$1-$2

	park_pattern "$name" "$1" "$2"
	vm_await_state "$name" suspended
	ok "a guest is parked and woken $1 times" park-often "$DORMOUSE_STATE_DIR/$name/qmp" "$1"
	vm_finish
	is "a guest that was parked $1 times has kept $3" "$(whole_lines "$vm_console" | sed -n "s,\r,,g;/^kept /p;/^wrong /p")" \
		"kept $(printf %016x "$1")"
	is "a guest that was parked $1 times powers off: run exits 0" "$vm_status" 0
}
