/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A KVM that gives a guest a PMU, pointer authentication and SVE, for tests: it takes the
 * place of tests/fuzz/fake-kvm.h's where features are requested, and is as strict as Linux
 * about the order of requests. All vCPUs share their registers.
 */
#ifndef TESTS_FEATURE_HOST_H
#define TESTS_FEATURE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#define HOST_COUNTERS 2

#define HOST_PMCR ARM64_SYS_REG(3, 3, 9, 12, 0)
#define HOST_PMCNTENSET ARM64_SYS_REG(3, 3, 9, 12, 1)
#define HOST_PMCNTENCLR ARM64_SYS_REG(3, 3, 9, 12, 2)
#define HOST_PMOVSCLR ARM64_SYS_REG(3, 3, 9, 12, 3)
#define HOST_PMOVSSET ARM64_SYS_REG(3, 3, 9, 14, 3)
#define HOST_PMINTENSET ARM64_SYS_REG(3, 0, 9, 14, 1)
#define HOST_PMINTENCLR ARM64_SYS_REG(3, 0, 9, 14, 2)
#define HOST_PMEVCNTR(n) ARM64_SYS_REG(3, 3, 14, 8 + (n) / 8, (n) % 8)
#define HOST_ZCR ARM64_SYS_REG(3, 0, 1, 2, 0)
#define HOST_APIAKEYLO ARM64_SYS_REG(3, 0, 2, 1, 0)

struct feature_host {
	/* What the host is. */
	bool has_pmu;
	bool has_address_auth;
	bool has_generic_auth;
	bool has_sve;
	uint64_t lengths; /**< Of SVE, as the first word of KVM_REG_ARM64_SVE_VLS. */
	bool pairs_set_and_clear; /**< As Linux 6.7 to 6.14. */
	int init_err; /**< The errno of these calls, or 0. */
	int finalize_err;
	int pmu_err;

	/* What was requested of it. */
	unsigned int features; /**< KVM_ARM_VCPU_INIT. */
	unsigned int inits;
	unsigned int finalized;
	unsigned int extensions; /**< KVM_CHECK_EXTENSION of these features. */
	bool gic_ready;
	unsigned int pmu_irq; /**< The last; 0: none. */
	unsigned int pmus;
	bool is_wrong; /**< A request came too early. */
};

extern struct feature_host feature_host;

/** Begin with a host that has all, and vectors of 128 and 256 bits. */
void feature_host_make(void);

/** Put @byte into every byte of every register that a guest can change. */
void feature_host_fill(uint8_t byte);

/** The first 64 bits of a register, or 0 if there is none. */
uint64_t feature_host_value(uint64_t id);
void feature_host_set(uint64_t id, uint64_t value);

/** Whether all registers of SVE are zero. */
bool feature_host_vectors_are_zero(void);

#endif
