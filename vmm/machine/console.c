/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/console.h"

static size_t receive(void *uart, const uint8_t *bytes, size_t count)
{
	return pl011_receive(uart, bytes, count);
}

static bool resume(void *uart)
{
	return pl011_resume(uart);
}

static bool on_send(void *terminal, uint8_t byte)
{
	return terminal_send(terminal, byte);
}

static void on_room(void *terminal)
{
	terminal_room(terminal);
}

void console_connect(struct terminal *terminal, struct pl011 *uart)
{
	static const struct terminal_device to_uart = { .receive = receive, .resume = resume };
	static const struct pl011_host to_terminal = { .send = on_send, .room = on_room };

	terminal_connect(terminal, &to_uart, uart);
	pl011_connect(uart, &to_terminal, terminal);
}
