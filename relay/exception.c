/* SPDX-License-Identifier: BSD-3-Clause */
/* What vectors.S takes: traps of the OS, and what must not happen at EL2. */
#include <stdarg.h>

#include "../arch/arm64/console.h"
#include "../arch/arm64/format.h"
#include "../arch/arm64/give-up.h"
#include "../arch/arm64/image.h"
#include "../arch/arm64/sysreg.h"
#include "relay.h"

#define SMC_0 0xd4000003
#define NO_SMC UINT64_MAX /* NOT_SUPPORTED, to whichever call. */

void os_exception(struct frame *frame);
void own_exception(struct frame *frame);

static unsigned int class_of(const struct frame *frame)
{
	return frame->esr >> ESR_EC_SHIFT & ESR_EC_MASK;
}

/*
 * All but SMC #0. EL1 is in AArch64 state, so that SMC and HVC of AArch32 do not come here: at
 * EL0 they are undefined, which the OS sees itself.
 */
void os_exception(struct frame *frame)
{
	switch (class_of(frame)) {
	case ESR_EC_SMC64:
		os_smc_not_0(frame);
		break;
	case ESR_EC_HVC64:
		os_hvc(frame);
		break;
	case ESR_EC_DATA_ABORT_LOWER:
	case ESR_EC_INSTRUCTION_ABORT_LOWER:
		count(this_cpu(), RELAY_COUNTER_ABORTS);
		inject_abort(frame);
		break;
	default:
		count(this_cpu(), RELAY_COUNTER_UNDEFINED);
		inject_undefined(frame);
		break;
	}
}

/* A machine may have no EL3, or a firmware that lets an SMC be undefined. */
static bool is_undefined_smc(const struct frame *frame)
{
	return class_of(frame) == ESR_EC_UNKNOWN && is_own(frame->elr) &&
	       *(const uint32_t *)(uintptr_t)frame->elr == SMC_0;
}

void own_exception(struct frame *frame)
{
	if (is_undefined_smc(frame)) {
		frame->x[0] = NO_SMC;
		frame->elr += INSTRUCTION_SIZE;

		return;
	}
	give_up("an exception in the monitor: ESR %lx, ELR %lx (image + %lx), FAR %lx, SPSR %lx",
		frame->esr, frame->elr, frame->elr - (uint64_t)(uintptr_t)image_start, frame->far,
		frame->spsr);
}

void give_up(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	print("psci-relay: stopped: %s\n", text);
	for (;;)
		wfi();
}
