/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/pmu-registers.h"

#include <stddef.h>

#define PMCR_N_SHIFT 11
#define PMCR_N_MASK 31

#define CYCLE_COUNTER ARM64_SYS_REG(3, 3, 9, 13, 0)
/* PMEVCNTR<n>_EL0 and PMEVTYPER<n>_EL0: n is in CRm and op2. */
#define FIRST_COUNTER ARM64_SYS_REG(3, 3, 14, 8, 0)
#define FIRST_TYPE ARM64_SYS_REG(3, 3, 14, 12, 0)
#define EVENT_COUNTERS_MAX 31

static const struct {
	uint64_t set;
	uint64_t clear;
} pairs[] = {
	{ KVM_REGISTER_PMCNTENSET_EL0, ARM64_SYS_REG(3, 3, 9, 12, 2) },
	{ ARM64_SYS_REG(3, 0, 9, 14, 1), ARM64_SYS_REG(3, 0, 9, 14, 2) }, /* PMINTEN, EL1 */
	{ ARM64_SYS_REG(3, 3, 9, 14, 3), ARM64_SYS_REG(3, 3, 9, 12, 3) }, /* PMOVS, EL0 */
};

#define PAIR_COUNT (sizeof(pairs) / sizeof(pairs[0]))

bool kvm_register_clears(uint64_t id)
{
	for (size_t i = 0; i < PAIR_COUNT; i++)
		if (pairs[i].clear == id)
			return true;

	return false;
}

uint64_t kvm_register_that_clears(uint64_t id)
{
	for (size_t i = 0; i < PAIR_COUNT; i++)
		if (pairs[i].set == id)
			return pairs[i].clear;

	return 0;
}

unsigned int kvm_pmu_counters(uint64_t pmcr)
{
	return pmcr >> PMCR_N_SHIFT & PMCR_N_MASK;
}

/* The number of the event counter whose count or type it is; or -1. */
static int event_counter(uint64_t id)
{
	if (id >= FIRST_COUNTER && id < FIRST_COUNTER + EVENT_COUNTERS_MAX)
		return (int)(id - FIRST_COUNTER);
	if (id >= FIRST_TYPE && id < FIRST_TYPE + EVENT_COUNTERS_MAX)
		return (int)(id - FIRST_TYPE);

	return -1;
}

bool kvm_register_is_pmu_count(uint64_t id)
{
	return id == CYCLE_COUNTER || event_counter(id) >= 0;
}

bool kvm_register_is_of_no_counter(uint64_t id, unsigned int counters)
{
	return event_counter(id) >= (int)counters;
}
