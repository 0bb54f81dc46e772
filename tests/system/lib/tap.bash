# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# tap.bash - print test results in the Test Anything Protocol
#
# To be sourced. A failed test is followed by the tested command and, if the caller
# defines tap_context, by the output of that.

tap_count=0
tap_failed=0

# Passes if the command succeeds: ok SENTENCE COMMAND [ARGUMENT]...
ok()
{
	local sentence=$1

	shift
	tap_count=$((tap_count + 1))
	if "$@"; then
		echo "ok $tap_count - $sentence"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $sentence"
	echo "# failed: $*"
	if declare -F tap_context >/dev/null; then
		tap_context | sed 's/^/# /'
	fi
}

# Passes if two words are equal: is SENTENCE SEEN WANTED
is()
{
	ok "$1" [ "$2" = "$3" ]
}

# Ends the tests; returns failure if there was any.
tap_end()
{
	echo "1..$tap_count"
	((tap_failed == 0))
}

# Passes if the command does not: ok "..." fails COMMAND [ARGUMENT...]
fails()
{
	! "$@"
}
