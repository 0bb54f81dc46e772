/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/idle.h"

#include "base/main-loop.h"

#define CPU_SHARE 100 /* One part in so many of a CPU. */
#define SAMPLES 10 /* In the configured time. */

uint64_t idle_due(const struct idle *idle, bool can_sleep)
{
	if (!idle->time || !can_sleep)
		return MAIN_LOOP_NEVER;

	return idle->watching ? idle->next : 0;
}

void idle_forget(struct idle *idle)
{
	idle->watching = false;
}

/* After a reset the threads are new, and their time begins at zero. */
static bool is_quiet(const struct idle *idle, const struct idle_sample *sample)
{
	const struct idle_sample *since = &idle->since;

	return idle->watching && sample->uses == since->uses && sample->cpu >= since->cpu &&
	       sample->cpu - since->cpu < idle->time / CPU_SHARE;
}

bool idle_take(struct idle *idle, const struct idle_sample *sample)
{
	const bool quiet = is_quiet(idle, sample);
	const bool ask = quiet && sample->now - idle->since.now >= idle->time;

	if (!quiet || ask)
		idle->since = *sample;
	idle->watching = true;
	idle->next = sample->now + idle->time / SAMPLES;

	return ask;
}
