/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console's host end: standard input and output, a file for output, a
 * socket (console-socket.h), or nothing.
 *
 * If the console is on a terminal, the terminal is in raw mode from
 * terminal_open() to terminal_close() or exit(), and Ctrl-A is a prefix: x
 * quits, h prints help, a or another Ctrl-A sends one; a dormouse that is
 * stopped and continued sets raw mode again (raw-mode.h). If standard input is
 * no terminal its bytes are passed unchanged, and its end just ends the input.
 * With a file for output, a terminal at standard input is not used.
 *
 * Output is written at once, byte by byte, and never blocks a vCPU. If its
 * reader stalls (Ctrl-S, a full pipe) the guest sees a UART that accepts no
 * more, and waits for it, while it otherwise runs; nothing is lost. If output
 * fails (the reader has exited) bytes are dropped and terminal_close() reports
 * it; a file (console-file.h) reports it at once.
 *
 * Input that the guest does not read is kept. A pipe is then not read any
 * further; a terminal is, since Ctrl-A x must be seen, so of more than
 * TERMINAL_PENDING_SIZE bytes typed ahead the rest is lost.
 *
 * One process has one terminal. All functions belong to the main thread.
 */
#ifndef VMM_TERMINAL_H
#define VMM_TERMINAL_H

#include "base/error.h"
#include "host/console-file.h"
#include "host/console-socket.h"
#include "host/standard-output.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERMINAL_PENDING_SIZE 65536

/** Private, except the first two. */
struct terminal {
	/**
	 * NULL after terminal_open(). Called before received bytes are offered
	 * to the UART: a guest that is suspended is woken by input.
	 */
	void (*before_input)(void *context);
	void *context;
	const struct terminal_device *device_ops;
	void *device; /**< The serial device, or NULL before terminal_connect(). */
	struct console_socket *socket; /**< NULL if the console is none. */
	bool has_streams; /**< The console is standard input and output, or a file. */
	bool has_file; /**< Its output goes to a file. */
	struct console_file file;
	int epoll_fd;
	int input_fd; /**< Polled for input; -1 when it has ended. */
	int output_fd; /**< Polled for room. */
	struct standard_output output; /**< Unless the output goes to a file. */
	int room_fd; /**< An eventfd: the UART has room for input again. */
	int ready_fd; /**< An eventfd, always readable: stands in for input that is never polled. */
	bool is_terminal; /**< Input is a terminal: escapes count. */
	bool escaped; /**< The last byte was Ctrl-A. */
	bool quit; /**< Ctrl-A x was typed, and terminal_run() has not reported it yet. */
	bool unannounced; /**< Input came, kept or not, for which before_input() was not called. */
	bool paused; /**< Input is not polled, as pending is full. */
	atomic_int output_error; /**< The first errno of output, or 0. */
	size_t pending_first, pending_count;
	uint8_t pending[TERMINAL_PENDING_SIZE]; /**< A ring: bytes that the UART has not taken. */
};

enum terminal_event {
	TERMINAL_NOTHING,
	TERMINAL_QUIT, /**< The user typed Ctrl-A x. */
};

/**
 * Open the console. SIGPIPE must be ignored.
 *
 * @terminal: filled
 * @console: NULL for standard output; a file's path, to which the output is
 *   appended, created if missing; TERMINAL_NONE; or TERMINAL_UNIX and a
 *   socket's path
 * @error: the reason if it fails
 *
 * Returns 0 or -errno.
 */
int terminal_open(struct terminal *terminal, const char *console, struct error *error);

/* Values that are no path of a file, since those are absolute. */
#define TERMINAL_NONE "none"
#define TERMINAL_UNIX "unix:"

/**
 * Limit the console's file, if it is one, to @limit bytes, see
 * console_file_limit().
 */
void terminal_limit(struct terminal *terminal, uint64_t limit);

/** The guest's serial device, which the terminal calls from the main thread. */
struct terminal_device {
	/**
	 * Offer input. Returns how many bytes were accepted; if not all,
	 * terminal_room() follows.
	 */
	size_t (*receive)(void *device, const uint8_t *bytes, size_t count);
	/**
	 * terminal_send() would succeed again. Returns whether no byte waits
	 * any more.
	 */
	bool (*resume)(void *device);
};

/**
 * Connect the guest's device. @ops and @device must outlive the terminal.
 * Before any vCPU runs.
 */
void terminal_connect(struct terminal *terminal, const struct terminal_device *ops, void *device);

/*
 * For that device, from a vCPU's thread or the main thread; they do not block.
 */

/**
 * Send a byte. Returns false if that is not possible now; resume() will follow.
 */
bool terminal_send(struct terminal *terminal, uint8_t byte);

/** receive() had refused bytes, and the device has room for some now. */
void terminal_room(struct terminal *terminal);

/** Whether input may arrive. */
static inline bool terminal_has_input(const struct terminal *terminal)
{
	return terminal->socket || terminal->input_fd >= 0;
}

/** Becomes readable when terminal_run() must be called. Constant. */
int terminal_fd(const struct terminal *terminal);

/** Transfer the available bytes, without blocking. */
enum terminal_event terminal_run(struct terminal *terminal);

/**
 * While terminal_run() cannot be called for long: whether the user has typed
 * Ctrl-A x. Other input is kept. The next terminal_run(), which is then due,
 * handles both.
 */
bool terminal_wants_quit(struct terminal *terminal);

/**
 * Wait up to a second for the reader to accept the last bytes, restore the
 * terminal's mode and close the console. No vCPU may run.
 *
 * Returns 0, or the -errno with which output was lost: -ETIMEDOUT if the reader
 * did not accept it.
 */
int terminal_close(struct terminal *terminal);

/**
 * Restore the terminal's mode if it is in raw mode. Harmless at any time;
 * exit() calls it.
 */
void terminal_restore(void);

#endif
