/* SPDX-License-Identifier: BSD-3-Clause */
/* What of the file of a flash chip is durable, whenever it is written. */
#include "host/flash-file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "support/scratch.h"

#define ROOM 4096U

static struct flash_file file;
static unsigned int syncs;
static int sync_error;
static bool syncs_within_write;

/* What libc's would do, and the main thread's sync just before it. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	if (syncs_within_write)
		assert_int_equal(flash_file_sync(&file), 0);

	return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

int fdatasync(int fd)
{
	syncs++;
	errno = sync_error;

	return sync_error ? -1 : 0;
}

static int setup(void **state)
{
	struct error error = { "" };

	syncs = 0;
	sync_error = 0;
	syncs_within_write = false;
	if (flash_file_open(&file, scratch_sparse("vars", 0), ROOM, &error) != 0)
		fail_msg("%s", error.text);

	return 0;
}

static int teardown(void **state)
{
	flash_file_close(&file);

	return 0;
}

static void write_byte(uint64_t offset)
{
	const uint8_t byte = 0x5a;

	assert_int_equal(flash_file_write(&file, offset, &byte, 1), 0);
}

static void a_file_without_a_write_is_not_synced(void **state)
{
	assert_int_equal(flash_file_sync(&file), 0);
	assert_int_equal(syncs, 0);
	write_byte(0);
	assert_int_equal(flash_file_sync(&file), 0);
	assert_int_equal(flash_file_sync(&file), 0);
	assert_int_equal(syncs, 1);
}

static void a_sync_within_a_write_is_followed_by_another(void **state)
{
	write_byte(0);
	syncs_within_write = true;
	write_byte(1);
	syncs_within_write = false;
	assert_int_equal(syncs, 1);
	assert_int_equal(flash_file_sync(&file), 0);
	assert_int_equal(syncs, 2);
}

/* The kernel reports it once, and what it lost stays lost. */
static void a_sync_that_failed_is_reported_from_then_on(void **state)
{
	write_byte(0);
	sync_error = EIO;
	assert_int_equal(flash_file_sync(&file), -EIO);
	sync_error = 0;
	write_byte(1);
	assert_int_equal(flash_file_sync(&file), -EIO);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(a_file_without_a_write_is_not_synced),
		FILE_TEST(a_sync_within_a_write_is_followed_by_another),
		FILE_TEST(a_sync_that_failed_is_reported_from_then_on),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
