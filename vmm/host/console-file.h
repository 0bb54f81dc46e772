/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A console's output in a file.
 *
 * Output is appended. A guest can write without end, so a regular file has a
 * limit: when it is reached, the file is renamed to its name with .1 appended,
 * replacing the former one, and a new file is begun. If another program, such
 * as logrotate, has renamed, removed or truncated the file by then, that is
 * sufficient. If the file cannot be renamed, output is dropped and the limit
 * kept.
 *
 * Output that cannot be written is lost: a message reports it at once, and when
 * writing works again, a line in the file says how much is missing there.
 *
 * console_file_send() may be called from any thread, one call at a time.
 */
#ifndef VMM_CONSOLE_FILE_H
#define VMM_CONSOLE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CONSOLE_FILE_LIMIT (16ULL << 20) /* The default. */
#define CONSOLE_FILE_LIMIT_MIN 4096ULL
#define CONSOLE_FILE_UNLIMITED UINT64_MAX

/** Private, except fd. */
struct console_file {
	int fd;
	char *path; /**< Without symbolic links: the file is renamed, not a link to it. */
	uint64_t limit; /**< CONSOLE_FILE_UNLIMITED also for a file that is not regular. */
	uint64_t size; /**< As far as known: other programs may truncate it. */
	uint64_t lost; /**< Lost bytes that the file and the marker do not count yet. */
	struct error reason; /**< The reason for the loss, */
	int err; /**< and its -errno. */
	time_t tried; /**< The time of the last attempt to begin a new file. */
	size_t marker_size, marker_sent; /**< A marker that is being written. */
	uint64_t marker_lost; /**< How many of the lost bytes it counts. */
	char marker[sizeof(struct error) + 128];
};

/**
 * Open @path, and create it if missing. Returns 0 or -errno with @error set;
 * -ENXIO for a pipe that has no reader.
 */
int console_file_open(struct console_file *file, const char *path, struct error *error);

/**
 * Keep a regular file within @limit bytes; 0 means CONSOLE_FILE_LIMIT, the
 * default.
 */
void console_file_limit(struct console_file *file, uint64_t limit);

/**
 * Write a byte. Returns false if a pipe or terminal is full. Does not block on
 * these.
 */
bool console_file_send(struct console_file *file, uint8_t byte);

/** Returns 0, or the -errno with which the end of the output was lost. */
int console_file_close(struct console_file *file);

#endif
