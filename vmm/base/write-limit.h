/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often a guest can make its host write durably.
 *
 * Each SYSTEM_SUSPEND and each wake-up changes the record, and each replacement of the
 * record is a commit of the file system's journal, for which other users of that file
 * system wait. A guest that suspends in a loop is not slowed down: it gets as far as its
 * host can follow. Its record is replaced at most this often, and the last change is
 * always recorded, soon.
 */
#ifndef VMM_WRITE_LIMIT_H
#define VMM_WRITE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/** Of 50 suspensions a second each has both its changes recorded at once. */
#define WRITE_LIMIT_PER_SECOND 100
/** So many more may come at once, after as long without. */
#define WRITE_LIMIT_BURST 100

/** Zero at first. Private. */
struct write_limit {
	uint64_t due; /**< When all writes so far would have come at the limit's rate. */
};

/**
 * Whether a write may be made now; if so, it counts. @now: microseconds of a clock that
 * does not go back.
 */
bool write_limit_take(struct write_limit *limit, uint64_t now);

/** In how many microseconds the next write may be made; 0: now. */
uint64_t write_limit_wait(const struct write_limit *limit, uint64_t now);

#endif
