# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # run-in-host sets them.
#
# What faults.bash does, with a death after every call of dormouse, also while it saves its
# guest, and with each error for each call.

faults_mode=every-call
. "$here/cases/faults.bash"
