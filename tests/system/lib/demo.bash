# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # The sourcing script and vm.bash set them.
#
# demo.bash - how the demonstrations say what happens, and verify what they claim
#
# To be sourced after vm.bash, by a script that has set bold and plain, for a terminal or
# empty, and demo, the VM's name. SECONDS counts from the demonstration's beginning.

verified=0
waits=0

step()
{
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# What is going on, with the time since the demo began, and dots until "seen".
doing()
{
	printf '  [%3d s] %s ' "$SECONDS" "$1"
	waits=0
}

dot()
{
	waits=$((waits + 1))
	((waits % 15)) || printf .
}

seen()
{
	printf '\n'
}

command_line()
{
	printf '  $ %s\n' "$1"
}

# Print what a program said: quote PROGRAM WORDS
quote()
{
	fold -s -w 80 <<<"$2" | sed "1s/^/  $(printf %-9s "$1:") /; 2,\$s/^/            /"
}

# Print a verified claim, or end with one that failed: verify SENTENCE COMMAND...
verify()
{
	local sentence=$1

	shift
	if "$@"; then
		verified=$((verified + 1))
		printf '  ok        %s\n' "$sentence"
		return
	fi
	printf '  %sNOT SO:   %s%s\n\n' "$bold" "$sentence" "$plain"
	echo "The end of what the guest and dormouse said:"
	tail -n 8 "$vm_console" "$vm_messages" | sed 's/^/  | /'
	exit 1
}

# A line of dormouse's without the name that all of them begin with.
dormouse_line()
{
	whole_lines "$vm_messages" | sed -n "s/^dormouse: $demo: //p" | grep -E "^$1" | tail -n 1
}

ended_as()
{
	[[ $vm_status -eq $1 && $(vm_state "$demo" state) == "$2" ]]
}
