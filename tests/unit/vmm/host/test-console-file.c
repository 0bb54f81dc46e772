/* SPDX-License-Identifier: BSD-3-Clause */
/* A console's output in a file: its limit, and the loss where it cannot be written. */
#include "host/console-file.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT CONSOLE_FILE_LIMIT_MIN

/* The errno of a write to a file, not to standard error, once it has taken so many bytes. */
static int write_error;
static size_t write_room;

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (fd > STDERR_FILENO && write_error) {
		if (write_room == 0) {
			errno = write_error;

			return -1;
		}
		size = size < write_room ? size : write_room;
		write_room -= size;
	}

	return syscall(SYS_write, fd, bytes, size);
}

static struct console_file file;

static const char *path(void)
{
	return scratch_path("console");
}

static const char *former(void)
{
	return scratch_path("console.1");
}

static void open_console(uint64_t limit)
{
	struct error error = { "" };

	if (console_file_open(&file, path(), &error) < 0)
		fail_msg("%s", error.text);
	console_file_limit(&file, limit);
}

static void guest_says(const char *text)
{
	for (; *text; text++)
		assert_true(console_file_send(&file, (uint8_t)*text));
}

/* Fills it with @byte up to @size. */
static void guest_repeats(char byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_true(console_file_send(&file, (uint8_t)byte));
}

/* What is in a file, or NULL; good until the next call. */
static const char *content(const char *name)
{
	static char text[4 * LIMIT];
	const int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return NULL;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_in_range(size, 0, sizeof(text) - 1);
	text[size] = '\0';

	return text;
}

static size_t size_of(const char *name)
{
	struct stat status;

	return stat(name, &status) == 0 ? (size_t)status.st_size : (size_t)-1;
}

static int tear_down(void **state)
{
	write_error = 0;
	(void)chmod(scratch_folder(), 0755);
	(void)unlink(path());
	(void)unlink(former());
	(void)unlink(scratch_path("link"));
	(void)unlink(scratch_path("moved"));

	return 0;
}

static void a_full_console_file_is_set_aside_in_place_of_the_former_one(void **state)
{
	open_console(LIMIT);
	guest_repeats('a', LIMIT);
	assert_int_equal(size_of(former()), -1);
	guest_repeats('b', LIMIT + 5);
	assert_int_equal(size_of(path()), 5);
	assert_int_equal(size_of(former()), LIMIT);
	assert_int_equal(*content(former()), 'b');
	assert_int_equal(console_file_close(&file), 0);
	assert_string_equal(content(path()), "bbbbb");
}

/* This also holds for a file that another run, or an earlier version, has left. */
static void an_existing_console_file_is_appended_to_within_its_limit(void **state)
{
	for (int i = 0; i < 3; i++) {
		open_console(LIMIT);
		guest_repeats((char)('a' + i), LIMIT / 2);
		assert_int_equal(console_file_close(&file), 0);
	}
	assert_int_equal(size_of(path()), LIMIT / 2);
	assert_int_equal(size_of(former()), LIMIT);
	open_console(CONSOLE_FILE_UNLIMITED);
	guest_repeats('d', 3 * LIMIT);
	assert_int_equal(console_file_close(&file), 0);
	assert_int_equal(size_of(path()), LIMIT / 2 + 3 * LIMIT);
	open_console(LIMIT);
	guest_says("e");
	assert_int_equal(console_file_close(&file), 0);
	assert_string_equal(content(path()), "e");
	assert_int_equal(size_of(former()), LIMIT / 2 + 3 * LIMIT);
}

static void the_default_limit_of_a_console_file_is_16_mebibytes(void **state)
{
	open_console(0);
	assert_int_equal(truncate(path(), 16 << 20), 0);
	assert_int_equal(console_file_close(&file), 0);
	open_console(0);
	guest_says("new");
	assert_int_equal(console_file_close(&file), 0);
	assert_string_equal(content(path()), "new");
	assert_int_equal(size_of(former()), 16 << 20);
}

/* logrotate, either way: by another name, and by copying and truncating. */
static void a_console_file_that_is_renamed_or_truncated_is_written_anew(void **state)
{
	open_console(LIMIT);
	guest_repeats('a', LIMIT);
	assert_int_equal(rename(path(), scratch_path("moved")), 0);
	guest_says("b");
	assert_string_equal(content(path()), "b");
	assert_int_equal(size_of(scratch_path("moved")), LIMIT);
	assert_int_equal(size_of(former()), -1);
	guest_repeats('b', LIMIT - 1);
	assert_int_equal(truncate(path(), 0), 0);
	guest_says("c");
	assert_string_equal(content(path()), "c");
	assert_int_equal(size_of(former()), -1);
	assert_int_equal(console_file_close(&file), 0);
}

