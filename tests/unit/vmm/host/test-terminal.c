/* SPDX-License-Identifier: BSD-3-Clause */
/* The console's input, plain and typed, and the terminal's modes. */
#include "console.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* --- plain input --- */

static void piped_input_reaches_a_slow_guest_completely(void **state)
{
	static uint8_t text[40000];
	static uint8_t found[sizeof(text)];
	struct console c;

	/* Every value, Ctrl-A among them: escapes are for terminals. */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i + i / 256);
	console_setup_on_pipes(&c);
	assert_int_equal(write(c.input, text, sizeof(text)), sizeof(text));
	console_guest_receive(&c, found, sizeof(found));
	assert_memory_equal(found, text, sizeof(text));
	assert_int_equal(console_teardown(&c), 0);
}

/* A guest that reads nothing stops the pipe, and the main loop is not kept busy. */
static void input_that_the_guest_does_not_read_is_left_in_its_pipe(void **state)
{
	static uint8_t text[200000];
	static uint8_t found[sizeof(text)];
	struct console c;
	size_t written = 0;
	size_t read_so_far = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	console_setup_on_pipes(&c);
	assert_int_equal(fcntl(c.input, F_SETFL, O_NONBLOCK), 0);
	for (;;) {
		ssize_t ret = write(c.input, text + written, sizeof(text) - written);

		if (ret > 0)
			written += (size_t)ret;
		if (console_wait_for(terminal_fd(&c.terminal), 0))
			assert_int_equal(terminal_run(&c.terminal), TERMINAL_NOTHING);
		else if (ret < 0)
			break;
	}
	assert_true(written < sizeof(text));
	/* Nor when the writer is gone, whose hang-up would be reported for ever. */
	close(c.input);
	c.input = -1;
	assert_false(console_wait_for(terminal_fd(&c.terminal), 0));

	while (read_so_far < written) {
		size_t count = written - read_so_far < 1000 ? written - read_so_far : 1000;

		console_guest_receive(&c, found + read_so_far, count);
		read_so_far += count;
	}
	assert_memory_equal(found, text, written);
	assert_int_equal(console_teardown(&c), 0);
}

static void the_end_of_input_does_not_end_dormouse(void **state)
{
	uint8_t found[3];
	struct console c;

	console_setup_on_pipes(&c);
	console_type(&c, "bye");
	close(c.input);
	c.input = -1;
	console_guest_receive(&c, found, 3);
	assert_memory_equal(found, "bye", 3);
	while (console_wait_for(terminal_fd(&c.terminal), 0))
		assert_int_equal(terminal_run(&c.terminal), TERMINAL_NOTHING);
	assert_int_equal(console_guest_send(&c, "still here", 10), 10);
	console_expect(c.output, "still here");
	assert_int_equal(console_teardown(&c), 0);
}

static void input_may_be_a_file_or_nothing(void **state)
{
	char path[] = "/tmp/test-terminal-XXXXXX";
	static uint8_t text[100000];
	static uint8_t found[sizeof(text)];
	struct console c;
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 3 + i / 256);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	unlink(path);
	console_setup_on(&c, fd, open("/dev/null", O_WRONLY | O_CLOEXEC), NULL);
	console_guest_receive(&c, found, sizeof(found));
	assert_memory_equal(found, text, sizeof(text));
	while (console_wait_for(terminal_fd(&c.terminal), 0))
		assert_int_equal(terminal_run(&c.terminal), TERMINAL_NOTHING);
	assert_int_equal(console_teardown(&c), 0);

	console_setup_on(&c, open("/dev/null", O_RDONLY | O_CLOEXEC),
			 open("/dev/null", O_WRONLY | O_CLOEXEC), NULL);
	while (console_wait_for(terminal_fd(&c.terminal), 0))
		assert_int_equal(terminal_run(&c.terminal), TERMINAL_NOTHING);
	assert_true(pl011_ops.read(&c.uart, CONSOLE_UARTFR, 4) & CONSOLE_RXFE);
	assert_int_equal(console_teardown(&c), 0);
}

