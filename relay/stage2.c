/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the OS reaches: each physical address, at the same address and with the attributes
 * that the OS gives it, except the monitor's memory, which is absent.
 *
 * The map starts at level 1, of which up to 16 tables may lie one behind the other. That
 * is 43 bits of addresses.
 */
#include "../arch/arm64/image.h"
#include "../arch/arm64/sysreg.h"
#include "relay.h"

#define ENTRIES 512
#define PAGE_SHIFT 12
#define LEVEL2_SHIFT 21
#define LEVEL1_SHIFT 30
#define LEVEL1_TABLES 16
#define BITS_MAX 43

/* Accessed, inner shareable, normal write-back, so that stage 1 decides; read and write. */
#define DESC_BLOCK UINT64_C(0x7fd)
#define DESC_PAGE UINT64_C(0x7ff)
#define DESC_TABLE UINT64_C(0x3)

/* Walks inner shareable write-back from level 1, 4 KiB pages. */
#define VTCR_BASE 0x80003540
#define VTCR_PS_SHIFT 16

typedef uint64_t table[ENTRIES];

static table level1[LEVEL1_TABLES] __attribute__((aligned(LEVEL1_TABLES * 4096)));
static table level2 __attribute__((aligned(4096)));
static table level3 __attribute__((aligned(4096)));

static unsigned int physical_range(void)
{
	const unsigned int range = sysreg_read(id_aa64mmfr0_el1) & 0xf;

	return range < 5 ? range : 5; /* 48 bits are all that a 4 KiB page's entry holds. */
}

static unsigned int address_bits(void)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };
	const unsigned int all = bits[physical_range()];

	return all < BITS_MAX ? all : BITS_MAX;
}

bool is_own(uint64_t address)
{
	return address - (uintptr_t)image_start < (uintptr_t)image_end - (uintptr_t)image_start;
}

const char *stage2_make(void)
{
	const uint64_t own = (uintptr_t)image_start;
	const uint64_t gib = own >> LEVEL1_SHIFT;
	const uint64_t block = own >> LEVEL2_SHIFT;
	uint64_t *first = level1[0];

	if (own >> address_bits())
		return "its memory is beyond the addresses that it can map";
	for (uint64_t i = 0; i < (uint64_t)LEVEL1_TABLES * ENTRIES; i++)
		first[i] = i << LEVEL1_SHIFT | DESC_BLOCK;
	for (uint64_t i = 0; i < ENTRIES; i++) {
		const uint64_t page = (block << LEVEL2_SHIFT) + (i << PAGE_SHIFT);

		level2[i] = gib << LEVEL1_SHIFT | i << LEVEL2_SHIFT | DESC_BLOCK;
		level3[i] = is_own(page) ? 0 : page | DESC_PAGE;
	}
	level2[block % ENTRIES] = (uintptr_t)level3 | DESC_TABLE;
	first[gib] = (uintptr_t)level2 | DESC_TABLE;
	dsb();

	return NULL;
}

void stage2_use(void)
{
	sysreg_write(vtcr_el2, VTCR_BASE | (uint64_t)physical_range() << VTCR_PS_SHIFT |
				       (64 - address_bits()));
	sysreg_write(vttbr_el2, (uintptr_t)level1);
	isb();
	__asm__ volatile("tlbi alle1" ::: "memory");
	__asm__ volatile("dsb nsh" ::: "memory");
	isb();
}
