/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/park-timer.h"

#include "base/main-loop.h"

void park_timer_sleeps(struct park_timer *timer, uint64_t now)
{
	if (timer->due == 0)
		timer->due = now + timer->time;
}

void park_timer_forget(struct park_timer *timer)
{
	timer->due = 0;
	timer->has_failed = false;
}

uint64_t park_timer_due(const struct park_timer *timer)
{
	return timer->time && timer->due ? timer->due : MAIN_LOOP_NEVER;
}

bool park_timer_fail(struct park_timer *timer, uint64_t now)
{
	const bool is_first = !timer->has_failed;

	timer->has_failed = true;
	timer->due = now + timer->time;

	return is_first;
}
