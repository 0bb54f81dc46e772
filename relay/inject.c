/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions that the OS takes at EL1 as if the CPU had found them there (DDI0487, D1.3). */
#include "../arch/arm64/sysreg.h"
#include "relay.h"

#define ESR_IL (UINT64_C(1) << 25)
#define EC_UNKNOWN 0x00
#define EC_INSTRUCTION_ABORT_LOWER 0x20
#define EC_DATA_ABORT_LOWER 0x24
#define EC_SAME_LEVEL 1 /* An abort's class at the level that takes it is one more. */
#define ISS_WNR 0x40
#define ISS_S1PTW 0x80
#define FSC_EXTERNAL 0x10
#define FSC_EXTERNAL_ON_WALK 0x14
#define FSC_LEVEL 0x3

#define SPSR_NZCV_DIT 0xf1000000
#define SPSR_TCO 0x02000000
#define SPSR_PAN 0x00400000
#define SPSR_SSBS 0x00001000
#define SPSR_AARCH32 0x10
#define SPSR_EL_MASK 0xc
#define SPSR_SP_ELX 0x1
#define SCTLR_SPAN 0x00800000
#define SCTLR_DSSBS (UINT64_C(1) << 44)

#define VECTOR_SP_ELX 0x200
#define VECTOR_LOWER_64 0x400
#define VECTOR_LOWER_32 0x600

#define PFR1_MTE_SHIFT 8
#define MMFR1_PAN_SHIFT 20

static bool is_lower(uint64_t spsr)
{
	return spsr & SPSR_AARCH32 || !(spsr & SPSR_EL_MASK);
}

static uint64_t vector(uint64_t spsr)
{
	if (spsr & SPSR_AARCH32)
		return VECTOR_LOWER_32;
	if (is_lower(spsr))
		return VECTOR_LOWER_64;

	return spsr & SPSR_SP_ELX ? VECTOR_SP_ELX : 0;
}

static uint64_t state_at_el1(uint64_t spsr)
{
	const uint64_t sctlr = sysreg_read(sctlr_el1);
	uint64_t state = SPSR_EL1H | DAIF_ALL;

	/* An AArch32 state has DIT elsewhere. */
	state |= spsr & (spsr & SPSR_AARCH32 ? 0xf0000000 : SPSR_NZCV_DIT);
	if (sysreg_read(id_aa64mmfr1_el1) >> MMFR1_PAN_SHIFT & 0xf)
		state |= (spsr & SPSR_PAN) | (sctlr & SCTLR_SPAN ? 0 : SPSR_PAN);
	if (sysreg_read(ID_AA64PFR1_EL1) >> PFR1_MTE_SHIFT & 0xf)
		state |= SPSR_TCO;
	if (sctlr & SCTLR_DSSBS)
		state |= SPSR_SSBS;

	return state;
}

static void inject(struct frame *frame, uint64_t esr)
{
	sysreg_write(esr_el1, esr | (frame->esr & ESR_IL));
	sysreg_write(elr_el1, frame->elr);
	sysreg_write(spsr_el1, frame->spsr);
	frame->elr = sysreg_read(vbar_el1) + vector(frame->spsr);
	frame->spsr = state_at_el1(frame->spsr);
}

void inject_undefined(struct frame *frame)
{
	inject(frame, (uint64_t)EC_UNKNOWN << ESR_EC_SHIFT);
}

void inject_abort(struct frame *frame)
{
	const bool data = (frame->esr >> ESR_EC_SHIFT & ESR_EC_MASK) == EC_DATA_ABORT_LOWER;
	const bool on_walk = frame->esr & ISS_S1PTW;
	uint64_t class = data ? EC_DATA_ABORT_LOWER : EC_INSTRUCTION_ABORT_LOWER;

	if (!is_lower(frame->spsr))
		class += EC_SAME_LEVEL;
	sysreg_write(far_el1, frame->far);
	inject(frame,
	       class << ESR_EC_SHIFT | (data ? frame->esr & ISS_WNR : 0) |
		       (on_walk ? FSC_EXTERNAL_ON_WALK | (frame->esr & FSC_LEVEL) : FSC_EXTERNAL));
}
