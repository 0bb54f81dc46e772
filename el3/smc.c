/* SPDX-License-Identifier: BSD-3-Clause */
#include "smc.h"

#include <psci/smccc-arch.h>
#include <psci/smccc.h>

#include "cpu.h"
#include "lower.h"
#include "power.h"
#include "workaround.h"

static struct psci_smccc_feature features[WORKAROUND_COUNT];

/* All registers that SMCCC 1.2 preserves are, and SVE's hint of 1.3 is ignored. */
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
	return (fid & SMCCC_OWNER_MASK) == (uint64_t)SMCCC_OWNER_ARCH << SMCCC_OWNER_SHIFT;
}

static bool is_mem_protect(uint64_t fid)
{
	return ((uint32_t)fid & ~(uint32_t)SMCCC_SVE_HINT_MASK) == PSCI_FN32_MEM_PROTECT;
}

void smc_call(struct smc_frame *frame)
{
	struct cpu *cpu = this_cpu();
	const uint64_t fid = frame->regs.x[0];
	enum psci_next next;

	if (is_arch(fid) && arch_call(&frame->regs))
		return;
	frame->regs.aarch32 = false;
	frame->regs.big_endian = lower_is_big_endian();
	next = psci_call(&cpu->psci, &frame->regs);
	if (is_mem_protect(fid))
		power_mark_protection();
	if (next != PSCI_NEXT_RUN)
		power_act(cpu, next);
}
