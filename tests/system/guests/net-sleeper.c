/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that answers one frame and sleeps, again and again: what a frame finds on its way
 * to a Linux that falls asleep, in milliseconds.
 *
 * Two numbers of 64 bits are behind the image: how many frames it answers before it powers
 * off, and whether it stops on its way to sleep, to be told by a byte on the console to go
 * on. It prints
 *
 *	announced	it has sent an ARP request, as 192.0.2.7, at its start
 *	step awake	it has answered and looked at all frames; its driver is at work
 *	step reset	it has reset the device
 *	answered N	all of them (hex), and powers off
 *
 * A frame of the type 0x88b5 is answered by the same frame with its addresses exchanged.
 * Others are dropped. All interrupts are masked while it sleeps.
 */
#include "net-driver.h"
#include "sleeper.h"

#define TYPE_TEST 0x88b5
#define MAC_SIZE 6

static uint64_t answered;

static void await_byte(void)
{
	write32(UART + UART_CR, UART_CR_ENABLE);
	write32(UART + UART_IMSC, UART_IMSC_RX);
	gic_listen(UART_SPI);
	while (read32(UART + UART_FR) & UART_FR_RXFE)
		__asm__ volatile("wfi");
	(void)read32(UART);
	gic_ignore(UART_SPI);
}

static void step(const char *text)
{
	if (!choice[1])
		return;
	say(text);
	await_byte();
}

/* --- frames --- */

/* An ARP request, by which its address becomes known. */
static void announce(void)
{
	static const uint8_t arp[] = { 8, 6,   0, 1, 8, 0, 6, 4, 0, 1, 0, 0,   0, 0, 0,
				       0, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1 };
	volatile uint8_t *frame = net_frame();

	for (uint32_t i = 0; i < MAC_SIZE; i++)
		frame[i] = 0xff;
	net_address(frame + MAC_SIZE);
	for (uint32_t i = 0; i < sizeof(arp); i++)
		frame[2 * MAC_SIZE + i] = arp[i];
	net_address(frame + 22);
	net_send(2 * MAC_SIZE + sizeof(arp));
	net_await_sent();
	say("announced\n");
}

/* Returns whether the frame was one to be answered. */
static int answer(uint32_t size)
{
	volatile uint8_t *to = net_frame();

	if (size < 14 || (net_byte(12) << 8 | net_byte(13)) != TYPE_TEST)
		return 0;
	for (uint32_t i = 0; i < size; i++)
		to[i] = net_byte(i);
	for (uint32_t i = 0; i < MAC_SIZE; i++) {
		to[i] = net_byte(MAC_SIZE + i);
		to[MAC_SIZE + i] = net_byte(i);
	}
	net_send(size);
	net_await_sent();

	return 1;
}

/* Answer all frames that are there, at least one. */
static void answer_frames(void)
{
	int done = 0;

	while (!done || net_has_more()) {
		if (answer(net_receive())) {
			answered++;
			done = 1;
		}
		net_done();
	}
	net_rest();
}

/* --- its life --- */

void awake(void)
{
	for (;;) {
		(void)net_start();
		answer_frames();
		if (answered >= choice[0])
			break;
		step("step awake\n");
		net_stop();
		step("step reset\n");
		suspend();
		say("refused\n");
		off();
	}
	say("answered ");
	say_number(answered);
	say("\n");
	off();
}

void live(void)
{
	if (!net_start()) {
		say("no network\n");
		off();
	}
	announce();
	net_stop();
	awake();
}
