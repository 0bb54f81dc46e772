/* SPDX-License-Identifier: BSD-3-Clause */
/* One identity map for all CPUs: devices everywhere except where we know that RAM is. */
#ifndef PAYLOAD_RUNTIME_MMU_H
#define PAYLOAD_RUNTIME_MMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** For start.S: make the map for the image and the device tree. MMU is off. */
void mmu_prepare(const void *fdt);

/** Make more RAM usable; false if it is out of reach. MMU is on. */
bool mmu_add_ram(uint64_t address, uint64_t size);

/** Write back and drop what caches hold of a range. */
void cache_flush(const void *start, size_t size);

#endif
