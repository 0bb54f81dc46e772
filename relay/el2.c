/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of EL2: what the OS may use, it uses without the monitor, and only SMC and
 * HVC trap. A CPU has what its identification registers say, and the firmware has made all
 * of it usable at EL2, as it must for a Linux kernel (booting.rst).
 */
#include "../arch/arm64/features.h"
#include "../arch/arm64/sysreg.h"
#include "relay.h"

/* By encoding, since not every assembler knows these names. */
#define ZCR_EL2 S3_4_C1_C2_0
#define SMCR_EL2 S3_4_C1_C2_6
#define HAFGRTR_EL2 S3_4_C3_C1_6

#define HCR_FIEN (UINT64_C(1) << 47)
#define HCR_TME (UINT64_C(1) << 39)
#define HCR_APK_API (UINT64_C(3) << 40)
#define HCR_ENSCXT (UINT64_C(1) << 53)
#define HCR_ATA (UINT64_C(1) << 56)

#define HCRX_ENAS0 (UINT64_C(1) << 0)
#define HCRX_ENALS (UINT64_C(1) << 1)
#define HCRX_ENASR (UINT64_C(1) << 2)
#define HCRX_MSCEN (UINT64_C(1) << 11)
#define HCRX_TCR2EN (UINT64_C(1) << 14)
#define HCRX_SCTLR2EN (UINT64_C(1) << 15)
#define HCRX_D128EN (UINT64_C(1) << 17)
#define HCRX_ENIDCP128 (UINT64_C(1) << 21)
#define HCRX_GCSEN (UINT64_C(1) << 22)
#define HCRX_ENFPM (UINT64_C(1) << 23)

#define CPTR_TZ 0x100
#define CPTR_TSM 0x1000

/* Fine-grained traps that are off if their bit is set; without the feature it is ignored. */
#define HFGR_UNTRAPPED UINT64_C(0xfff4000000000000)
#define HFGI_UNTRAPPED UINT64_C(0x0f80000000000000)
#define HDFGR_UNTRAPPED UINT64_C(0x7800000000000000)
#define HDFGW_UNTRAPPED UINT64_C(0x7000000000000000)

#define MDCR_E2PB (UINT64_C(3) << 12)
#define MDCR_E2TB (UINT64_C(3) << 24)
#define PMCR_N_SHIFT 11
#define PMCR_N_MASK 0x1f
#define PMU_NONE 0xf /* Or one that is not Arm's. */

static uint64_t if_set(bool condition, uint64_t bits)
{
	return condition ? bits : 0;
}

static bool has_pauth(void)
{
	const uint64_t isar1 = sysreg_read(id_aa64isar1_el1);
	const uint64_t isar2 = sysreg_read(ID_AA64ISAR2_EL1);

	/* APA, API, GPA, GPI; GPA3, APA3. */
	return isar1 & 0xff000ff0 || isar2 & 0xff00;
}

static void allow_features(void)
{
	const uint64_t pfr0 = sysreg_read(id_aa64pfr0_el1);
	const uint64_t pfr1 = sysreg_read(ID_AA64PFR1_EL1);
	const uint64_t isar0 = sysreg_read(id_aa64isar0_el1);

	sysreg_write(hcr_el2, HCR_EL2_VM | HCR_EL2_TSC | HCR_EL2_RW |
				      if_set(has_pauth(), HCR_APK_API) |
				      if_set(id_field(pfr1, 8) >= 2, HCR_ATA) |
				      if_set(id_field(pfr0, 56) >= 2 || id_field(pfr1, 32) >= 2,
					     HCR_ENSCXT) |
				      if_set(id_field(pfr0, 28) >= 2, HCR_FIEN) |
				      if_set(id_field(isar0, 24) >= 1, HCR_TME));
	isb();
}

