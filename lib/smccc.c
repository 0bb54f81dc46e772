/* SPDX-License-Identifier: BSD-3-Clause */
/* SMCCC_VERSION and SMCCC_ARCH_FEATURES, for hosts that serve these calls themselves. */
#include <psci/env.h>
#include <psci/smccc-arch.h>
#include <psci/smccc.h>

/* SMCCC 1.0 has neither call, nor anything that they could announce. */
static int32_t announced(const struct psci_smccc *smccc, uint32_t fid)
{
	if (fid == SMCCC_FN32_VERSION || fid == SMCCC_FN32_ARCH_FEATURES)
		return SMCCC_RET_SUCCESS;
	for (size_t i = 0; i < smccc->feature_count; i++) {
		if (smccc->features[i].fid == fid)
			return smccc->features[i].answer;
	}

	return SMCCC_RET_NOT_SUPPORTED;
}

bool psci_smccc_call(const struct psci_smccc *smccc, struct psci_regs *regs)
{
	const uint32_t version = smccc->version ? smccc->version : SMCCC_VERSION_1_1;
	const uint32_t hint = SMCCC_SVE_HINT_MASK;
	const uint32_t fid = (uint32_t)regs->x[0] & ~hint;
	int32_t answer = SMCCC_RET_NOT_SUPPORTED;

	if (fid != SMCCC_FN32_VERSION && fid != SMCCC_FN32_ARCH_FEATURES)
		return false;
	if (version >= SMCCC_VERSION_1_1)
		answer = fid == SMCCC_FN32_VERSION ? (int32_t)version
						   : announced(smccc, (uint32_t)regs->x[1] & ~hint);
	regs->x[0] = regs->aarch32 ? (uint32_t)answer : (uint64_t)answer;

	return true;
}
