/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Standard output, written without blocking.
 *
 * It is shared with the shell and other programs, which would be surprised to find
 * it non-blocking. So it is opened anew, or, where that cannot be (a socket,
 * another user's terminal, no /proc), asked before each write. A file needs neither,
 * and opened anew it would lose its position.
 */
#ifndef VMM_STANDARD_OUTPUT_H
#define VMM_STANDARD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct standard_output {
	int fd; /**< To be polled for POLLOUT, and closed. */
	bool nonblocking; /**< Private: it is ours alone and does not block. */
};

/**
 * Open it. One that main() found closed takes everything and keeps nothing. Returns 0
 * or -errno; -ENXIO for a pipe that has no reader.
 */
int standard_output_open(struct standard_output *output);

/** Write what it takes now. Returns how many bytes, or -errno: -EAGAIN if none. */
ssize_t standard_output_write(const struct standard_output *output, const void *bytes, size_t size);

#endif
