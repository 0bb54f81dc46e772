/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that sends frames of every size and compares what comes back, or that counts how
 * long frames take.
 *
 * Three numbers of 64 bits are behind the image:
 *	0		send a frame of each size from 14 to 1514, one of 9014 and one of
 *			65535 bytes, and wait for each to come back as it was:
 *			"echoed N", in hexadecimal, or "wrong SIZE"
 *	1 COUNT SIZE	send so many frames of that size: "took TICKS"
 *	2 COUNT SIZE	have the network send so many, by a frame that asks for them, and
 *			receive them: "took TICKS"; those of another size do not count
 * Then it powers off.
 */
#include "net-driver.h"

#pragma GCC visibility push(hidden)
extern const uint64_t choice[3];
void live(void);
#pragma GCC visibility pop

#define FIRST_SIZE 14
#define LAST_SIZE 1514

static uint8_t pattern(uint32_t size, uint32_t at)
{
	return (uint8_t)(size * 7 + at * 3 + (at >> 8));
}

static void write_frame(uint32_t size)
{
	volatile uint8_t *frame = net_frame();

	for (uint32_t i = 0; i < size; i++)
		frame[i] = pattern(size, i);
}

static int comes_back(uint32_t size)
{
	int same;

	write_frame(size);
	net_send(size);
	same = net_receive() == size;
	for (uint32_t i = 0; i < size && same; i++)
		same = net_byte(i) == pattern(size, i);
	net_done();
	net_await_sent();

	return same;
}

static void say_line(const char *text, uint64_t number)
{
	say(text);
	say_number(number);
	say("\n");
}

static void echo(void)
{
	uint64_t echoed = 0;

	for (uint32_t size = FIRST_SIZE; size <= NET_FRAME_MAX;) {
		if (!comes_back(size)) {
			say_line("wrong ", size);
			return;
		}
		echoed++;
		size = size < LAST_SIZE	   ? size + 1
		       : size == LAST_SIZE ? 9014
		       : size == 9014	   ? 65535
					   : 65536;
	}
	say_line("echoed ", echoed);
}

static void count_sent(uint64_t count, uint32_t size)
{
	const uint64_t before = now();

	for (uint64_t i = 0; i < count; i++)
		net_send(size);
	net_await_sent();
	say_line("took ", now() - before);
}

/* The numbers are behind addresses and type, little-endian. */
static void ask_for(uint64_t count, uint64_t size)
{
	volatile uint8_t *frame = net_frame();

	for (uint32_t i = 0; i < 8; i++) {
		frame[14 + i] = (uint8_t)(count >> 8 * i);
		frame[22 + i] = (uint8_t)(size >> 8 * i);
	}
	net_send(60);
}

static void count_received(uint64_t count, uint32_t size)
{
	uint64_t before;

	before = now();
	ask_for(count, size);
	/* A host sends others of its own accord. */
	for (uint64_t i = 0; i < count;) {
		if (net_receive() == size)
			i++;
		net_done();
	}
	say_line("took ", now() - before);
}

void live(void)
{
	if (!net_start())
		say("no network\n");
	else if (choice[0] == 0)
		echo();
	else if (choice[0] == 1)
		count_sent(choice[1], (uint32_t)choice[2]);
	else
		count_received(choice[1], (uint32_t)choice[2]);
	off();
}
