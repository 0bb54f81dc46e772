# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # run-in-host sets them.
#
# One guest under --psci userspace, mixed and kernel, as far as this host has them:
# what PSCI announces to it, the answers to its mistakes, and that the calls that end
# its power cycle are reported, recorded and handled alike.

. "$here/lib/calls.bash"

vm_console=/dev/null vm_messages=/dev/null

# The host's newest own PSCI, and whether it forwards calls, as dormouse reports.
features=$(dormouse features)
feature()
{
	sed -n "s/^$1: //p" <<<"$features"
}

version_of()
{
	case $1 in
	0.2) echo 0x00000002 ;;
	1.0) echo 0x00010000 ;;
	1.1) echo 0x00010001 ;;
	1.2) echo 0x00010002 ;;
	1.3) echo 0x00010003 ;;
	esac
}

# --- dormouse features ---

# The newest version of a mode.
newest()
{
	[[ $1 == kernel ]] && echo "$kvm_psci" || echo 1.3
}

# newest is at least: has MODE VERSION
has()
{
	(($(version_of "$(newest "$1")") >= $(version_of "$2")))
}

features_of_this_host()
{
	kvm_psci=$(feature kvm-psci)
	ok "dormouse features: the host's kernel is named" [ "$(feature host)" = "Linux $(uname -r)" ]
	ok "dormouse features: KVM's own PSCI is a version" [ "$(version_of "$kvm_psci")" ]
	ok "dormouse features: --psci kernel has the version of KVM's own PSCI" \
		grep -qwF "$kvm_psci" <<<"$(feature psci-kernel)"
	if [[ $(feature smccc-filter) == yes ]]; then
		modes=(userspace mixed kernel)
		is "dormouse features: --psci userspace has every version" "$(feature psci-userspace)" \
			"0.2 1.0 1.1 1.2 1.3"
		is "dormouse features: --psci mixed has every version" "$(feature psci-mixed)" \
			"0.2 1.0 1.1 1.2 1.3"
		is "dormouse features: userspace is the default" "$(feature psci-default)" userspace
		is "dormouse features: guests can hibernate" "$(feature hibernation)" yes
	else
		modes=(kernel)
		is "dormouse features: --psci userspace has no version" "$(feature psci-userspace)" no
		is "dormouse features: --psci mixed has no version" "$(feature psci-mixed)" no
		is "dormouse features: kernel is the default" "$(feature psci-default)" kernel
	fi

	ok "dormouse features: a stray word is a usage error" \
		[ "$(dormouse features now 2>/dev/null; echo $?)" = 2 ]
	unusable=$(unshare -m sh -c 'mount -t tmpfs tmpfs /dev && exec dormouse features' 2>&1) &&
		unusable="exit status 0: $unusable"
	ok "dormouse features: a host without KVM is refused by one message" \
		[ "${unusable%%: this*}" = "dormouse: there is no /dev/kvm" ]
}

# --- what is announced, and whether it is so ---

# The features that a guest of a mode and version was given, one a line.
announced()
{
	calls_run "scan-$1-$2" "--psci $1 --psci-version $2" "${scan[@]}" 0x84000008
	whole_lines "$vm_console" | sed -n 's/^0 feature //p'
}

