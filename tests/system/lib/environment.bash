# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# environment.bash - a guest that reads its hardware signature, and hibernates
#
# To be sourced after vm.bash and tap.bash. The guest is tests/system/guests/facs.S.

facs=$(command -v psci-facs.img)

# Describes a machine with it, with options that differ from the usual ones behind them:
# facs_run NAME [OPTION...]
facs_run()
{
	facs_again "$1" --kernel "$facs" --cpus 2 --memory 64M --disk "$disks/$1" "${@:2}"
}

# facs_again NAME [OPTION...]
facs_again()
{
	vm_start "$@"
	vm_finish
}

# The signature that the guest of the last run found.
facs_signature()
{
	! nth_match "$vm_console" '^FACS: signature=(0x[0-9a-f]{8})' || echo "${BASH_REMATCH[1]}"
}

# Its record, as text: facs_record NAME
facs_record()
{
	cat "$DORMOUSE_STATE_DIR/$1/record.json"
}

# A run is refused and changes nothing: facs_is_refused WHO PATTERN NAME [OPTION...]
facs_is_refused()
{
	local who=$1 pattern=$2 before

	before=$(facs_record "$3")
	facs_run "${@:3}"
	is "$who: refused, exit status 1" "$vm_status" 1
	ok "$who: the message names what differs" dormouse_said "$pattern"
	is "$who: the guest executes no instruction" "$(wc -c <"$vm_console")" 0
	is "$who: the record is unchanged" "$(facs_record "$3")" "$before"
}

# A run that gives the guest another signature than any before, in $signatures, and says why:
# facs_finds_another WHO PATTERN NAME [OPTION...]
facs_finds_another()
{
	local who=$1 pattern=$2

	facs_run "${@:3}"
	is "$who: the guest runs and hibernates again" "$vm_status" 3
	ok "$who: dormouse says what differs" dormouse_said "^dormouse: $3: its image needs $pattern: another hardware signature"
	ok "$who: the guest finds a signature that it was never given" facs_is_new
}

facs_is_new()
{
	local signature

	signature=$(facs_signature)
	[[ $signature && $signatures != *"$signature"* ]] || return 1
	signatures+=" $signature"
}

# What check prints, and its exit status: facs_check NAME [OPTION]
facs_check()
{
	check_status=0
	checked=$(dormouse check "${@:2}" "$1" 2>&1) || check_status=$?
}
