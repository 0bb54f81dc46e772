/* SPDX-License-Identifier: BSD-3-Clause */
/* The monitor's map of memory, and what it does to RAM as a whole. */
#ifndef EL3_MEMORY_H
#define EL3_MEMORY_H

#include <stdint.h>

/** The map ends here: 512 entries of 1 GiB. */
#define MAP_LIMIT (UINT64_C(512) << 30)

/**
 * Make the map that all CPUs use from then on, and use it: with all RAM and
 * guarded stacks.
 */
void memory_map(void);

/**
 * Overwrite all RAM of the non-secure state with zeros, down to memory itself.
 */
void memory_overwrite(void);

#endif
