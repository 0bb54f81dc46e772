/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ctrl-A on a terminal that is a guest's console: a prefix of commands to
 * dormouse.
 */
#ifndef VMM_ESCAPE_H
#define VMM_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

enum escape {
	ESCAPE_BYTE, /**< For the guest. */
	ESCAPE_PREFIX, /**< The next byte decides. */
	ESCAPE_QUIT, /**< x */
	ESCAPE_HELP, /**< h, or an unknown letter */
};

/**
 * Interpret a byte that was typed. @escaped is kept between calls, initially
 * false. For ESCAPE_BYTE, @byte is the byte for the guest.
 */
enum escape escape_next(bool *escaped, uint8_t *byte);

#endif
