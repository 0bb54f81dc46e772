/* SPDX-License-Identifier: BSD-3-Clause */
#include "mmu.h"

#include "sysreg.h"

#define ENTRIES 512
#define LEVEL1_SHIFT 30
#define LEVEL2_SHIFT 21
#define LEVEL2_SIZE (UINT64_C(1) << LEVEL2_SHIFT)
#define ADDRESS_LIMIT ((uint64_t)ENTRIES << LEVEL1_SHIFT)
#define LEVEL2_COUNT 4

#define DESC_BLOCK 0x1
#define DESC_TABLE 0x3
#define DESC_TYPE_MASK 0x3
#define DESC_ATTRIBUTE(index) ((uint64_t)(index) << 2)
#define DESC_AP_RES1 (UINT64_C(1) << 6) /* At EL2 and EL3. */
#define DESC_INNER_SHAREABLE (UINT64_C(3) << 8)
#define DESC_ACCESSED (UINT64_C(1) << 10)
#define DESC_PXN (UINT64_C(1) << 53)
#define DESC_UXN (UINT64_C(1) << 54)
#define DESC_ADDRESS_MASK UINT64_C(0x0000fffffffff000)

typedef uint64_t table[ENTRIES];

extern table mmu_level1;

table mmu_level1 __attribute__((aligned(4096)));
static table level2[LEVEL2_COUNT] __attribute__((aligned(4096)));
static unsigned int level2_used;

static bool at_el1(void)
{
	return sysreg_read(CurrentEL) == CURRENT_EL_EL1;
}

static bool is_on(void)
{
	switch (sysreg_read(CurrentEL)) {
	case CURRENT_EL_EL3:
		return sysreg_read(sctlr_el3) & SCTLR_M;
	case CURRENT_EL_EL2:
		return sysreg_read(sctlr_el2) & SCTLR_M;
	default:
		return sysreg_read(sctlr_el1) & SCTLR_M;
	}
}

static uint64_t device_block(uint64_t address)
{
	uint64_t desc =
		address | DESC_BLOCK | DESC_ATTRIBUTE(MAIR_DEVICE) | DESC_ACCESSED | DESC_UXN;

	return desc | (at_el1() ? DESC_PXN : DESC_AP_RES1);
}

static uint64_t ram_block(uint64_t address)
{
	const uint64_t desc = address | DESC_BLOCK | DESC_ATTRIBUTE(MAIR_NORMAL) | DESC_ACCESSED |
			      DESC_INNER_SHAREABLE;

	return desc | (at_el1() ? 0 : DESC_AP_RES1);
}

static void flush_tlb(void)
{
	dsb();
	switch (sysreg_read(CurrentEL)) {
	case CURRENT_EL_EL3:
		__asm__ volatile("tlbi alle3is" ::: "memory");
		break;
	case CURRENT_EL_EL2:
		__asm__ volatile("tlbi alle2is" ::: "memory");
		break;
	default:
		__asm__ volatile("tlbi vmalle1is" ::: "memory");
		break;
	}
	dsb();
	isb();
}

/* An entry that may be in use is removed before it is replaced. */
static void replace(uint64_t *entry, uint64_t desc, bool live)
{
	if (live) {
		*(volatile uint64_t *)entry = 0;
		flush_tlb();
	}
	*(volatile uint64_t *)entry = desc;
	dsb();
	isb();
}

/* Returns the table for the GiB of @address, made of device blocks if there is none yet. */
static uint64_t *level2_of(uint64_t address, bool live)
{
	uint64_t *entry = &mmu_level1[address >> LEVEL1_SHIFT];
	const uint64_t base = address >> LEVEL1_SHIFT << LEVEL1_SHIFT;
	uint64_t *made;

	if ((*entry & DESC_TYPE_MASK) == DESC_TABLE)
		return (uint64_t *)(uintptr_t)(*entry & DESC_ADDRESS_MASK);
	if (level2_used == LEVEL2_COUNT)
		return NULL;
	made = level2[level2_used++];
	for (uint64_t i = 0; i < ENTRIES; i++)
		made[i] = device_block(base + i * LEVEL2_SIZE);
	dsb();
	replace(entry, (uint64_t)(uintptr_t)made | DESC_TABLE, live);

	return made;
}

static bool map_ram(uint64_t start, uint64_t end, bool live)
{
	if (start >= end || end > ADDRESS_LIMIT)
		return false;
	for (uint64_t at = start & ~(LEVEL2_SIZE - 1); at < end; at += LEVEL2_SIZE) {
		uint64_t *made = level2_of(at, live);

		if (!made)
			return false;

		uint64_t *entry = &made[at >> LEVEL2_SHIFT & (ENTRIES - 1)];

		if (*entry != ram_block(at))
			replace(entry, ram_block(at), live);
	}

	return true;
}

void mmu_prepare(void)
{
	for (uint64_t i = 0; i < ENTRIES; i++)
		mmu_level1[i] = device_block(i << LEVEL1_SHIFT);
}

bool mmu_add_ram(uint64_t address, uint64_t size)
{
	return address + size > address && map_ram(address, address + size, is_on());
}
