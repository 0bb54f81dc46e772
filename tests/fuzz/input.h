/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a fuzzer's bytes mean: values taken from the front, zero at the end.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *next;
	size_t left;
};

static inline uint8_t take_byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;

	return *in->next++;
}

static inline uint64_t take_word(struct input *in, unsigned int size)
{
	uint64_t word = 0;

	for (unsigned int i = 0; i < size; i++)
		word |= (uint64_t)take_byte(in) << 8 * i;

	return word;
}

/** What a fuzzer calls, and replay.c without one. Returns 0. */
/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
