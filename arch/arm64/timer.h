/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtual timer: deadlines, and an interrupt that comes later. */
#ifndef ARCH_ARM64_TIMER_H
#define ARCH_ARM64_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define MILLISECOND UINT64_C(1000)
#define SECOND UINT64_C(1000000)

/** A deadline so many microseconds from now; pass it to timer_passed(). */
uint64_t timer_deadline(uint64_t microseconds);
bool timer_passed(uint64_t deadline);

/** Let this CPU's timer raise its interrupt after so long. */
void timer_arm(uint64_t microseconds);
void timer_disarm(void);

/** Returns whether the time that was set has come. */
bool timer_fired(void);

#endif
