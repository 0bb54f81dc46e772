/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System registers and barriers for code that runs on the bare machine.
 *
 * The constants can be used from assembly, too.
 */
#ifndef ARCH_ARM64_SYSREG_H
#define ARCH_ARM64_SYSREG_H

#define CURRENT_EL_EL1 0x4
#define CURRENT_EL_EL2 0x8
#define CURRENT_EL_EL3 0xc

/* PSTATE.DAIF as DAIF and SPSR have it, and as DAIFSet and DAIFClr want it. */
#define DAIF_ALL 0x3c0
#define DAIF_IRQ 0x080
#define DAIFSET_ALL 0xf
#define DAIFSET_IRQ 0x2

/* SCTLR_EL1, SCTLR_EL2 and SCTLR_EL3. */
#define SCTLR_M 0x00000001
#define SCTLR_C 0x00000004
#define SCTLR_SA 0x00000008
#define SCTLR_I 0x00001000
#define SCTLR_E0E 0x01000000
#define SCTLR_EE 0x02000000
#define SCTLR_EL1_RES1 0x30d00800
#define SCTLR_EL2_RES1 0x30c50830 /* EL3's, too. */

#define HCR_EL2_VM 0x00000001
#define HCR_EL2_FMO 0x00000008
#define HCR_EL2_IMO 0x00000010
#define HCR_EL2_AMO 0x00000020
#define HCR_EL2_TSC 0x00080000
#define HCR_EL2_RW 0x80000000

#define CPACR_EL1_FPEN 0x00300000
#define CPTR_EL2_RES1 0x000033ff /* Nothing trapped. */

#define SPSR_EL_EL0 0x0
#define SPSR_EL_EL1 0x4
#define SPSR_EL_EL2 0x8
#define SPSR_EL_MASK 0xc
#define SPSR_SP_ELX 0x1
#define SPSR_EL1H (SPSR_EL_EL1 + SPSR_SP_ELX)
#define SPSR_EL2H (SPSR_EL_EL2 + SPSR_SP_ELX)
#define SPSR_AARCH32 0x10
#define SPSR_BTYPE 0x00000c00
#define SPSR_SS 0x00200000

#define ESR_EC_SHIFT 26
#define ESR_EC_MASK 0x3f
#define ESR_EC_UNKNOWN 0x00
#define ESR_EC_HVC64 0x16
#define ESR_EC_SMC64 0x17
#define ESR_EC_INSTRUCTION_ABORT_LOWER 0x20
#define ESR_EC_DATA_ABORT_LOWER 0x24
#define ESR_SMC64_0 0x5e000000 /* All of it, for SMC #0. */

#define MPIDR_EL1_RES1 0x80000000
#define MPIDR_AFFINITY 0xff00ffffff

/* MAIR: attribute 0 is Device-nGnRE, 1 Normal write-back. */
#define MAIR_VALUE 0xff04
#define MAIR_DEVICE 0
#define MAIR_NORMAL 1

/* TCR: 39 bits of addresses, 4 KiB pages, walks inner shareable write-back. */
#define TCR_COMMON 0x3519
#define TCR_EL1_EPD1 0x00800000
#define TCR_EL2_RES1 0x80800000 /* EL3's, too. */

#define CNTHCTL_EL1PCTEN 0x1
#define CNTHCTL_EL1PCEN 0x2
#define CNT_CTL_ENABLE 0x1
#define CNT_CTL_IMASK 0x2
#define CNT_CTL_ISTATUS 0x4

/* By encoding, since not every assembler knows the GIC's names. */
#define ID_AA64PFR1_EL1 S3_0_C0_C4_1
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_DIR_EL1 S3_0_C12_C11_1
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_BPR1_EL1 S3_0_C12_C12_3
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SRE_EL2 S3_4_C12_C9_5
#define ICC_SRE_EL2_SRE 0x1
#define ICC_SRE_EL2_ENABLE 0x8

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Twice, so that a macro for an encoding is expanded first. */
#define sysreg_text(name) #name
#define sysreg_name(name) sysreg_text(name)

#define sysreg_read(name)                                                                \
	__extension__({                                                                  \
		uint64_t value_;                                                         \
		__asm__ volatile("mrs %0, " sysreg_name(name) : "=r"(value_)::"memory"); \
		value_;                                                                  \
	})

#define sysreg_write(name, value)                                                        \
	do {                                                                             \
		const uint64_t to_ = (value);                                            \
		__asm__ volatile("msr " sysreg_name(name) ", %0" ::"r"(to_) : "memory"); \
	} while (0)

static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

static inline void dsb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

static inline void sev(void)
{
	__asm__ volatile("dsb ish\n\tsev" ::: "memory");
}

static inline void wfe(void)
{
	__asm__ volatile("wfe" ::: "memory");
}

static inline void wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline void irq_unmask(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
	isb();
}

static inline void irq_mask(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

#endif /* __ASSEMBLER__ */

#endif
