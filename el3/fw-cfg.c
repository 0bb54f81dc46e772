/* SPDX-License-Identifier: BSD-3-Clause */
#include "fw-cfg.h"

#include "../arch/arm64/io.h"
#include "../arch/arm64/sysreg.h"
#include "layout.h"

#define SIGNATURE 0x00
#define ID 0x01
#define ID_DMA 0x2

/* Registers, of which all but the data are big-endian. */
#define DATA (FW_CFG_BASE + 0x00)
#define SELECTOR (FW_CFG_BASE + 0x08)
#define DMA_ADDRESS (FW_CFG_BASE + 0x10)

#define DMA_ERROR 0x01
#define DMA_READ 0x02
#define DMA_SELECT 0x08

/*
 * What a transfer is, for the device: big-endian, in memory that it can access.
 */
struct dma {
	uint32_t control;
	uint32_t length;
	uint64_t address;
};

/* The end of the device tree's place: QEMU's own is half as long. */
static volatile struct dma *const dma = (volatile struct dma *)(NEXT_BASE - 64);

static void select(uint16_t key)
{
	__asm__ volatile("strh %w0, [%1]" ::"r"((uint32_t)__builtin_bswap16(key)),
			 "r"((uintptr_t)SELECTOR)
			 : "memory");
}

/* Items are bytes; a number is little-endian. */
static uint32_t read_number(void)
{
	uint32_t number = 0;

	for (unsigned int i = 0; i < sizeof(number); i++)
		number |= (uint32_t)read8(DATA) << 8 * i;

	return number;
}

uint32_t fw_cfg_number(uint16_t key)
{
	select(key);

	return read_number();
}

bool fw_cfg_present(void)
{
	select(SIGNATURE);
	/* "QEMU" */
	if (read_number() != 0x554d4551)
		return false;

	return fw_cfg_number(ID) & ID_DMA;
}

/* DMA is coherent, so that caches need no care. */
bool fw_cfg_read(uint16_t key, uint64_t to, uint32_t size)
{
	uint32_t control;

	dma->length = __builtin_bswap32(size);
	dma->address = __builtin_bswap64(to);
	dma->control = __builtin_bswap32((uint32_t)key << 16 | DMA_SELECT | DMA_READ);
	dsb();
	write64(DMA_ADDRESS, __builtin_bswap64((uintptr_t)dma));
	do {
		control = __builtin_bswap32(dma->control);
	} while (control & ~(uint32_t)DMA_ERROR);
	dsb();

	return !(control & DMA_ERROR);
}
