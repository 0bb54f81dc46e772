/* SPDX-License-Identifier: BSD-3-Clause */
#include "marks.h"

#include <stdint.h>

#include "../arch/arm64/cache.h"

#define MAGIC 0x736b72616d336c65 /* "el3marks" */

/* Each is a word that memory without power hardly begins with. */
#define YES 0x5a17ed0ff1ce0001
#define NO 0xa5e8120f01ce0000

struct marks {
	uint64_t magic;
	uint64_t is_protected;
	uint64_t is_warm;
};

static volatile struct marks marks __attribute__((section(".marks")));

static void set(volatile uint64_t *mark, bool on)
{
	*mark = on ? YES : NO;
	cache_flush((const void *)(uintptr_t)&marks, sizeof(marks));
}

static bool is_mark(uint64_t value)
{
	return value == YES || value == NO;
}

void marks_begin(void)
{
	if (marks.magic == MAGIC && is_mark(marks.is_protected) && is_mark(marks.is_warm))
		return;
	marks.is_warm = NO;
	marks.is_protected = NO;
	marks.magic = MAGIC;
	cache_flush((const void *)(uintptr_t)&marks, sizeof(marks));
}

bool marks_protected(void)
{
	return marks.is_protected == YES;
}

void marks_set_protected(bool on)
{
	set(&marks.is_protected, on);
}

bool marks_warm(void)
{
	return marks.is_warm == YES;
}

void marks_set_warm(bool on)
{
	set(&marks.is_warm, on);
}