static void allow_extended_features(void)
{
	const uint64_t isar1 = sysreg_read(id_aa64isar1_el1);
	const uint64_t isar2 = sysreg_read(ID_AA64ISAR2_EL1);
	const uint64_t mmfr3 = sysreg_read(ID_AA64MMFR3_EL1);
	const unsigned int ls64 = id_field(isar1, 60);

	if (!id_field(sysreg_read(id_aa64mmfr1_el1), 40))
		return;
	sysreg_write(HCRX_EL2,
		     if_set(ls64 >= 1, HCRX_ENALS) | if_set(ls64 >= 2, HCRX_ENASR) |
			     if_set(ls64 >= 3, HCRX_ENAS0) |
			     if_set(id_field(isar2, 16), HCRX_MSCEN) |
			     if_set(id_field(isar2, 32), HCRX_ENIDCP128) |
			     if_set(id_field(mmfr3, 0), HCRX_TCR2EN) |
			     if_set(id_field(mmfr3, 4), HCRX_SCTLR2EN) |
			     if_set(id_field(mmfr3, 32), HCRX_D128EN) |
			     if_set(id_field(sysreg_read(ID_AA64PFR1_EL1), 44), HCRX_GCSEN) |
			     if_set(id_field(sysreg_read(ID_AA64PFR2_EL1), 32), HCRX_ENFPM));
}

/* Vectors: without traps, and as long as the CPU has them. */
static void allow_vectors(void)
{
	const uint64_t smfr0 = sysreg_read(ID_AA64SMFR0_EL1);
	const bool sve = id_field(sysreg_read(id_aa64pfr0_el1), 32);
	const bool sme = id_field(sysreg_read(ID_AA64PFR1_EL1), 24);

	sysreg_write(cptr_el2, CPTR_EL2_RES1 & ~(if_set(sve, CPTR_TZ) | if_set(sme, CPTR_TSM)));
	isb();
	if (sve)
		sysreg_write(ZCR_EL2, VECTOR_LENGTH_MAX);
	if (sme)
		sysreg_write(SMCR_EL2, VECTOR_LENGTH_MAX | if_set(smfr0 >> 63, SMCR_FA64) |
					       if_set(id_field(smfr0, 56), SMCR_EZT0));
}

static void allow_fine_grained(void)
{
	if (!id_field(sysreg_read(id_aa64mmfr0_el1), 56))
		return;
	sysreg_write(HFGRTR_EL2, HFGR_UNTRAPPED);
	sysreg_write(HFGWTR_EL2, HFGR_UNTRAPPED);
	sysreg_write(HFGITR_EL2, HFGI_UNTRAPPED);
	sysreg_write(HDFGRTR_EL2, HDFGR_UNTRAPPED);
	sysreg_write(HDFGWTR_EL2, HDFGW_UNTRAPPED);
	if (id_field(sysreg_read(id_aa64pfr0_el1), 44))
		sysreg_write(HAFGRTR_EL2, 0);
}

static void allow_debug(void)
{
	const uint64_t dfr0 = sysreg_read(id_aa64dfr0_el1);
	const unsigned int pmu = id_field(dfr0, 8);
	uint64_t counters = 0;

	if (pmu != 0 && pmu != PMU_NONE)
		counters = sysreg_read(pmcr_el0) >> PMCR_N_SHIFT & PMCR_N_MASK;
	sysreg_write(mdcr_el2, counters | if_set(id_field(dfr0, 32), MDCR_E2PB) |
				       if_set(id_field(dfr0, 44), MDCR_E2TB));
}

static void allow_gic(void)
{
	if (!id_field(sysreg_read(id_aa64pfr0_el1), 24))
		return;
	sysreg_write(ICC_SRE_EL2, sysreg_read(ICC_SRE_EL2) | ICC_SRE_EL2_SRE | ICC_SRE_EL2_ENABLE);
	isb();
	if (sysreg_read(ICC_SRE_EL2) & ICC_SRE_EL2_SRE)
		sysreg_write(ICH_HCR_EL2, 0);
}

void el2_setup(struct cpu *cpu)
{
	allow_features();
	allow_extended_features();
	allow_vectors();
	allow_fine_grained();
	allow_debug();
	allow_gic();
	sysreg_write(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	sysreg_write(cntvoff_el2, 0);
	sysreg_write(hstr_el2, 0);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(vmpidr_el2, sysreg_read(mpidr_el1));
	sysreg_write(tpidr_el2, (uintptr_t)cpu);
	stage2_use();
}

void os_enter(struct cpu *cpu, uint64_t pc, uint64_t x0, bool big_endian)
{
	sysreg_write(sctlr_el1, SCTLR_EL1_RES1 | if_set(big_endian, SCTLR_EE | SCTLR_E0E));
	isb();
	os_start(pc, x0, (uintptr_t)(stacks + ((uintptr_t)(cpu->number + 1) << STACK_SHIFT)));
}
