# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# verdict.bash - compare measured numbers with the expected ones
#
# To be sourced. Only numbers that do not vary from run to run are judged: instructions
# and ratios of them, and bytes; never time.

verdict_missed=0

# Says whether a target is met: at_most WHAT MEASURED LIMIT UNIT
# MEASURED and LIMIT may have a fraction; no measurement is a miss.
at_most()
{
	local word=met

	if [[ ! $2 =~ ^[0-9]+([.][0-9]+)?$ ]] ||
		! awk -v measured="$2" -v limit="$3" 'BEGIN { exit !(measured <= limit) }'; then
		word=MISSED
		verdict_missed=$((verdict_missed + 1))
	fi
	printf 'target %s: %s is %s %s, at most %s\n' "$word" "$1" "${2:--}" "$4" "$3"
}

# Fails if one was missed.
verdict()
{
	((verdict_missed == 0))
}
