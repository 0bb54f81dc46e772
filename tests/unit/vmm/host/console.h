/* SPDX-License-Identifier: BSD-3-Clause */
/* A console for tests: a UART, and a terminal that uses standard input and output. */
#ifndef TESTS_CONSOLE_H
#define TESTS_CONSOLE_H

#include "devices/pl011.h"
#include "host/terminal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Far longer than anything takes; only a bug waits that long. */
#define CONSOLE_DEADLINE_MS 60000

/* Registers and flags of the UART that the tests use. */
#define CONSOLE_UARTDR 0x000
#define CONSOLE_UARTFR 0x018
#define CONSOLE_RXFE 0x10
#define CONSOLE_TXFF 0x20

struct console {
	struct terminal terminal;
	struct pl011 uart;
	int input; /**< The far end of standard input, or -1. */
	int output; /**< The far end of standard output, or -1. */
	int saved[2]; /**< The program's own standard input and output. */
};

/** Let two descriptors, which are closed here, be standard input and output. */
void console_replace_standard(struct console *c, int input, int output);

/**
 * Open a terminal, with a UART whose FIFOs and receiver are enabled, on these
 * descriptors for standard input and output, and @path as in terminal_open(); on
 * two pipes; on a pseudo-terminal, where the far ends are the user.
 */
void console_setup_on(struct console *c, int input, int output, const char *path);
void console_setup_on_pipes(struct console *c);
void console_setup_on_terminal(struct console *c);

/** On a socket in the scratch folder: its path, and the word of --console for it. */
void console_setup_on_socket(struct console *c);
const char *console_socket_path(void);
const char *console_socket_word(void);

/** Returns what terminal_close() does. */
int console_teardown(struct console *c);

bool console_wait_for(int fd, int timeout_ms);

/** The main loop: wait until it has work, and let it do that. */
enum terminal_event console_run(struct console *c);

/** The guest sends as much as fits. Returns how much that was. */
size_t console_guest_send(struct console *c, const char *text, size_t size);

/** The guest reads @size bytes as they come; both it and the main loop run. */
void console_guest_receive(struct console *c, uint8_t *bytes, size_t size);

/** The user types; the output begins with @text, which is read. */
void console_type(struct console *c, const char *keys);
void console_expect(int fd, const char *text);

#endif
