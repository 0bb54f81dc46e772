/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a failure is passed from the function that detects it to the one that
 * prints it: the function that knows the object and the reason composes one
 * sentence, its callers pass it on unchanged, and main.c prints it once.
 */
#ifndef VMM_ERROR_H
#define VMM_ERROR_H

struct error {
	char text[900]; /**< One sentence without a full stop; empty if there was none. */
};

/**
 * Compose the sentence and return @err, so that a caller can write
 * `return error_set(error, -errno, "cannot open %s: %s", path,
 * strerror(errno));`
 * @err is a negative errno value.
 */
__attribute__((format(printf, 3, 4))) int error_set(struct error *error, int err,
						    const char *format, ...);

#endif
