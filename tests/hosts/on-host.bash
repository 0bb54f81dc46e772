# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # The sourcing script sets them.
#
# on-host.bash - a suite whose parts run on emulated hosts, one after the other
#
# To be sourced. The caller sets tools, the path of tools/.

host_tests=0
host_failed=0

# Runs a part, which prints TAP, and prints its tests with numbers of the whole; fails if
# its plan, the last that it prints, did not come: on_host "the first host" OPTION... COMMAND...
on_host()
{
	local which=$1 line ended=

	shift
	while IFS= read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			host_tests=$((host_tests + 1))
			[[ $line == ok* ]] || host_failed=$((host_failed + 1))
			echo "${line%%ok *}ok $host_tests - ${line#* - }"
			;;
		'1..'*) ended=yes ;;
		*) echo "# ${line#\# }" ;;
		esac
	done < <("$tools/arm64-host" "$@" 2>&1)
	[[ ! $ended ]] || return 0
	host_tests=$((host_tests + 1)) host_failed=$((host_failed + 1))
	echo "not ok $host_tests - $which came to the end of its tests"
	return 1
}

# Ends the tests; returns failure if there was any.
hosts_end()
{
	echo "1..$host_tests"
	((host_failed == 0))
}
