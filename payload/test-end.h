/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests that end the machine, or may; test-end.c has the list of them. */
#ifndef PAYLOAD_TEST_END_H
#define PAYLOAD_TEST_END_H

#include "test.h"

/* --- the mark: what must be known after a reset is at the end of RAM --- */

#define MARK_WORDS 8192

/** The address of the mark, or NULL if there is no place for it. */
volatile uint64_t *mark(void);

/** Count, set or clear its words. */
unsigned int mark_matches(const volatile uint64_t *words);
void mark_write(volatile uint64_t *words, bool set);

/** Make a call that does not come back; it fails if it does. */
enum verdict ends(uint64_t x0, uint64_t x1, uint64_t x2);

/* Entry points at which nothing can start. */
enum verdict on_outside_ram(void);
enum verdict on_outside_ram_in_0_2(void);
enum verdict on_misaligned(void);
enum verdict suspend_outside_ram(void);
enum verdict suspend_outside_ram_in_0_2(void);
enum verdict default_suspend_outside_ram(void);
enum verdict system_suspend_outside_ram(void);

/* Sleep that nothing ends. */
enum verdict sleeps_without_source(void);

/* What one power cycle leaves to the next. */
enum verdict protected_memory_is_overwritten(void);
enum verdict protection_ends_with_a_life(void);
enum verdict statistics_end_with_a_life(void);
enum verdict mode_ends_with_a_life(void);
enum verdict calls_end_with_a_life(void);

#endif
