/* SPDX-License-Identifier: BSD-3-Clause */
/* The host of libpsci: what its answers mean for real CPUs. */
#ifndef EL3_POWER_H
#define EL3_POWER_H

#include <psci/power.h>
#include <psci/psci.h>

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

/**
 * A power state, and what an OS considers before it enters it, in microseconds.
 */
struct power_state {
	const char *name;
	uint32_t entry_latency;
	uint32_t exit_latency;
	uint32_t min_residency;
};

/** As CPU_SUSPEND accepts them: those of a CPU, then those of its cluster. */
#define POWER_STATE_COUNT 4
#define POWER_CPU_STATE_COUNT 2

extern const struct psci_idle_state power_states[POWER_STATE_COUNT];
extern const struct power_state power_state_texts[POWER_STATE_COUNT];

/** CPUs with the same affinity above level 0 are a cluster. */
#define POWER_CLUSTERS_MAX 64
unsigned int power_cluster(const struct cpu *cpu);

/**
 * Once, when the CPUs are known: give the library its machine. NULL, or what is
 * wrong.
 */
const char *power_begin(void);

/** CPU 0 is to start the next stage, with @x0. */
void power_boot(uint64_t pc, uint64_t x0);

/** The life of a CPU that is in no lower level: do what the library says. */
_Noreturn void power_live(struct cpu *cpu);

/**
 * A call has been answered with @next, or a kick: return if the CPU continues
 * to run.
 */
void power_act(struct cpu *cpu, enum psci_next next);

/**
 * MEM_PROTECT has been called: mark what it made of memory for the next boot.
 */
void power_mark_protection(void);

/** From vectors.S: the kick has interrupted a lower level. */
void power_kicked(void);

#endif
