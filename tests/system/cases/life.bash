# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# The life of a VM with two vCPUs in three runs: it boots, its CPUs go off and
# on 5 times and into idle states, it hibernates; it resumes, its CPUs go into
# idle states, it hibernates again; it resumes, reboots and is powered off.

# The guest is the one that hibernated: it has its boot id, its secret and its process.
is_the_same_guest()
{
	[[ $boot_id && $nonce && $counter && $started ]] &&
		[[ $(guest_fact "$1" boot_id) == "$boot_id" ]] &&
		[[ $(guest_fact "$1" nonce) == "$nonce" ]] &&
		[[ $(guest_fact "$1" pid) == "$counter" ]] &&
		[[ $(guest_fact "$1" started) == "$started" ]]
}

# The count that a resumed guest had when it hibernated is the one it printed
# then, or the next, and has grown since.
counts_on()
{
	local before now

	before=$(guest_fact resumed before) now=$(guest_fact resumed count)
	((before >= $1 && before <= $1 + 1 && now > before))
}

# Each CPU has entered a state in one round of the run, as often as requested or
# more, and was never refused: entered STATE
entered()
{
	local cpu line

	for cpu in 0 1; do
		line=$(whole_lines "$vm_console" | tr -d '\r' |
			sed -n "s/^GUEST: idle cpu=$cpu state=$1 //p")
		[[ $line =~ ^entered=[1-9][0-9]+\ rejected=0$ ]] || return
	done
}

# How a hibernation ends: exit status, state and cause. A guest kernel that
# does not know SYSTEM_OFF2 cannot tell its host.
if guest_knows_off2; then
	hibernated_status=3 hibernated_state=hibernated
	hibernated_cause='SYSTEM_OFF2, type [01], from vCPU 0'
else
	hibernated_status=0 hibernated_state=off hibernated_cause='SYSTEM_OFF, from vCPU 0'
fi

# Exit status, message and record agree: reports_hibernation WHICH
reports_hibernation()
{
	is "$1: run exits $hibernated_status" "$vm_status" "$hibernated_status"
	ok "$1: dormouse reports $hibernated_state and the cause" dormouse_said \
		"^dormouse: life: $hibernated_state: $hibernated_cause, at 20[0-9-]+T[0-9:]+Z\$"
	is "$1: status says $hibernated_state" "$(vm_state life state)" "$hibernated_state"
	ok "$1: status names the cause" grep -qxE "$hibernated_cause" <<<"$(vm_state life cause)"
	is "$1: status names no process" "$(vm_state life pid)" ""
}

# --- First run ---

life_first_run_hibernates()
{
	vm_start_guest life report,hotplug:5,idle:10,count,hibernate,idle:10,hibernate,reboot,report,poweroff \
		--cpus 2 --idle-states
	vm_await "$vm_console" '^GUEST: boot ' || true
	is "status of a running VM is running" "$(vm_state life state)" running
	is "status of a running VM names the process" "$(vm_state life pid)" "$(dormouse_pid)"
	ok "dormouse list shows a running VM as running" grep -qE '^life\b.*\brunning\b' <<<"$(dormouse list)"
	vm_finish
	first_pid=$(dormouse_pid)
	boot_id=$(guest_fact hibernating boot_id) nonce=$(guest_fact hibernating nonce)
	counter=$(guest_fact hibernating pid) started=$(guest_fact hibernating started)
	count=$(guest_fact hibernating count)
	ok "dormouse reports that libpsci serves PSCI 1.3" dormouse_said \
		'^dormouse: life: running, 2 vCPUs, 512 MiB, PSCI 1\.3 by libpsci \(host Linux '
	is "the guest finds PSCI 1.3" "$(guest_fact report psci)" 1.3
	ok "CPU 1 of a new guest is started by CPU_ON and says so" guest_said \
		'^GUEST: CPU1: Booted secondary processor 0x0000000001 '
	is "both CPUs of a new guest are online" "$(guest_fact report cpus)" 0-1
	is "CPU 1 of a new guest goes off and on 5 times" "$(guest_fact hotplug rounds)" 5
	is "CPU 1 of a new guest is started by a CPU_ON of its own each time" "$(guest_fact hotplug booted)" 6
	ok "each CPU of a new guest enters standby and wakes, none is refused" entered standby
	ok "each CPU of a new guest enters power-down and wakes, none is refused" entered powerdown
	reports_hibernation "first hibernation"
	is "status of a VM with idle states says so" "$(vm_state life idle-states)" yes
}

# --- A run that is refused ---

life_is_not_resumed_without_idle_states()
{
	[[ $hibernated_state == hibernated ]] || return 0
	vm_start life --kernel "$guest/Image" --initrd "$guest/initrd" --cpus 2 --memory 512M \
		--disk "$disks/life-swap" --disk "$disks/life-scratch"
	vm_finish
	is "run of a hibernated guest without its idle states: refused, exit status 1" "$vm_status" 1
	ok "run of a hibernated guest without its idle states: the message names the reason" \
		dormouse_said 'is hibernated, and its image needs idle states: '
}

# --- Second run ---

life_second_run_resumes_and_hibernates()
{
	vm_start life
	vm_finish
	second_pid=$(dormouse_pid)
	ok "first resume: the guest is the one that hibernated" is_the_same_guest resumed
	ok "first resume: the guest's process continues its count" counts_on "$count"
	ok "first resume: a fresh kernel was booted and replaced" \
		[ "$(guest_fact boot boot_id)" != "$boot_id" ]
	is "first resume: both CPUs are online" "$(guest_fact resumed cpus)" 0-1
	ok "first resume: each CPU enters standby and wakes" entered standby
	ok "first resume: each CPU enters power-down and wakes" entered powerdown
	ok "first resume: the dormouse is another process" [ "$first_pid" != "$second_pid" ]
	reports_hibernation "second hibernation"
}

# --- Third run ---

life_third_run_resumes_and_powers_off()
{
	count=$(guest_fact hibernating count)
	vm_start life
	vm_finish
	ok "second resume: the guest is the one that hibernated" is_the_same_guest resumed
	ok "second resume: the guest's process continues its count" counts_on "$count"
	ok "reboot: dormouse reports a reset and the cause" dormouse_said \
		'^dormouse: life: resetting: SYSTEM_RESET2?, (.*, )?from vCPU 0, at '
	ok "reboot: the guest is another one" [ "$(guest_fact report boot_id)" != "$boot_id" ]
	ok "reboot: nothing of the former guest's memory is left" [ "$(guest_fact report nonce)" != "$nonce" ]
	is "reboot: the guest boots once in the same dormouse" \
		"$(count_lines "$vm_console" '^GUEST: boot ')" 2
	is "reboot: both CPUs are online" "$(guest_fact report cpus)" 0-1
	is "power-off: run of the guest exits 0" "$vm_status" 0
	ok "power-off: dormouse reports off and the cause" dormouse_said \
		'^dormouse: life: off: SYSTEM_OFF, from vCPU 0, at '
	is "power-off: status of the guest is off" "$(vm_state life state)" off
	is "power-off: status names SYSTEM_OFF as cause" "$(vm_state life cause)" "SYSTEM_OFF, from vCPU 0"
}

life_first_run_hibernates
life_is_not_resumed_without_idle_states
life_second_run_resumes_and_hibernates
life_third_run_resumes_and_powers_off
