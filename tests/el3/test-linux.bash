# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # tests/el3/run sets them.
#
# A Debian kernel on psci-el3, and the steps of tests/system/guests/init.

# One thread emulates all CPUs, and time passes with their instructions: where nothing is to be
# done it is skipped, and no CPU is late because this machine is busy.

# boots PROPERTIES CPU STEPS DISK [OPTION]...
boots()
{
	local properties=$1 cpu=$2 steps=$3 disk=$4

	shift 4
	machine_start "$properties" "$cpu" -icount shift=3,sleep=off -rtc clock=vm -smp 2 -m 400 -kernel "$guest/Image" -initrd "$guest/initrd" \
		-append "console=ttyAMA0 loglevel=4 $disk do=$steps" \
		-drive "file=$work/disk,if=none,id=disk,format=raw,cache=unsafe" \
		-device virtio-blk-device,drive=disk "$@"
}

# says PATTERN: a line of the guest's
says()
{
	has_line "$console" "^GUEST: $1"
}

# Linux calls SYSTEM_OFF2 since 6.13.
off2=yes hibernation=hibernated
[[ $series != 6.12 ]] || off2=no hibernation=off

truncate -s 512M "$work/disk"
boots "$at_el2" cortex-a72 report,hotplug:20,idle:3,rtcwake:1,hibernate,poweroff swap=vda
ok "Linux at EL2 hibernates, and its machine is off" machine_ends
ok "Linux at EL2 finds PSCI 1.3 and all CPUs" says "report .*psci=1\.3 off2=$off2 .*cpus=0-1 "
ok "CPUs of Linux at EL2 go off and on 20 times" says 'hotplug rounds=20 cpus=0-1 '
for cpu in 0 1; do
	for state in standby powerdown; do
		ok "CPU $cpu of Linux at EL2 enters and leaves $state" \
			says "idle cpu=$cpu state=$state entered=[1-9][0-9]* rejected=0"
	done
done
ok "the clock's alarm wakes Linux at EL2 from SYSTEM_SUSPEND" says 'suspended rounds=1 success=1 cpus=0-1 '
is "a suspension is reported on the secure UART, with its end" \
	"$(grep -aoE 'suspended|running' "$secure" | tr '\n' ' ')" "suspended running "
is "hibernation is reported on the secure UART as Linux calls it" "$(tail -n 1 "$secure" | tr -d '\r')" \
	"psci-el3: $hibernation, by CPU 0"
! nth_match "$console" '^GUEST: hibernating boot_id=([^ ]*) nonce=([^ ]*) ' || identity=${BASH_REMATCH[1]}
boots "$at_el2" cortex-a72 poweroff swap=vda
ok "Linux powers off after a resume" machine_ends
ok "Linux resumes on the next boot as it was" says "resumed boot_id=${identity-none} .* cpus=0-1"
is "a power-off is reported on the secure UART as such" "$(tail -n 1 "$secure" | tr -d '\r')" \
	"psci-el3: off, by CPU 0"

truncate -s 0 "$work/disk"
truncate -s 1M "$work/disk"
# The architecture's pointer authentication takes most of the time of an emulated CPU.
boots "$secure_v3" max,pauth-impdef=on reboot,report,hotplug:2,poweroff scratch=vda
ok "Linux at EL1 reboots, and powers off" machine_ends
ok "Linux at EL1 finds PSCI 1.3 and all CPUs after a reboot" says "report .*psci=1\.3 off2=$off2 .*cpus=0-1 "
ok "CPUs of Linux at EL1 go off and on" says 'hotplug rounds=2 cpus=0-1 '
is "a reboot is reported on the secure UART" "$(grep -ac '^psci-el3: reset, by CPU' "$secure")" 1
ok "the kernel has found nothing wrong with firmware or CPUs" \
	fails grep -aqE 'WARNING|Call trace|SANITY CHECK|Firmware Bug|undefined instruction' "$console"
