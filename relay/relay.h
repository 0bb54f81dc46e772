/* SPDX-License-Identifier: BSD-3-Clause */
/* The monitor's parts, as they know each other. */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <psci/relay.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../arch/arm64/frame.h"
#include "../arch/arm64/sysreg.h"
#include "../arch/arm64/tree.h"
#include "hvc.h"
#include "layout.h"

#define MEMORY_REGIONS_MAX 16
#define INSTRUCTION_SIZE 4

/** One CPU of the machine. TPIDR_EL2 points to its own. */
struct cpu {
	struct psci_relay_cpu relay;
	unsigned int number;
	uint64_t number_shifted; /**< By 32 bits, for the trace. */
	uint64_t counters[RELAY_COUNTER_COUNT]; /**< Written by this CPU alone. */
	uint64_t affinity;
};

/** SMC #0 of the OS: what it had in registers, and gets in them. */
struct smc {
	struct psci_regs regs; /**< x0 to x3 */
	uint64_t x4[14];
	uint64_t x18;
	uint64_t x30;
	uint64_t elr; /**< Behind the SMC. */
	uint64_t spsr;
	uint64_t unused;
};

_Static_assert(offsetof(struct smc, x4) == SMC_X4, "vectors.S has this offset");
_Static_assert(offsetof(struct smc, x18) == SMC_X18, "vectors.S has this offset");
_Static_assert(offsetof(struct smc, elr) == SMC_ELR, "vectors.S has this offset");
_Static_assert(sizeof(struct smc) == SMC_SIZE, "vectors.S has this size");

struct monitor {
	struct psci_relay relay;
	struct psci_client firmware;
	unsigned int cpu_count;
	unsigned int memory_count;
	struct region memory[MEMORY_REGIONS_MAX]; /**< RAM, as the device tree describes it. */
	bool more_memory; /**< The device tree describes more regions than that. */
};

extern struct monitor monitor;
extern struct cpu cpus[CPU_MAX];

/** start.S, vectors.S */
extern const char monitor_entry[];
extern const char vectors[];
extern char stacks[CPU_MAX << STACK_SHIFT];
_Noreturn void os_start(uint64_t pc, uint64_t x0, uint64_t stack);
void smc_pass(struct smc *smc);

/**
 * A call with x0 to x3. Returns x0; the firmware may change x1 to x17 (DEN0028, 1.0), and memory.
 */
static inline uint64_t smc_forward(const uint64_t x[4])
{
	register uint64_t x0 __asm__("x0") = x[0];
	register uint64_t x1 __asm__("x1") = x[1];
	register uint64_t x2 __asm__("x2") = x[2];
	register uint64_t x3 __asm__("x3") = x[3];

	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "cc", "memory");

	return x0;
}

/** The CPU that runs this. */
static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)(uintptr_t)sysreg_read(tpidr_el2);
}

/** Let the OS run on this CPU, from @pc. Does not return. */
_Noreturn void os_enter(struct cpu *cpu, uint64_t pc, uint64_t x0, bool big_endian);

/** Make EL2 as the OS and the monitor need it, on a CPU whose registers have any values. */
void el2_setup(struct cpu *cpu);

/** Once: make the map of all that the OS reaches. Returns what is wrong, or NULL. */
const char *stage2_make(void);

/** On each CPU: use it. */
void stage2_use(void);

/** Whether an address is the monitor's. */
bool is_own(uint64_t address);

/** Move the tree to where the OS gets it, with our memory reserved. NULL: *@why says why not. */
const void *tree_for_os(void *fdt, const char **why);

/** Answer what the OS called. */
void os_smc(struct smc *smc);
void os_smc_not_0(struct frame *frame);
void os_hvc(struct frame *frame);

/** Let the OS take an exception of its own: an external abort, or an undefined instruction. */
void inject_abort(struct frame *frame);
void inject_undefined(struct frame *frame);

static inline void count(struct cpu *cpu, enum relay_counter counter)
{
	*(volatile uint64_t *)&cpu->counters[counter] = cpu->counters[counter] + 1;
}

#endif
