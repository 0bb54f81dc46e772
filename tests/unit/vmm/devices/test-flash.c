/* SPDX-License-Identifier: BSD-3-Clause */
/* Flash: a firmware's bytes, 0xff behind them, and no more memory than that takes. */
#include "devices/flash.h"
#include "support/scratch.h"
#include "support/smaps.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE 4096

static const char *make_firmware(size_t size)
{
	static uint8_t bytes[5 * PAGE];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 3 + i / 256);

	return scratch_write("firmware", bytes, size);
}

static void firmware_in_flash_is_followed_by_ones(void **state)
{
	/* Around the ends of pages. */
	static const size_t sizes[] = { 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 5 * PAGE - 4 };
	static uint8_t erased[1 << 20];

	memset(erased, 0xff, sizeof(erased));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct flash flash = { 0 };
		struct error error;

		assert_int_equal(flash_create(&flash, make_firmware(sizes[i]), 2, &error), 0);
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(flash.host[at], (uint8_t)(at * 3 + at / 256));
		assert_memory_equal(flash.host + sizes[i], erased, sizeof(erased));
		assert_memory_equal(flash.host + BOARD_FLASH_BANK_SIZE - sizeof(erased) / 2, erased,
				    sizeof(erased));
		assert_memory_equal(flash.host + 2 * BOARD_FLASH_BANK_SIZE - sizeof(erased), erased,
				    sizeof(erased));
		flash_destroy(&flash);
	}
}

static void writes_to_flash_do_not_change_the_firmware_s_file(void **state)
{
	struct flash flash = { 0 };
	struct error error;
	const char *path = make_firmware(100);

	assert_int_equal(flash_create(&flash, path, 2, &error), 0);
	flash_destroy(&flash);
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(flash_create(&flash, path, 2, &error), 0);
	assert_int_equal(flash.host[99], (uint8_t)(99 * 3));
	assert_int_equal(flash.host[100], 0xff);
	flash_destroy(&flash);
}

struct resident {
	const struct flash *flash;
	uint64_t bytes;
};

static bool count_resident(void *context, const struct mapping *mapping)
{
	struct resident *resident = context;
	const uint8_t *start = resident->flash->host;

	if (mapping->start >= start && mapping->end <= start + resident->flash->size)
		resident->bytes += mapping->resident;

	return true;
}

/* Of the flash alone: a sanitizer has memory of its own for what is mapped. */
static void two_banks_of_flash_take_hardly_any_memory(void **state)
{
	struct flash flash = { 0 };
	struct resident resident = { .flash = &flash };
	struct error error;
	const unsigned int open_files = scratch_open_files();
	const char *path = make_firmware(5 * PAGE);

	assert_int_equal(flash_create(&flash, path, 2, &error), 0);
	assert_int_equal(scratch_open_files(), open_files);
	assert_int_equal(flash.size, 2 * BOARD_FLASH_BANK_SIZE);
	smaps_each(count_resident, &resident);
	assert_true(resident.bytes < 1 << 20);
	/* It counts what there is. */
	assert_int_equal(flash.host[0], 0);
	resident.bytes = 0;
	smaps_each(count_resident, &resident);
	assert_true(resident.bytes > 0);
	flash_destroy(&flash);
	assert_null(flash.host);
}

static void flash_memory_cannot_be_written(void **state)
{
	struct flash flash = { 0 };
	struct error error;
	int pipe_ends[2];

	assert_int_equal(flash_create(&flash, make_firmware(PAGE), 2, &error), 0);
	assert_int_equal(pipe(pipe_ends), 0);
	assert_int_equal(write(pipe_ends[1], "x", 1), 1);
	/* As KVM would, through the kernel: refused without a signal. */
	assert_int_equal(read(pipe_ends[0], flash.host + BOARD_FLASH_BANK_SIZE, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(read(pipe_ends[0], flash.host, 1), -1);
	assert_int_equal(errno, EFAULT);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	/* A guest's writes have no effect. */
	flash_ops.write(&flash, 0, 0, 8);
	flash_ops.reset(&flash);
	assert_int_equal(flash.host[1], 3);
	assert_int_equal(flash_ops.read(&flash, BOARD_FLASH_BANK_SIZE, 4) & 0xff, 0xff);
	flash_destroy(&flash);
}

static void refused(const char *path, int err, const char *reason)
{
	struct flash flash = { 0 };
	struct error error = { 0 };
	const unsigned int open_files = scratch_open_files();

	assert_int_equal(flash_create(&flash, path, 2, &error), err);
	assert_null(flash.host);
	scratch_says(&error, path, reason);
	assert_int_equal(scratch_open_files(), open_files);
}

static void a_file_that_is_no_firmware_is_refused(void **state)
{
	refused(scratch_path("missing"), -ENOENT, "No such file");
	refused(scratch_folder(), -EISDIR, "is a directory");
	refused(scratch_sparse("empty", 0), -EINVAL, "is empty");
	refused(scratch_write("elf", "\177ELF\2\1\1", 7), -ENOEXEC, "is an ELF file, not a raw");
	refused(scratch_sparse("huge", BOARD_FLASH_BANK_SIZE + 1), -EFBIG, "64 MiB");
}

static void a_firmware_as_large_as_its_bank_is_accepted(void **state)
{
	struct flash flash = { 0 };
	struct error error;

	assert_int_equal(
		flash_create(&flash, scratch_sparse("full", BOARD_FLASH_BANK_SIZE), 2, &error), 0);
	assert_int_equal(flash.host[BOARD_FLASH_BANK_SIZE - 1], 0);
	assert_int_equal(flash.host[BOARD_FLASH_BANK_SIZE], 0xff);
	flash_destroy(&flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firmware_in_flash_is_followed_by_ones),
		cmocka_unit_test(writes_to_flash_do_not_change_the_firmware_s_file),
		cmocka_unit_test(two_banks_of_flash_take_hardly_any_memory),
		cmocka_unit_test(flash_memory_cannot_be_written),
		cmocka_unit_test(a_file_that_is_no_firmware_is_refused),
		cmocka_unit_test(a_firmware_as_large_as_its_bank_is_accepted),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
