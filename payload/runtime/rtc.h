/* SPDX-License-Identifier: BSD-3-Clause */
/* The real-time clock, a PL031, as a source of one interrupt to the caller. */
#ifndef PAYLOAD_RUNTIME_RTC_H
#define PAYLOAD_RUNTIME_RTC_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Raise the clock's interrupt when so many seconds have begun: up to one second
 * early.
 */
void rtc_arm(uint32_t seconds);

/** Cancel it; returns whether it had been raised. */
bool rtc_disarm(void);

#endif
