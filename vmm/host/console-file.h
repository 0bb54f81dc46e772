/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A console's output in a file.
 *
 * It is appended. A guest writes as much as it likes, so a regular file has a
 * limit: when it is reached, the file is renamed to the same name with .1 behind
 * it, in the place of the one before, and a new file is begun. If somebody else has
 * renamed or removed the file by then, as logrotate does, or truncated it, that is
 * enough. Where the file cannot be renamed, output is lost rather than the limit.
 *
 * While output cannot be written, it is lost: a message says so at once, and when
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

#define CONSOLE_FILE_LIMIT (16ULL << 20) /* If none is given. */
#define CONSOLE_FILE_LIMIT_MIN 4096ULL
#define CONSOLE_FILE_UNLIMITED UINT64_MAX

/** Private, but for fd. */
struct console_file {
	int fd;
	char *path; /**< Without symbolic links, so that the file is renamed and no link to it. */
	uint64_t limit; /**< CONSOLE_FILE_UNLIMITED as well for what is not a regular file. */
	uint64_t size; /**< As far as it is known: others may truncate it. */
	uint64_t lost; /**< Bytes that neither the file nor the marker tells of yet. */
	struct error reason; /**< Why they are. */
	int err; /**< The same, as -errno. */
	time_t tried; /**< When it was last tried to begin a new file. */
	size_t marker_size, marker_sent; /**< A marker that is being written. */
	uint64_t marker_lost; /**< How many of the lost bytes it tells of. */
	char marker[sizeof(struct error) + 128];
};

/**
 * Open @path, made if missing. Returns 0 or -errno with @error set; -ENXIO for a
 * pipe that has no reader.
 */
int console_file_open(struct console_file *file, const char *path, struct error *error);

/** Keep a regular file within @limit bytes; 0 means CONSOLE_FILE_LIMIT, as it is at first. */
void console_file_limit(struct console_file *file, uint64_t limit);

/** Write a byte. False: not now, as a pipe or terminal is full. Does not block on these. */
bool console_file_send(struct console_file *file, uint8_t byte);

/** Returns 0, or the -errno for which the end of the output is lost. */
int console_file_close(struct console_file *file);

#endif
