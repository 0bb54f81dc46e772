# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # The sourcing script sets them.
#
# calls.bash - run the guest of tests/system/guests/calls.S, which makes the calls of a script
#
# To be sourced after vm.bash. The image is psci-calls.img in the PATH.

# Appends numbers to a file, each as 64 bits, little-endian: append_words FILE NUMBER...
append_words()
{
	local file=$1 word hex bytes i

	shift
	for word; do
		printf -v hex %016x "$((word))"
		bytes=
		for ((i = 14; i >= 0; i -= 2)); do
			bytes+="\\x${hex:i:2}"
		done
		printf %b "$bytes" >>"$file"
	done
}

# Makes a guest: calls_guest FILE STEP..., each step up to four numbers in one word
calls_guest()
{
	local file=$1 step words

	shift
	cat "$(command -v psci-calls.img)" >"$file"
	for step; do
		read -ra words <<<"$step 0 0 0 0"
		append_words "$file" "${words[@]:0:4}"
	done
}

# Runs one to its end: calls_run NAME "OPTION..." STEP...
calls_run()
{
	local name=$1 options

	read -ra options <<<"$2"
	calls_guest "$disks/$name.img" "${@:3}"
	vm_start "$name" --kernel "$disks/$name.img" --memory 64M "${options[@]}"
	vm_finish
}

# find_call FID [N]: BASH_REMATCH[1] is the guest's result of its nth call of a function
find_call()
{
	local fid

	printf -v fid %08x "$(($1))"
	nth_match "$vm_console" "^[0-9] call $fid = ([0-9a-f]{16})$" "${2-1}"
}

# Prints that result, or nothing if there is none: call_result FID [N]
call_result()
{
	! find_call "$@" || echo "${BASH_REMATCH[1]}"
}

# That result as a signed number of 32 bits, which a caller of PSCI looks at.
call_answer()
{
	local result

	find_call "$@" || return 0
	result=$((16#${BASH_REMATCH[1]:8}))
	echo "$((result >= 1 << 31 ? result - (1 << 32) : result))"
}
