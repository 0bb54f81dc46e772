/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One identity map for all CPUs: devices everywhere except where we know that RAM is. It is
 * for the exception level that makes it, and each CPU turns it on with mmu-enable.S.
 */
#ifndef ARCH_ARM64_MMU_H
#define ARCH_ARM64_MMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Once, while the MMU is off: make the map, without RAM. */
void mmu_prepare(void);

/** Make RAM usable, in whole blocks of 2 MiB; false if it is out of reach. */
bool mmu_add_ram(uint64_t address, uint64_t size);

#endif
