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
#include <stdint.h>

#pragma GCC visibility push(hidden)

extern const uint64_t choice[2];
void wake_up(void);
void live(void);
void awake(void);

#pragma GCC visibility pop

#define UART 0x09000000UL

#define SYSTEM_OFF 0x84000008
#define SYSTEM_SUSPEND 0xc400000e

/* Where no code and no stack is. */
#define ARENA 0x40200000UL
#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))
/* So many pages, one of which changes. */
#define STRIDE 16

static uint64_t sleeps;

static void call(uint64_t function, uint64_t argument)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = argument;
	register uint64_t x2 __asm__("x2") = 0;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2) : : "x3", "memory");
}

static void say_byte(char byte)
{
	__asm__ volatile("str %w0, [%1]" : : "r"((uint32_t)byte), "r"(UART) : "memory");
}

static void say(const char *text)
{
	for (; *text; text++)
		say_byte(*text);
}

static void say_number(uint64_t value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		say_byte("0123456789abcdef"[value >> shift & 0xf]);
}

static _Noreturn void off(void)
{
	say("\n");
	call(SYSTEM_OFF, 0);
	for (;;)
		;
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
		off();
	}
}

void awake(void)
{
	for (uint64_t page = 0; page < choice[0] / PAGE; page++)
		check_page(page);
	if (sleeps == choice[1]) {
		say("kept ");
		say_number(sleeps);
		off();
	}
	sleeps++;
	for (uint64_t page = sleeps % STRIDE; page < choice[0] / PAGE; page += STRIDE)
		write_page(page);
	call(SYSTEM_SUSPEND, (uintptr_t)wake_up);
	say("refused");
	off();
}

void live(void)
{
	for (uint64_t page = 0; page < choice[0] / PAGE; page++)
		write_page(page);
	awake();
}
