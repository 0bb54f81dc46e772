/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/abi.h - the numbers of PSCI 0.1 to 1.3, as DEN0022F.b spells them
 *
 * Plain macros, includes nothing: usable from C, C++ and assembly, by callers
 * and implementations alike. psci.h tells what a function does.
 *
 * CLEAN_INV_MEMREGION was in the alpha of PSCI 1.3 only. It is an SMCCC 1.7
 * call now and is defined in smccc.h.
 */
#ifndef PSCI_ABI_H
#define PSCI_ABI_H

/*
 * PSCI_VERSION: the major version in bits [30:16], the minor in [15:0]. PSCI
 * 0.1 has no PSCI_VERSION; its number here is what KVM gives it.
 */
#define PSCI_VERSION_MAJOR_SHIFT 16
#define PSCI_VERSION_MAJOR_FIELD 0x7fff0000
#define PSCI_VERSION_MINOR_FIELD 0x0000ffff
#define PSCI_VERSION_0_1 0x00000001
#define PSCI_VERSION_0_2 0x00000002
#define PSCI_VERSION_1_0 0x00010000
#define PSCI_VERSION_1_1 0x00010001
#define PSCI_VERSION_1_2 0x00010002
#define PSCI_VERSION_1_3 0x00010003

/*
 * Function identifiers. An FN32 id takes 32-bit arguments and gives a 32-bit
 * result, an FN64 id 64-bit ones (DEN0028, SMC32 and SMC64 conventions). PSCI
 * owns the numbers 0x00 to 0x1f of both.
 */
#define PSCI_FN32_BASE 0x84000000
#define PSCI_FN64_BASE 0xc4000000
#define PSCI_FN_COUNT 0x20

/*
 * The bit of a function in a set of functions: bit n is function number n, with
 * whichever of its ids. For C and C++; @id is a function id or a number alone.
 */
#define PSCI_FN_BIT(id) (1U << ((id) & (PSCI_FN_COUNT - 1)))

#define PSCI_FN32_PSCI_VERSION 0x84000000
#define PSCI_FN32_CPU_SUSPEND 0x84000001
#define PSCI_FN64_CPU_SUSPEND 0xc4000001
#define PSCI_FN32_CPU_OFF 0x84000002
#define PSCI_FN32_CPU_ON 0x84000003
#define PSCI_FN64_CPU_ON 0xc4000003
#define PSCI_FN32_AFFINITY_INFO 0x84000004
#define PSCI_FN64_AFFINITY_INFO 0xc4000004
#define PSCI_FN32_MIGRATE 0x84000005
#define PSCI_FN64_MIGRATE 0xc4000005
#define PSCI_FN32_MIGRATE_INFO_TYPE 0x84000006
#define PSCI_FN32_MIGRATE_INFO_UP_CPU 0x84000007
#define PSCI_FN64_MIGRATE_INFO_UP_CPU 0xc4000007
#define PSCI_FN32_SYSTEM_OFF 0x84000008
#define PSCI_FN32_SYSTEM_RESET 0x84000009
/* Since 1.0. */
#define PSCI_FN32_PSCI_FEATURES 0x8400000a
#define PSCI_FN32_CPU_FREEZE 0x8400000b
#define PSCI_FN32_CPU_DEFAULT_SUSPEND 0x8400000c
#define PSCI_FN64_CPU_DEFAULT_SUSPEND 0xc400000c
#define PSCI_FN32_NODE_HW_STATE 0x8400000d
#define PSCI_FN64_NODE_HW_STATE 0xc400000d
#define PSCI_FN32_SYSTEM_SUSPEND 0x8400000e
#define PSCI_FN64_SYSTEM_SUSPEND 0xc400000e
#define PSCI_FN32_PSCI_SET_SUSPEND_MODE 0x8400000f
#define PSCI_FN32_PSCI_STAT_RESIDENCY 0x84000010
#define PSCI_FN64_PSCI_STAT_RESIDENCY 0xc4000010
#define PSCI_FN32_PSCI_STAT_COUNT 0x84000011
#define PSCI_FN64_PSCI_STAT_COUNT 0xc4000011
/* Since 1.1. */
#define PSCI_FN32_SYSTEM_RESET2 0x84000012
#define PSCI_FN64_SYSTEM_RESET2 0xc4000012
#define PSCI_FN32_MEM_PROTECT 0x84000013
#define PSCI_FN32_MEM_PROTECT_CHECK_RANGE 0x84000014
#define PSCI_FN64_MEM_PROTECT_CHECK_RANGE 0xc4000014
/* Since 1.3. */
#define PSCI_FN32_SYSTEM_OFF2 0x84000015
#define PSCI_FN64_SYSTEM_OFF2 0xc4000015

