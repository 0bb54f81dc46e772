/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest on the fake KVM whose vCPU 0 makes the PSCI calls that the test wants, and
 * does nothing else until it is kicked.
 */
#ifndef TESTS_CALLING_GUEST_H
#define TESTS_CALLING_GUEST_H

#include <stdbool.h>
#include <stdint.h>

/** Be the guest of the machine that is made next, which calls nothing yet. */
void calling_guest_begin(void);

/** Have it call @function with @argument in x1. From any thread. */
void calling_guest_call(uint32_t function, uint64_t argument);

/** Whether it has not made that call yet. */
bool calling_guest_will_call(void);

#endif
