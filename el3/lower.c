/* SPDX-License-Identifier: BSD-3-Clause */
#include "lower.h"

#include "../arch/arm64/features.h"
#include "cpu.h"
#include "gic.h"
#include "registers.h"

/* vectors.S */
_Noreturn void lower_enter(uint64_t pc, uint64_t x0, uint64_t spsr, uintptr_t stack);
void lower_clear_vectors(void);

bool lower_has_el2(void)
{
	return id_field(sysreg_read(id_aa64pfr0_el1), 8) != 0;
}

/* --- what lower levels may use: every bit here stands for a feature that EL3 would trap --- */

/* Bits of SCR_EL3 that let features be used. */
struct grant {
	uint64_t bits;
	unsigned int shift; /**< Of the field of an ID register. */
	unsigned int least; /**< Its value must be this or more. */
};

static uint64_t granted(uint64_t id, const struct grant *grants, size_t count)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		if (id_field(id, grants[i].shift) >= grants[i].least)
			bits |= grants[i].bits;
	}

	return bits;
}

#define GRANTED(id, grants) granted((id), (grants), sizeof(grants) / sizeof((grants)[0]))

static uint64_t scr_value(void)
{
	static const struct grant isar1[] = { { SCR_APK | SCR_API, 4, 1 },
					      { SCR_APK | SCR_API, 8, 1 },
					      { SCR_APK | SCR_API, 24, 1 },
					      { SCR_APK | SCR_API, 28, 1 },
					      { SCR_ENAS0 | SCR_ADEN, 60, 3 } };
	static const struct grant isar2[] = { { SCR_APK | SCR_API, 8, 1 },
					      { SCR_APK | SCR_API, 12, 1 } };
	static const struct grant mmfr0[] = { { SCR_FGTEN, 56, 1 },
					      { SCR_FGTEN2, 56, 2 },
					      { SCR_ECVEN, 60, 2 } };
	static const struct grant mmfr1[] = { { SCR_HXEN, 40, 1 } };
	static const struct grant mmfr3[] = { { SCR_TCR2EN, 0, 1 }, { SCR_SCTLR2EN, 4, 1 },
					      { SCR_PIEN, 8, 1 },   { SCR_PIEN, 12, 1 },
					      { SCR_PIEN, 16, 1 },  { SCR_PIEN, 20, 1 },
					      { SCR_AIEN, 24, 1 },  { SCR_D128EN, 32, 1 } };
	static const struct grant pfr0[] = { { SCR_AMVOFFEN, 44, 2 } };
	static const struct grant pfr1[] = { { SCR_ATA, 8, 2 },
					     { SCR_ENTP2, 24, 1 },
					     { SCR_GCSEN, 44, 1 },
					     { SCR_RCWMASKEN, 48, 1 } };
	static const struct grant pfr2[] = { { SCR_ENFPM, 32, 1 } };

	/*
	 * Group 0 comes to EL3 whatever the lower levels mask; all else is
	 * theirs.
	 */
	return SCR_NS | SCR_FIQ | SCR_RES1 | SCR_HCE | SCR_SIF | SCR_RW |
	       GRANTED(sysreg_read(id_aa64isar1_el1), isar1) |
	       GRANTED(sysreg_read(ID_AA64ISAR2_EL1), isar2) |
	       GRANTED(sysreg_read(id_aa64mmfr0_el1), mmfr0) |
	       GRANTED(sysreg_read(id_aa64mmfr1_el1), mmfr1) |
	       GRANTED(sysreg_read(ID_AA64MMFR3_EL1), mmfr3) |
	       GRANTED(sysreg_read(id_aa64pfr0_el1), pfr0) |
	       GRANTED(sysreg_read(id_aa64pfr1_el1), pfr1) |
	       GRANTED(sysreg_read(ID_AA64PFR2_EL1), pfr2);
}

/*
 * Debugging, tracing and counting are the lower levels', and do not look at
 * EL3.
 */
static uint64_t mdcr_value(void)
{
	static const struct grant dfr0[] = { { MDCR_SCCD, 8, 6 },    { MDCR_NSPB, 32, 1 },
					     { MDCR_ENPMSN, 32, 3 }, { MDCR_NSTB, 44, 1 },
					     { MDCR_MTPME, 48, 1 },  { MDCR_SBRBE, 52, 1 } };

	return MDCR_SDD | GRANTED(sysreg_read(id_aa64dfr0_el1), dfr0);
}

