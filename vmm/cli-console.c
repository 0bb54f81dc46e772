/* SPDX-License-Identifier: BSD-3-Clause */
/* dormouse console: this terminal, as the console of a VM that has it on a socket. */
#include "cli.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "escape.h"
#include "lifecycle.h"
#include "raw-mode.h"
#include "record.h"
#include "terminal.h"

static const char help[] =
	"Usage: dormouse console NAME\n"
	"Show the console of a virtual machine that runs with --console unix:SOCKET, from the last\n"
	"64 KiB on that nobody has seen, and type there. One at a time can; the others are told.\n"
	"\n"
	"On a terminal, Ctrl-A x leaves it, and the machine goes on; Ctrl-A h tells more.\n"
	"Else what comes on standard input is typed as it is. Ends when the machine does.\n";

static const char keys[] = "\r\n"
			   "Ctrl-A x       leave the console: the machine goes on\r\n"
			   "Ctrl-A Ctrl-A  send Ctrl-A to the guest; so does Ctrl-A a\r\n"
			   "Ctrl-A h       this help\r\n";

struct console {
	int fd;
	bool terminal; /* Standard input is one. */
	bool escaped; /* Ctrl-A was the last that was typed. */
	bool ended; /* There is no more to be typed, or nobody to take it. */
	size_t count; /* Bytes that the machine has yet to take. */
	uint8_t typed[4096];
};

static int write_all(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size > 0) {
		const ssize_t written = write(STDOUT_FILENO, at, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			at += written;
			size -= (size_t)written;
		}
	}

	return 0;
}

/*
 * Give the machine what was typed, as far as it takes it. Never waits: a guest that
 * says much before it reads would wait for us in turn.
 */
static int send_typed(struct console *console)
{
	const ssize_t sent =
		send(console->fd, console->typed, console->count, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent >= 0) {
		console->count -= (size_t)sent;
		memmove(console->typed, console->typed + sent, console->count);

		return 0;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	if (errno != EPIPE && errno != ECONNRESET)
		return -errno;
	/* It is gone; its last words are still to be read. */
	console->ended = true;
	console->count = 0;

	return 0;
}

/* What a user typed. One byte too many is lost, with a bell. Returns as pass() does. */
static int interpret(struct console *console, const uint8_t *bytes, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		uint8_t byte = bytes[i];

		switch (escape_next(&console->escaped, &byte)) {
		case ESCAPE_BYTE:
			if (console->count < sizeof(console->typed))
				console->typed[console->count++] = byte;
			else
				err = write_all("\a", 1);
			break;
		case ESCAPE_PREFIX:
			break;
		case ESCAPE_QUIT:
			return 1;
		case ESCAPE_HELP:
			err = write_all(keys, sizeof(keys) - 1);
			break;
		}
	}

	return err;
}

static int read_input(struct console *console)
{
	uint8_t bytes[sizeof(console->typed)];
	const ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (count < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (count <= 0) {
		console->ended = true;

		/* A terminal that is gone; else there is only no more to be typed. */
		return console->terminal;
	}
	if (console->terminal)
		return interpret(console, bytes, (size_t)count);
	/* Read when all before it was taken. */
	memcpy(console->typed, bytes, (size_t)count);
	console->count = (size_t)count;

	return 0;
}

static int read_output(const struct console *console)
{
	uint8_t bytes[4096];
	const ssize_t count = read(console->fd, bytes, sizeof(bytes));

	/* A machine that is killed does not take leave. */
	if (count == 0 || (count < 0 && errno == ECONNRESET))
		return 1;

	return count < 0 ? -errno : write_all(bytes, (size_t)count);
}

/* Pass on what there is. Returns 0, 1 at an end that is none of our failures, or -errno. */
static int pass(struct console *console)
{
	const bool full = console->count > 0;
	struct pollfd fds[] = {
		/* A terminal is read even then: Ctrl-A x must be seen. */
		{ .fd = console->ended || (full && !console->terminal) ? -1 : STDIN_FILENO,
		  .events = POLLIN },
		{ .fd = console->fd, .events = (short)(full ? POLLIN | POLLOUT : POLLIN) },
	};
	int err = 0;

	if (poll(fds, 2, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[1].revents & ~POLLOUT)
		err = read_output(console);
	if (!err && fds[0].revents)
		err = read_input(console);
	if (!err && console->count > 0)
		err = send_typed(console);

	return err;
}

static int connect_to(const char *path, const char *name, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG, "the path %s is too long for a socket",
				 path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error_set(error, -errno, "cannot connect to the console of %s at %s: %s", name, path,
		  strerror(errno));
	if (fd >= 0)
		close(fd);

	return -EIO;
}

/* Where the console of a VM is, if it can be had; else NULL with @error set. */
static const char *socket_of(const struct record *record, const char *name, struct error *error)
{
	const char *console = record->config.console;
	const size_t prefix = strlen(TERMINAL_UNIX);

	if (!lifecycle_has_process(record->state)) {
		error_set(error, -ESRCH, "%s does not run: it is %s", name,
			  lifecycle_state_word(record->state));

		return NULL;
	}
	if (console && strncmp(console, TERMINAL_UNIX, prefix) == 0)
		return console + prefix;
	error_set(error, -ENOTCONN,
		  "%s has its console %s%s: one that runs with --console unix:SOCKET can be "
		  "connected to",
		  name,
		  !console				? "where its dormouse was started"
		  : strcmp(console, TERMINAL_NONE) == 0 ? "nowhere"
							: "in ",
		  !console || strcmp(console, TERMINAL_NONE) == 0 ? "" : console);

	return NULL;
}

static int run_console(struct console *console, const char *name, struct error *error)
{
	int err = console->terminal ? raw_mode_enter() : 0;

	if (console->terminal && !err) {
		printf("[the console of %s; Ctrl-A x leaves it]\n", name);
		(void)fflush(stdout);
	}
	while (!err)
		err = pass(console);
	raw_mode_leave();
	if (err == 1)
		return 0;

	return error_set(error, err, "the console of %s: %s", name, strerror(-err));
}

int cli_console(int argc, char **argv, struct error *error)
{
	struct console console = { .terminal = isatty(STDIN_FILENO) };
	struct record record = { 0 };
	const char *path;
	int err;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);

		return EXIT_SUCCESS;
	}
	if (argc != 2 || argv[1][0] == '-')
		return error_set(error, CLI_USAGE, "console wants one name");
	err = cli_load_record(argv[1], &record, error);
	if (err)
		return err;
	path = socket_of(&record, argv[1], error);
	err = path ? connect_to(path, argv[1], error) : -ENOTCONN;
	record_free(&record);
	if (err < 0)
		return err;
	console.fd = err;
	err = run_console(&console, argv[1], error);
	close(console.fd);

	return err;
}
