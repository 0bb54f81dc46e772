/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/arch.h - the two calls by which a guest learns of the others
 *
 * PSCI_FEATURES tells a guest that it may ask SMCCC_VERSION, which is none of
 * PSCI's calls (DEN0028). A hypervisor that has KVM below it need not bother:
 * KVM answers. One that owns the calls itself puts this before psci_call():
 *
 *	if (!psci_arch_call(&arch, &regs))
 *		next = psci_call(vcpu, &regs);
 *
 * and gives x0 = -1 for ids that are neither's, which psci_call() does too.
 */
#ifndef PSCI_ARCH_H
#define PSCI_ARCH_H

#include <psci/psci.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What SMCCC_ARCH_FEATURES says of one function. */
struct psci_arch_feature {
	uint32_t fid;
	int32_t answer; /**< 0 or more: there; or an SMCCC_RET_. Must be true of the real CPU. */
};

/** The calling convention that a guest is told it has. */
struct psci_arch {
	/**
	 * SMCCC_VERSION_1_0 to 1_7. 0: 1.1, which promises no more than these
	 * two calls. 1.0 has neither: both give NOT_SUPPORTED.
	 */
	uint32_t version;
	/**
	 * Functions beyond SMCCC_VERSION and SMCCC_ARCH_FEATURES, of which the
	 * answer is 0; what is not listed is NOT_SUPPORTED.
	 */
	const struct psci_arch_feature *features;
	size_t feature_count;
};

/**
 * psci_arch_call() - carry out SMCCC_VERSION or SMCCC_ARCH_FEATURES
 * @arch: read only; from any thread
 * @regs: the caller's registers, x[0] and x[1] suffice; x[0] receives the result
 *
 * Return: whether it was one of the two calls; if not, @regs is as it was.
 */
bool psci_arch_call(const struct psci_arch *arch, struct psci_regs *regs);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_ARCH_H */
