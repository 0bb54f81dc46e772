/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include <stddef.h>

#include "../arch/arm64/cache.h"
#include "machine.h"
#include "registers.h"

#define ENTRIES 512
#define LEVEL1_SHIFT 30
#define LEVEL2_SHIFT 21
#define LEVEL2_SIZE (UINT64_C(1) << LEVEL2_SHIFT)
#define PAGE_SHIFT 12
#define STACK_TABLES ((STACK_STRIDE * CPU_MAX + LEVEL2_SIZE - 1) / LEVEL2_SIZE)

typedef uint64_t table[ENTRIES];

/* start.S has them, or enables the map. */
extern const table boot_map_low;
extern const char stacks[];
extern table map_level1;

table map_level1 __attribute__((aligned(4096)));
static table map_low __attribute__((aligned(4096)));
static table map_stacks[STACK_TABLES] __attribute__((aligned(4096)));

static uint64_t table_entry(const uint64_t *of)
{
	return (uint64_t)(uintptr_t)of | DESC_TABLE;
}

/* Of each stride the last page is the stack; what is below it faults. */
static void map_guarded_stacks(void)
{
	const uint64_t base = (uint64_t)(uintptr_t)stacks;

	for (size_t i = 0; i < STACK_TABLES; i++) {
		for (uint64_t j = 0; j < ENTRIES; j++) {
			const uint64_t offset = i * LEVEL2_SIZE + (j << PAGE_SHIFT);

			if (offset % STACK_STRIDE >= STACK_STRIDE - STACK_SIZE)
				map_stacks[i][j] = (base + offset) | DESC_BITS_RAM | DESC_PAGE;
		}
		map_low[(base >> LEVEL2_SHIFT) + i] = table_entry(map_stacks[i]);
	}
}

static void map_blocks(const struct region *region, uint64_t attributes)
{
	const uint64_t end = region->base + region->size;

	for (uint64_t i = region->base >> LEVEL1_SHIFT; i << LEVEL1_SHIFT < end && i < ENTRIES; i++)
		if (!map_level1[i])
			map_level1[i] = i << LEVEL1_SHIFT | attributes;
}

void memory_map(void)
{
	for (size_t i = 0; i < ENTRIES; i++)
		map_low[i] = boot_map_low[i];
	map_guarded_stacks();
	map_level1[0] = table_entry(map_low);
	for (unsigned int i = 0; i < machine.ram_count; i++)
		map_blocks(&machine.ram[i], BLOCK_NS_RAM);
	/* Those of many CPUs are not in the first GiB. */
	for (unsigned int i = 0; i < machine.gic.redistributor_count; i++) {
		const struct region region = { machine.gic.redistributors[i].base,
					       machine.gic.redistributors[i].size };

		map_blocks(&region, BLOCK_SECURE_DEVICE);
	}
	/*
	 * The maps may be mixed until the TLB is empty: they differ only in the
	 * guard pages, which nothing accesses, and in what was not mapped.
	 */
	dsb();
	sysreg_write(ttbr0_el3, (uint64_t)(uintptr_t)map_level1);
	isb();
	__asm__ volatile("tlbi alle3" ::: "memory");
	dsb();
	isb();
}

#define DCZID_BLOCK 0xf
#define DCZID_PROHIBITED 0x10

static void zero(uint64_t start, uint64_t end)
{
	const uint64_t zid = sysreg_read(dczid_el0);
	const uint64_t block = UINT64_C(4) << (zid & DCZID_BLOCK);

	if (zid & DCZID_PROHIBITED) {
		for (uint64_t at = start; at < end; at += sizeof(uint64_t))
			*(volatile uint64_t *)(uintptr_t)at = 0;
		return;
	}
	for (uint64_t at = start; at < end; at += block)
		__asm__ volatile("dc zva, %0" ::"r"(at) : "memory");
}

/*
 * A line that is only in a cache would be lost with it, and the old contents
 * come back.
 */
void memory_overwrite(void)
{
	for (unsigned int i = 0; i < machine.ram_count; i++) {
		const struct region *ram = &machine.ram[i];

		zero(ram->base, ram->base + ram->size);
		cache_flush((const void *)(uintptr_t)ram->base, ram->size);
	}
}
