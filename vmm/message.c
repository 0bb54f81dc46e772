/* SPDX-License-Identifier: BSD-3-Clause */
#include "message.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1024

/* What a guest may have said at once: enough for any that means well. */
#define GUEST_LINES 200

static void write_line(const char *format, va_list args)
{
	static const char prefix[] = "dormouse: ";
	char line[LINE_SIZE];
	size_t length = sizeof(prefix) - 1;

	memcpy(line, prefix, length);
	vsnprintf(line + length, sizeof(line) - length - 1, format, args);
	length = strlen(line);
	line[length++] = '\n';

	/* One write, so that lines stay whole; nobody to tell if it fails. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

void message(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(format, args);
	va_end(args);
}

/* Whether the guest has a line left; @untold is how many it had none for. */
static bool take_line(unsigned long *untold)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static unsigned int lines = GUEST_LINES;
	static unsigned long missed;
	static time_t refilled;
	struct timespec now;
	bool taken;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&lock);
	if (now.tv_sec > refilled) {
		const time_t more = now.tv_sec - refilled;

		lines = more < (time_t)(GUEST_LINES - lines) ? lines + (unsigned int)more
							     : GUEST_LINES;
		refilled = now.tv_sec;
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

void message_of_guest(const char *format, ...)
{
	unsigned long untold;
	va_list args;

	if (!take_line(&untold))
		return;
	if (untold)
		message("%lu more lines like the next are not told", untold);
	va_start(args, format);
	write_line(format, args);
	va_end(args);
}
