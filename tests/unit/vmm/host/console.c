/* SPDX-License-Identifier: BSD-3-Clause */
#include "console.h"

#include "devices/pl011.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define UARTLCR_H 0x02c
#define UARTCR 0x030

void console_replace_standard(struct console *c, int input, int output)
{
	/* As main() does. */
	(void)signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		int fd = i == 0 ? input : output;

		c->saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		assert_true(c->saved[i] >= 0);
		assert_int_equal(dup2(fd, i), i);
	}
	close(input);
	if (output != input)
		close(output);
}

static void restore_standard(struct console *c)
{
	for (int i = 0; i < 2; i++) {
		dup2(c->saved[i], i);
		close(c->saved[i]);
	}
}

static void connect_uart(struct console *c)
{
	pl011_create(&c->uart, (struct irq_line){ .spi = 1 });
	pl011_ops.connect(&c->uart, &c->terminal);
	pl011_ops.write(&c->uart, UARTLCR_H, 0x70, 4);
	pl011_ops.write(&c->uart, UARTCR, 0x301, 4);
}

void console_setup_on(struct console *c, int input, int output, const char *path)
{
	struct error error = { 0 };
	int err;

	c->input = -1;
	c->output = -1;
	console_replace_standard(c, input, output);
	err = terminal_open(&c->terminal, path, &error);
	if (err) {
		restore_standard(c);
		fail_msg("%s", error.text);
	}
	connect_uart(c);
}

void console_setup_on_pipes(struct console *c)
{
	int input[2];
	int output[2];

	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	console_setup_on(c, input[0], output[1], NULL);
	c->input = input[1];
	c->output = output[0];
}

const char *console_socket_path(void)
{
	return scratch_path("console");
}

const char *console_socket_word(void)
{
	static char word[128];

	snprintf(word, sizeof(word), TERMINAL_UNIX "%s", console_socket_path());

	return word;
}

void console_setup_on_socket(struct console *c)
{
	console_setup_on(c, open("/dev/null", O_RDONLY | O_CLOEXEC),
			 open("/dev/null", O_WRONLY | O_CLOEXEC), console_socket_word());
}

void console_setup_on_terminal(struct console *c)
{
	int master;
	int slave;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	console_setup_on(c, slave, slave, NULL);
	c->input = master;
	c->output = master;
}

int console_teardown(struct console *c)
{
	int err = terminal_close(&c->terminal);

	restore_standard(c);
	pl011_destroy(&c->uart);
	if (c->input >= 0)
		close(c->input);
	if (c->output >= 0 && c->output != c->input)
		close(c->output);

	return err;
}

bool console_wait_for(int fd, int timeout_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, timeout_ms) == 1;
}

enum terminal_event console_run(struct console *c)
{
	assert_true(console_wait_for(terminal_fd(&c->terminal), CONSOLE_DEADLINE_MS));

	return terminal_run(&c->terminal);
}

size_t console_guest_send(struct console *c, const char *text, size_t size)
{
	size_t at = 0;

	while (at < size && !(pl011_ops.read(&c->uart, CONSOLE_UARTFR, 4) & CONSOLE_TXFF))
		pl011_ops.write(&c->uart, CONSOLE_UARTDR, (uint8_t)text[at++], 1);

	return at;
}

void console_guest_receive(struct console *c, uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		if (pl011_ops.read(&c->uart, CONSOLE_UARTFR, 4) & CONSOLE_RXFE)
			assert_int_equal(console_run(c), TERMINAL_NOTHING);
		else
			bytes[at++] = (uint8_t)pl011_ops.read(&c->uart, CONSOLE_UARTDR, 1);
	}
}

void console_expect(int fd, const char *text)
{
	char found[512] = { 0 };
	size_t at = 0;

	while (at < strlen(text)) {
		ssize_t ret;

		assert_true(console_wait_for(fd, CONSOLE_DEADLINE_MS));
		ret = read(fd, found + at, strlen(text) - at);
		assert_true(ret > 0);
		at += (size_t)ret;
	}
	assert_string_equal(found, text);
}

void console_type(struct console *c, const char *keys)
{
	assert_int_equal(write(c->input, keys, strlen(keys)), strlen(keys));
}
