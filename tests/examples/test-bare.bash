# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # run sets them.
#
# examples/guest.c on QEMU's own PSCI, and on libpsci in examples/embed-el2.c

# on_board OPTION...: QEMU's virt with two CPUs, to its end
on_board()
{
	runs qemu-system-aarch64 -cpu cortex-a72 -smp 2 -nic none \
		-display none -monitor none -serial stdio "$@"
}

guest=$build/arm64/example-guest.img

ok "examples/guest.c on QEMU's virt: the guest ends" \
	on_board -machine virt,gic-version=3 -m 128M -kernel "$guest"
is "examples/guest.c on QEMU's virt: other CPUs start and stop, and the guest sleeps and wakes" \
	"$(said guest)" \
	"PSCI major version 1
PSCI minor version 1
other CPUs that came and went: 1
standby: 0
timer fired: 1
power-down: 0
back behind the call, timer fired: 1
hibernates, SYSTEM_OFF2 types: 0"

ok "examples/guest.c on embed-el2: the guest ends" \
	on_board -machine virt,virtualization=on,gic-version=3 -m 3G \
	-kernel "$build/arm64/example-el2.elf" \
	-device "loader,file=$guest,addr=0x40200000,force-raw=on"
is "examples/guest.c on embed-el2: the guest returns from power-down and can hibernate" \
	"$(said guest)" \
	"PSCI major version 1
PSCI minor version 3
other CPUs that came and went: 1
standby: 0
timer fired: 1
back from power-down at its entry point, timer fired: 1
hibernates, SYSTEM_OFF2 types: 1"
is "embed-el2 reports that its guest hibernated" "$(said el2)" "the guest asked for OFF2 on vCPU 0"

# The payload wants a device tree in x0: mov x0, #0x40000000, where QEMU puts the
# board's; mov x1, #0x40400000; br x1.
printf '\x00\x00\xa8\xd2\x01\x08\xa8\xd2\x20\x00\x1f\xd6' >"$work/to-payload"

# payload_on_el2 TESTS: two CPUs, no interrupts of the guest's own
payload_on_el2()
{
	on_board -machine virt,virtualization=on,gic-version=3 -m 3G -append "tests=$1" \
		-kernel "$build/arm64/example-el2.elf" \
		-device "loader,file=$work/to-payload,addr=0x40200000,force-raw=on" \
		-device "loader,file=$build/payload/psci-conform.img,addr=0x40400000,force-raw=on"
}

for tests in features smccc affinity-info system-off2; do
	ok "the payload's $tests ends on embed-el2" payload_on_el2 "$tests"
	ok "the payload's $tests on embed-el2 report no failure" \
		[ "$(grep -c '^# summary .* fail=0 ' "$output")" -eq 1 ]
done
