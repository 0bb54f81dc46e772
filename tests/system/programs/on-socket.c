/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * on-socket - be the client of a Unix socket
 *
 *	on-socket [--all] PATH
 *
 * Standard input is sent, what is received goes to standard output, until either side
 * ends. With --all the end of standard input is passed on, and only the other side's end
 * ends the program. Exits with 0 if that was the end.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);

	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
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

int main(int argc, char **argv)
{
	const bool all = argc == 3 && strcmp(argv[1], "--all") == 0;
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = argc == 2 + all ? connect_to(argv[1 + all]) : -1, .events = POLLIN },
	};

	if (fds[1].fd < 0) {
		perror("on-socket");
		return 2;
	}
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents && copy(fds[1].fd, STDOUT_FILENO) <= 0)
			return 0;
		if (fds[1].revents || !fds[0].revents || copy(STDIN_FILENO, fds[1].fd) > 0)
			continue;
		if (!all)
			return 1;
		shutdown(fds[1].fd, SHUT_WR);
		fds[0].fd = -1;
	}
}
