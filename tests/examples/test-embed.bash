# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # run sets them.
#
# examples/embed.c: two power cycles of a machine of two vCPUs; examples/embed-record.c:
# a machine that is saved and restored

ok "examples/embed.c runs and exits 0" runs "$build/native/examples/embed"
# How often vCPU 0 finds vCPU 1 still on is chance.
is "examples/embed.c: vCPU 0 boots twice" "$(said "vCPU 0" | grep -v '^AFFINITY_INFO: 0$')" \
	"starts at 0x40000000
PSCI_VERSION: 65539
CPU_ON: -9
CPU_ON: 0
CPU_SUSPEND: 0
AFFINITY_INFO: 1
SYSTEM_RESET
starts at 0x40000024
SYSTEM_OFF2"
is "examples/embed.c: vCPU 1 is started and turns itself off" "$(said "vCPU 1")" "starts at 0x4000001c
CPU_OFF"
is "examples/embed.c: the machine ends hibernated" "$(said machine)" hibernated

# of_three EXAMPLE: compile it with three vCPUs, which is no power of two, and run it
of_three()
{
	sed 's/VCPU_COUNT = 2/VCPU_COUNT = 3/' "examples/$1.c" >"$work/$1-3.c"
	grep -q 'VCPU_COUNT = 3' "$work/$1-3.c" &&
		"${CC:-gcc}" -std=c11 -Wall -Wextra -Werror -Wno-unused-parameter -Iinclude -Iexamples \
			-o "$work/$1-3" "$work/$1-3.c" "$build/native/libpsci.a" -pthread &&
		timeout "$patience" "$work/$1-3"
}

ok "examples/embed.c with three vCPUs runs and exits 0" runs_here of_three embed
is "examples/embed.c with three vCPUs: the machine ends hibernated" "$(said machine)" hibernated
ok "examples/embed-record.c with three vCPUs runs and exits 0" runs_here of_three embed-record

ok "examples/embed-record.c runs and exits 0" runs "$build/native/examples/embed-record"
is "examples/embed-record.c: restored vCPUs resume where they were" "$(said destination)" "vCPU 0: SLEEP
vCPU 1: START at 0x40001000 with 0x11
vCPU 0: START at 0x40002000 with 0x22, not reset"
