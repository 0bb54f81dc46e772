/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dormouse console: attach this terminal to the console of a VM that has it on
 * a socket.
 */
#include "cli/cli.h"

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

#include "host/escape.h"
#include "host/raw-mode.h"
#include "host/standard-output.h"
#include "host/terminal.h"
#include "record/lifecycle.h"
#include "record/record.h"

static const char help[] =
	"Usage: dormouse console NAME\n"
	"Attach to the console of a virtual machine that runs with --console unix:SOCKET. It begins\n"
	"with the last 64 KiB that no client has read. One client at a time is served; others are\n"
	"refused with a message.\n"
	"\n"
	"On a terminal, Ctrl-A x leaves the console, and the machine continues; Ctrl-A h prints\n"
	"help. Other standard input is sent unchanged. Ends when the machine does.\n";

static const char keys[] = "\r\n"
			   "Ctrl-A x       leave the console: the machine continues\r\n"
			   "Ctrl-A Ctrl-A  send Ctrl-A to the guest; so does Ctrl-A a\r\n"
			   "Ctrl-A h       this help\r\n";

struct console {
	int fd;
	struct standard_output output;
	bool terminal; /* Standard input is one. */
	bool escaped; /* Ctrl-A was the last that was typed. */
	bool ended; /* The input has ended, or the machine no longer accepts it. */
	bool gone; /* The machine has closed the connection. */
	size_t count; /* Bytes that the machine has not accepted yet. */
	uint8_t typed[4096];
	size_t said_count; /* Bytes that standard output has not accepted yet. */
	uint8_t said[8192];
};

/* The size of one receive: leaves room for the help text. */
#define OUTPUT_CHUNK 4096

/*
 * Show a text, or nothing of it if there is no room: it is not part of the
 * console.
 */
static void say(struct console *console, const char *text)
{
	const size_t size = strlen(text);

	if (size > sizeof(console->said) - console->said_count)
		return;
	memcpy(console->said + console->said_count, text, size);
	console->said_count += size;
}

/*
 * Write the pending output, as far as standard output accepts it. Never waits:
 * Ctrl-A x must be seen while it accepts nothing.
 */
static int write_said(struct console *console)
{
	const ssize_t written =
		standard_output_write(&console->output, console->said, console->said_count);

	if (written < 0)
		return written == -EAGAIN ? 0 : (int)written;
	console->said_count -= (size_t)written;
	memmove(console->said, console->said + written, console->said_count);

	return 0;
}

/*
 * Send the typed input to the machine, as far as it accepts it. Never waits: a
 * guest that prints much before it reads would in turn wait for us.
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
	/* It has disconnected; its last output is still to be read. */
	console->ended = true;
	console->count = 0;

	return 0;
}

/*
 * Handle typed input. A byte beyond the limit is dropped, with a bell. Returns
 * 1 to leave, else 0.
 */
static int interpret(struct console *console, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t byte = bytes[i];

		switch (escape_next(&console->escaped, &byte)) {
		case ESCAPE_BYTE:
			if (console->ended)
				break;
			if (console->count < sizeof(console->typed))
				console->typed[console->count++] = byte;
			else
				say(console, "\a");
			break;
		case ESCAPE_PREFIX:
			break;
		case ESCAPE_QUIT:
			return 1;
		case ESCAPE_HELP:
			say(console, keys);
			break;
		}
	}

	return 0;
}

static int read_input(struct console *console)
{
	uint8_t bytes[sizeof(console->typed)];
	const ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (count < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (count <= 0) {
		console->ended = true;

		/* The terminal is gone; otherwise only the input has ended. */
		return console->terminal;
	}
	if (console->terminal)
		return interpret(console, bytes, (size_t)count);
	/* Read more when the former input was accepted. */
	memcpy(console->typed, bytes, (size_t)count);
	console->count = (size_t)count;

	return 0;
}

static int read_output(struct console *console)
{
	const ssize_t count =
		recv(console->fd, console->said + console->said_count, OUTPUT_CHUNK, MSG_DONTWAIT);

	if (count < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	/* A killed machine closes the connection without notice. */
	if (count == 0 || (count < 0 && errno == ECONNRESET)) {
		console->gone = true;
		console->ended = true;
		console->count = 0;

		return 0;
	}
	if (count < 0)
		return -errno;
	console->said_count += (size_t)count;

	return 0;
}

/*
 * A terminal is always read, since Ctrl-A x must be seen, and a file when the
 * former input was accepted.
 */
static bool is_input_wanted(const struct console *console)
{
	return console->terminal || (!console->ended && console->count == 0);
}

static int write_out(struct console *console)
{
	const int err = console->said_count > 0 ? write_said(console) : 0;

	return err || console->count == 0 ? err : send_typed(console);
}

/*
 * Transfer the pending data. Returns 0, 1 at an end that is no failure, or
 * -errno.
 */
static int pass(struct console *console)
{
	const bool wanted = !console->gone && console->said_count < OUTPUT_CHUNK / 2;
	const short events = (short)((wanted ? POLLIN : 0) | (console->count > 0 ? POLLOUT : 0));
	struct pollfd fds[] = {
		{ .fd = is_input_wanted(console) ? STDIN_FILENO : -1, .events = POLLIN },
		/*
		 * poll() would report a hang-up for ever while its last output
		 * cannot be written.
		 */
		{ .fd = events ? console->fd : -1, .events = events },
		{ .fd = console->output.fd, .events = console->said_count > 0 ? POLLOUT : 0 },
	};
	int err = 0;

	if (console->gone && console->said_count == 0)
		return 1;
	if (poll(fds, 3, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	/*
	 * Without a reader, we would block the console for other clients in
	 * vain.
	 */
	if (fds[2].revents & (POLLERR | POLLHUP) && !(fds[2].revents & POLLOUT))
		return -EPIPE;
	if (fds[1].revents & ~POLLOUT && wanted)
		err = read_output(console);
	if (!err && fds[0].revents)
		err = read_input(console);

	return err ? err : write_out(console);
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

/* The path of the socket of a VM's console, or NULL with @error set. */
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
		  "%s has its console %s%s: only the console of a VM that runs with "
		  "--console unix:SOCKET can be shown",
		  name,
		  !console				? "where its dormouse was started"
		  : strcmp(console, TERMINAL_NONE) == 0 ? "nowhere"
							: "in ",
		  !console || strcmp(console, TERMINAL_NONE) == 0 ? "" : console);

	return NULL;
}

static int run_console(struct console *console, const char *name, struct error *error)
{
	int err = standard_output_open(&console->output);
	char text[sizeof(console->said)];

	if (err)
		return error_set(error, err, "cannot write standard output: %s", strerror(-err));
	if (console->terminal) {
		err = raw_mode_enter();
		snprintf(text, sizeof(text), "[the console of %s; Ctrl-A x leaves it]\r\n", name);
		say(console, text);
	}
	while (!err)
		err = pass(console);
	/* The output before Ctrl-A x, as far as it is accepted at once. */
	if (err == 1 && console->said_count > 0)
		(void)write_said(console);
	raw_mode_leave();
	close(console->output.fd);
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
