/* SPDX-License-Identifier: BSD-3-Clause */
#include "cfi-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

uint8_t cfi_array[CFI_FLASH_SIZE];
struct cfi_flash cfi;
struct cfi_stored cfi_stored;

static int store(void *context, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
	assert_ptr_equal(context, &cfi_stored);
	assert_in_range(offset, 0, CFI_FLASH_SIZE - 1);
	assert_int_equal(offset / CFI_BLOCK, (offset + size - 1) / CFI_BLOCK);
	cfi_stored.count++;
	cfi_stored.offset = offset;
	cfi_stored.size = size;
	if (!cfi_stored.err)
		memcpy(cfi_array + offset, bytes, size);

	return cfi_stored.err;
}

void cfi_power_on(void)
{
	memset(cfi_array, 0xff, sizeof(cfi_array));
	memset(&cfi_stored, 0, sizeof(cfi_stored));
	cfi = (struct cfi_flash){ .array = cfi_array, .store = store, .context = &cfi_stored };
	cfi_flash_reset(&cfi);
}

uint32_t cfi_get(uint64_t offset)
{
	return (uint32_t)cfi_flash_read(&cfi, offset, 4);
}

void cfi_put(uint64_t offset, uint32_t value)
{
	cfi_flash_write(&cfi, offset, value, 4);
}

void cfi_program(uint64_t offset, uint32_t value)
{
	cfi_put(offset, CFI_BOTH(0x40));
	cfi_put(offset, value);
}

void cfi_erase(uint64_t offset)
{
	cfi_put(offset, CFI_BOTH(0x20));
	cfi_put(offset, CFI_BOTH(0xd0));
}

void cfi_put_lock(uint64_t offset, uint32_t command)
{
	cfi_put(offset, CFI_BOTH(0x60));
	cfi_put(offset, CFI_BOTH(command));
}

uint32_t cfi_take_status(void)
{
	uint32_t status;

	cfi_put(0, CFI_BOTH(0x70));
	status = cfi_get(CFI_LAST_BLOCK);
	cfi_put(0, CFI_BOTH(0x50));
	assert_int_equal(cfi_get(0), CFI_READY);
	cfi_put(0, CFI_BOTH(0xff));
	assert_true(cfi_flash_reads_array(&cfi));

	return status;
}

void cfi_fill_buffer(uint64_t offset, uint32_t words)
{
	cfi_put(offset, CFI_BOTH(0xe8));
	assert_int_equal(cfi_get(offset), CFI_READY);
	cfi_put(offset, CFI_BOTH(words - 1));
	for (uint32_t i = 0; i < words; i++)
		cfi_put(offset + 4ULL * i, CFI_BOTH(0x100 + i));
}
