# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # run-in-host sets them.
#
# The same guest under --psci userspace, mixed and kernel, as far as this host
# has them: what it is told, what its mistakes give, and that the calls that
# end its life are reported, recorded and followed up the same.

. "$here/lib/calls.bash"

vm_console=/dev/null vm_messages=/dev/null

# The host's newest own PSCI, and whether it forwards calls, as dormouse says.
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

kvm_psci=$(feature kvm-psci)
ok "features: it names the host" [ "$(feature host)" = "Linux $(uname -r)" ]
ok "features: KVM's own PSCI is a version" [ "$(version_of "$kvm_psci")" ]
ok "features: --psci kernel has it" grep -qwF "$kvm_psci" <<<"$(feature psci-kernel)"
if [[ $(feature smccc-filter) == yes ]]; then
	modes=(userspace mixed kernel)
	is "features: --psci userspace has every version" "$(feature psci-userspace)" \
		"0.2 1.0 1.1 1.2 1.3"
	is "features: --psci mixed has every version" "$(feature psci-mixed)" \
		"0.2 1.0 1.1 1.2 1.3"
	is "features: userspace is the default" "$(feature psci-default)" userspace
	is "features: guests can hibernate" "$(feature hibernation)" yes
else
	modes=(kernel)
	is "features: --psci userspace has none" "$(feature psci-userspace)" no
	is "features: --psci mixed has none" "$(feature psci-mixed)" no
	is "features: kernel is the default" "$(feature psci-default)" kernel
fi

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

ok "features: a stray word is a usage error" [ "$(dormouse features now 2>/dev/null; echo $?)" = 2 ]
unusable=$(unshare -m sh -c 'mount -t tmpfs tmpfs /dev && exec dormouse features' 2>&1) &&
	unusable="exit status 0: $unusable"
ok "features: without KVM there is a sentence and nothing else" \
	[ "${unusable%%: this*}" = "dormouse: there is no /dev/kvm" ]

# --- what is announced, and what is so ---

scan=("6 0x84000000 0x20" "6 0xc4000000 0x20" "6 0x84010000 0x20" "6 0xc4010000 0x20"
	"6 0x80000000 2" "6 0x80010000 2")

# The features that a guest of a mode and version was told, one a line.
announced()
{
	calls_run "scan-$1-$2" "--psci $1 --psci-version $2" "${scan[@]}" 0x84000008
	whole_lines "$vm_console" | sed -n 's/^0 feature //p'
}