/* --- a terminal --- */

static void a_terminal_is_raw_while_dormouse_uses_it(void **state)
{
	struct termios mode;
	struct console c;
	int master;
	int slave;
	int kept;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	kept = fcntl(slave, F_DUPFD_CLOEXEC, 10);
	console_setup_on(&c, slave, slave, NULL);
	c.input = master;
	assert_int_equal(tcgetattr(kept, &mode), 0);
	assert_int_equal(mode.c_lflag & (ECHO | ICANON | ISIG), 0);
	assert_int_equal(mode.c_iflag & (ICRNL | IXON), 0);
	assert_int_equal(mode.c_oflag & OPOST, OPOST);
	assert_int_equal(fcntl(kept, F_GETFL) & O_NONBLOCK, 0);

	terminal_restore();
	assert_int_equal(tcgetattr(kept, &mode), 0);
	assert_int_equal(mode.c_lflag & (ECHO | ICANON | ISIG), ECHO | ICANON | ISIG);
	assert_int_equal(mode.c_iflag & ICRNL, ICRNL);
	terminal_restore();
	assert_int_equal(console_teardown(&c), 0);
	close(kept);
}

/* exit() at any point, as after a failure far from the console. */
static void a_terminal_is_restored_by_exit(void **state)
{
	struct termios mode;
	struct console c;
	int master;
	int slave;
	int status;
	pid_t child;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct error error;

		console_replace_standard(&c, slave, slave);
		if (terminal_open(&c.terminal, NULL, &error) != 0)
			_exit(1);
		if (tcgetattr(STDIN_FILENO, &mode) != 0 || (mode.c_lflag & ICANON))
			_exit(2);
		exit(0); /* NOLINT(concurrency-mt-unsafe): what is tested. */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(tcgetattr(slave, &mode), 0);
	assert_int_equal(mode.c_lflag & (ECHO | ICANON | ISIG), ECHO | ICANON | ISIG);
	close(master);
	close(slave);
}

static void keys_reach_the_guest_and_output_reaches_the_terminal(void **state)
{
	uint8_t found[7];
	struct console c;

	console_setup_on_terminal(&c);
	console_type(&c, "ls\r\003\004\032\021");
	console_guest_receive(&c, found, sizeof(found));
	assert_memory_equal(found, "ls\r\003\004\032\021", sizeof(found));
	assert_int_equal(console_guest_send(&c, "\r\n# ", 4), 4);
	console_expect(c.output, "\r\r\n# ");
	assert_int_equal(console_teardown(&c), 0);
}

static void ctrl_a_typed_twice_sends_one_to_the_guest(void **state)
{
	uint8_t found[4];
	struct console c;

	console_setup_on_terminal(&c);
	console_type(&c, "\001\001a\001ab");
	console_guest_receive(&c, found, sizeof(found));
	assert_memory_equal(found, "\001a\001b", sizeof(found));
	assert_int_equal(console_teardown(&c), 0);
}

static void ctrl_a_x_quits_dormouse(void **state)
{
	struct console c;

	console_setup_on_terminal(&c);
	console_type(&c, "\001");
	assert_int_equal(console_run(&c), TERMINAL_NOTHING);
	console_type(&c, "x");
	assert_int_equal(console_run(&c), TERMINAL_QUIT);
	assert_int_equal(console_teardown(&c), 0);
}

/* More keys than the terminal's line takes at once: dormouse reads in between. */
static void type_many(struct console *c, const char *keys, size_t count)
{
	size_t typed = 0;

	assert_int_equal(fcntl(c->input, F_SETFL, O_NONBLOCK), 0);
	while (typed < count) {
		ssize_t ret = write(c->input, keys + typed, count - typed);

		if (ret > 0)
			typed += (size_t)ret;
		else
			assert_int_equal(console_run(c), TERMINAL_NOTHING);
	}
}

