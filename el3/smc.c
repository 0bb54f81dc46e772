/* SPDX-License-Identifier: BSD-3-Clause */
#include "smc.h"

#include <psci/smccc-arch.h>
#include <psci/smccc.h>

#include "cpu.h"
#include "lower.h"
#include "power.h"
#include "workaround.h"

static struct psci_smccc_feature features[WORKAROUND_COUNT];

/*
 * All registers that SMCCC 1.2 preserves are, and SVE's hint of 1.3 is ignored.
 */
static const struct psci_smccc smccc = {
	.version = SMCCC_VERSION_1_3,
	.features = features,
	.feature_count = WORKAROUND_COUNT,
};

void smc_begin(void)
{
	workaround_describe(features);
}

/* What is not PSCI's: whether it was one of ours. */
static bool arch_call(struct psci_regs *regs)
{
	return psci_smccc_call(&smccc, regs) ||
	       workaround_call((uint32_t)regs->x[0] & ~(uint32_t)SMCCC_SVE_HINT_MASK);
}

static bool is_arch(uint64_t fid)
{
	return (fid & SMCCC_OWNER_MASK) == SMCCC_OWNER_ARCH << SMCCC_OWNER_SHIFT;
}

/*
 * Calls with an entry point, by the number of the function: CPU_ON and the
 * suspends.
 */
#define WITH_ENTRY                                                            \
	(PSCI_FN_BIT(PSCI_FN32_CPU_SUSPEND) | PSCI_FN_BIT(PSCI_FN32_CPU_ON) | \
	 PSCI_FN_BIT(PSCI_FN32_CPU_DEFAULT_SUSPEND) | PSCI_FN_BIT(PSCI_FN32_SYSTEM_SUSPEND))

/* Those with which there is more to do than to ask the library. */
#define WITH_MORE (WITH_ENTRY | PSCI_FN_BIT(PSCI_FN32_MEM_PROTECT))

static bool is_in(uint32_t functions, uint64_t fid)
{
	return functions >> fid % PSCI_FN_COUNT & 1;
}

/* What few calls need is out of the way of those that are answered at once. */
static __attribute__((noinline)) void act(enum psci_next next)
{
	power_act(this_cpu(), next);
}

static __attribute__((noinline)) void call_with_more(struct psci_regs *regs)
{
	const uint64_t fid = regs->x[0];
	enum psci_next next;

	if (is_in(WITH_ENTRY, fid))
		regs->big_endian = lower_is_big_endian();
	next = psci_call(&this_cpu()->psci, regs);
	if (is_in(PSCI_FN_BIT(PSCI_FN32_MEM_PROTECT), fid))
		power_mark_protection();
	if (next != PSCI_NEXT_RUN)
		act(next);
}

static __attribute__((noinline)) void call_arch(struct psci_regs *regs)
{
	if (!arch_call(regs))
		call_with_more(regs);
}

void smc_call(struct psci_regs *regs)
{
	const uint64_t fid = regs->x[0];
	enum psci_next next;

	regs->aarch32 = false;
	regs->big_endian = false;
	if (is_arch(fid)) {
		call_arch(regs);
		return;
	}
	if (is_in(WITH_MORE, fid)) {
		call_with_more(regs);
		return;
	}
	next = psci_call(&this_cpu()->psci, regs);
	if (next != PSCI_NEXT_RUN)
		act(next);
}
