/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_RANDOM_H
#define VMM_RANDOM_H

#include <stddef.h>

/**
 * Fill @bytes from the host's source of randomness; wait until it is ready,
 * also across signals. Returns 0 or -errno.
 */
int random_fill(void *bytes, size_t size);

#endif
