/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System registers that only EL3 has, and those that it prepares for lower
 * levels.
 */
#ifndef EL3_REGISTERS_H
#define EL3_REGISTERS_H

#include "../arch/arm64/sysreg.h"

#define SCTLR_WXN 0x00080000

/* TCR_EL3. */
#define PA_40_BITS 0x20000

/* Entries of a map: accessed, inner shareable unless it is a device. */
#define DESC_TABLE 0x3
#define DESC_PAGE 0x3
#define DESC_NS 0x20
#define DESC_BLOCK 0x1
#define DESC_BITS_CODE 0x7c4 /* Normal, read-only. */
#define DESC_BITS_RAM 0x0040000000000744 /* Normal, not executable. */
#define DESC_BITS_DEVICE 0x0040000000000440
#define BLOCK_CODE (DESC_BITS_CODE + DESC_BLOCK)
#define BLOCK_SECURE_RAM (DESC_BITS_RAM + DESC_BLOCK)
#define BLOCK_SECURE_DEVICE (DESC_BITS_DEVICE + DESC_BLOCK)
#define BLOCK_NS_RAM (DESC_BITS_RAM + DESC_NS + DESC_BLOCK)

/* SCR_EL3. */
#define SCR_NS (UINT64_C(1) << 0)
#define SCR_FIQ (UINT64_C(1) << 2)
#define SCR_RES1 (UINT64_C(3) << 4)
#define SCR_HCE (UINT64_C(1) << 8)
#define SCR_SIF (UINT64_C(1) << 9)
#define SCR_RW (UINT64_C(1) << 10)
#define SCR_APK (UINT64_C(1) << 16)
#define SCR_API (UINT64_C(1) << 17)
#define SCR_ATA (UINT64_C(1) << 26)
#define SCR_FGTEN (UINT64_C(1) << 27)
#define SCR_ECVEN (UINT64_C(1) << 28)
#define SCR_AMVOFFEN (UINT64_C(1) << 35)
#define SCR_ENAS0 (UINT64_C(1) << 36)
#define SCR_ADEN (UINT64_C(1) << 37)
#define SCR_HXEN (UINT64_C(1) << 38)
#define SCR_GCSEN (UINT64_C(1) << 39)
#define SCR_ENTP2 (UINT64_C(1) << 41)
#define SCR_RCWMASKEN (UINT64_C(1) << 42)
#define SCR_TCR2EN (UINT64_C(1) << 43)
#define SCR_SCTLR2EN (UINT64_C(1) << 44)
#define SCR_PIEN (UINT64_C(1) << 45)
#define SCR_AIEN (UINT64_C(1) << 46)
#define SCR_D128EN (UINT64_C(1) << 47)
#define SCR_ENFPM (UINT64_C(1) << 50)
#define SCR_FGTEN2 (UINT64_C(1) << 59)

/* CPTR_EL3. */
#define CPTR_EL3_EZ (UINT64_C(1) << 8)
#define CPTR_EL3_ESM (UINT64_C(1) << 12)

/* MDCR_EL3. */
#define MDCR_NSPB (UINT64_C(3) << 12)
#define MDCR_SDD (UINT64_C(1) << 16)
#define MDCR_SCCD (UINT64_C(1) << 23)
#define MDCR_NSTB (UINT64_C(3) << 24)
#define MDCR_MTPME (UINT64_C(1) << 28)
#define MDCR_SBRBE (UINT64_C(3) << 32)
#define MDCR_ENPMSN (UINT64_C(1) << 36)

#define HCR_TGE (UINT64_C(1) << 27)

/* By encoding, since not every assembler knows their names. */
#define ZCR_EL3 S3_6_C1_C2_0
#define SMCR_EL3 S3_6_C1_C2_6
#define SVCR S3_3_C4_C2_2
#define CNTHV_CTL_EL2 S3_4_C14_C3_1
#define ID_AA64ZFR0_EL1 S3_0_C0_C4_4
/* Of Cortex-A57 and Cortex-A72. */
#define CPUACTLR_EL1 S3_1_C15_C2_0
#define CPUACTLR_NO_LOAD_PASS_STORE (UINT64_C(1) << 55)

/* The GIC's, as EL3 has them. */
#define ICC_IAR0_EL1 S3_0_C12_C8_0
#define ICC_EOIR0_EL1 S3_0_C12_C8_1
#define ICC_HPPIR0_EL1 S3_0_C12_C8_2
#define ICC_BPR0_EL1 S3_0_C12_C8_3
#define ICC_AP1R0_EL1 S3_0_C12_C9_0
#define ICC_SGI0R_EL1 S3_0_C12_C11_7
#define ICC_HPPIR1_EL1 S3_0_C12_C12_2
#define ICC_IGRPEN0_EL1 S3_0_C12_C12_6
#define ICC_CTLR_EL3 S3_6_C12_C12_4
#define ICC_SRE_EL3 S3_6_C12_C12_5
#define ICC_SRE_ALL 0xf

#endif
