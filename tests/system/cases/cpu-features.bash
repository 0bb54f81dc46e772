# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# The CPU's features that KVM gives on request: PMU, pointer authentication and SVE, as
# far as the host has them (tests/suites has a host with all). The guest of
# tests/system/guests/features.S changes all of their registers: a CPU that starts again
# finds them reset, one that wakes, or is restored from a file, finds them unchanged.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"
. "$here/lib/environment.bash"

# Whether the host has one: host_has pmu
host_has()
{
	[[ $host_features == *"cpu-$1: yes"* ]]
}

# The last line of the guest that begins so, without the beginning: features_said PREFIX
features_said()
{
	whole_lines "$vm_console" | tr -d '\r' | sed -n "s/^$1 *//p" | tail -n 1
}

# What the guest finds, as words: features_found FEATURE...
features_found()
{
	local feature

	for feature; do
		[[ ! " $(features_said has:)" =~ \ $feature=([0-9a-f]) || ${BASH_REMATCH[1]} == 0 ]] ||
			echo "$feature"
	done
}

# Makes the guest: features_guest FILE TIMER
features_guest()
{
	cat "$(command -v psci-features.img)" >"$1"
	append_words "$1" "$2"
}

# That a guest has woken with everything as it was: features_are_kept WHO
features_are_kept()
{
	is "$1: Z0 to Z31, P0 to P15 and FFR are unchanged" \
		"$(features_said wake: | grep -o 'vectors=.*' | cut -d ' ' -f 1)" vectors=0000
	! host_has pauth ||
		ok "$1: a pointer is authenticated as before" guest_said '^wake: .*pauth=same'
	! host_has pmu ||
		ok "$1: the PMU's counters are as they were, and count on" guest_said '^wake: .*pmu=same'
}

guest_has_what_the_host_has()
{
	local wanted

	host_features=$(dormouse features)
	wanted=$(for feature in pmu pauth sve; do ! host_has "$feature" || echo "$feature"; done)
	ok "the host has a PMU" host_has pmu
	features_guest "$disks/features.img" 1
	for mode in userspace mixed kernel; do
		vm_start "features-$mode" --kernel "$disks/features.img" --memory 64M --cpus 2 --psci "$mode"
		vm_finish
		is "features, $mode: the guest runs to its end" "$vm_status" 0
		is "features, $mode: the guest has what the host has" \
			"$(features_found pmu pauth sve)" "$wanted"
		ok "features, $mode: a vCPU's first start finds vectors and ZCR_EL1 zero" \
			guest_said '^start 01: vectors=0000 zcr=0{16}'
		is "features, $mode: a vCPU whose counters counted finds its registers as at its first start" \
			"$(features_said 'start 02:')" "$(features_said 'start 01:')"
		is "features, $mode: a vCPU that ended its counters finds its registers as at its first start" \
			"$(features_said 'start 03:')" "$(features_said 'start 01:')"
		features_are_kept "features, $mode: a guest that wakes from SYSTEM_SUSPEND"
	done
}

saved_guest_keeps_its_features()
{
	local saved=$disks/features.saved

	features_guest "$disks/features-save.img" 0
	vm_start features-save --kernel "$disks/features-save.img" --memory 64M --cpus 2
	ok "features, save: the guest suspends" vm_await_state features-save suspended
	ok "features, save: it is saved" vm_save features-save "$saved"
	vm_finish
	facs_check features-save
	ok "features, save: check finds the features the same" \
		grep -qE '^cpu-features +same' <<<"$checked"
	vm_restore features-save "$saved"
	ok "features, save: it is restored" vm_await_state features-save suspended
	dormouse wake features-save >"$disks/said" 2>&1 || true
	vm_finish
	is "features, save: the restored guest runs to its end" "$vm_status" 0
	features_are_kept "features, save: a guest that was restored from a file"
}

features_are_taken_away()
{
	features_guest "$disks/features.img" 1
	vm_start without --kernel "$disks/features.img" --memory 64M --cpus 2 --cpu-features pmu=off,sve=off,pauth=off
	vm_finish
	is "features, all off: the guest runs to its end" "$vm_status" 0
	ok "features, all off: the guest has none" guest_said '^has: sve=0 pmu=0 pauth=0'
	is "features, all off: status says so" "$(vm_state without cpu-features)" pmu=off,pauth=off,sve=off
	vm_start without
	vm_finish
	ok "features, all off: the next run has none either" guest_said '^has: sve=0 pmu=0 pauth=0'
	vm_start former --kernel "$disks/features.img" --memory 64M --cpus 2 --machine-version 2
	vm_finish
	ok "features, machine version 2: the guest has none" guest_said '^has: sve=0 pmu=0 pauth=0'
	is "features, machine version 2: the environment has no line of them" \
		"$(facs_record former | grep -c cpu-features)" 0
	vm_start former --kernel "$disks/features.img" --machine-version 2 --cpu-features pmu=off
	vm_finish
	is "features, machine version 2: taking one away is refused" "$vm_status" 1
	ok "features, machine version 2: the message names the version that has them" dormouse_said \
		'^dormouse: --cpu-features for former, which has machine version 2: .* came with version 3$'
	for wrong in pmu=on sme=off pmu pmu=off, ''; do
		vm_start wrong --kernel "$disks/features.img" --cpu-features "$wrong"
		vm_finish
		is "features, --cpu-features '$wrong' is a usage error" "$vm_status" 2
		ok "features, --cpu-features '$wrong': the message names the choice" dormouse_said \
			'is none of pmu=off, pauth=off and sve=off '
	done
}

hibernated_guest_relies_on_its_features()
{
	vm_disk lacking 1
	facs_run lacking
	is "features, hibernated: the guest hibernates" "$vm_status" 3
	facs_is_refused "features, hibernated, and its PMU is taken away" \
		'^dormouse: lacking is hibernated, and its image needs the CPU feature pmu: on, not off' \
		lacking --cpu-features pmu=off
	facs_run lacking
	is "features, hibernated, and its PMU is back: the guest runs" "$vm_status" 3
	# On a host that has more than the one that it left.
	sed -i '/"lines": {/,/}/ s/pmu=on\\n/pmu=off\\n/; s/pmu-counters=[0-9]*\\n//' \
		"$DORMOUSE_STATE_DIR/lacking/record.json"
	facs_check lacking
	ok "features, hibernated without a PMU, on a host with one: it is not given to the guest" \
		grep -qE '^cpu-features +same' <<<"$checked"
}

guest_has_what_the_host_has
saved_guest_keeps_its_features
features_are_taken_away
hibernated_guest_relies_on_its_features
