/* SPDX-License-Identifier: BSD-3-Clause */
/* What a CPU has beyond the basic architecture works at EL1, on each CPU. */
#include "guest.h"

#define SCTLR_ENIA (UINT64_C(1) << 31)
#define CPACR_ALL 0x03330000 /* SVE, FP and SME. */
#define ZCR_EL1 S3_0_C1_C2_0
#define SMCR_EL1 S3_0_C1_C2_6
#define TPIDR2_EL0 S3_3_C13_C0_5

static void act_id(uint64_t ignored)
{
	__asm__ volatile("mrs x9, id_aa64isar0_el1\n\tmrs x9, midr_el1\n\tmrs x9, ctr_el0" ::
				 : "x9");
}

static void act_timers(uint64_t ignored)
{
	__asm__ volatile("mrs x9, cntp_ctl_el0\n\tmrs x9, cntpct_el0\n\tmrs x9, cntv_ctl_el0" ::
				 : "x9");
}

static void act_pmu(uint64_t ignored)
{
	__asm__ volatile("mrs x9, pmcr_el0\n\tmrs x9, pmccntr_el0" ::: "x9");
}

static void act_debug(uint64_t ignored)
{
	__asm__ volatile("mrs x9, mdscr_el1\n\tmrs x9, oslsr_el1" ::: "x9");
}

static void act_gic(uint64_t ignored)
{
	__asm__ volatile("mrs x9, S3_0_C12_C12_5\n\tmrs x9, S3_0_C4_C6_0" ::: "x9");
}

static void act_pauth(uint64_t ignored)
{
	/* APIAKeyLo_EL1, and PACIA x9, x10. */
	__asm__ volatile("msr S3_0_C2_C1_0, xzr\n\t.inst 0xdac10149" ::: "x9");
}

static void act_sve(uint64_t ignored)
{
	/* RDVL x9, #1. */
	sysreg_write(ZCR_EL1, 0xf);
	__asm__ volatile(".inst 0x04bf5029" ::: "x9");
}

static void act_sme(uint64_t ignored)
{
	/* RDSVL x9, #1. */
	sysreg_write(SMCR_EL1, 0xf);
	sysreg_write(TPIDR2_EL0, 0);
	__asm__ volatile(".inst 0x04bf5829" ::: "x9");
}

static void act_fp(uint64_t ignored)
{
	__asm__ volatile("fmov d31, xzr" :::);
}

static bool has(uint64_t id, unsigned int shift)
{
	return id >> shift & 0xf;
}

/* Returns how many of them were exceptions. */
static uint64_t try_features(unsigned int cpu)
{
	const uint64_t pfr0 = sysreg_read(id_aa64pfr0_el1);
	const uint64_t isar1 = sysreg_read(id_aa64isar1_el1);
	const uint64_t dfr0 = sysreg_read(id_aa64dfr0_el1);
	const struct {
		bool there;
		void (*act)(uint64_t ignored);
	} features[] = {
		{ true, act_id },	    { true, act_timers },
		{ has(dfr0, 8), act_pmu },  { true, act_debug },
		{ has(pfr0, 24), act_gic }, { isar1 & 0xff000ff0, act_pauth },
		{ has(pfr0, 32), act_sve }, { has(sysreg_read(ID_AA64PFR1_EL1), 24), act_sme },
		{ true, act_fp },
	};
	uint64_t failed = 0;

	sysreg_write(cpacr_el1, CPACR_ALL);
	sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) | SCTLR_ENIA);
	isb();
	for (unsigned int i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		const uint64_t esr = features[i].there ? exception_of(features[i].act, 0) : 0;

		if (!esr)
			continue;
		because("feature %u on CPU %u: ESR is %lx", i, cpu, esr);
		failed++;
	}

	return failed;
}

void test_features(void)
{
	judge(try_features(guest.self) == 0 && on_all(try_features) == 0,
	      "what the CPU has beyond the basic architecture works on each CPU");
}
