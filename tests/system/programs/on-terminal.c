/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * on-terminal - run a command on a terminal of its own
 *
 *	on-terminal [--no-control] COMMAND [ARGUMENT]...
 *
 * Standard input is typed there, and the command's output there goes to standard output.
 * The command's standard error is not changed. When standard input ends the terminal is
 * gone: its other side is closed. The command leads a session whose controlling terminal
 * it is, and so is sent SIGHUP then, except with --no-control, where it only notices that
 * nothing works.
 *
 * On standard error it reports whether the terminal's mode was another one when the
 * command first printed something, and whether in the end it is what it was.
 *
 * Exits as the command does, with 128 more than its number if a signal ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "on-terminal: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void run_command(const char *terminal, int control, char **command)
{
	int fd;

	if (setsid() < 0)
		die("setsid");
	fd = open(terminal, O_RDWR | O_NOCTTY);
	if (fd < 0)
		die(terminal);
	if (control && ioctl(fd, TIOCSCTTY, 0) < 0)
		die("TIOCSCTTY");
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		die("dup2");
	close(fd);
	execvp(command[0], command);
	die(command[0]);
}

/* Copy the available bytes. Returns how many, 0 at the end, or a negative number. */
static ssize_t copy(int from, int to)
{
	char bytes[4096];
	const ssize_t count = read(from, bytes, sizeof(bytes));

	if (count > 0 && write(to, bytes, (size_t)count) != count)
		return -1;

	return count;
}

/* The kernel reports its mode to either side of a terminal, also once the other is closed. */
static struct termios mode_of(int host)
{
	struct termios mode;

	if (tcgetattr(host, &mode) < 0)
		die("tcgetattr");

	return mode;
}

static bool same_mode(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/* Until either side has ended. Returns whether it was the command's. */
static bool serve(int host, const struct termios *before)
{
	bool shown = false;
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = host, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (!shown && fds[1].revents & POLLIN) {
			const struct termios mode = mode_of(host);

			fprintf(stderr, "on-terminal: the terminal's mode is %s\n",
				same_mode(&mode, before) ? "the usual one" : "another one");
			shown = true;
		}
		/* First, so that no output from before the end is lost. */
		if (fds[1].revents && copy(host, STDOUT_FILENO) <= 0)
			return true;
		if (!fds[1].revents && fds[0].revents && copy(STDIN_FILENO, host) <= 0)
			return false;
	}
}

int main(int argc, char **argv)
{
	const int control = argc < 2 || strcmp(argv[1], "--no-control") != 0;
	char **command = argv + (control ? 1 : 2);
	const char *terminal;
	struct termios before;
	pid_t child;
	int host;
	int status;

	if (!command[0]) {
		fputs("Usage: on-terminal [--no-control] COMMAND [ARGUMENT]...\n", stderr);
		return 2;
	}
	host = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (host < 0 || grantpt(host) < 0 || unlockpt(host) < 0)
		die("cannot make a terminal");
	terminal = ptsname(host);
	if (!terminal)
		die("ptsname");
	before = mode_of(host);
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		run_command(terminal, control, command);
	if (serve(host, &before)) {
		const struct termios after = mode_of(host);

		fprintf(stderr, "on-terminal: the terminal's mode is %s\n",
			same_mode(&after, &before) ? "as before" : "not as before");
	}
	close(host);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			die("waitpid");
	}

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