/* When it is needed most: the guest hangs and has not read for a long time. */
static void ctrl_a_x_quits_though_the_guest_reads_no_input(void **state)
{
	static char keys[TERMINAL_PENDING_SIZE + 3000];
	struct console c;

	memset(keys, 'k', sizeof(keys));
	keys[sizeof(keys) - 2] = '\001';
	keys[sizeof(keys) - 1] = 'x';
	console_setup_on_terminal(&c);
	type_many(&c, keys, sizeof(keys));
	/* Ends: of a bounded number of bytes, the important ones are the last. */
	while (console_run(&c) != TERMINAL_QUIT)
		;
	assert_int_equal(console_teardown(&c), 0);
}

static void count_call(void *context)
{
	++*(unsigned int *)context;
}

/* The guest may be suspended, and its user types to wake it. */
static void a_key_is_reported_though_the_guest_has_read_none_of_many(void **state)
{
	static char keys[TERMINAL_PENDING_SIZE + 32];
	unsigned int reported = 0;
	struct console c;

	memset(keys, 'k', sizeof(keys));
	console_setup_on_terminal(&c);
	type_many(&c, keys, sizeof(keys));
	while (console_wait_for(c.terminal.input_fd, 0))
		assert_int_equal(console_run(&c), TERMINAL_NOTHING);

	c.terminal.before_input = count_call;
	c.terminal.context = &reported;
	assert_int_equal(terminal_run(&c.terminal), TERMINAL_NOTHING);
	assert_int_equal(reported, 0);
	console_type(&c, "k");
	assert_int_equal(console_run(&c), TERMINAL_NOTHING);
	assert_int_equal(reported, 1);
	assert_int_equal(console_teardown(&c), 0);
}

static void ctrl_a_h_and_any_other_key_print_help(void **state)
{
	static const char *const keys[] = { "\001h", "\001?", "\001q" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct console c;

		console_setup_on_terminal(&c);
		console_type(&c, keys[i]);
		while (!console_wait_for(c.output, 0))
			assert_int_equal(console_run(&c), TERMINAL_NOTHING);
		console_expect(c.output, "\r\r\nCtrl-A x       quit dormouse");
		assert_true(pl011_ops.read(&c.uart, CONSOLE_UARTFR, 4) & CONSOLE_RXFE);
		assert_int_equal(console_teardown(&c), 0);
	}
}

static void a_terminal_is_not_made_raw_if_output_goes_to_a_file(void **state)
{
	struct termios mode;
	struct console c;
	int master;
	int slave;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	console_setup_on(&c, slave, slave, "/dev/null");
	c.input = master;
	assert_int_equal(tcgetattr(STDIN_FILENO, &mode), 0);
	assert_int_equal(mode.c_lflag & (ECHO | ICANON | ISIG), ECHO | ICANON | ISIG);
	console_type(&c, "\001x\r");
	assert_true(console_wait_for(STDIN_FILENO, CONSOLE_DEADLINE_MS));
	assert_false(console_wait_for(terminal_fd(&c.terminal), 0));
	assert_int_equal(console_teardown(&c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(piped_input_reaches_a_slow_guest_completely),
		cmocka_unit_test(input_that_the_guest_does_not_read_is_left_in_its_pipe),
		cmocka_unit_test(the_end_of_input_does_not_end_dormouse),
		cmocka_unit_test(input_may_be_a_file_or_nothing),
		cmocka_unit_test(a_terminal_is_raw_while_dormouse_uses_it),
		cmocka_unit_test(a_terminal_is_restored_by_exit),
		cmocka_unit_test(keys_reach_the_guest_and_output_reaches_the_terminal),
		cmocka_unit_test(ctrl_a_typed_twice_sends_one_to_the_guest),
		cmocka_unit_test(ctrl_a_x_quits_dormouse),
		cmocka_unit_test(ctrl_a_x_quits_though_the_guest_reads_no_input),
		cmocka_unit_test(a_key_is_reported_though_the_guest_has_read_none_of_many),
		cmocka_unit_test(ctrl_a_h_and_any_other_key_print_help),
		cmocka_unit_test(a_terminal_is_not_made_raw_if_output_goes_to_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
