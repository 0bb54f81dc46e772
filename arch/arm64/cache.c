/* SPDX-License-Identifier: BSD-3-Clause */
#include "cache.h"

#include <stdint.h>

#include "sysreg.h"

void cache_flush(const void *start, size_t size)
{
	const uint64_t line = UINT64_C(4) << (sysreg_read(ctr_el0) >> 16 & 0xf);
	uint64_t at = (uint64_t)(uintptr_t)start & ~(line - 1);

	for (; at < (uint64_t)(uintptr_t)start + size; at += line)
		__asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
	dsb();
}
