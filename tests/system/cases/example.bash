# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# examples/guest.c, a guest that uses psci/client.h, under dormouse

example=$(command -v example-guest.img)

# Its output, without how often each CPU was there: example_said TEXT
example_said()
{
	guest_said "^guest: $1.?$"
}

# Runs it to its end: run_example NAME CPUS OPTION...
run_example()
{
	vm_start "$1" --flat "$example" --cpus "$2" --memory 64M "${@:3}"
	vm_finish
}

example_under_libpsci()
{
	run_example example 3 --idle-states
	is "the example guest hibernates" "$vm_status" 3
	ok "the example guest finds PSCI 1.3" example_said "PSCI minor version 3"
	ok "the example guest starts all CPUs, and they turn themselves off" \
		example_said "other CPUs that came and went: 2"
	ok "the example guest is woken from standby by its timer" example_said "standby: 0"
	is "the example guest's timer fires once for each sleep" \
		"$(count_lines "$vm_console" 'timer fired: 1.?$')" 2
	ok "the example guest returns from power-down at its entry point" \
		guest_said "^guest: back from power-down at its entry point"
	is "the example guest does not continue after it has hibernated" \
		"$(count_lines "$vm_console" "still on")" 0
}

example_under_kvm()
{
	run_example example-kernel 2 --psci kernel
	ok "the example guest on KVM's PSCI hibernates if KVM has SYSTEM_OFF2, else powers off" \
		[ "$vm_status" = "$(guest_said "SYSTEM_OFF2 types: 1" && echo 3 || echo 0)" ]
	ok "the example guest on KVM's PSCI is woken from standby by its timer" example_said "standby: 0"
}

run_example_vmm()
{
	timeout "$vm_deadline" example-kvm "$example" >"$vm_console" 2>&1
}

example_on_embed_c()
{
	# This guest on the VMM that examples/embed.c is with KVM, where the guest's console
	# and the VMM's messages are one output.
	vm_console=$logs/example-vmm

	ok "examples/embed.c with KVM runs the example guest to its end" run_example_vmm
	ok "the example guest on examples/embed.c finds PSCI 1.3" example_said "PSCI minor version 3"
	ok "the example guest on examples/embed.c starts vCPU 1" example_said "other CPUs that came and went: 1"
	is "the example guest on examples/embed.c is woken from standby by its timer" \
		"$(count_lines "$vm_console" '^guest: (standby: 0|timer fired: 1).?$')" 2
	ok "the example guest on examples/embed.c hibernates" guest_said "^machine: hibernated$"
}

example_under_libpsci
example_under_kvm
example_on_embed_c
