/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that keeps a pattern in its memory over sleeps: SYSTEM_SUSPEND, again and again,
 * from which its host wakes it.
 *
 * Two numbers of 64 bits are behind the image: how much memory has the pattern, in bytes,
 * and how often it sleeps. After each sleep it checks all of the pattern, and changes one
 * page in sixteen, others each time. In the end, or when a word is wrong, it prints
 *
 *	kept COUNT
 *	wrong ADDRESS VALUE
 *
 * in hex, and powers off. The MMU is off throughout.
 */
#include "sleeper.h"

/* Where no code and no stack is. */
#define ARENA 0x40200000UL
#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))
/* So many pages, one of which changes. */
#define STRIDE 16

static uint64_t sleeps;

static _Noreturn void end(void)
{
	say("\n");
	off();
}

static volatile uint64_t *page_at(uint64_t page)
{
	return (volatile uint64_t *)(ARENA + page * PAGE);
}

/* The sleep before which a page was changed last; 0: at the beginning. */
static uint64_t changed(uint64_t page)
{
	const uint64_t since = (sleeps + STRIDE - page % STRIDE) % STRIDE;

	return since < sleeps ? sleeps - since : 0;
}

static uint64_t value_of(uint64_t page)
{
	return (page + 1) << 32 | (changed(page) + 1);
}

static void write_page(uint64_t page)
{
	volatile uint64_t *words = page_at(page);
	const uint64_t value = value_of(page);

	for (uint64_t i = 0; i < WORDS; i++)
		words[i] = value + (i << 16);
}

static void check_page(uint64_t page)
{
	volatile uint64_t *words = page_at(page);
	const uint64_t value = value_of(page);

	for (uint64_t i = 0; i < WORDS; i++) {
		if (words[i] == value + (i << 16))
			continue;
		say("wrong ");
		say_number((uintptr_t)&words[i]);
		say(" ");
		say_number(words[i]);
		end();
	}
}

void awake(void)
{
	for (uint64_t page = 0; page < choice[0] / PAGE; page++)
		check_page(page);
	if (sleeps == choice[1]) {
		say("kept ");
		say_number(sleeps);
		end();
	}
	sleeps++;
	for (uint64_t page = sleeps % STRIDE; page < choice[0] / PAGE; page += STRIDE)
		write_page(page);
	suspend();
	say("refused");
	end();
}

void live(void)
{
	for (uint64_t page = 0; page < choice[0] / PAGE; page++)
		write_page(page);
	awake();
}
