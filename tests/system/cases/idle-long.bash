# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# --idle-states=clusters: Linux coordinates power domains itself.

# Linux chooses OS-initiated mode where it finds power domains. What it assumes of
# its last CPU may be too early, which is DENIED: a refusal is no mistake.
vm_start clusters --kernel "$guest/Image" --initrd "$guest/initrd" --memory 512M --cpus 2 \
	--idle-states=clusters --append "console=ttyAMA0 loglevel=7 nokaslr cryptomgr.notests=1 do=idle:5,hotplug:2,poweroff"
vm_finish
ok "Linux with --idle-states=clusters finds power domains and coordinates its CPUs itself" \
	guest_said 'CPU PM domain topology using OSI mode'
is "each CPU of a Linux with idle clusters enters power-down and wakes" \
	"$(count_lines "$vm_console" 'GUEST: idle cpu=[01] state=powerdown entered=[1-9]')" 2
is "CPU 1 of a Linux with idle clusters goes off and on twice" "$(guest_fact hotplug rounds)" 2
is "Linux with idle clusters powers off: run exits 0" "$vm_status" 0
is "status of a VM with idle clusters says clusters" "$(vm_state clusters idle-states)" clusters
