/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What calls cost, in instructions: on a machine whose clock counts these, QEMU's -icount
 * shift=0, where one takes a nanosecond.
 */
#include <psci/abi.h>

#include <stdint.h>

#include "../../arch/arm64/console.h"
#include "../../arch/arm64/io.h"
#include "../../arch/arm64/sysreg.h"
#include "probe.h"

/* From probe-start.S. */
uint64_t probe_calls(uint64_t times, uint32_t fid, uint64_t x1, uint64_t x2);
extern const char probe_secondary[];

#define TIMES 256
#define INSTRUCTIONS_PER_SECOND 1000000000
/* Of a round, the loop's own: all but the SMC. */
#define LOOP 6
#define ROUNDS 16

static uint64_t instructions(uint64_t ticks)
{
	return ticks * (INSTRUCTIONS_PER_SECOND / sysreg_read(cntfrq_el0));
}

static uint64_t least_cost(uint32_t fid, uint64_t x1, uint64_t x2)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const uint64_t ticks = probe_calls(TIMES, fid, x1, x2);

		if (ticks < least)
			least = ticks;
	}

	return instructions(least) / TIMES - LOOP;
}

/* From the call to the other CPU's first instruction. */
static uint64_t start_cost(void)
{
	static volatile uint64_t there;
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t here;

		there = 0;
		dsb();
		here = sysreg_read(cntvct_el0);
		if (call(PSCI_FN64_CPU_ON, 1, (uintptr_t)probe_secondary, (uintptr_t)&there))
			return 0;
		while (call(PSCI_FN64_AFFINITY_INFO, 1, 0, 0) != PSCI_AFFINITY_INFO_OFF)
			cpu_relax();
		if (there - here < least)
			least = there - here;
	}

	return instructions(least);
}

static void print_cost(const char *name, uint64_t cost)
{
	print("cost %s %lu\n", name, (unsigned long)cost);
}

void print_costs(void)
{
	const uintptr_t entry = (uintptr_t)probe_secondary;

	print_cost("PSCI_VERSION", least_cost(PSCI_FN32_PSCI_VERSION, 0, 0));
	print_cost("PSCI_FEATURES", least_cost(PSCI_FN32_PSCI_FEATURES, PSCI_FN32_CPU_ON, 0));
	print_cost("AFFINITY_INFO", least_cost(PSCI_FN64_AFFINITY_INFO, 0, 0));
	/* A caller that turns itself on gets ALREADY_ON. */
	if (call(PSCI_FN64_CPU_ON, 0, entry, 0) == PSCI_RET_ALREADY_ON)
		print_cost("CPU_ON_REFUSED", least_cost(PSCI_FN64_CPU_ON, 0, entry));
	print_cost("CPU_ON", start_cost());
}
