/* SPDX-License-Identifier: BSD-3-Clause */
#include "irq-probe.h"

struct irq_probe irq_probe;

void irq_line_set(const struct irq_line *line, bool level)
{
	irq_probe.level = level;
	irq_probe.spi = line->spi;
	irq_probe.changes++;
}
