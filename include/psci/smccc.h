/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/smccc.h - the SMC Calling Convention (DEN0028), as far as PSCI meets it
 *
 * Plain macros, includes nothing: usable from C, C++ and assembly.
 */
#ifndef PSCI_SMCCC_H
#define PSCI_SMCCC_H

/*
 * A function id is the low word of x0. Bit 16 tells only that the caller has no
 * live SVE state (SMCCC 1.3) and is no part of the number: clear it to decode.
 */
#define SMCCC_FAST_CALL_MASK 0x80000000
#define SMCCC_SMC64_MASK 0x40000000
#define SMCCC_OWNER_SHIFT 24
#define SMCCC_OWNER_MASK 0x3f000000
#define SMCCC_SVE_HINT_MASK 0x00010000
#define SMCCC_NUMBER_MASK 0x0000ffff

#define SMCCC_OWNER_ARCH 0
#define SMCCC_OWNER_CPU 1
#define SMCCC_OWNER_SIP 2
#define SMCCC_OWNER_OEM 3
#define SMCCC_OWNER_STANDARD 4
#define SMCCC_OWNER_STANDARD_HYP 5
#define SMCCC_OWNER_VENDOR_HYP 6
#define SMCCC_OWNER_VENDOR_EL3 7

/* Versions, as SMCCC_VERSION answers. NOT_SUPPORTED there means 1.0. */
#define SMCCC_VERSION_1_0 0x10000
#define SMCCC_VERSION_1_1 0x10001
#define SMCCC_VERSION_1_2 0x10002
#define SMCCC_VERSION_1_3 0x10003
#define SMCCC_VERSION_1_4 0x10004
#define SMCCC_VERSION_1_5 0x10005
#define SMCCC_VERSION_1_6 0x10006
#define SMCCC_VERSION_1_7 0x10007

/* Arm architecture calls. */
#define SMCCC_FN32_VERSION 0x80000000
#define SMCCC_FN32_ARCH_FEATURES 0x80000001
#define SMCCC_FN32_ARCH_SOC_ID 0x80000002
#define SMCCC_FN64_ARCH_SOC_ID 0xc0000002
#define SMCCC_FN64_ARCH_FEATURE_AVAILABILITY 0xc0000003
#define SMCCC_FN32_ARCH_WORKAROUND_1 0x80008000
#define SMCCC_FN32_ARCH_WORKAROUND_2 0x80007fff
#define SMCCC_FN32_ARCH_WORKAROUND_3 0x80003fff
#define SMCCC_FN32_ARCH_WORKAROUND_4 0x80000004
/* Since 1.7; withdrawn alphas of PSCI 1.3 had them as PSCI functions. */
#define SMCCC_FN64_CLEAN_INV_MEMREGION 0xc0000005
#define SMCCC_FN64_CLEAN_INV_MEMREGION_ATTRIBUTES 0xc0000006

/* Return codes. From -2 on they mean other things than PSCI's. */
#define SMCCC_RET_SUCCESS 0
#define SMCCC_RET_NOT_SUPPORTED (-1)
#define SMCCC_RET_NOT_REQUIRED (-2)
#define SMCCC_RET_INVALID_PARAMETER (-3)
#define SMCCC_RET_RATE_LIMITED (-4)
#define SMCCC_RET_BUSY (-5)

#endif /* PSCI_SMCCC_H */
