# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# psci_hibernate in a guest whose kernel calls SYSTEM_OFF2 by itself.

vm_start_guest new load,poweroff
vm_finish
ok "a newer kernel: the module refuses to load and gives the reason" guest_said \
	'^GUEST: module refused error=.* says=not loaded: this kernel itself calls SYSTEM_OFF2'
is "a newer kernel: run exits 0 after the power-off" "$vm_status" 0
