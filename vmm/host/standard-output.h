/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Standard output, written without blocking.
 *
 * It is shared with the shell and other programs, which do not expect it to be
 * non-blocking. So it is opened again, or, where that is impossible (a socket,
 * another user's terminal, no /proc), polled before each write. A file needs
 * neither, and would lose its position if it were opened again.
 */
#ifndef VMM_STANDARD_OUTPUT_H
#define VMM_STANDARD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct standard_output {
	int fd; /**< To be polled for POLLOUT, and closed. */
	bool nonblocking; /**< Private: it is not shared, and does not block. */
};

/**
 * Open it. If main() found it closed, output is discarded. Returns 0 or -errno;
 * -ENXIO for a pipe that has no reader.
 */
int standard_output_open(struct standard_output *output);

/**
 * Write as much as it accepts now. Returns how many bytes, or -errno: -EAGAIN
 * if none.
 */
ssize_t standard_output_write(const struct standard_output *output, const void *bytes, size_t size);

#endif
