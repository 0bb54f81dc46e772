/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory that the payload uses before it knows the board. */
#include <stdint.h>

#include "../../arch/arm64/image.h"
#include "../../arch/arm64/mmu.h"

/* A device tree is at most 2 MiB (booting.rst). */
#define FDT_SIZE_MAX 0x200000

/* From start.S. */
void map_first(const void *fdt);

void map_first(const void *fdt)
{
	mmu_prepare();
	/* A failure could not be reported; the first access would fault. */
	mmu_add_ram((uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start);
	mmu_add_ram((uintptr_t)fdt, FDT_SIZE_MAX);
}
