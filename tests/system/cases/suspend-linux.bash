# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# A Linux that suspends and is woken, and one that is saved and restored meanwhile. The
# bare-metal guests of cases/suspend.bash test that none of many wakes is lost.

. "$here/lib/suspend.bash"

if [[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]]; then
	suspend_linux userspace 2
fi
save_linux kernel
