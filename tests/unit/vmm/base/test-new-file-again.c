/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that loses its name and gets it again: it is the same file with what it had, is
 * under its name only as a whole, and nothing of another file is changed.
 */
#include "base/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
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
static int renameat_fails;

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	errno = renameat_fails;

	return renameat_fails ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

static ino_t inode(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : status.st_ino;
}

/* A folder with a file "file", which has CONTENT. */
static int make(const char *name, char path[64], char part[64])
{
	const char *folder = scratch_path(name);
	char file[64];

	renameat_fails = 0;
	assert_int_equal(mkdir(folder, 0755), 0);
	snprintf(file, sizeof(file), "%s/file", name);
	scratch_write(file, CONTENT, strlen(CONTENT));
	snprintf(path, 64, "%s", scratch_path(file));
	snprintf(part, 64, "%s.part", path);

	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void withdraw(const char *name, char path[64], char part[64])
{
	const int folder = make(name, path, part);

	assert_int_equal(new_file_withdraw(folder, "file"), 0);
	close(folder);
}

static void expect_content(int fd, const char *content)
{
	char bytes[64] = "";

	assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), strlen(content));
	assert_string_equal(bytes, content);
}

static void a_file_gets_its_name_again(void **state)
{
	const unsigned int open_files = scratch_open_files();
	struct error error;
	struct new_file file;
	char path[64];
	char part[64];
	ino_t number;

	withdraw("again", path, part);
	number = inode(part);
	assert_int_not_equal(number, 0);
	assert_int_equal(inode(path), 0);
	assert_int_equal(new_file_begin_again(&file, path, MAGIC, &error), 0);
	expect_content(file.fd, CONTENT);
	assert_int_equal(pwrite(file.fd, "THAT", 4, 4), 4);
	assert_int_equal(inode(path), 0);
	assert_int_equal(new_file_sync(&file), 0);
	assert_int_equal(new_file_publish(&file, &error), 0);
	assert_int_equal(inode(path), number);
	assert_int_equal(inode(part), 0);
	assert_int_equal(scratch_open_files(), open_files);
}

static void without_one_an_empty_file_is_begun(void **state)
{
	struct error error;
	struct new_file file;
	char path[64];
	char part[64];

	withdraw("new", path, part);
	assert_int_equal(unlink(part), 0);
	assert_int_equal(new_file_begin_again(&file, path, MAGIC, &error), 0);
	expect_content(file.fd, "");
	new_file_drop(&file);
	assert_int_equal(inode(part), 0);
}

static void a_file_that_is_given_up_is_removed(void **state)
{
	struct error error;
	struct new_file file;
	char path[64];
	char part[64];

	withdraw("drop", path, part);
	assert_int_equal(new_file_begin_again(&file, path, MAGIC, &error), 0);
	new_file_drop(&file);
	assert_int_equal(inode(path), 0);
	assert_int_equal(inode(part), 0);
}

static void a_file_with_another_name_is_not_written(void **state)
{
	struct error error;
	struct new_file file;
	char path[64];
	char part[64];
	char other[80];
	int fd;

	withdraw("names", path, part);
	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(link(part, other), 0);
	assert_int_equal(new_file_begin_again(&file, path, MAGIC, &error), 0);
	expect_content(file.fd, "");
	assert_int_equal(write(file.fd, "new", 3), 3);
	assert_int_equal(new_file_publish(&file, &error), 0);
	fd = open(other, O_RDONLY | O_CLOEXEC);
	expect_content(fd, CONTENT);
	close(fd);
}

/* It has no such magic, or another writer. */
static void a_file_of_others_is_left_alone(void **state)
{
	for (int has_writer = 0; has_writer < 2; has_writer++) {
		struct error error;
		struct new_file first;
		struct new_file file;
		char path[64];
		char part[64];
		ino_t number;

		withdraw(has_writer ? "written" : "others", path, part);
		number = inode(part);
		if (has_writer)
			assert_int_equal(new_file_begin_again(&first, path, MAGIC, &error), 0);
		assert_int_equal(
			new_file_begin_again(&file, path, has_writer ? MAGIC : "none", &error), 0);
		expect_content(file.fd, "");
		new_file_drop(&file);
		assert_int_equal(inode(part), number);
		if (has_writer)
			new_file_drop(&first);
	}
}

/* Another program has made one meanwhile. */
static void the_name_of_another_file_is_not_taken(void **state)
{
	struct error error;
	struct new_file file;
	char path[64];
	char part[64];
	int fd;

	withdraw("taken", path, part);
	assert_int_equal(new_file_begin_again(&file, path, MAGIC, &error), 0);
	scratch_write("taken/file", "another", 7);
	assert_int_equal(new_file_publish(&file, &error), -EEXIST);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	expect_content(fd, "another");
	close(fd);
	assert_int_equal(inode(part), 0);
}

static void a_file_that_is_gone_cannot_be_withdrawn(void **state)
{
	char path[64];
	char part[64];
	const int folder = make("gone", path, part);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(new_file_withdraw(folder, "file"), -ENOENT);
	close(folder);
}

/* As on a file system that has no space for another name. */
static void a_file_that_cannot_be_renamed_is_removed(void **state)
{
	char path[64];
	char part[64];
	const int folder = make("unrenamed", path, part);

	renameat_fails = ENOSPC;
	assert_int_equal(new_file_withdraw(folder, "file"), 0);
	assert_int_equal(inode(path), 0);
	assert_int_equal(inode(part), 0);
	close(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_its_name_again),
		cmocka_unit_test(without_one_an_empty_file_is_begun),
		cmocka_unit_test(a_file_that_is_given_up_is_removed),
		cmocka_unit_test(a_file_with_another_name_is_not_written),
		cmocka_unit_test(a_file_of_others_is_left_alone),
		cmocka_unit_test(the_name_of_another_file_is_not_taken),
		cmocka_unit_test(a_file_that_is_gone_cannot_be_withdrawn),
		cmocka_unit_test(a_file_that_cannot_be_renamed_is_removed),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
