/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What dormouse says: whole lines, and of what a guest can bring about as often as
 * it likes, not more than a reader can bear.
 *
 * clock_gettime() and write() are this program's own.
 */
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static time_t now;
static unsigned int lines;
static char last[2048];

int clock_gettime(clockid_t clock, struct timespec *time)
{
	*time = (struct timespec){ .tv_sec = now };

	return 0;
}

ssize_t write(int fd, const void *data, size_t size)
{
	if (fd != STDERR_FILENO || size < 10 || memcmp(data, "dormouse: ", 10) != 0)
		return (ssize_t)syscall(SYS_write, fd, data, size);
	assert_true(size < sizeof(last));
	memcpy(last, data, size);
	last[size] = '\0';
	lines++;

	return (ssize_t)size;
}

static void a_message_is_one_line(void **state)
{
	lines = 0;
	message("%s has %d", "it", 3);
	assert_int_equal(lines, 1);
	assert_string_equal(last, "dormouse: it has 3\n");
}

static void a_message_that_is_too_long_still_ends(void **state)
{
	char text[4096];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	message("%s", text);
	assert_int_equal(last[strlen(last) - 1], '\n');
	assert_ptr_equal(strchr(last, '\n'), last + strlen(last) - 1);
}

static void a_guest_is_heard_less_and_less(void **state)
{
	now = 1000;
	lines = 0;
	for (int i = 0; i < 100000; i++)
		message_of_guest("reset %d", i);
	assert_int_equal(lines, 200);
	assert_string_equal(last, "dormouse: reset 199\n");

	/* A second later there is a line again, and what was missed is counted. */
	now++;
	message_of_guest("once more");
	assert_int_equal(lines, 202);
	assert_string_equal(last, "dormouse: once more\n");
	message_of_guest("and again");
	assert_int_equal(lines, 202);

	/* dormouse itself is not held back. */
	message("over");
	assert_int_equal(lines, 203);
}

static void a_guest_that_was_silent_is_heard_again(void **state)
{
	now += 1000000;
	lines = 0;
	/* One of them says how many were not told. */
	for (int i = 0; i < 1000; i++)
		message_of_guest("reset %d", i);
	assert_int_equal(lines, 201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_line),
		cmocka_unit_test(a_message_that_is_too_long_still_ends),
		cmocka_unit_test(a_guest_is_heard_less_and_less),
		cmocka_unit_test(a_guest_that_was_silent_is_heard_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
