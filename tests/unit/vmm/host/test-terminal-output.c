/* SPDX-License-Identifier: BSD-3-Clause */
/* The console's output: it leaves at once, nothing is lost, no thread is blocked. */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void each_byte_of_output_is_written_at_once(void **state)
{
	struct console c;

	console_setup_on_pipes(&c);
	assert_int_equal(console_guest_send(&c, "login: ", 7), 7);
	console_expect(c.output, "login: ");
	assert_int_equal(console_teardown(&c), 0);
}

static void a_stalled_reader_makes_the_guest_wait_and_loses_no_output(void **state)
{
	static char text[1 << 20];
	static char found[sizeof(text)];
	struct console c;
	size_t sent;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 31 + i / 251);
	console_setup_on_pipes(&c);
	/* Until the pipe and the UART's FIFO are full; that this returns is the point. */
	sent = console_guest_send(&c, text, sizeof(text));
	assert_in_range(sent, PL011_FIFO_SIZE + 1, sizeof(text) - 1);
	assert_int_equal(console_guest_send(&c, text, 1), 0);

	/* The reader continues, and with it the guest. */
	while (at < sizeof(text)) {
		ssize_t ret;

		if (!console_wait_for(c.output, 0)) {
			/* What is missing waits in the UART, and in the guest. */
			assert_int_equal(console_run(&c), TERMINAL_NOTHING);
			sent += console_guest_send(&c, text + sent, sizeof(text) - sent);
		}
		ret = read(c.output, found + at, sizeof(found) - at);
		assert_true(ret > 0);
		at += (size_t)ret;
	}
	assert_memory_equal(found, text, sizeof(text));
	assert_int_equal(console_teardown(&c), 0);
}

static void the_last_bytes_of_output_are_written_before_the_end(void **state)
{
	static char text[1 << 20];
	static char found[sizeof(text)];
	struct console c;
	size_t sent;
	size_t at = 0;
	int status;
	pid_t child;

	memset(text, 'x', sizeof(text));
	console_setup_on_pipes(&c);
	sent = console_guest_send(&c, text, sizeof(text));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/*
		 * Everything to the last byte arrives, though the terminal is closed
		 * meanwhile.
		 */
		close(STDOUT_FILENO);
		close(c.terminal.output_fd);
		while (at < sent) {
			ssize_t ret = read(c.output, found + at, sizeof(found) - at);

			if (ret <= 0)
				_exit(1);
			at += (size_t)ret;
		}
		_exit(0);
	}
	assert_int_equal(console_teardown(&c), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void output_that_is_never_read_is_reported_at_the_end(void **state)
{
	static char text[1 << 20];
	struct console c;

	console_setup_on_pipes(&c);
	assert_true(console_guest_send(&c, text, sizeof(text)) < sizeof(text));
	assert_int_equal(console_teardown(&c), -ETIMEDOUT);
}

static void a_closed_output_is_reported_and_the_guest_continues(void **state)
{
	struct console c;

	console_setup_on_pipes(&c);
	close(c.output);
	c.output = -1;
	assert_int_equal(console_guest_send(&c, "nobody hears this", 17), 17);
	assert_int_equal(console_teardown(&c), -EPIPE);
}

static void standard_output_keeps_its_flags_for_other_processes(void **state)
{
	struct console c;

	console_setup_on_pipes(&c);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(console_teardown(&c), 0);
}

/* A socket cannot be opened anew, so it is polled before each byte. */
static void output_may_be_a_socket(void **state)
{
	static char text[1 << 22];
	struct console c;
	int sockets[2];
	size_t sent;
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	console_setup_on(&c, open("/dev/null", O_RDONLY | O_CLOEXEC), sockets[0], NULL);
	c.output = sockets[1];
	assert_int_equal(console_guest_send(&c, "hello\n", 6), 6);
	console_expect(c.output, "hello\n");

	/* It stalls too, without blocking a thread. */
	memset(text, 'y', sizeof(text));
	sent = console_guest_send(&c, text, sizeof(text));
	assert_true(sent < sizeof(text));
	for (size_t i = 0; i < sent - PL011_FIFO_SIZE; i++)
		assert_int_equal(read(c.output, &byte, 1), 1);
	assert_int_equal(console_run(&c), TERMINAL_NOTHING);
	for (size_t i = 0; i < PL011_FIFO_SIZE; i++)
		assert_int_equal(read(c.output, &byte, 1), 1);
	assert_int_equal(console_teardown(&c), 0);
}

static void output_to_a_file_is_appended(void **state)
{
	char path[] = "/tmp/test-terminal-XXXXXX";
	struct console c;
	char found[64] = { 0 };
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "before\n", 7), 7);
	console_setup_on(&c, open("/dev/null", O_RDONLY | O_CLOEXEC),
			 open("/dev/null", O_WRONLY | O_CLOEXEC), path);
	assert_int_equal(console_guest_send(&c, "now\n", 4), 4);
	assert_int_equal(pread(fd, found, sizeof(found), 0), 11);
	assert_string_equal(found, "before\nnow\n");
	assert_int_equal(console_teardown(&c), 0);
	close(fd);
	unlink(path);
}

static void output_onto_a_full_disk_is_reported_and_the_guest_continues(void **state)
{
	struct console c;

	console_setup_on(&c, open("/dev/null", O_RDONLY | O_CLOEXEC),
			 open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/full");
	assert_int_equal(console_guest_send(&c, "lost", 4), 4);
	assert_int_equal(console_teardown(&c), -ENOSPC);
}

static void an_output_file_that_cannot_be_opened_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *path;
		const char *text;
	} cases[] = {
		{ "/nowhere/console", "cannot write the console to /nowhere/console: No such file "
				      "or directory" },
		{ "/tmp", "cannot write the console to /tmp: Is a directory" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct terminal terminal;
		struct error error = { 0 };

		assert_true(terminal_open(&terminal, cases[i].path, &error) < 0);
		assert_string_equal(error.text, cases[i].text);
	}
}

static void a_console_that_is_none_drops_output_and_has_no_input(void **state)
{
	static char text[100000];
	struct console c;
	int input[2];

	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(write(input[1], "typed", 5), 5);
	console_setup_on(&c, input[0], open("/dev/null", O_WRONLY | O_CLOEXEC), TERMINAL_NONE);
	assert_int_equal(console_guest_send(&c, text, sizeof(text)), sizeof(text));
	assert_false(console_wait_for(terminal_fd(&c.terminal), 0));
	assert_true(pl011_ops.read(&c.uart, CONSOLE_UARTFR, 4) & CONSOLE_RXFE);
	assert_int_equal(console_teardown(&c), 0);
	close(input[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_of_output_is_written_at_once),
		cmocka_unit_test(a_stalled_reader_makes_the_guest_wait_and_loses_no_output),
		cmocka_unit_test(the_last_bytes_of_output_are_written_before_the_end),
		cmocka_unit_test(output_that_is_never_read_is_reported_at_the_end),
		cmocka_unit_test(a_closed_output_is_reported_and_the_guest_continues),
		cmocka_unit_test(standard_output_keeps_its_flags_for_other_processes),
		cmocka_unit_test(output_may_be_a_socket),
		cmocka_unit_test(output_to_a_file_is_appended),
		cmocka_unit_test(output_onto_a_full_disk_is_reported_and_the_guest_continues),
		cmocka_unit_test(an_output_file_that_cannot_be_opened_is_refused_with_the_reason),
		cmocka_unit_test(a_console_that_is_none_drops_output_and_has_no_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
