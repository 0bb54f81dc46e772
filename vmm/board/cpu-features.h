/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The features of a CPU that KVM gives a guest only on request, since not every
 * host has them. A machine has them from version 3 of the board on.
 */
#ifndef VMM_CPU_FEATURES_H
#define VMM_CPU_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

enum cpu_feature {
	CPU_FEATURE_PMU, /**< PMUv3, the performance monitors. */
	CPU_FEATURE_PAUTH, /**< Pointer authentication, of addresses and generic. */
	CPU_FEATURE_SVE, /**< The Scalable Vector Extension. */
	CPU_FEATURE_COUNT
};

/** A set of them has this bit for each. */
#define CPU_FEATURE_BIT(feature) (1U << (feature))

/**
 * SVE's vector lengths are a set, too, in the form of KVM_REG_ARM64_SVE_VLS:
 * bit n of these words stands for vectors of n + 1 times 128 bits.
 */
#define SVE_LENGTH_WORDS 8
#define SVE_LENGTH_COUNT 512
#define SVE_LENGTH_UNIT 128

/** What the CPUs of a machine have. */
struct cpu_features {
	unsigned int set;
	uint64_t sve_lengths[SVE_LENGTH_WORDS];
};

/** The feature's name on the command line, in records and in messages. */
const char *cpu_feature_name(enum cpu_feature feature);

static inline bool cpu_features_has(const struct cpu_features *features, enum cpu_feature feature)
{
	return features->set & CPU_FEATURE_BIT(feature);
}

/** Whether there are vectors of @number + 1 times 128 bits. */
static inline bool sve_has_length(const uint64_t lengths[SVE_LENGTH_WORDS], unsigned int number)
{
	return lengths[number / 64] >> number % 64 & 1;
}

#endif
