/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three SMCCC_ARCH_WORKAROUND calls. The CPU decides: its ID registers say
 * that it is not affected, or its MIDR is one that we know. Of a CPU that we do
 * not know nothing is claimed: NOT_SUPPORTED.
 */
#include "workaround.h"

#include <psci/smccc.h>

#include <stddef.h>

#include "registers.h"

/*
 * What SMCCC_ARCH_FEATURES answers beyond SMCCC_RET_: the call is there, for
 * other CPUs.
 */
#define NOT_AFFECTED 1

/* Implementer and part number of MIDR_EL1. */
#define MIDR_MODEL(midr) ((midr)&0xff00fff0)
#define CORTEX_A35 0x4100d040
#define CORTEX_A53 0x4100d030
#define CORTEX_A55 0x4100d050
#define CORTEX_A57 0x4100d070
#define CORTEX_A72 0x4100d080

enum model {
	UNKNOWN,
	IN_ORDER, /**< It does not speculate far enough for any of the three. */
	FLUSHES, /**< Turning the MMU off and on forgets what the predictors have learnt. */
};

static enum model model(void)
{
	switch (MIDR_MODEL(sysreg_read(midr_el1))) {
	case CORTEX_A35:
	case CORTEX_A53:
	case CORTEX_A55:
		return IN_ORDER;
	case CORTEX_A57:
	case CORTEX_A72:
		return FLUSHES;
	default:
		return UNKNOWN;
	}
}

static unsigned int csv2(void)
{
	return sysreg_read(id_aa64pfr0_el1) >> 56 & 0xf;
}

static bool has_ssbs(void)
{
	return sysreg_read(id_aa64pfr1_el1) >> 4 & 0xf;
}

/*
 * CVE-2018-3639, for good: these CPUs do not let a load pass a store any more.
 */
void workaround_begin_cpu(void)
{
	if (model() == FLUSHES) {
		sysreg_write(CPUACTLR_EL1, sysreg_read(CPUACTLR_EL1) | CPUACTLR_NO_LOAD_PASS_STORE);
		isb();
	}
}

/*
 * Branch targets (1), and the history of branches (3), of which CSV2 tells from
 * 1 and 3 on.
 */
static int32_t about_branches(unsigned int csv2_needed)
{
	if (csv2() >= csv2_needed || model() == IN_ORDER)
		return NOT_AFFECTED;

	return model() == FLUSHES ? SMCCC_RET_SUCCESS : SMCCC_RET_NOT_SUPPORTED;
}

void workaround_describe(struct psci_smccc_feature features[WORKAROUND_COUNT])
{
	features[0] =
		(struct psci_smccc_feature){ SMCCC_FN32_ARCH_WORKAROUND_1, about_branches(1) };
	features[1] = (struct psci_smccc_feature){ SMCCC_FN32_ARCH_WORKAROUND_2,
						   has_ssbs() || model() != UNKNOWN
							   ? SMCCC_RET_NOT_REQUIRED
							   : SMCCC_RET_NOT_SUPPORTED };
	features[2] =
		(struct psci_smccc_feature){ SMCCC_FN32_ARCH_WORKAROUND_3, about_branches(3) };
}

static void flush_predictors(void)
{
	const uint64_t sctlr = sysreg_read(sctlr_el3);

	sysreg_write(sctlr_el3, sctlr & ~(uint64_t)SCTLR_M);
	isb();
	sysreg_write(sctlr_el3, sctlr);
	isb();
}

bool workaround_call(uint32_t fid)
{
	if (fid != SMCCC_FN32_ARCH_WORKAROUND_1 && fid != SMCCC_FN32_ARCH_WORKAROUND_3)
		return false;
	if (about_branches(fid == SMCCC_FN32_ARCH_WORKAROUND_1 ? 1 : 3) < 0)
		return false;
	if (model() == FLUSHES)
		flush_predictors();

	return true;
}
