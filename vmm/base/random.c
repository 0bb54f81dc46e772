/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/types.h>

int random_fill(void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size > 0) {
		const ssize_t count = getrandom(at, size, 0);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		at += count;
		size -= (size_t)count;
	}

	return 0;
}
