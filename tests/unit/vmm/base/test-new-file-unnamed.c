/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new file without a magic has no name before it is published, where the file system can
 * do that; it replaces nothing, and whatever fails leaves nothing.
 */
#include "base/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define CONTENT "all that it holds"

/*
 * The calls that publishing consists of, in place of the C library's. Each fails with its
 * errno if one is set.
 */
static struct {
	char log[16]; /* f, d: fsync of a file, of a directory; l: linkat. */
	int fsync, fsync_directory, linkat;
	bool no_tmpfile; /* Files need names. */
} calls;

static int step(const char *what, int err)
{
	strncat(calls.log, what, sizeof(calls.log) - 1 - strlen(calls.log));
	errno = err;

	return err ? -1 : 0;
}

int fsync(int fd)
{
	struct stat status;
	const bool directory = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);

	return step(directory ? "d" : "f", directory ? calls.fsync_directory : calls.fsync);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	return step("l", calls.linkat) < 0
		       ? -1
		       : (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (calls.no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;

		return -1;
	}

	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static void begin_test(const char *directory)
{
	memset(&calls, 0, sizeof(calls));
	assert_int_equal(mkdir(scratch_path(directory), 0755), 0);
}

static bool has_content(const char *path)
{
	char found[64] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	assert_true(fd >= 0);
	size = read(fd, found, sizeof(found) - 1);
	close(fd);

	return size == (ssize_t)strlen(CONTENT) && strcmp(found, CONTENT) == 0;
}

static int begin(struct new_file *file, const char *path)
{
	struct error error = { "" };
	const int err = new_file_begin(file, path, NULL, &error);

	if (err)
		return err;
	assert_int_equal(write(file->fd, CONTENT, strlen(CONTENT)), strlen(CONTENT));

	return new_file_sync(file);
}

static void a_new_file_without_a_magic_has_no_name_before_it_is_published(void **state)
{
	const unsigned int open_files = scratch_open_files();
	struct error error;
	struct new_file file;

	begin_test("unnamed");
	assert_int_equal(begin(&file, scratch_path("unnamed/vm")), 0);
	assert_int_equal(scratch_count_files("unnamed"), 0);
	new_file_drop(&file);
	assert_int_equal(scratch_count_files("unnamed"), 0);
	assert_int_equal(begin(&file, scratch_path("unnamed/vm")), 0);
	assert_int_equal(new_file_publish(&file, &error), 0);
	assert_string_equal(calls.log, "fflfd");
	assert_true(has_content(scratch_path("unnamed/vm")));
	assert_int_equal(scratch_count_files("unnamed"), 1);
	assert_int_equal(scratch_open_files(), open_files);
	assert_int_equal(begin(&file, scratch_path("unnamed/vm")), -EEXIST);
}

static void a_new_file_without_a_first_name_never_replaces_one_that_was_made_meanwhile(void **state)
{
	struct error error = { "" };
	struct new_file file;

	begin_test("unnamed-meanwhile");
	assert_int_equal(begin(&file, scratch_path("unnamed-meanwhile/vm")), 0);
	assert_int_equal(symlink("nowhere", scratch_path("unnamed-meanwhile/vm")), 0);
	assert_int_equal(new_file_publish(&file, &error), -EEXIST);
	assert_string_equal(error.text, "the file already exists");
	assert_int_equal(scratch_count_files("unnamed-meanwhile"), 1);
}

static void a_new_file_without_a_first_name_whose_step_fails_leaves_nothing_behind(void **state)
{
	int *const failing[] = { &calls.fsync, &calls.fsync_directory, &calls.linkat };
	struct error error;

	begin_test("unnamed-fails");
	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		struct new_file file;

		memset(&calls, 0, sizeof(calls));
		assert_int_equal(begin(&file, scratch_path("unnamed-fails/vm")), 0);
		*failing[i] = EIO;
		assert_int_equal(new_file_publish(&file, &error), -EIO);
		assert_string_equal(error.text, "Input/output error");
		assert_int_equal(scratch_count_files("unnamed-fails"), 0);
	}
}

/* Another program's file may have the name FILE.part, whatever it holds. */
static void a_new_file_without_a_magic_gets_a_first_name_where_it_needs_one(void **state)
{
	for (int taken = 0; taken <= 1; taken++) {
		struct error error;
		struct new_file file;

		begin_test(taken ? "named-taken" : "named");
		calls.no_tmpfile = true;
		if (taken)
			scratch_write("named-taken/vm.part", "", 0);
		assert_int_equal(begin(&file, scratch_path(taken ? "named-taken/vm" : "named/vm")),
				 0);
		assert_int_equal(scratch_count_files(taken ? "named-taken" : "named"), 1 + taken);
		assert_int_equal(new_file_publish(&file, &error), 0);
		assert_true(has_content(scratch_path(taken ? "named-taken/vm" : "named/vm")));
		assert_int_equal(scratch_count_files(taken ? "named-taken" : "named"), 1 + taken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_without_a_magic_has_no_name_before_it_is_published),
		cmocka_unit_test(
			a_new_file_without_a_first_name_never_replaces_one_that_was_made_meanwhile),
		cmocka_unit_test(
			a_new_file_without_a_first_name_whose_step_fails_leaves_nothing_behind),
		cmocka_unit_test(a_new_file_without_a_magic_gets_a_first_name_where_it_needs_one),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
