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

#include "lifecycle.h"
#include "raw-mode.h"
#include "record.h"
#include "terminal.h"

#define CTRL_A 0x01

static const char help[] =
	"Usage: dormouse console NAME\n"
	"Show the console of a virtual machine that runs with --console unix:SOCKET, from the last\n"
	"64 KiB on that nobody has seen, and type there. One at a time can; the others are told.\n"
	"\n"
	"On a terminal, Ctrl-A x leaves it, and the machine goes on; Ctrl-A a types a Ctrl-A.\n"
	"Else what comes on standard input is typed as it is. Ends when the machine does.\n";

struct console {
	int fd;
	bool terminal; /* Standard input is one. */
	bool escaped; /* Ctrl-A was the last that was typed. */
};

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}

	return 0;
}

/* What was typed, to the guest. Returns 0, 1 if it was to leave, or -errno. */
static int type(struct console *console, const uint8_t *bytes, size_t count)
{
	int err = 0;

	if (!console->terminal)
		return write_all(console->fd, bytes, count);
	for (size_t i = 0; i < count && !err; i++) {
		const bool escaped = console->escaped;

		console->escaped = !escaped && bytes[i] == CTRL_A;
		if (escaped && (bytes[i] == 'x' || bytes[i] == 'X'))
			return 1;
		if (escaped && (bytes[i] == 'a' || bytes[i] == CTRL_A))
			err = write_all(console->fd, (const uint8_t[]){ CTRL_A }, 1);
		else if (!escaped && bytes[i] != CTRL_A)
			err = write_all(console->fd, &bytes[i], 1);
	}

	return err;
}

/* Pass on what there is. Returns 0, 1 at an end that is none of our failures, or -errno. */
static int pass(struct console *console, struct pollfd fds[2])
{
	uint8_t bytes[4096];
	ssize_t count;
	int err;

	if (fds[1].revents) {
		count = read(console->fd, bytes, sizeof(bytes));
		/* A machine that is killed does not take leave. */
		if (count == 0 || (count < 0 && errno == ECONNRESET))
			return 1;
		err = count < 0 ? -errno : write_all(STDOUT_FILENO, bytes, (size_t)count);
		if (err)
			return err;
	}
	if (!fds[0].revents)
		return 0;
	count = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (count > 0)
		return type(console, bytes, (size_t)count);
	/* A terminal that is gone; else there is only no more to be typed. */
	fds[0].fd = -1;

	return console->terminal;
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
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = console->fd, .events = POLLIN },
	};
	int err = console->terminal ? raw_mode_enter() : 0;

	if (console->terminal && !err) {
		printf("[the console of %s; Ctrl-A x leaves it]\n", name);
		(void)fflush(stdout);
	}
	while (!err) {
		if (poll(fds, 2, -1) >= 0)
			err = pass(console, fds);
	}
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

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return fputs(help, stdout) < 0 ? EXIT_STATUS_TROUBLE : EXIT_SUCCESS;
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
