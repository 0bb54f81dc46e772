# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034 # The sourcing script uses them.
#
# lines.bash - read what is still being written
#
# To be sourced. The last line of a file that grows may have come in part: it can
# match a pattern before the fact in it is complete. So scripts read such a file, or a
# pipe, by these functions, which take whole lines only. tests/tools/test-lines checks
# that all scripts do.
#
# A reader that stops early, such as grep -q, is written "reader < <(whole_lines FILE)":
# in a pipeline SIGPIPE could end the writer, and pipefail would take that for a
# failure.

# Prints the lines of files, or of standard input, that have come whole:
# whole_lines [FILE]...
whole_lines()
{
	# The added text makes the last line either an empty one or one that was incomplete:
	# it is not among the whole lines.
	{ cat "$@"; echo; } | sed '$d'
}

# One of them matches an extended regular expression: has_line FILE PATTERN
has_line()
{
	# Most looks find nothing. They cost one program.
	grep -qaE -e "$2" "$1" && grep -qaE -e "$2" < <(whole_lines "$1")
}

# How many of them match: count_lines FILE PATTERN
count_lines()
{
	whole_lines "$1" | grep -caE -e "$2" || true
}

# Finds the Nth of them that matches; BASH_REMATCH has what. No program is started, which on an
# emulated machine takes longer than to read a short file: nth_match FILE PATTERN [N]
nth_match()
{
	local line left=${3-1}

	while IFS= read -r line; do
		if [[ $line =~ $2 ]] && ((--left == 0)); then
			return 0
		fi
	done <"$1"
	return 1
}

# At least so many do: has_lines FILE PATTERN COUNT
has_lines()
{
	(($(count_lines "$1" "$2") >= $3))
}

# A prompt was shown at least so often, such as "=> ". No line feed follows it, so it is
# there once its last character is: has_prompts FILE PROMPT COUNT
has_prompts()
{
	(($(grep -caE -e "^$2" "$1" || true) >= $3))
}

# A prompt was shown behind the Nth line that has a text, such as one of a boot loader; both are
# plain text: has_prompt_behind FILE TEXT N PROMPT
has_prompt_behind()
{
	awk -v text="$2" -v nth="$3" -v prompt="$4" '
		index($0, text) { n++ }
		n >= nth && index($0, prompt) { found = 1; exit }
		END { exit !found }' "$1"
}

# Takes the next line from a descriptor: it is in $line. Fails with a status above 128 if
# it has not come whole after so many seconds, and with 1 if none will. The part of it that
# has come is kept for the next time: read_line SECONDS DESCRIPTOR
line_parts=()
read_line()
{
	local part='' status=0

	IFS= read -r -t "$1" -u "$2" part || status=$?
	line_parts[$2]=${line_parts[$2]-}$part
	((!status)) || return "$status"
	line=${line_parts[$2]}
	unset 'line_parts[$2]'
}
