/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-A on a terminal that is a guest's console: a prefix of what is meant for us. */
#ifndef VMM_ESCAPE_H
#define VMM_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

enum escape {
	ESCAPE_BYTE, /**< It is the guest's. */
	ESCAPE_PREFIX, /**< The next one tells. */
	ESCAPE_QUIT, /**< x */
	ESCAPE_HELP, /**< h, or what means nothing. */
};

/**
 * What a byte that was typed means. @escaped is kept from one to the next, false
 * at first. For ESCAPE_BYTE, @byte is what the guest is to have.
 */
enum escape escape_next(bool *escaped, uint8_t *byte);

#endif