/* Vectors as long as the CPU has them. */
static void grant_vectors(void)
{
	const bool sve = id_field(sysreg_read(id_aa64pfr0_el1), 32);
	const unsigned int sme = id_field(sysreg_read(id_aa64pfr1_el1), 24);
	uint64_t smcr = VECTOR_LENGTH_MAX;

	sysreg_write(cptr_el3, (sve ? CPTR_EL3_EZ : 0) | (sme ? CPTR_EL3_ESM : 0));
	isb();
	if (sve)
		sysreg_write(ZCR_EL3, VECTOR_LENGTH_MAX);
	if (sme) {
		if (sysreg_read(ID_AA64SMFR0_EL1) >> 63)
			smcr |= SMCR_FA64;
		if (sme > 1)
			smcr |= SMCR_EZT0;
		sysreg_write(SMCR_EL3, smcr);
	}
	isb();
}

void lower_begin(void)
{
	sysreg_write(scr_el3, scr_value());
	sysreg_write(mdcr_el3, mdcr_value());
	isb();
	grant_vectors();
}

/* --- where they start --- */

/* The traps of EL2 that came with later features. */
static void reset_el2_traps(void)
{
	if (id_field(sysreg_read(id_aa64mmfr1_el1), 40))
		sysreg_write(HCRX_EL2, 0);
	if (id_field(sysreg_read(id_aa64mmfr0_el1), 56)) {
		sysreg_write(HFGRTR_EL2, 0);
		sysreg_write(HFGWTR_EL2, 0);
		sysreg_write(HFGITR_EL2, 0);
		sysreg_write(HDFGRTR_EL2, 0);
		sysreg_write(HDFGWTR_EL2, 0);
	}
}

static void reset_el2(uint64_t endian)
{
	sysreg_write(hcr_el2, HCR_EL2_RW);
	sysreg_write(sctlr_el2, SCTLR_EL2_RES1 | (endian & SCTLR_EE));
	sysreg_write(cptr_el2, CPTR_EL2_RES1);
	sysreg_write(hstr_el2, 0);
	sysreg_write(vttbr_el2, 0);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(vmpidr_el2, sysreg_read(mpidr_el1));
	sysreg_write(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	sysreg_write(ICH_HCR_EL2, 0);
	/* No event counter is EL2's alone. */
	if (id_field(sysreg_read(id_aa64dfr0_el1), 8) % 0xf)
		sysreg_write(mdcr_el2, sysreg_read(pmcr_el0) >> 11 & 0x1f);
	else
		sysreg_write(mdcr_el2, 0);
	reset_el2_traps();
}

/*
 * What a power-down loses; what the specification leaves open is as after
 * reset.
 */
static void reset_control(bool big_endian)
{
	const uint64_t endian = big_endian ? SCTLR_EE | SCTLR_E0E : 0;

	if (lower_has_el2())
		reset_el2(endian);
	sysreg_write(sctlr_el1, SCTLR_EL1_RES1 | endian);
	sysreg_write(cpacr_el1, 0);
	sysreg_write(mdscr_el1, 0);
	isb();
}

/*
 * In streaming mode, where the lower level may have been, a CPU can refuse
 * SIMD. Leaving it clears what SME has, too.
 */
static void clear_vectors(void)
{
	if (id_field(sysreg_read(id_aa64pfr1_el1), 24)) {
		sysreg_write(SVCR, 0);
		isb();
	}
	lower_clear_vectors();
}

/*
 * What is lost besides if the CPU was off, so that nothing of its former life
 * comes through.
 */
static void reset_rest(void)
{
	if (lower_has_el2()) {
		sysreg_write(cntvoff_el2, 0);
		sysreg_write(cnthp_ctl_el2, 0);
		if (id_field(sysreg_read(id_aa64mmfr1_el1), 8))
			sysreg_write(CNTHV_CTL_EL2, 0);
		sysreg_write(tpidr_el2, 0);
	}
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	sysreg_write(cntkctl_el1, 0);
	sysreg_write(tpidr_el1, 0);
	sysreg_write(tpidr_el0, 0);
	sysreg_write(tpidrro_el0, 0);
	sysreg_write(sp_el0, 0);
	clear_vectors();
	gic_reset_interface();
}

bool lower_is_big_endian(void)
{
	const bool el2 = (sysreg_read(spsr_el3) & SPSR_EL_MASK) == SPSR_EL_EL2;

	return (el2 ? sysreg_read(sctlr_el2) : sysreg_read(sctlr_el1)) & SCTLR_EE;
}

_Noreturn void lower_start(const struct psci_entry *entry)
{
	reset_control(entry->big_endian);
	/*
	 * Timers and pending interrupts woke it, and are what it comes back
	 * for.
	 */
	if (!entry->wake)
		reset_rest();
	lower_enter(entry->pc, entry->x0, (lower_has_el2() ? SPSR_EL2H : SPSR_EL1H) | DAIF_ALL,
		    cpu_stack_top(this_cpu()->index));
}
