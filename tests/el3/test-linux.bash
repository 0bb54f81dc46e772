# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # tests/el3/run sets them.
#
# A Debian kernel on psci-el3, and the steps of tests/system/guests/init.

# One thread emulates all CPUs, and time passes with their instructions: where nothing is to be
# done it is skipped, and no CPU is late because this machine is busy.

# boots PROPERTIES CPU STEPS
boots()
{
	local properties=$1 cpu=$2 steps=$3

	shift 3
	# The one that comes last is vda.
	machine_start "$properties" "$cpu" -icount shift=3,sleep=off -rtc clock=vm -smp 2 -m 400 \
		-kernel "$guest/Image" -initrd "$guest/initrd" \
		-append "console=ttyAMA0 loglevel=4 $steps" \
		-drive "file=$work/scratch,if=none,id=scratch,format=raw,cache=unsafe" \
		-device virtio-blk-device,drive=scratch \
		-drive "file=$work/swap,if=none,id=swap,format=raw,cache=unsafe" \
		-device virtio-blk-device,drive=swap
}

# says PATTERN: a line of the guest's
says()
{
	has_line "$console" "^GUEST: $1"
}

trouble='WARNING|Call trace|SANITY CHECK|Firmware Bug|undefined instruction'

# Linux calls SYSTEM_OFF2 since 6.13.
off2=yes hibernation=hibernated
[[ $series != 6.12 ]] || off2=no hibernation=off

# A hibernation passes through psci-relay in tests/relay/on-el3: here it is for --long. To compress
# its image would take an emulated CPU longer than to write it.
truncate -s 512M "$work/swap"
truncate -s 1M "$work/scratch"
steps="hibernate=nocompress swap=vda scratch=vdb"
steps+=" do=report,hotplug:20,idle:3,rtcwake:1,${at_length:+hibernate,}reboot,report,poweroff"
finds_all="report .*psci=1\.3 off2=$off2 .*cpus=0-1 "
boots "$at_el2" cortex-a72 "$steps"
if [[ $at_length ]]; then
	ok "Linux at EL2 hibernates, and its machine is off" machine_ends
	is "hibernation is reported on the secure UART as Linux calls it" \
		"$(tail -n 1 "$secure" | tr -d '\r')" "psci-el3: $hibernation, by CPU 0"
else
	ok "Linux at EL2 reboots, and powers off" machine_ends
fi
ok "Linux at EL2 finds PSCI 1.3 and all CPUs" says "$finds_all"
ok "CPUs of Linux at EL2 go off and on 20 times" says 'hotplug rounds=20 cpus=0-1 '
# Of power-down some may be DENIED, as docs/el3.md says.
for cpu in 0 1; do
	ok "CPU $cpu of Linux at EL2 enters and leaves standby" \
		says "idle cpu=$cpu state=standby entered=[1-9][0-9]* rejected=0"
	ok "CPU $cpu of Linux at EL2 enters and leaves power-down" \
		says "idle cpu=$cpu state=powerdown entered=[1-9][0-9]* rejected=[0-9]"
done
ok "the clock's alarm wakes Linux at EL2 from SYSTEM_SUSPEND" says 'suspended rounds=1 success=1 cpus=0-1 '
is "a suspension is reported on the secure UART, with its end" \
	"$(grep -aoE 'suspended|running' "$secure" | tr '\n' ' ')" "suspended running "

if [[ $at_length ]]; then
	! nth_match "$console" '^GUEST: hibernating boot_id=([^ ]*) nonce=([^ ]*) ' || identity=${BASH_REMATCH[1]}
	boots "$at_el2" cortex-a72 "$steps"
	ok "Linux powers off after a resume and a reboot" machine_ends
	ok "Linux resumes on the next boot as it was" says "resumed boot_id=${identity-none} .* cpus=0-1"
	ok "Linux finds PSCI 1.3 and all CPUs after a reboot" says "$finds_all"
else
	ok "Linux finds PSCI 1.3 and all CPUs after a reboot" has_lines "$console" "^GUEST: $finds_all" 2
fi
is "a reboot is reported on the secure UART" "$(grep -ac '^psci-el3: reset, by CPU' "$secure")" 1
is "a power-off is reported on the secure UART as such" "$(tail -n 1 "$secure" | tr -d '\r')" \
	"psci-el3: off, by CPU 0"
ok "the kernel has found nothing wrong with firmware or CPUs" fails grep -aqE "$trouble" "$console"

# Its emulation takes as long as all of the above.
if [[ $at_length ]]; then
	truncate -s 0 "$work/scratch"
	truncate -s 1M "$work/scratch"
	# The architecture's pointer authentication takes most of the time of an emulated CPU.
	boots "$secure_v3" max,pauth-impdef=on "scratch=vdb do=reboot,report,hotplug:2,poweroff"
	ok "Linux at EL1 reboots, and powers off" machine_ends
	ok "Linux at EL1 finds PSCI 1.3 and all CPUs after a reboot" \
		says "report .*psci=1\.3 off2=$off2 .*cpus=0-1 "
	ok "CPUs of Linux at EL1 go off and on" says 'hotplug rounds=2 cpus=0-1 '
	is "a reboot from EL1 is reported on the secure UART" \
		"$(grep -ac '^psci-el3: reset, by CPU' "$secure")" 1
	ok "the kernel at EL1 has found nothing wrong with firmware or CPUs" \
		fails grep -aqE "$trouble" "$console"
fi
