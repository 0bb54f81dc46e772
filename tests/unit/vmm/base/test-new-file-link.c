/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new file that is another name of one that is there: it is the same file, replaces none,
 * and leaves the other one as it was.
 */
#include "base/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define MAGIC "all"
#define CONTENT "all that it holds"

/* In place of the C library's: it fails with this. */
static int linkat_fails;

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	errno = linkat_fails;

	return linkat_fails ? -1 : (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

/* A folder with a file "first". */
static char *make(const char *folder)
{
	char path[64];

	linkat_fails = 0;
	assert_int_equal(mkdir(scratch_path(folder), 0755), 0);
	snprintf(path, sizeof(path), "%s/first", folder);

	return scratch_write(path, CONTENT, strlen(CONTENT));
}

static ino_t inode(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : status.st_ino;
}

static int begin(struct new_file *file, const char *from, const char *path, struct error *error)
{
	const struct new_file_existing existing = { .dir_fd = AT_FDCWD, .name = from };

	return new_file_begin_link(file, path, MAGIC, &existing, error);
}

static void a_file_that_is_there_gets_another_name(void **state)
{
	const unsigned int open_files = scratch_open_files();
	const char *first = make("link");
	struct error error;
	struct new_file file;

	assert_int_equal(begin(&file, first, scratch_path("link/second"), &error), 0);
	assert_int_equal(inode(scratch_path("link/second")), 0);
	assert_int_equal(inode(scratch_path("link/second.part")), inode(first));
	assert_int_equal(new_file_sync(&file), 0);
	assert_int_equal(new_file_publish(&file, &error), 0);
	assert_int_equal(inode(scratch_path("link/second")), inode(first));
	assert_int_equal(scratch_count_files("link"), 2);
	assert_int_equal(scratch_open_files(), open_files);
}

static void a_link_that_is_dropped_leaves_the_file(void **state)
{
	const char *first = make("link-dropped");
	struct error error;
	struct new_file file;

	assert_int_equal(begin(&file, first, scratch_path("link-dropped/second"), &error), 0);
	new_file_drop(&file);
	assert_int_equal(scratch_count_files("link-dropped"), 1);
	assert_true(inode(first) != 0);
}

static void a_link_replaces_no_file(void **state)
{
	const char *first = make("link-taken");
	const char *second = scratch_write("link-taken/second", "", 0);
	struct error error;
	struct new_file file;

	assert_int_equal(begin(&file, first, second, &error), -EEXIST);
	assert_string_equal(error.text, "the file already exists");
	assert_int_equal(unlink(second), 0);
	assert_int_equal(begin(&file, first, second, &error), 0);
	(void)scratch_write("link-taken/second", "", 0);
	assert_int_equal(new_file_publish(&file, &error), -EEXIST);
	assert_true(inode(first) != inode(second));
	assert_int_equal(scratch_count_files("link-taken"), 2);
}

/* It has the same magic, and its writer is gone: it is the link that it had made. */
static void a_link_that_a_killed_writer_left_is_removed(void **state)
{
	const char *first = make("link-left");
	struct error error;
	struct new_file file;

	assert_int_equal(link(first, scratch_path("link-left/second.part")), 0);
	assert_int_equal(begin(&file, first, scratch_path("link-left/second"), &error), 0);
	assert_int_equal(new_file_publish(&file, &error), 0);
	assert_int_equal(scratch_count_files("link-left"), 2);
}

static void a_link_that_no_file_system_can_make_is_another_file_systems(void **state)
{
	static const int errors[] = { EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS };
	const char *first = make("link-fails");
	struct error error;
	struct new_file file;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		linkat_fails = errors[i];
		assert_int_equal(begin(&file, first, scratch_path("link-fails/second"), &error),
				 -EXDEV);
	}
	linkat_fails = EIO;
	assert_int_equal(begin(&file, first, scratch_path("link-fails/second"), &error), -EIO);
	assert_int_equal(scratch_count_files("link-fails"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_there_gets_another_name),
		cmocka_unit_test(a_link_that_is_dropped_leaves_the_file),
		cmocka_unit_test(a_link_replaces_no_file),
		cmocka_unit_test(a_link_that_a_killed_writer_left_is_removed),
		cmocka_unit_test(a_link_that_no_file_system_can_make_is_another_file_systems),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
