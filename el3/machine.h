/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine, as the device tree that QEMU made describes it. */
#ifndef EL3_MACHINE_H
#define EL3_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../arch/arm64/gic.h"
#include "../arch/arm64/tree.h"
#include "layout.h"

#define RAM_REGIONS_MAX 8

struct machine {
	struct gic gic;
	unsigned int ram_count;
	struct region ram[RAM_REGIONS_MAX];
};

extern struct machine machine;

/**
 * Read the device tree at RAM_BASE: RAM, CPUs and the GIC. NULL, or what is
 * wrong with it.
 */
const char *machine_read(void);

/** Whether a range, which does not wrap around, is all RAM. */
bool machine_is_ram(uint64_t base, uint64_t size);

#endif