if ((${#modes[@]} > 1)); then
	for version in 1.0 1.1; do
		ours=$(announced mixed "$version")
		kvms=$(announced kernel "$version")
		ok "mixed, $version: something is announced" [ "$kvms" ]
		# What is forwarded works with SVE's hint, too, which KVM does not know.
		is "mixed, $version: what KVM does is announced, and no more" \
			"$(grep -vE '^8401' <<<"$ours")" "$kvms"
	done
	is "mixed, 1.3: SYSTEM_OFF2 comes to it" \
		"$(announced mixed 1.3 | grep -vE '^(84|c4)01')" \
		"$(awk '{ print } /^(84|c4)000012 /{ print substr($1, 1, 2) "000015 = 00000001" }' \
			<<<"$kvms")"
	for mode in mixed kernel; do
		calls_run "hint-$mode" "--psci $mode" "0xc4010004 0 0" 0x84000008
		is "$mode: with SVE's hint AFFINITY_INFO is not there, as announced" \
			"$(call_answer 0xc4010004)" -1
	done
fi

# --- every version ---

for mode in "${modes[@]}"; do
	for version in $(feature "psci-$mode"); do
		calls_run "version-$mode-$version" "--psci $mode --psci-version $version" \
			0x84000000 0x84000008
		is "$mode: told $version, the guest finds it" "$(call_answer 0x84000000)" \
			"$(($(version_of "$version")))"
		is "$mode, $version: status says so" \
			"$(vm_state "version-$mode-$version" psci | cut -d, -f1)" "$version"
	done
done

# A version that KVM has not, and a host that cannot forward: the advice fits
# whatever the machine starts with.
needs_other_server()
{
	calls_run other "$1" 0x84000008
	[[ $vm_status -eq 1 ]] && dormouse_said "$2 .*also give the --kernel, --flat or --firmware"
}
if ! has kernel 1.3; then
	ok "kernel: a version that KVM has not is refused, with what would do" needs_other_server \
		"--psci kernel --psci-version 1.3" "has PSCI up to $kvm_psci, and other needs 1\.3:"
fi
if ((${#modes[@]} == 1)); then
	ok "userspace: a host that cannot forward calls says so, and what would do" \
		needs_other_server "--psci userspace" 'cannot forward PSCI calls'
fi

# --- mistakes ---

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
	is "$mode: SYSTEM_OFF2 of seven bad types and cookies gives $wanted" "${answers[*]}" \
		"$wanted $wanted $wanted $wanted $wanted $wanted $wanted"
	is "$mode: SYSTEM_RESET2 (32) of a reserved type gives INVALID_PARAMETERS" \
		"$(call_answer 0x84000012)" -2
	is "$mode: SYSTEM_RESET2 (64) of a reserved type gives INVALID_PARAMETERS" \
		"$(call_answer 0xc4000012)" -2
	is "$mode: what PSCI has not defined gives NOT_SUPPORTED" "$(call_answer 0x84000016)" -1
	is "$mode: none of it ended the guest but its SYSTEM_OFF" \
		"$(vm_state "mistakes-$mode" cause)" "SYSTEM_OFF, from vCPU 0"
done

# --- the calls that end a life ---

# ends SENTENCE "OPTION..." EXIT-STATUS STATE CAUSE STEP...: the guest makes the
# last call from vCPU 1, while vCPU 0 is on, and that is told everywhere.
ends()
{
	local sentence=$1 options=$2 status=$3 state=$4 cause=$5 name

	name=end$((vm_runs + 1))
	calls_run "$name" "--cpus 2 $options" "1 1 3" 7 0 7 "${@:6}" 0
	is "$sentence: exit status" "$vm_status" "$status"
	ok "$sentence: dormouse says so" dormouse_said \
		"^dormouse: $name: $state: $cause, from vCPU 1, at 20[0-9-]+T[0-9:]+Z$"
	is "$sentence: status says $state" "$(vm_state "$name" state)" "$state"
	is "$sentence: status says why" "$(vm_state "$name" cause)" "$cause, from vCPU 1"
}

for mode in "${modes[@]}"; do
	ends "$mode: SYSTEM_OFF" "--psci $mode" 0 off SYSTEM_OFF 0x84000008
	ends "$mode: SYSTEM_RESET that ends it" "--psci $mode --on-reset exit" 6 off SYSTEM_RESET \
		0x84000009
	ends "$mode: SYSTEM_RESET2 (64) that ends it" "--psci $mode --on-reset2 exit" 6 off \
		"SYSTEM_RESET2, type 0, cookie 0xfedcba9876543210" \
		"0xc4000012 0 0xfedcba9876543210"
	# The upper halves are no part of an SMC32 call.
	ends "$mode: SYSTEM_RESET2 (32) that ends it" "--psci $mode --on-reset2 exit" 6 off \
		"SYSTEM_RESET2, type 0, cookie 0x76543210" \
		"0x84000012 0x100000000 0xfedcba9876543210"
	ends "$mode: a vendor's SYSTEM_RESET2 that ends it" "--psci $mode --on-reset2 exit" 6 off \
		"SYSTEM_RESET2, type 0x80000001, cookie 0x123" "0xc4000012 0x80000001 0x123"
	if [[ $mode == userspace ]]; then
		calls_run vendor "--psci $mode" "0xc4000012 0x80000001 0x123" 0x84000008
		is "$mode: without --on-reset2 there is no vendor's reset" \
			"$(call_answer 0xc4000012)" -2
	fi
	has "$mode" 1.3 || continue
	calls_run "alone-$mode" "--cpus 2 --psci $mode" 0xc4000015
	is "$mode: SYSTEM_OFF2 while vCPU 1 is off ends it" "$vm_status" 3
	type0=", type 0" type1=", type 0x1"
	if [[ $mode == kernel ]]; then
		# KVM keeps it to itself.
		type0='' type1=''
	fi
	ends "$mode: SYSTEM_OFF2 (64), type 0" "--psci $mode" 3 hibernated "SYSTEM_OFF2$type0" \
		0xc4000015
	ends "$mode: SYSTEM_OFF2 (32), type 1" "--psci $mode" 3 hibernated "SYSTEM_OFF2$type1" \
		"0x84000015 1"
done

# --- --on-reset is kept, and can be changed ---

calls_run policy "--on-reset exit" 0x84000009
is "--on-reset exit: exit status" "$vm_status" 6
vm_start policy
vm_finish
is "--on-reset exit is still so in the next run" "$vm_status" 6
is "status says so" "$(vm_state policy on-reset)" exit
vm_start policy --on-reset restart --on-reset2 exit
vm_await "$vm_messages" '^dormouse: policy: resetting: SYSTEM_RESET, '
vm_signal TERM
is "--on-reset restart: it is restarted, until it is stopped" "$vm_status" 5
is "and status no longer says exit" "$(vm_state policy on-reset)" ""
is "but what was said of SYSTEM_RESET2" "$(vm_state policy on-reset2)" exit
