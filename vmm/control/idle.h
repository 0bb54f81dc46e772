/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --sleep-when-idle: whether a guest has had nothing to do for so long that it
 * is to be asked to suspend. It only judges; it reads no clock and asks nothing.
 *
 * A guest is quiet from a moment on if since then all its vCPUs together used
 * less than 1 % of what one CPU has in the configured time, and nothing came
 * that is for it: no frame but noise, no disk request, no console input. When
 * one of the two no longer holds, it is quiet from that sample on at the
 * earliest. A guest that has been quiet for the configured time is asked, and
 * then counts as quiet from that moment on: so it is asked at most once in the
 * configured time.
 *
 * Samples are taken a tenth of that time apart, so a guest is asked up to a
 * tenth later.
 */
#ifndef VMM_IDLE_H
#define VMM_IDLE_H

#include <stdbool.h>
#include <stdint.h>

struct idle_sample {
	uint64_t now; /**< Of main_loop_now(), in microseconds. */
	uint64_t cpu; /**< CPU time of all vCPU threads so far, in microseconds. */
	uint64_t uses; /**< Disk requests, frames that are for the guest, console input so far. */
};

/** Private. Zero except @time, which never changes. */
struct idle {
	uint64_t time; /**< The configured time, in microseconds; 0: off. */
	bool watching; /**< The guest may be quiet, since this sample: */
	struct idle_sample since;
	uint64_t next; /**< When the next sample is to be taken. */
};

/**
 * When the next sample is to be taken, as a main loop's deadline.
 *
 * @can_sleep: whether the guest could carry the request out: it runs, and is
 *   neither paused nor asleep. If it is false, the guest is quiet from its next
 *   sample on at the earliest.
 */
uint64_t idle_due(const struct idle *idle, bool can_sleep);

/** Forget how long the guest has been quiet: it sleeps, or is paused. */
void idle_forget(struct idle *idle);

/** Take a sample. Returns whether the guest is to be asked now. */
bool idle_take(struct idle *idle, const struct idle_sample *sample);

#endif
