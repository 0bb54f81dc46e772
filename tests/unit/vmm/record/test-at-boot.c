/* SPDX-License-Identifier: BSD-3-Clause */
/* The mark of a VM that the next boot of its host starts. */
#include "record/at-boot.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

static unsigned int syncs;
static int sync_error;

/* The test's own, in the place of the C library's. */
int fsync(int fd)
{
	syncs++;
	errno = sync_error;

	return sync_error ? -1 : (int)syscall(SYS_fsync, fd);
}

static int open_folder(void)
{
	const int fd = open(scratch_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	syncs = 0;
	sync_error = 0;

	return fd;
}

static void clear(int dir_fd)
{
	struct error error = { "" };

	assert_int_equal(at_boot_clear(dir_fd, "web", &error), 0);
	assert_false(at_boot_is_set(dir_fd));
}

static void a_mark_is_found_and_its_removal_is_durable(void **state)
{
	const int dir_fd = open_folder();

	assert_false(at_boot_is_set(dir_fd));
	scratch_write("resume-at-boot", "", 0);
	assert_true(at_boot_is_set(dir_fd));
	clear(dir_fd);
	assert_int_equal(syncs, 1);
	close(dir_fd);
}

static void without_a_mark_nothing_is_written(void **state)
{
	const int dir_fd = open_folder();

	clear(dir_fd);
	assert_int_equal(syncs, 0);
	close(dir_fd);
}

static void a_mark_that_remains_is_reported_with_the_reason(void **state)
{
	const int dir_fd = open_folder();
	struct error error = { "" };

	assert_int_equal(mkdir(scratch_path("resume-at-boot"), 0700), 0);
	assert_int_equal(at_boot_clear(dir_fd, "web", &error), -EISDIR);
	scratch_says(&error, "web: cannot remove the mark resume-at-boot", "Is a directory");
	assert_int_equal(rmdir(scratch_path("resume-at-boot")), 0);
	close(dir_fd);
}

static void a_removal_that_may_not_be_durable_is_reported(void **state)
{
	const int dir_fd = open_folder();
	struct error error = { "" };

	scratch_write("resume-at-boot", "", 0);
	sync_error = EIO;
	assert_int_equal(at_boot_clear(dir_fd, "web", &error), -EIO);
	scratch_says(&error, "web: cannot remove the mark resume-at-boot", "Input/output error");
	close(dir_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_is_found_and_its_removal_is_durable),
		cmocka_unit_test(without_a_mark_nothing_is_written),
		cmocka_unit_test(a_mark_that_remains_is_reported_with_the_reason),
		cmocka_unit_test(a_removal_that_may_not_be_durable_is_reported),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
