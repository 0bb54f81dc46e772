/* SPDX-License-Identifier: BSD-3-Clause */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 1024

void message(const char *format, ...)
{
	static const char prefix[] = "dormouse: ";
	char line[LINE_SIZE];
	size_t length = sizeof(prefix) - 1;
	va_list args;

	memcpy(line, prefix, length);
	va_start(args, format);
	vsnprintf(line + length, sizeof(line) - length - 1, format, args);
	va_end(args);
	length = strlen(line);
	line[length++] = '\n';

	/* One write, so that lines stay whole; nobody to tell if it fails. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}
