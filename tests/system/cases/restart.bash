# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# A vCPU that was off and is started again finds its registers as at its first
# start, whatever it left in them. With KVM's own PSCI, KVM resets them; libpsci's host
# writes them (vmm/kvm/reset-state.c). A vCPU that wakes from power-down, or from
# SYSTEM_SUSPEND, finds all but a few as it left them.

. "$here/lib/calls.bash"

# The nth line in which a vCPU printed its registers: registers_said VCPU N
registers_said()
{
	whole_lines "$vm_console" | sed -n "s/^$1 registers //p" | sed -n "$2p" | tr -d '\r'
}

# How many of them were equal the first and the second time.
registers_kept()
{
	local first second i count=0

	read -ra first < <(registers_said 1 1)
	read -ra second < <(registers_said 1 2)
	for ((i = 0; i < ${#first[@]}; i++)); do
		[[ ${first[i]} != "${second[i]}" ]] || count=$((count + 1))
	done
	echo "$count of ${#first[@]}"
}

restarted_vcpu_has_its_first_registers()
{
	for mode in userspace mixed kernel; do
		# vCPU 1 twice; then vCPU 1 does so with vCPU 0, which has gone off.
		calls_run "restart-$mode" "--cpus 2 --psci $mode" \
			"9 1" "9 1" "1 1 4" 0x84000002 "9 0" "9 0" 0x84000008
		is "restart, $mode: the guest runs to its end" "$vm_status" 0
		# Registers that cannot change: AMAIR_EL1 on most CPUs, the level, three that
		# identify.
		ok "restart, $mode: all but a few registers are changed" \
			grep -qxE '[45] of 21' <(registers_kept)
		is "restart, $mode: vCPU 1 finds its registers as at its first start" \
			"$(registers_said 1 3)" "$(registers_said 1 1)"
		is "restart, $mode: vCPU 0 finds its registers as at its first start" \
			"$(registers_said 0 3)" "$(registers_said 1 1)"
	done
}

# --- general, FP and SIMD registers ---

# CPU 1 writes them all between two starts, and CPU 0 before it sleeps as HOW says:
# registers_of NAME "OPTION..." HOW
registers_of()
{
	local options

	read -ra options <<<"$2"
	cat "$(command -v psci-registers.img)" >"$disks/$1.img"
	append_words "$disks/$1.img" "$3"
	vm_start "$1" --kernel "$disks/$1.img" --memory 64M --cpus 2 "${options[@]}"
	vm_finish
	is "registers, $1: the guest runs to its end" "$vm_status" 0
	is "registers, $1: x1 to x30, SP_EL0, FP and SIMD are zero at a first start" \
		"$(registers_counted 'start 01')" "0000 are not zero"
	is "registers, $1: x1 to x30, SP_EL0, FP and SIMD are zero at a second start" \
		"$(registers_counted 'start 02')" "0000 are not zero"
	is "registers, $1: a vCPU that wakes finds them unchanged" "$(registers_counted wake)" \
		"0000 have changed"
}

registers_counted()
{
	whole_lines "$vm_console" | sed -n "s/^$1: //p" | tr -d '\r'
}

general_registers_at_start_and_wake()
{
	for mode in userspace mixed kernel; do
		registers_of "suspend-$mode" "--psci $mode" 1
	done
	registers_of power-down --idle-states 2
}

restarted_vcpu_has_its_first_registers
general_registers_at_start_and_wake
