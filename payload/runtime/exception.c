/* SPDX-License-Identifier: BSD-3-Clause */
/* The exceptions that vectors.S passes on. */
#include <stdatomic.h>
#include <stdint.h>

#include "../../arch/arm64/console.h"
#include "../../arch/arm64/frame.h"
#include "../../arch/arm64/gic.h"
#include "../../arch/arm64/image.h"
#include "../../arch/arm64/sysreg.h"
#include "../../arch/arm64/timer.h"
#include "board.h"
#include "report.h"
#include "smp.h"

void exception(struct frame *frame);
void irq(void);

/* An instruction that does not exist here. */
static bool is_undefined(const struct frame *frame)
{
	return frame->esr >> ESR_EC_SHIFT == ESR_EC_UNKNOWN;
}

void exception(struct frame *frame)
{
	struct cpu *cpu = this_cpu();

	if (cpu->undefined_expected && is_undefined(frame)) {
		cpu->undefined_seen = true;
		frame->elr += 4;

		return;
	}

	print("# CPU %u: exception: ESR %lx ELR %lx (image + %lx) FAR %lx SPSR %lx\n", cpu->index,
	      frame->esr, frame->elr, frame->elr - (uint64_t)(uintptr_t)image_start, frame->far,
	      frame->spsr);
	for (unsigned int i = 0; i < 30; i += 3)
		print("# x%u %lx x%u %lx x%u %lx\n", i, frame->x[i], i + 1, frame->x[i + 1], i + 2,
		      frame->x[i + 2]);
	print("# x30 %lx\n", frame->x[30]);
	give_up("an exception that nobody expected");
}

/* Take one interrupt; afterwards none is pending that was not raised anew. */
void irq(void)
{
	struct cpu *cpu = this_cpu();
	const uint32_t ack = gic_acknowledge();
	const uint32_t intid = ack & 0x3ff;

	if (intid >= GIC_INTID_NONE)
		return;
	/* Its level must be low before its end is signalled. */
	if (intid == board.timer_intid && cpu->timer_period)
		timer_arm(cpu->timer_period);
	else if (intid == board.timer_intid)
		timer_disarm();
	cpu->last_intid = intid;
	atomic_fetch_add(&cpu->irqs, 1);
	gic_end(ack);
}
