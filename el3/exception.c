/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions that are no calls. What a lower level may not do, since EL3 does
 * not know the feature, is undefined to it; nothing that it does stops the
 * monitor.
 */
#include <stdint.h>

#include "../arch/arm64/exception.h"
#include "../arch/arm64/frame.h"
#include "cpu.h"
#include "lower.h"
#include "registers.h"
#include "report.h"

#define ESR_UNKNOWN 0x02000000 /* Of an instruction of 32 bits. */
#define SPSR_MODE_MASK 0xf /* Of EL0, and of AArch32's User mode, 0. */

#define ESR_EC_SMC32 0x13

#define NOT_SUPPORTED UINT64_MAX

/* From vectors.S. */
_Noreturn void fault(const struct frame *frame);
void lower_exception(struct frame *frame);

_Noreturn void fault(const struct frame *frame)
{
	give_up("CPU %u: an exception at EL3, ESR %lx, ELR %lx, FAR %lx; stopped",
		this_cpu() ? this_cpu()->index : 0, (unsigned long)frame->esr,
		(unsigned long)frame->elr, (unsigned long)frame->far);
}

/*
 * EL0 is below EL1, unless EL2 has taken its exceptions. AArch32 at EL1 is a
 * guest of EL2, which has to explain it to its guest.
 */
static bool goes_to_el2(uint64_t spsr)
{
	if ((spsr & SPSR_MODE_MASK) == 0)
		return lower_has_el2() && sysreg_read(hcr_el2) & HCR_TGE;

	return spsr & SPSR_AARCH32 || (spsr & SPSR_EL_MASK) == SPSR_EL_EL2;
}

/*
 * Calls come here only with an immediate, which no call has, or from AArch32.
 * Its callers are guests of an EL2 that lets their SMC through; they could not
 * be started where an AArch64 CPU starts, so that they have no function.
 */
static bool is_call(uint64_t esr)
{
	const uint64_t class = esr >> ESR_EC_SHIFT & ESR_EC_MASK;

	return class == ESR_EC_SMC64 || class == ESR_EC_SMC32;
}

void lower_exception(struct frame *frame)
{
	if (is_call(frame->esr)) {
		frame->x[0] = NOT_SUPPORTED;
		return;
	}
	if (goes_to_el2(frame->spsr)) {
		sysreg_write(elr_el2, frame->elr);
		sysreg_write(spsr_el2, frame->spsr);
		sysreg_write(esr_el2, ESR_UNKNOWN);
		frame->elr = sysreg_read(vbar_el2) + exception_vector(frame->spsr, SPSR_EL_EL2);
		frame->spsr = exception_state(frame->spsr, SPSR_EL_EL2, sysreg_read(sctlr_el2));
	} else {
		sysreg_write(elr_el1, frame->elr);
		sysreg_write(spsr_el1, frame->spsr);
		sysreg_write(esr_el1, ESR_UNKNOWN);
		frame->elr = sysreg_read(vbar_el1) + exception_vector(frame->spsr, SPSR_EL_EL1);
		frame->spsr = exception_state(frame->spsr, SPSR_EL_EL1, sysreg_read(sctlr_el1));
	}
}
