/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of a flash chip: what is behind its end, how it grows, and which is refused. */
#include "host/flash-file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define ROOM (1U << 20)

static void must_open(struct flash_file *file, const char *path)
{
	struct error error = { "" };

	if (flash_file_open(file, path, ROOM, &error) != 0)
		fail_msg("%s", error.text);
}

/* Whether all bytes of a range of the file at @path are @value. */
static bool file_has(const char *path, off_t offset, size_t size, uint8_t value)
{
	static uint8_t bytes[ROOM];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, bytes, size, offset), size);
	close(fd);
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != value)
			return false;

	return true;
}

static off_t size_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);

	return status.st_size;
}

static void bytes_behind_the_end_of_the_file_are_erased(void **state)
{
	const char *path = scratch_write("short", "ab", 2);
	struct flash_file file;
	uint8_t bytes[4];

	must_open(&file, path);
	assert_int_equal(flash_file_read(&file, 0, bytes, 4), 0);
	assert_memory_equal(bytes, "ab\xff\xff", 4);
	assert_int_equal(flash_file_read(&file, ROOM - 4, bytes, 4), 0);
	assert_memory_equal(bytes, "\xff\xff\xff\xff", 4);
	flash_file_close(&file);
}

static void a_file_grows_with_ones_and_not_for_an_erase(void **state)
{
	static uint8_t erased[4096];
	const char *path = scratch_sparse("growing", 0);
	struct flash_file file;

	memset(erased, 0xff, sizeof(erased));
	must_open(&file, path);
	assert_int_equal(flash_file_write(&file, ROOM - 4096, erased, 4096), 0);
	assert_int_equal(size_of(path), 0);
	assert_int_equal(flash_file_write(&file, 100000, (const uint8_t *)"x", 1), 0);
	assert_int_equal(size_of(path), 100001);
	assert_true(file_has(path, 0, 100000, 0xff));
	assert_true(file_has(path, 100000, 1, 'x'));
	/* Where the file is, an erase is in it. */
	assert_int_equal(flash_file_write(&file, 100000, erased, 2), 0);
	assert_true(file_has(path, 0, 100002, 0xff));
	assert_int_equal(flash_file_sync(&file), 0);
	flash_file_close(&file);
}

static void holes_are_known_without_reading_them(void **state)
{
	const char *path = scratch_sparse("hole", ROOM / 2);
	struct flash_file file;

	must_open(&file, path);
	assert_int_equal(flash_file_write(&file, 0, (const uint8_t *)"x", 1), 0);
	assert_false(flash_file_is_hole(&file, 0, 4096));
	assert_true(flash_file_is_hole(&file, ROOM / 4, 4096));
	/* Behind the end it is erased, not zero. */
	assert_false(flash_file_is_hole(&file, ROOM / 2, 4096));
	assert_false(flash_file_is_hole(&file, ROOM / 2 - 1, 2));
	flash_file_close(&file);
}

static void a_file_that_has_become_shorter_is_not_written(void **state)
{
	const char *path = scratch_sparse("shrinking", 8192);
	struct flash_file file;

	must_open(&file, path);
	assert_int_equal(truncate(path, 4096), 0);
	assert_int_equal(flash_file_write(&file, 8000, (const uint8_t *)"x", 1), -ESTALE);
	assert_int_equal(size_of(path), 4096);
	assert_int_equal(truncate(path, 8192), 0);
	assert_int_equal(flash_file_write(&file, 8000, (const uint8_t *)"x", 1), 0);
	flash_file_close(&file);
}

static void a_failed_write_is_reported_and_what_was_there_remains(void **state)
{
	const struct rlimit limit = { 8192, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	const char *path = scratch_sparse("full", 4096);
	struct flash_file file;

	(void)signal(SIGXFSZ, SIG_IGN);
	must_open(&file, path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(flash_file_write(&file, 100000, (const uint8_t *)"x", 1), -EFBIG);
	assert_int_equal(flash_file_write(&file, 0, (const uint8_t *)"x", 1), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_true(file_has(path, 4096, (size_t)size_of(path) - 4096, 0xff));
	assert_int_equal(flash_file_write(&file, 100000, (const uint8_t *)"x", 1), 0);
	assert_true(file_has(path, 4096, 100000 - 4096, 0xff));
	flash_file_close(&file);
}

/* The host reports it once, and may have dropped what was written. */
static void a_failed_sync_fails_every_later_one(void **state)
{
	const char *path = scratch_sparse("unsynced", 4096);
	struct flash_file file;
	int fd;

	must_open(&file, path);
	fd = file.fd;
	file.fd = -1;
	/* Nothing was written, so nothing is synced. */
	assert_int_equal(flash_file_sync(&file), 0);
	file.fd = fd;
	assert_int_equal(flash_file_write(&file, 0, (const uint8_t *)"x", 1), 0);
	file.fd = -1;
	assert_int_equal(flash_file_sync(&file), -EBADF);
	file.fd = fd;
	assert_int_equal(flash_file_sync(&file), -EBADF);
	assert_int_equal(flash_file_write(&file, 0, (const uint8_t *)"y", 1), 0);
	assert_int_equal(flash_file_sync(&file), -EBADF);
	flash_file_close(&file);
}

static void refused(const char *path, int err, const char *reason)
{
	const unsigned int open_files = scratch_open_files();
	struct flash_file file;
	struct error error = { "" };

	assert_int_equal(flash_file_open(&file, path, ROOM, &error), err);
	scratch_says(&error, path, reason);
	assert_int_equal(scratch_open_files(), open_files);
}

static void paths_without_a_file_for_variables_are_refused(void **state)
{
	const char *fifo = scratch_path("fifo");

	refused(scratch_path("missing"), -ENOENT, "No such file");
	refused(scratch_folder(), -EISDIR, "Is a directory");
	refused(scratch_sparse("large", ROOM + 1), -EFBIG, "no more than 1 MiB");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refused(fifo, -EINVAL, "no regular file");
}

static const char *check_unprivileged(void)
{
	const char *path = scratch_path("read-only");
	struct flash_file file;
	struct error error = { "" };

	if (flash_file_open(&file, path, ROOM, &error) != -EACCES)
		return "a file that cannot be written is opened";

	return strstr(error.text, "for reading and writing") ? NULL : "the reason is another one";
}

static void variables_that_cannot_be_written_are_refused(void **state)
{
	const char *path = scratch_sparse("read-only", 4096);

	assert_int_equal(chmod(path, 0444), 0);
	scratch_unprivileged(check_unprivileged);
}

static void variables_of_another_vm_are_refused(void **state)
{
	const char *path = scratch_sparse("shared", 4096);
	struct flash_file file;

	must_open(&file, path);
	refused(path, -EBUSY, "in use by another VM");
	flash_file_close(&file);
	must_open(&file, path);
	flash_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_behind_the_end_of_the_file_are_erased),
		cmocka_unit_test(a_file_grows_with_ones_and_not_for_an_erase),
		cmocka_unit_test(holes_are_known_without_reading_them),
		cmocka_unit_test(a_file_that_has_become_shorter_is_not_written),
		cmocka_unit_test(a_failed_write_is_reported_and_what_was_there_remains),
		cmocka_unit_test(a_failed_sync_fails_every_later_one),
		cmocka_unit_test(paths_without_a_file_for_variables_are_refused),
		cmocka_unit_test(variables_that_cannot_be_written_are_refused),
		cmocka_unit_test(variables_of_another_vm_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
