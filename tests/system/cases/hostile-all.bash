# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # run-in-host sets them.
#
# All misdeeds of the hostile guest, which takes minutes.

hostile_all=yes
. "$here/cases/hostile.bash"
hostile_all=
