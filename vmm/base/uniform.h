/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether bytes are all the same, as most of memory, flash and files are. */
#ifndef VMM_BASE_UNIFORM_H
#define VMM_BASE_UNIFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Whether each of @size bytes, at least one, is @value. */
static inline bool uniform(const uint8_t *bytes, size_t size, uint8_t value)
{
	return bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0;
}

#endif
