# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# examples/guest.c, a guest that uses psci/client.h, under dormouse

example=$(command -v example-guest.img)

# What it said, without how often each CPU was there: example_said TEXT
example_said()
{
	guest_said "^guest: $1.?$"
}

# run_example NAME CPUS OPTION...: to its end
run_example()
{
	vm_start "$1" --flat "$example" --cpus "$2" --memory 64M "${@:3}"
	vm_finish
}

run_example example 3 --idle-states
is "the example guest hibernates" "$vm_status" 3
ok "it found PSCI 1.3" example_said "PSCI minor version 3"
ok "it started all CPUs, and they turned themselves off" \
	example_said "other CPUs that came and went: 2"
ok "its timer woke it from standby" example_said "standby: 0"
is "and had fired each time" "$(count_lines "$vm_console" 'timer fired: 1.?$')" 2
ok "it came back from power-down where it wanted to" \
	guest_said "^guest: back from power-down at its entry point"
is "it did not go on after it had hibernated" "$(count_lines "$vm_console" "still on")" 0

run_example example-kernel 2 --psci kernel
ok "on KVM's PSCI it hibernates where that has SYSTEM_OFF2, else it powers off" \
	[ "$vm_status" = "$(guest_said "SYSTEM_OFF2 types: 1" && echo 3 || echo 0)" ]
ok "on KVM's PSCI its timer woke it, too" example_said "standby: 0"

# The same guest on the VMM that examples/embed.c is with KVM, whose guest's console
# and own words are one output.
vm_console=$logs/example-vmm

run_example_vmm()
{
	timeout "$vm_deadline" example-kvm "$example" >"$vm_console" 2>&1
}

ok "embed.c with KVM runs it to its end" run_example_vmm
ok "there it found PSCI 1.3, too" example_said "PSCI minor version 3"
ok "there it started vCPU 1" example_said "other CPUs that came and went: 1"
is "there its timer woke it from standby" \
	"$(count_lines "$vm_console" '^guest: (standby: 0|timer fired: 1).?$')" 2
ok "there it hibernated" guest_said "^machine: hibernated$"