/*
 * Return codes: an int32 for an FN32 id, sign-extended to 64 bits for an FN64
 * one. A vendor-specific SYSTEM_RESET2 may also answer with a value below
 * PSCI_RET_VENDOR_LIMIT. Without parentheses, since linux/psci.h, which comes
 * with linux/kvm.h, has some of these names with exactly these tokens.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): see above. */
#define PSCI_RET_SUCCESS 0
#define PSCI_RET_NOT_SUPPORTED -1
#define PSCI_RET_INVALID_PARAMETERS -2
#define PSCI_RET_DENIED -3
#define PSCI_RET_ALREADY_ON -4
#define PSCI_RET_ON_PENDING -5
#define PSCI_RET_INTERNAL_FAILURE -6
#define PSCI_RET_NOT_PRESENT -7
#define PSCI_RET_DISABLED -8
#define PSCI_RET_INVALID_ADDRESS -9
#define PSCI_RET_VENDOR_LIMIT -256
/* NOLINTEND(bugprone-macro-parentheses) */

/*
 * target_cpu and target_affinity: the affinity fields where MPIDR_EL1 has
 * them. Every other bit must be zero; MPIDR_EL1's own bits 31 (RES1), 30 (U)
 * and 24 (MT) must be stripped by the caller.
 */
#define PSCI_TARGET_AFF0_MASK 0x00000000000000ff
#define PSCI_TARGET_AFF1_MASK 0x000000000000ff00
#define PSCI_TARGET_AFF2_MASK 0x0000000000ff0000
#define PSCI_TARGET_AFF3_MASK 0x000000ff00000000
#define PSCI_TARGET_MASK 0x000000ff00ffffff

/* AFFINITY_INFO: lowest_affinity_level is at most this; its answers. */
#define PSCI_AFFINITY_LEVEL_MAX 3
#define PSCI_AFFINITY_INFO_ON 0
#define PSCI_AFFINITY_INFO_OFF 1
#define PSCI_AFFINITY_INFO_ON_PENDING 2

/* MIGRATE_INFO_TYPE: what kind of trusted OS there is. */
#define PSCI_MIGRATE_INFO_UP_MIGRATABLE 0
#define PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE 1
#define PSCI_MIGRATE_INFO_NOT_REQUIRED 2

/* power_state, original format: StateID, StateType, PowerLevel. */
#define PSCI_POWER_STATE_ID_MASK 0x0000ffff
#define PSCI_POWER_STATE_TYPE_MASK 0x00010000
#define PSCI_POWER_STATE_LEVEL_SHIFT 24
#define PSCI_POWER_STATE_LEVEL_MASK 0x03000000
#define PSCI_POWER_STATE_MBZ_MASK 0xfcfe0000

/* power_state, extended format (bit 1 of FEATURES(CPU_SUSPEND) is set). */
#define PSCI_POWER_STATE_EXT_ID_MASK 0x0fffffff
#define PSCI_POWER_STATE_EXT_TYPE_MASK 0x40000000
#define PSCI_POWER_STATE_EXT_MBZ_MASK 0xb0000000

/* PSCI_FEATURES(CPU_SUSPEND). */
#define PSCI_FEATURES_CPU_SUSPEND_OS_INITIATED 0x1
#define PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID 0x2

/* PSCI_SET_SUSPEND_MODE. */
#define PSCI_SUSPEND_MODE_PLATFORM_COORDINATED 0
#define PSCI_SUSPEND_MODE_OS_INITIATED 1

/* NODE_HW_STATE: power_level of a core; answers. */
#define PSCI_NODE_HW_STATE_LEVEL_CORE 0
#define PSCI_NODE_HW_STATE_HW_ON 0
#define PSCI_NODE_HW_STATE_HW_OFF 1
#define PSCI_NODE_HW_STATE_HW_STANDBY 2

/* SYSTEM_RESET2: reset_type is vendor-specific if bit 31 is set. */
#define PSCI_RESET2_TYPE_VENDOR_MASK 0x80000000
#define PSCI_RESET2_TYPE_SYSTEM_WARM_RESET 0x00000000

/*
 * SYSTEM_OFF2: type 0 means HIBERNATE_OFF, too (DEN0022F.b), and Linux sends
 * it. PSCI_FEATURES answers with a bitmap of the types that there are.
 */
#define PSCI_OFF2_TYPE_HIBERNATE_OFF 0x1
#define PSCI_FEATURES_OFF2_HIBERNATE_OFF 0x1

#endif /* PSCI_ABI_H */
