/* SPDX-License-Identifier: BSD-3-Clause */
/* An interrupt line from a device to the guest's GIC. */
#ifndef VMM_IRQ_H
#define VMM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct irq_line {
	const int *vm_fd; /**< KVM's VM of the present power cycle; -1 between two. */
	uint32_t spi; /**< Shared peripheral interrupt number: INTID - 32. */
};

/** Raise or lower a level-triggered line. From any thread; does not sleep. */
void irq_line_set(const struct irq_line *line, bool level);

#endif
