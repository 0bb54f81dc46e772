/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/write-limit.h"

#define INTERVAL (1000000 / WRITE_LIMIT_PER_SECOND)

uint64_t write_limit_next(const struct write_limit *limit)
{
	const uint64_t burst = (uint64_t)(WRITE_LIMIT_BURST - 1) * INTERVAL;

	return limit->due > burst ? limit->due - burst : 0;
}

bool write_limit_take(struct write_limit *limit, uint64_t now)
{
	if (now < write_limit_next(limit))
		return false;
	limit->due = (limit->due > now ? limit->due : now) + INTERVAL;

	return true;
}
