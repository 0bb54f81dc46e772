/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/smccc-arch.h - the two calls by which a guest learns of the others
 *
 * PSCI_FEATURES tells a guest that it may call SMCCC_VERSION, which is not one
 * of PSCI's calls (DEN0028). A hypervisor above KVM need not answer it: KVM
 * does. A hypervisor that owns the guest's calls itself puts this before
 * psci_call():
 *
 *	if (!psci_smccc_call(&smccc, &regs))
 *		next = psci_call(vcpu, &regs);
 *
 * An id that neither of them knows gets x0 = -1 from psci_call().
 */
#ifndef PSCI_SMCCC_ARCH_H
#define PSCI_SMCCC_ARCH_H

#include <psci/env.h>
#include <psci/psci.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What SMCCC_ARCH_FEATURES answers for one function. */
struct psci_smccc_feature {
	uint32_t fid;
	/** 0 or more: the function is there; else an SMCCC_RET_ code. */
	int32_t answer;
};

/** What the two calls report to a guest about its calling convention. */
struct psci_smccc {
	/**
	 * SMCCC_VERSION_1_0 to 1_7. Defaults to 1.1 when zero, which promises
	 * no more than these two calls. 1.0 has neither call: both give
	 * NOT_SUPPORTED.
	 */
	uint32_t version;
	/**
	 * Functions beyond SMCCC_VERSION and SMCCC_ARCH_FEATURES, for which the
	 * answer is 0. A function that is not listed is NOT_SUPPORTED. What is
	 * listed must be true of the CPU that the guest runs on.
	 */
	const struct psci_smccc_feature *features;
	size_t feature_count;
};

/**
 * psci_smccc_call() - carry out SMCCC_VERSION or SMCCC_ARCH_FEATURES
 * @smccc: only read; from any thread
 * @regs: the caller's registers; x[0] and x[1] suffice. x[0] receives the
 *	result.
 *
 * Return: whether it was one of the two calls. If not, @regs is unchanged.
 */
bool psci_smccc_call(const struct psci_smccc *smccc, struct psci_regs *regs);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_SMCCC_ARCH_H */
