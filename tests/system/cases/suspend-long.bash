# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set them.
#
# Suspend and wake at length: as cases/suspend.bash, many times more.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

# More rounds take that much longer: with Linux each takes some eight minutes.
vm_deadline=3000
for mode in userspace kernel; do
	suspend_rounds "$mode" 5000
	suspend_linux "$mode" 200
done
save_linux userspace
