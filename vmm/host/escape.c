/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/escape.h"

#define CTRL_A 0x01

enum escape escape_next(bool *escaped, uint8_t *byte)
{
	if (!*escaped) {
		*escaped = *byte == CTRL_A;

		return *escaped ? ESCAPE_PREFIX : ESCAPE_BYTE;
	}
	*escaped = false;

	switch (*byte) {
	case 'x':
	case 'X':
		return ESCAPE_QUIT;
	case 'a':
	case CTRL_A:
		*byte = CTRL_A;

		return ESCAPE_BYTE;
	default:
		return ESCAPE_HELP;
	}
}
