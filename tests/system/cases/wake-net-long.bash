# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set them.
#
# A guest that sleeps a thousand times, and is woken by a frame each time. The guest is
# tests/system/guests/net-sleeper.c.

. "$here/lib/calls.bash"
. "$here/lib/wake.bash"

mkfifo "$disks/in"
exec {bytes}<>"$disks/in"
# A thousand sleeps are one run, whose end is waited for.
vm_deadline=3000

many_sleeps userspace 1000
many_sleeps kernel 1000

exec {bytes}>&-
rm "$disks/in"
