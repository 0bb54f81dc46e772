/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPUs of the machine. */
#ifndef EL3_CPU_H
#define EL3_CPU_H

#include <psci/psci.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "layout.h"
#include "registers.h"

struct cpu {
	struct psci_vcpu psci;
	uint64_t affinity;
	unsigned int index;
	atomic_bool arrived; /**< It has come into C. */
};

extern struct cpu cpus[CPU_MAX];
extern unsigned int cpu_count;

/** For start.S, where a CPU finds its stack; unused ones match no CPU. */
extern uint64_t cpu_affinities[CPU_MAX];

static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)(uintptr_t)sysreg_read(tpidr_el3);
}

/** One address behind the stack of a CPU, where it enters lower levels from. */
static inline uintptr_t cpu_stack_top(unsigned int index)
{
	extern const char stacks[];

	return (uintptr_t)stacks + (uintptr_t)(index + 1) * STACK_STRIDE;
}

#endif
