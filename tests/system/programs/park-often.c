/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * park-often SOCKET COUNT
 *
 * Parks a guest that sleeps and wakes it, COUNT times, by QMP at SOCKET: each time it is
 * parked as soon as it sleeps again, and woken as soon as it is parked. Says what was wrong
 * on standard error; then the exit status is 1. After the last wake it may end.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static FILE *answers;
static char line[4096];
static unsigned long round_now;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "park-often: round %lu: %s: %s\n", round_now, what,
		*line ? line : strerror(errno));
	exit(1);
}

static void open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
			      (int)sizeof(address.sun_path))
		die("the socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		die("connect");
	answers = fdopen(fd, "r+");
	if (!answers)
		die("fdopen");
}

/* The next line that has one of both words. Returns whether it is the first. */
static bool await(const char *word, const char *other)
{
	while (fgets(line, sizeof(line), answers)) {
		if (strstr(line, word))
			return true;
		if (strstr(line, other))
			return false;
	}
	line[0] = '\0';
	die("the connection has ended");
}

static bool execute(const char *command)
{
	if (dprintf(fileno(answers), "{\"execute\":\"%s\"}\n", command) < 0)
		die(command);

	return await("\"return\"", "\"error\"");
}

int main(int argc, char **argv)
{
	unsigned long count;

	if (argc != 3) {
		fputs("usage: park-often SOCKET COUNT\n", stderr);

		return 125;
	}
	count = strtoul(argv[2], NULL, 10);
	open_socket(argv[1]);
	if (!execute("qmp_capabilities"))
		die("qmp_capabilities");
	for (round_now = 1; round_now <= count; round_now++) {
		if (!execute("x-dormouse-park"))
			die("x-dormouse-park");
		if (!execute("system_wakeup"))
			die("system_wakeup");
		/* In the end it powers off instead. */
		if (!await("\"SUSPEND\"", "\"SHUTDOWN\"") && round_now < count)
			die("the guest has ended");
	}
	(void)fclose(answers);

	return 0;
}
