/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/message.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1000

/*
 * The number of lines that a guest can cause at once: enough for any correct
 * guest.
 */
#define GUEST_LINES 200

/* How long a line waits for its reader. */
#define PATIENCE_MS 1000

/*
 * How long, after a line was dropped for lack of a reader, the others do not
 * wait.
 */
#define IMPATIENCE_S 10

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec;
}

/*
 * Whether standard error accepts a line now, or soon. A pipe that is writable
 * has room for a page; a file always is.
 */
static bool has_room(int wait)
{
	struct pollfd output = { .fd = STDERR_FILENO, .events = POLLOUT };
	int ret;

	/* If it fails, write() reports it. */
	do
		ret = poll(&output, 1, wait);
	while (ret < 0 && errno == EINTR);

	return ret != 0;
}

/*
 * Its descriptor is shared with other processes, so it must not be made
 * nonblocking.
 */
static void write_text(const char *text, size_t length, unsigned long *lost, time_t *lost_at)
{
	const bool patient = *lost == 0 || seconds() - *lost_at >= IMPATIENCE_S;
	ssize_t ret = -1;

	if (has_room(patient ? PATIENCE_MS : 0)) {
		/*
		 * One write, so that lines stay whole; a failure cannot be
		 * reported anywhere.
		 */
		do
			ret = write(STDERR_FILENO, text, length);
		while (ret < 0 && errno == EINTR);
	}
	if (ret < 0) {
		if (patient)
			*lost_at = seconds();
		(*lost)++;
	} else {
		*lost = 0;
	}
}

static void write_line(const char *line)
{
	static const char prefix[] = "dormouse: ";
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static unsigned long lost; /* Since the last line that was written. */
	static time_t lost_at; /* When one waited in vain. */
	char text[2 * LINE_SIZE] = "";
	size_t start = 0;
	size_t length;

	pthread_mutex_lock(&lock);
	if (lost)
		start = (size_t)snprintf(text, LINE_SIZE,
					 "%sdropped %lu message%s: standard error was blocked\n",
					 prefix, lost, lost == 1 ? "" : "s");
	length = start +
		 (size_t)snprintf(text + start, sizeof(text) - start, "%s%s\n", prefix, line);
	write_text(text, length, &lost, &lost_at);
	pthread_mutex_unlock(&lock);
}

void message(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(line);
}

/* Whether the guest may cause a line; @untold is how many were suppressed. */
static bool take_line(unsigned long *untold)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static unsigned int lines = GUEST_LINES;
	static unsigned long missed;
	static time_t refilled;
	const time_t now = seconds();
	bool taken;

	pthread_mutex_lock(&lock);
	if (now > refilled) {
		const time_t more = now - refilled;

		lines = more < (time_t)(GUEST_LINES - lines) ? lines + (unsigned int)more
							     : GUEST_LINES;
		refilled = now;
	}
	taken = lines > 0;
	if (taken) {
		lines--;
		*untold = missed;
		missed = 0;
	} else {
		missed++;
	}
	pthread_mutex_unlock(&lock);

	return taken;
}

void message_ratelimited(const char *format, ...)
{
	unsigned long untold;
	char line[LINE_SIZE];
	va_list args;

	if (!take_line(&untold))
		return;
	if (untold)
		message("%lu similar message%s suppressed", untold,
			untold == 1 ? " was" : "s were");
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(line);
}
