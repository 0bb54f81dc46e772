/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that sleeps in SYSTEM_SUSPEND: sleeper-start.S starts it in live(), and has each
 * wake lead to awake(), with a stack that is empty.
 */
#ifndef TESTS_GUESTS_SLEEPER_H
#define TESTS_GUESTS_SLEEPER_H

#include "bare.h"

#pragma GCC visibility push(hidden)

/** Two numbers behind the image. */
extern const uint64_t choice[2];

void live(void);
void awake(void);

/** Where SYSTEM_SUSPEND ends. */
void wake_up(void);

#pragma GCC visibility pop

/** Returns only if it is refused. */
static inline void suspend(void)
{
	register uint64_t x0 __asm__("x0") = SYSTEM_SUSPEND;
	register uint64_t x1 __asm__("x1") = (uintptr_t)wake_up;
	register uint64_t x2 __asm__("x2") = 0;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2) : : "x3", "memory");
}

#endif
