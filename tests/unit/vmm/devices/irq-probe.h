/* SPDX-License-Identifier: BSD-3-Clause */
/* The interrupt controller's place in tests: the last changes of devices' lines. */
#ifndef TESTS_IRQ_PROBE_H
#define TESTS_IRQ_PROBE_H

#include "board/irq.h"

#include <stdbool.h>
#include <stdint.h>

struct irq_probe {
	bool level; /**< The level of the line that was set last. */
	uint32_t spi; /**< Which line that was. */
	unsigned int changes; /**< How often any was set. */
};

/** Filled by irq_line_set(); a test clears it before it begins. */
extern struct irq_probe irq_probe;

#endif
