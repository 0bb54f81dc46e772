/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of probe.img share. */
#ifndef TESTS_EL3_PROBE_H
#define TESTS_EL3_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/** Print a line for a test. */
void check(bool passed, const char *sentence);

/** Make a call. Returns its x0. */
int64_t call(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/** Whether the next exception is provoked; the instruction is skipped. */
extern bool exception_expected;
extern volatile uint64_t exception_syndrome;

/** Tests that the command m is for. */
void check_memory(void);
void check_undefined(void);

/** What the command t is for. */
void print_costs(void);

#endif
