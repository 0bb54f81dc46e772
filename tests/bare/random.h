/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers without a pattern for programs of the bare machine. */
#ifndef TESTS_BARE_RANDOM_H
#define TESTS_BARE_RANDOM_H

#include <stdint.h>

/** xorshift: each run has the same numbers. The state must not be 0. */
static inline uint64_t random_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;

	return *state;
}

#endif
