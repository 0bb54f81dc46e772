# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # The sourcing script sets them.
#
# machine.bash - QEMU's virt with psci-el3, its console and its secure UART
#
# To be sourced. $work is a directory, $build what was built. One machine at a time.

# Only turns a hang into a failure.
readonly patience=150
machine_pid=
console=$work/console
secure=$work/secure
qemu_says=$work/qemu

tap_context()
{
	tail -n 12 "$console" "$secure" "$qemu_says"
}

# machine_start PROPERTIES CPU [OPTION]...: of the machine, and options of QEMU
machine_start()
{
	local properties=$1 cpu=$2

	shift 2
	: >"$console"
	: >"$secure"
	: >"$qemu_says"
	rm -f "$work/input"
	mkfifo "$work/input"
	exec 8<>"$work/input"
	# The monitor is behind Ctrl-A c.
	timeout --foreground "$patience" qemu-system-aarch64 -M "virt,$properties" -cpu "$cpu" \
		-bios "$build/el3/psci-el3.img" -display none -nodefaults -nic none \
		-serial mon:stdio -serial "file:$secure" "$@" \
		<"$work/input" >"$console" 2>"$qemu_says" &
	machine_pid=$!
}

# machine_type TEXT: to the console
machine_type()
{
	printf '%s' "$1" >&8
}

# To QEMU's monitor.
machine_reset()
{
	printf '\001csystem_reset\n\001c' >&8
}

# It ends, with status 0: what it prints is complete then.
machine_ends()
{
	local status=0

	[[ $machine_pid ]] || return 1
	wait "$machine_pid" || status=$?
	machine_pid=
	exec 8>&-
	((status == 0))
}

machine_kill()
{
	[[ $machine_pid ]] || return 0
	kill "$machine_pid" 2>/dev/null || true
	wait "$machine_pid" 2>/dev/null || true
	machine_pid=
	exec 8>&-
}

# awaits_that COMMAND...: it succeeds; fails if the machine ends before
awaits_that()
{
	until "$@"; do
		if ! kill -0 "$machine_pid" 2>/dev/null; then
			"$@"
			return
		fi
		sleep 0.1
	done
}

# awaits FILE PATTERN [COUNT]: so many lines match
awaits()
{
	awaits_that has_lines "$1" "$2" "${3-1}"
}

# awaits_prompt FILE PROMPT
awaits_prompt()
{
	awaits_that has_prompts "$1" "$2" 1
}
