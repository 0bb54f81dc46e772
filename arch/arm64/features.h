/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers that say which features a CPU has, and those by which a monitor lets lower
 * levels use them; by encoding, since not every assembler knows their names.
 */
#ifndef ARCH_ARM64_FEATURES_H
#define ARCH_ARM64_FEATURES_H

#include <stdint.h>

#define ID_AA64PFR2_EL1 S3_0_C0_C4_2
#define ID_AA64SMFR0_EL1 S3_0_C0_C4_5
#define ID_AA64ISAR2_EL1 S3_0_C0_C6_2
#define ID_AA64MMFR3_EL1 S3_0_C0_C7_3

#define HCRX_EL2 S3_4_C1_C2_2
#define HFGRTR_EL2 S3_4_C1_C1_4
#define HFGWTR_EL2 S3_4_C1_C1_5
#define HFGITR_EL2 S3_4_C1_C1_6
#define HDFGRTR_EL2 S3_4_C3_C1_4
#define HDFGWTR_EL2 S3_4_C3_C1_5
#define ICH_HCR_EL2 S3_4_C12_C11_0

/* ZCR_ELx and SMCR_ELx: vectors as long as the CPU has them. */
#define VECTOR_LENGTH_MAX 0xf
#define SMCR_EZT0 (UINT64_C(1) << 30)
#define SMCR_FA64 (UINT64_C(1) << 31)

/** A field, of four bits, of an ID register. */
static inline unsigned int id_field(uint64_t id, unsigned int shift)
{
	return id >> shift & 0xf;
}

#endif
