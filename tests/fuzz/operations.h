/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many operations of a guest a fuzz target has carried out, which it prints
 * when it ends: an input has any number of them, so the number of inputs does
 * not say it.
 */
#ifndef TESTS_FUZZ_OPERATIONS_H
#define TESTS_FUZZ_OPERATIONS_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t operations;

static void print_operations(void)
{
	fprintf(stderr, "operations: %" PRIu64 "\n", operations);
}

static inline void count_operation(void)
{
	/* Nothing can be done about an error, and then nothing is printed. */
	if (operations++ == 0)
		(void)atexit(print_operations);
}

#endif