announced_features_are_served()
{
	scan=("6 0x84000000 0x20" "6 0xc4000000 0x20" "6 0x84010000 0x20" "6 0xc4010000 0x20"
		"6 0x80000000 2" "6 0x80010000 2")

	if ((${#modes[@]} > 1)); then
		for version in 1.0 1.1; do
			ours=$(announced mixed "$version")
			kvms=$(announced kernel "$version")
			ok "--psci mixed, PSCI $version: KVM announces some features" [ "$kvms" ]
			# A forwarded function works with SVE's hint, too, which KVM does not know.
			is "--psci mixed, PSCI $version: exactly KVM's features are announced" \
				"$(grep -vE '^8401' <<<"$ours")" "$kvms"
		done
		is "--psci mixed, PSCI 1.3: SYSTEM_OFF2 is announced beside KVM's features" \
			"$(announced mixed 1.3 | grep -vE '^(84|c4)01')" \
			"$(awk '{ print } /^(84|c4)000012 /{ print substr($1, 1, 2) "000015 = 00000001" }' \
			<<<"$kvms")"
		for mode in mixed kernel; do
			calls_run "hint-$mode" "--psci $mode" "0xc4010004 0 0" 0x84000008
			is "--psci $mode: AFFINITY_INFO with SVE's hint is NOT_SUPPORTED, as announced" \
				"$(call_answer 0xc4010004)" -1
		done
	fi
}

# --- every version ---

# A version that KVM does not have, and a host that cannot forward: the advice fits
# whatever the machine starts with.
needs_other_server()
{
	calls_run other "$1" 0x84000008
	[[ $vm_status -eq 1 ]] && dormouse_said "$2 .*also give the --kernel, --flat or --firmware"
}

every_version_is_found()
{
	for mode in "${modes[@]}"; do
		for version in $(feature "psci-$mode"); do
			calls_run "version-$mode-$version" "--psci $mode --psci-version $version" \
				0x84000000 0x84000008
			is "--psci $mode: a guest with --psci-version $version finds that version" \
				"$(call_answer 0x84000000)" \
				"$(($(version_of "$version")))"
			is "--psci $mode: status of a guest with --psci-version $version says so" \
				"$(vm_state "version-$mode-$version" psci | cut -d, -f1)" "$version"
		done
	done

	if ! has kernel 1.3; then
		ok "--psci kernel: a version that KVM does not have is refused, with what would do" \
			needs_other_server \
			"--psci kernel --psci-version 1.3" "has PSCI up to $kvm_psci, and other needs 1\.3:"
	fi
	if ((${#modes[@]} == 1)); then
		ok "--psci userspace: a host that cannot forward calls refuses the run, with what would do" \
			needs_other_server "--psci userspace" 'cannot forward PSCI calls'
	fi
}

# --- mistakes ---

bad_calls_are_refused()
{
	for mode in "${modes[@]}"; do
		calls_run "mistakes-$mode" "--psci $mode" \
			"0x84000015 2" "0xc4000015 2" "0xc4000015 0x80000000" "0xc4000015 0x80000001" \
			"0xc4000015 0 1" "0xc4000015 1 0x100000000" "0x84000015 1 1" \
			"0x84000012 1" "0xc4000012 0x7fffffff" "0x84000016" 0x84000008
		wanted=-1
		! has "$mode" 1.3 || wanted=-2
		answers=()
		for n in 1 2; do
			answers+=("$(call_answer 0x84000015 "$n")")
		done
		for n in 1 2 3 4 5; do
			answers+=("$(call_answer 0xc4000015 "$n")")
		done
		is "--psci $mode: SYSTEM_OFF2 of seven bad types and cookies returns $wanted" "${answers[*]}" \
			"$wanted $wanted $wanted $wanted $wanted $wanted $wanted"
		is "--psci $mode: SYSTEM_RESET2 (32) of a reserved type returns INVALID_PARAMETERS" \
			"$(call_answer 0x84000012)" -2
		is "--psci $mode: SYSTEM_RESET2 (64) of a reserved type returns INVALID_PARAMETERS" \
			"$(call_answer 0xc4000012)" -2
		is "--psci $mode: a function that PSCI does not define returns NOT_SUPPORTED" \
			"$(call_answer 0x84000016)" -1
		is "--psci $mode: a guest that makes bad calls ends only by its SYSTEM_OFF" \
			"$(vm_state "mistakes-$mode" cause)" "SYSTEM_OFF, from vCPU 0"
	done
}

# --- the calls that end a power cycle ---

# ends SENTENCE "OPTION..." EXIT-STATUS STATE CAUSE STEP...: the guest makes the
# last call from vCPU 1, while vCPU 0 is on, and every report has it.
ends()
{
	local sentence=$1 options=$2 status=$3 state=$4 cause=$5 name

	name=end$((vm_runs + 1))
	calls_run "$name" "--cpus 2 $options" "1 1 3" 7 0 7 "${@:6}" 0
	is "$sentence: run exits $status" "$vm_status" "$status"
	ok "$sentence: dormouse reports $state and the cause" dormouse_said \
		"^dormouse: $name: $state: $cause, from vCPU 1, at 20[0-9-]+T[0-9:]+Z$"
	is "$sentence: status says $state" "$(vm_state "$name" state)" "$state"
	is "$sentence: status names the cause" "$(vm_state "$name" cause)" "$cause, from vCPU 1"
}

last_calls_are_reported()
{
	for mode in "${modes[@]}"; do
		ends "--psci $mode: SYSTEM_OFF" "--psci $mode" 0 off SYSTEM_OFF 0x84000008
		ends "--psci $mode: SYSTEM_RESET with --on-reset exit" "--psci $mode --on-reset exit" 6 off SYSTEM_RESET \
			0x84000009
		ends "--psci $mode: SYSTEM_RESET2 (64) with --on-reset2 exit" "--psci $mode --on-reset2 exit" 6 off \
			"SYSTEM_RESET2, type 0, cookie 0xfedcba9876543210" \
			"0xc4000012 0 0xfedcba9876543210"
		# The upper halves are not part of an SMC32 call.
		ends "--psci $mode: SYSTEM_RESET2 (32) with --on-reset2 exit" "--psci $mode --on-reset2 exit" 6 off \
			"SYSTEM_RESET2, type 0, cookie 0x76543210" \
			"0x84000012 0x100000000 0xfedcba9876543210"
		ends "--psci $mode: a vendor's SYSTEM_RESET2 with --on-reset2 exit" "--psci $mode --on-reset2 exit" 6 off \
			"SYSTEM_RESET2, type 0x80000001, cookie 0x123" "0xc4000012 0x80000001 0x123"
		if [[ $mode == userspace ]]; then
			calls_run vendor "--psci $mode" "0xc4000012 0x80000001 0x123" 0x84000008
			is "--psci $mode: a vendor's SYSTEM_RESET2 without --on-reset2 is INVALID_PARAMETERS" \
				"$(call_answer 0xc4000012)" -2
		fi
		has "$mode" 1.3 || continue
		calls_run "alone-$mode" "--cpus 2 --psci $mode" 0xc4000015
		is "--psci $mode: SYSTEM_OFF2 while vCPU 1 is off ends the run with 3" "$vm_status" 3
		type0=", type 0" type1=", type 0x1"
		if [[ $mode == kernel ]]; then
			# KVM does not report it.
			type0='' type1=''
		fi
		ends "--psci $mode: SYSTEM_OFF2 (64), type 0" "--psci $mode" 3 hibernated "SYSTEM_OFF2$type0" \
			0xc4000015
		ends "--psci $mode: SYSTEM_OFF2 (32), type 1" "--psci $mode" 3 hibernated "SYSTEM_OFF2$type1" \
			"0x84000015 1"
	done
}

# --- --on-reset is kept, and can be changed ---

reset_policy_is_kept()
{
	calls_run policy "--on-reset exit" 0x84000009
	is "--on-reset exit: run of a guest that resets exits 6" "$vm_status" 6
	vm_start policy
	vm_finish
	is "--on-reset exit: the next run keeps it and exits 6" "$vm_status" 6
	is "--on-reset exit: status of the VM says exit" "$(vm_state policy on-reset)" exit
	vm_start policy --on-reset restart --on-reset2 exit
	vm_await "$vm_messages" '^dormouse: policy: resetting: SYSTEM_RESET, '
	vm_signal TERM
	is "--on-reset restart: the guest is restarted until SIGTERM ends the run" "$vm_status" 5
	is "--on-reset restart: status of the VM no longer says exit" "$(vm_state policy on-reset)" ""
	is "--on-reset2 exit: status of the VM says exit" "$(vm_state policy on-reset2)" exit
}

features_of_this_host
announced_features_are_served
every_version_is_found
bad_calls_are_refused
last_calls_are_reported
reset_policy_is_kept
