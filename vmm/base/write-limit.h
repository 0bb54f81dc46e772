/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A limit on how often a guest can make its host write durably.
 *
 * Each SYSTEM_SUSPEND and each wake-up changes the record, and each replacement
 * of the record commits the file system's journal, for which other users of
 * that file system wait. A guest that suspends in a loop is not slowed down.
 * Its record is replaced at most at this rate, and the last change is always
 * recorded, soon.
 */
#ifndef VMM_WRITE_LIMIT_H
#define VMM_WRITE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/** Both changes of each of 50 suspensions a second are recorded at once. */
#define WRITE_LIMIT_PER_SECOND 100
/** The size of a burst after as long without writes. */
#define WRITE_LIMIT_BURST 100

/** Zero at first. Private. */
struct write_limit {
	uint64_t due; /**< When all writes so far would have been made at the limit's rate. */
};

/**
 * Whether a write may be made now; if so, it counts. @now: microseconds of a
 * monotonic clock.
 */
bool write_limit_take(struct write_limit *limit, uint64_t now);

/** The earliest moment at which the next write may be made, by the clock of @now. */
uint64_t write_limit_next(const struct write_limit *limit);

#endif
