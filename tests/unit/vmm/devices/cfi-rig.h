/* SPDX-License-Identifier: BSD-3-Clause */
/* The flash chips over an array of the test's, and the commands of a driver for both. */
#ifndef TESTS_CFI_RIG_H
#define TESTS_CFI_RIG_H

#include "devices/cfi-flash.h"

#include <stdint.h>

/* A command in both lanes. */
#define CFI_BOTH(value) ((uint32_t)(value) << 16 | (value))

#define CFI_READY CFI_BOTH(CFI_FLASH_READY)
#define CFI_BLOCK CFI_FLASH_BLOCK_SIZE
#define CFI_LAST_BLOCK (CFI_FLASH_SIZE - CFI_BLOCK)

extern uint8_t cfi_array[CFI_FLASH_SIZE];
extern struct cfi_flash cfi;

/** What has been stored, and what the next store returns. */
extern struct cfi_stored {
	unsigned int count;
	uint32_t offset;
	uint32_t size;
	int err;
} cfi_stored;

/** New chips, which are erased. */
void cfi_power_on(void);

/** 32 bits, a word of each chip. */
uint32_t cfi_get(uint64_t offset);
void cfi_put(uint64_t offset, uint32_t value);

void cfi_program(uint64_t offset, uint32_t value);
void cfi_erase(uint64_t offset);
void cfi_put_lock(uint64_t offset, uint32_t command);

/** Begin at @offset to program as many words, but do not confirm. */
void cfi_fill_buffer(uint64_t offset, uint32_t words);

/** The status of both chips, which is cleared; they read as the array then. */
uint32_t cfi_take_status(void);

#endif
