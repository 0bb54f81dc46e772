/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --park: when a guest that sleeps in memory is to be parked. It only judges; it
 * reads no clock and parks nothing.
 *
 * A guest is due once it has slept for the configured time, and after an attempt
 * that failed once it has slept for as long again. What made the first attempt of
 * a sleep fail is worth a message; the same sleep has no other.
 */
#ifndef VMM_PARK_TIMER_H
#define VMM_PARK_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/** Private. Zero except @time, which never changes. */
struct park_timer {
	uint64_t time; /**< The configured time, in microseconds; 0: off. */
	uint64_t due; /**< 0: it does not sleep in memory. */
	bool has_failed; /**< In this sleep. */
};

/** The guest sleeps in memory at @now, in microseconds: from then on unless it did before. */
void park_timer_sleeps(struct park_timer *timer, uint64_t now);

/** It does not: it is awake or parked. */
void park_timer_forget(struct park_timer *timer);

/** When the guest is to be parked, as a main loop's deadline. */
uint64_t park_timer_due(const struct park_timer *timer);

/** It could not be parked at @now. Returns whether that is to be reported. */
bool park_timer_fail(struct park_timer *timer, uint64_t now);

#endif
