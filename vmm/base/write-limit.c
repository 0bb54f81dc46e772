/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/write-limit.h"

#define INTERVAL (1000000 / WRITE_LIMIT_PER_SECOND)

uint64_t write_limit_wait(const struct write_limit *limit, uint64_t now)
{
	const uint64_t ahead = now + (uint64_t)(WRITE_LIMIT_BURST - 1) * INTERVAL;

	return limit->due > ahead ? limit->due - ahead : 0;
}

bool write_limit_take(struct write_limit *limit, uint64_t now)
{
	if (write_limit_wait(limit, now) > 0)
		return false;
	limit->due = (limit->due > now ? limit->due : now) + INTERVAL;

	return true;
}
