/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dormouse's messages: whole lines, and messages that a guest can cause as often as it
 * likes are limited.
 *
 * clock_gettime(), poll() and write() are this program's own.
 */
#include "base/message.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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
static bool nobody_reads;
static int waited; /* In ms, for a reader. */

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	assert_int_equal(count, 1);
	assert_int_equal(fds->fd, STDERR_FILENO);
	assert_int_equal(fds->events, POLLOUT);
	assert_true(timeout >= 0);
	if (nobody_reads)
		waited += timeout;

	return nobody_reads ? 0 : 1;
}

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
	assert_false(nobody_reads);
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

static void a_message_that_is_too_long_is_cut_and_still_ends_its_line(void **state)
{
	char text[4096];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	message("%s", text);
	assert_int_equal(last[strlen(last) - 1], '\n');
	assert_ptr_equal(strchr(last, '\n'), last + strlen(last) - 1);
}

/* The write would block, and with it a vCPU's thread or the main one. */
static void messages_while_standard_error_is_blocked_are_dropped_and_counted(void **state)
{
	now = 500;
	lines = 0;
	waited = 0;
	nobody_reads = true;
	message("first");
	assert_int_equal(waited, 1000);
	/* The others do not wait for a reader that has gone. */
	now = 509;
	for (int i = 0; i < 40; i++)
		message("line %d", i);
	assert_int_equal(waited, 1000);
	/* Sometimes one waits: a slow reader has another chance. */
	now = 510;
	message("again");
	assert_int_equal(waited, 2000);
	message("at once");
	assert_int_equal(waited, 2000);
	assert_int_equal(lines, 0);

	nobody_reads = false;
	message("he is back");
	assert_int_equal(lines, 1);
	assert_string_equal(last, "dormouse: dropped 43 messages: standard error was blocked\n"
				  "dormouse: he is back\n");
	message("all is well");
	assert_string_equal(last, "dormouse: all is well\n");
}

static void a_long_message_after_dropped_ones_still_ends_its_line(void **state)
{
	char text[4096];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	now = 600;
	nobody_reads = true;
	message("lost");
	nobody_reads = false;
	message("%s", text);
	assert_non_null(
		strstr(last, "dropped 1 message: standard error was blocked\ndormouse: xxx"));
	assert_ptr_equal(strrchr(last, '\n'), last + strlen(last) - 1);
}

static void messages_of_a_guest_are_limited_after_the_first_200(void **state)
{
	now = 1000;
	lines = 0;
	for (int i = 0; i < 100000; i++)
		message_ratelimited("reset %d", i);
	assert_int_equal(lines, 200);
	assert_string_equal(last, "dormouse: reset 199\n");

	/* A second later a line is printed again, and those that were dropped are counted. */
	now++;
	message_ratelimited("once more");
	assert_int_equal(lines, 202);
	assert_string_equal(last, "dormouse: once more\n");
	message_ratelimited("and again");
	assert_int_equal(lines, 202);

	/* dormouse's own messages are not limited. */
	message("over");
	assert_int_equal(lines, 203);
}

static void messages_of_a_guest_that_was_silent_are_logged_again(void **state)
{
	now += 1000000;
	lines = 0;
	/* One of them says how many were dropped. */
	for (int i = 0; i < 1000; i++)
		message_ratelimited("reset %d", i);
	assert_int_equal(lines, 201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_line),
		cmocka_unit_test(a_message_that_is_too_long_is_cut_and_still_ends_its_line),
		cmocka_unit_test(messages_while_standard_error_is_blocked_are_dropped_and_counted),
		cmocka_unit_test(a_long_message_after_dropped_ones_still_ends_its_line),
		cmocka_unit_test(messages_of_a_guest_are_limited_after_the_first_200),
		cmocka_unit_test(messages_of_a_guest_that_was_silent_are_logged_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
