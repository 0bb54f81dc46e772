# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# All registers of a vCPU are after a restore what they were: of a guest that has written to
# all its general, FP and SIMD registers, and of one that has used few, whose others are
# zero. What KVM_ARM_VCPU_INIT has set to zero is not written by a restore. The guest is
# saved, restored and saved again, which reads them all from KVM.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

registers_modes=(userspace kernel mixed)
[[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]] || registers_modes=(kernel)

# A guest that suspends itself at once.
calls_guest "$disks/few.img" "0xc400000e 0x40200000 0x5eed" 0x84000008
cat "$(command -v psci-registers.img)" >"$disks/all.img"
append_words "$disks/all.img" 3

# saved_twice NAME IMAGE: leaves the registers in $disks/before and $disks/after
saved_twice()
{
	rm -f "$disks/first" "$disks/second"
	vm_start "$1" --kernel "$disks/$2.img" --memory 64M --cpus 2 --psci "$mode"
	vm_await_state "$1" suspended || true
	ok "$1: a suspended guest is saved" vm_save "$1" "$disks/first"
	vm_finish
	vm_restore "$1" "$disks/first"
	vm_await_state "$1" suspended || true
	ok "$1: a restored guest is saved again" vm_save "$1" "$disks/second"
	vm_finish
	saved-registers "$disks/first" >"$disks/before" || true
	saved-registers "$disks/second" >"$disks/after" || true
}

# How many general registers and vectors are not zero: registers_in_use FILE
registers_in_use()
{
	grep -cE '^0x60[0-9]0000000(10|15)[0-9a-f]+ 0*[1-9a-f]' "$1" || true
}

for mode in "${registers_modes[@]}"; do
	saved_twice "few-$mode" few
	ok "few-$mode: most of its registers are zero" [ "$(registers_in_use "$disks/before")" -lt 20 ]
	is "few-$mode: all registers are what they were" "$(<"$disks/after")" "$(<"$disks/before")"

	saved_twice "all-$mode" all
	ok "all-$mode: most of its registers are not zero" [ "$(registers_in_use "$disks/before")" -gt 60 ]
	is "all-$mode: all registers are what they were" "$(<"$disks/after")" "$(<"$disks/before")"
	vm_restore "all-$mode" "$disks/second"
	vm_await_state "all-$mode" suspended || true
	dormouse wake "all-$mode" >"$disks/said" 2>&1 || true
	vm_finish
	is "all-$mode: the guest finds them unchanged" \
		"$(whole_lines "$vm_console" | sed -n 's/^wake: //p' | tr -d '\r')" "0000 have changed"
done