static void a_full_console_file_behind_a_link_is_set_aside_at_its_own_place(void **state)
{
	struct error error = { "" };
	struct stat status;

	assert_int_equal(symlink("console", scratch_path("link")), 0);
	assert_int_equal(console_file_open(&file, scratch_path("link"), &error), 0);
	console_file_limit(&file, LIMIT);
	guest_repeats('a', LIMIT + 1);
	assert_int_equal(console_file_close(&file), 0);
	assert_int_equal(lstat(scratch_path("link"), &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_string_equal(content(path()), "a");
	assert_int_equal(size_of(former()), LIMIT);
}

/* Output is lost then, not the space of the host's disk. */
static void a_console_file_that_cannot_be_set_aside_stays_within_its_limit(void **state)
{
	assert_int_equal(mkdir(former(), 0755), 0);
	open_console(LIMIT);
	guest_repeats('a', 3 * LIMIT);
	assert_int_equal(size_of(path()), LIMIT);
	assert_int_equal(rmdir(former()), 0);
	/* The loss is reported when it ends. */
	assert_int_equal(console_file_close(&file), 0);
	assert_int_equal(size_of(former()), LIMIT);
	assert_non_null(strstr(content(path()), "[dormouse: 8192 bytes of the console's output are "
						"missing here: cannot rename "));
}

static void output_lost_on_a_full_disk_is_reported_where_it_is_missing(void **state)
{
	open_console(LIMIT);
	guest_says("before");
	write_error = ENOSPC;
	guest_says("lost");
	write_error = 0;
	guest_says("after");
	assert_int_equal(console_file_close(&file), 0);
	assert_non_null(strstr(content(path()),
			       "before\r\n[dormouse: 4 bytes of the console's output are "
			       "missing here: cannot write to "));
	assert_non_null(strstr(content(path()), ": No space left on device]\r\nafter"));
}

/* Space becomes free for a part of that line at a time. */
static void the_line_about_lost_output_may_be_written_in_pieces(void **state)
{
	open_console(CONSOLE_FILE_LIMIT);
	write_error = EDQUOT;
	guest_says("lost");
	write_room = 10;
	guest_says("too");
	write_error = 0;
	guest_says("after");
	assert_int_equal(console_file_close(&file), 0);
	assert_memory_equal(content(path()), "\r\n[dormouse: 4 bytes of", 23);
	assert_non_null(strstr(content(path()), "]\r\n\r\n[dormouse: 3 bytes of "));
	assert_non_null(strstr(content(path()), "]\r\nafter"));
}

static void output_lost_at_the_end_is_reported_by_close(void **state)
{
	open_console(LIMIT);
	guest_says("written");
	write_error = EIO;
	guest_says("lost");
	assert_int_equal(console_file_close(&file), -EIO);
	assert_string_equal(content(path()), "written");
}

static void a_console_pipe_has_no_limit_and_its_reader_is_waited_for(void **state)
{
	struct error error = { "" };
	char bytes[1000];
	size_t sent = 0;
	size_t found = 0;
	ssize_t count;
	int reader;

	assert_int_equal(mkfifo(path(), 0600), 0);
	assert_int_equal(console_file_open(&file, path(), &error), -ENXIO);
	scratch_says(&error, path(), "it has no reader");
	reader = open(path(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	open_console(LIMIT);
	while (console_file_send(&file, 'x'))
		sent++;
	assert_in_range(sent, LIMIT + 1, 10000000);
	while ((count = read(reader, bytes, sizeof(bytes))) > 0)
		found += (size_t)count;
	assert_int_equal(found, sent);
	assert_true(console_file_send(&file, 'x'));
	assert_int_equal(console_file_close(&file), 0);
	close(reader);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_full_console_file_is_set_aside_in_place_of_the_former_one),
		CASE(an_existing_console_file_is_appended_to_within_its_limit),
		CASE(the_default_limit_of_a_console_file_is_16_mebibytes),
		CASE(a_console_file_that_is_renamed_or_truncated_is_written_anew),
		CASE(a_full_console_file_behind_a_link_is_set_aside_at_its_own_place),
		CASE(a_console_file_that_cannot_be_set_aside_stays_within_its_limit),
		CASE(output_lost_on_a_full_disk_is_reported_where_it_is_missing),
		CASE(the_line_about_lost_output_may_be_written_in_pieces),
		CASE(output_lost_at_the_end_is_reported_by_close),
		CASE(a_console_pipe_has_no_limit_and_its_reader_is_waited_for),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
