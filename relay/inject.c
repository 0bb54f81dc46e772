/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions that the OS takes at EL1. */
#include "../arch/arm64/exception.h"
#include "../arch/arm64/sysreg.h"
#include "relay.h"

#define ESR_IL (UINT64_C(1) << 25)
#define EC_SAME_LEVEL 1 /* An abort's class at the level that takes it is one more. */
#define ISS_WNR 0x40
#define ISS_S1PTW 0x80
#define FSC_EXTERNAL 0x10
#define FSC_EXTERNAL_ON_WALK 0x14
#define FSC_LEVEL 0x3

static void inject(struct frame *frame, uint64_t esr)
{
	sysreg_write(esr_el1, esr | (frame->esr & ESR_IL));
	sysreg_write(elr_el1, frame->elr);
	sysreg_write(spsr_el1, frame->spsr);
	frame->elr = sysreg_read(vbar_el1) + exception_vector(frame->spsr, SPSR_EL_EL1);
	frame->spsr = exception_state(frame->spsr, SPSR_EL_EL1, sysreg_read(sctlr_el1));
}

void inject_undefined(struct frame *frame)
{
	inject(frame, (uint64_t)ESR_EC_UNKNOWN << ESR_EC_SHIFT);
}

void inject_abort(struct frame *frame)
{
	const bool data = (frame->esr >> ESR_EC_SHIFT & ESR_EC_MASK) == ESR_EC_DATA_ABORT_LOWER;
	const bool on_walk = frame->esr & ISS_S1PTW;
	uint64_t class = data ? ESR_EC_DATA_ABORT_LOWER : ESR_EC_INSTRUCTION_ABORT_LOWER;

	if (!exception_is_from_lower(frame->spsr, SPSR_EL_EL1))
		class += EC_SAME_LEVEL;
	sysreg_write(far_el1, frame->far);
	inject(frame,
	       class << ESR_EC_SHIFT | (data ? frame->esr & ISS_WNR : 0) |
		       (on_walk ? FSC_EXTERNAL_ON_WALK | (frame->esr & FSC_LEVEL) : FSC_EXTERNAL));
}
