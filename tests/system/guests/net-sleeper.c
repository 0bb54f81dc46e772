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
#include <stdint.h>

#pragma GCC visibility push(hidden)

extern const uint64_t choice[2];
void wake_up(void);
void live(void);
void awake(void);

#pragma GCC visibility pop

#define UART 0x09000000UL
#define UART_FR 0x18
#define UART_FR_RXFE 0x10
#define UART_CR 0x30
#define UART_CR_ENABLE 0x301
#define UART_IMSC 0x38
#define UART_IMSC_RX 0x10
#define UART_SPI 1

#define GICD 0x08000000UL
#define GICD_CTLR 0x0
#define GICD_CTLR_ENABLE_GROUP_1 2
#define GICD_IGROUPR 0x80
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ICPENDR 0x280

#define DEVICE 0x0a000000UL
#define SLOT_SIZE 0x200UL
#define SLOTS 32
#define SLOT_SPI 16

#define DEVICE_ID 0x08
#define DRIVER_FEATURES 0x20
#define DRIVER_FEATURES_SEL 0x24
#define QUEUE_SEL 0x30
#define QUEUE_NUM 0x38
#define QUEUE_READY 0x44
#define QUEUE_NOTIFY 0x50
#define INTERRUPT_STATUS 0x60
#define INTERRUPT_ACK 0x64
#define STATUS 0x70
#define QUEUE_DESC 0x80
#define QUEUE_DRIVER 0x90
#define QUEUE_DEVICE 0xa0
#define CONFIG 0x100
#define ID_NET 1
#define FEATURE_MAC (1U << 5)
#define FEATURE_EVENT_IDX (1U << 29)
#define FEATURE_HIGH_VERSION_1 1

#define SYSTEM_OFF 0x84000008
#define SYSTEM_SUSPEND 0xc400000e

/* Where no code and no stack is. */
#define ARENA 0x41000000UL
#define QUEUE_SIZE 8
#define BUFFER_SIZE 2048
#define HEADER_SIZE 12
#define DESC_WRITE 2
#define TYPE_TEST 0x88b5
#define MAC_SIZE 6

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

/* Its last entry is used_event. */
struct available {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[QUEUE_SIZE];
	uint16_t used_event;
};

struct used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t length;
	} ring[QUEUE_SIZE];
};

/* 0 receives, 1 sends. Each has a page for each part, and buffers. */
#define PAGE 0x1000UL
#define DESCRIPTORS(queue) ((volatile struct descriptor *)(ARENA + (queue)*8 * PAGE))
#define AVAILABLE(queue) ((volatile struct available *)(ARENA + (queue)*8 * PAGE + PAGE))
#define USED(queue) ((volatile struct used *)(ARENA + (queue)*8 * PAGE + 2 * PAGE))
#define BUFFER(queue, n) (ARENA + 0x20000UL + ((queue)*QUEUE_SIZE + (n)) * BUFFER_SIZE)

static uint64_t device;
static uint32_t spi;
static uint64_t answered;
static uint16_t last_used[2];

static uint32_t read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return value;
}

static uint8_t read8(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return (uint8_t)value;
}

static void write32(uint64_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static void barrier(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

static void call(uint64_t function, uint64_t argument)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = argument;
	register uint64_t x2 __asm__("x2") = 0;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2) : : "x3", "memory");
}

static void say(const char *text)
{
	for (; *text; text++)
		write32(UART, (uint8_t)*text);
}

static void say_number(uint64_t value)
{
	static const uint8_t digits[16] = "0123456789abcdef";

	for (int shift = 60; shift >= 0; shift -= 4)
		write32(UART, digits[value >> shift & 0xf]);
}

static _Noreturn void off(void)
{
	call(SYSTEM_OFF, 0);
	for (;;)
		;
}

/* --- interrupts, of which none is taken: they end a wait --- */

static uint64_t gic_register(uint64_t base, uint32_t number)
{
	return GICD + base + (32 + number) / 32 * 4;
}

static uint32_t gic_bit(uint32_t number)
{
	return 1U << (32 + number) % 32;
}

static void listen(uint32_t number)
{
	write32(GICD + GICD_CTLR, GICD_CTLR_ENABLE_GROUP_1);
	write32(gic_register(GICD_IGROUPR, number), ~0U);
	write32(gic_register(GICD_ISENABLER, number), gic_bit(number));
	__asm__ volatile("msr s3_0_c4_c6_0, %0\n\tisb" : : "r"(0xf0UL));
}

static void ignore(uint32_t number)
{
	write32(gic_register(GICD_ICENABLER, number), gic_bit(number));
	write32(gic_register(GICD_ICPENDR, number), gic_bit(number));
}

static void await_byte(void)
{
	write32(UART + UART_CR, UART_CR_ENABLE);
	write32(UART + UART_IMSC, UART_IMSC_RX);
	listen(UART_SPI);
	while (read32(UART + UART_FR) & UART_FR_RXFE)
		__asm__ volatile("wfi");
	(void)read32(UART);
	ignore(UART_SPI);
}

static void step(const char *text)
{
	if (!choice[1])
		return;
	say(text);
	await_byte();
}

/* --- the device --- */

static void find_device(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		device = DEVICE + i * SLOT_SIZE;
		spi = SLOT_SPI + i;
		if (read32(device + DEVICE_ID) == ID_NET)
			return;
	}
	say("no network\n");
	off();
}

static void set_address(uint64_t reg, uint64_t address)
{
	write32(reg, (uint32_t)address);
	write32(reg + 4, (uint32_t)(address >> 32));
}

static void start_queue(uint32_t queue)
{
	AVAILABLE(queue)->flags = 0;
	AVAILABLE(queue)->index = 0;
	AVAILABLE(queue)->used_event = 0;
	USED(queue)->flags = 0;
	USED(queue)->index = 0;
	last_used[queue] = 0;
	write32(device + QUEUE_SEL, queue);
	write32(device + QUEUE_NUM, QUEUE_SIZE);
	set_address(device + QUEUE_DESC, (uintptr_t)DESCRIPTORS(queue));
	set_address(device + QUEUE_DRIVER, (uintptr_t)AVAILABLE(queue));
	set_address(device + QUEUE_DEVICE, (uintptr_t)USED(queue));
	write32(device + QUEUE_READY, 1);
}

static void offer(uint32_t queue, uint16_t n, uint32_t length, uint16_t flags)
{
	volatile struct descriptor *descriptor = &DESCRIPTORS(queue)[n];
	volatile struct available *available = AVAILABLE(queue);

	descriptor->address = BUFFER(queue, n);
	descriptor->length = length;
	descriptor->flags = flags;
	available->ring[available->index % QUEUE_SIZE] = n;
	barrier();
	available->index++;
	barrier();
	write32(device + QUEUE_NOTIFY, queue);
}

static void start(void)
{
	write32(device + STATUS, 0);
	while (read32(device + STATUS) != 0)
		;
	write32(device + STATUS, 3);
	write32(device + DRIVER_FEATURES_SEL, 0);
	write32(device + DRIVER_FEATURES, FEATURE_MAC | FEATURE_EVENT_IDX);
	write32(device + DRIVER_FEATURES_SEL, 1);
	write32(device + DRIVER_FEATURES, FEATURE_HIGH_VERSION_1);
	write32(device + STATUS, 11);
	start_queue(0);
	start_queue(1);
	write32(device + STATUS, 15);
	for (uint16_t n = 0; n < QUEUE_SIZE; n++)
		offer(0, n, BUFFER_SIZE, DESC_WRITE);
}

static void stop(void)
{
	write32(device + STATUS, 0);
	while (read32(device + STATUS) != 0)
		;
}

/* Wait until the device has used a buffer of a queue. */
static void await_used(uint32_t queue)
{
	AVAILABLE(queue)->used_event = last_used[queue];
	barrier();
	listen(spi);
	while (USED(queue)->index == last_used[queue])
		__asm__ volatile("wfi");
	write32(device + INTERRUPT_ACK, read32(device + INTERRUPT_STATUS));
	ignore(spi);
	barrier();
}

/* --- frames --- */

static uint8_t *bytes_of(uint32_t queue, uint32_t n)
{
	return (uint8_t *)BUFFER(queue, n);
}

/* What is in the buffer for sending, without its header. */
static void send(uint32_t size)
{
	volatile uint8_t *to = bytes_of(1, 0);

	for (uint32_t i = 0; i < HEADER_SIZE; i++)
		to[i] = 0;
	offer(1, 0, HEADER_SIZE + size, 0);
	await_used(1);
	last_used[1]++;
}

static void read_mac(volatile uint8_t *to)
{
	for (uint32_t i = 0; i < MAC_SIZE; i++)
		to[i] = read8(device + CONFIG + i);
}

/* An ARP request, by which its address becomes known. */
static void announce(void)
{
	static const uint8_t arp[] = { 8, 6,   0, 1, 8, 0, 6, 4, 0, 1, 0, 0,   0, 0, 0,
				       0, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1 };
	volatile uint8_t *frame = bytes_of(1, 0) + HEADER_SIZE;

	for (uint32_t i = 0; i < MAC_SIZE; i++)
		frame[i] = 0xff;
	read_mac(frame + MAC_SIZE);
	for (uint32_t i = 0; i < sizeof(arp); i++)
		frame[2 * MAC_SIZE + i] = arp[i];
	read_mac(frame + 22);
	send(2 * MAC_SIZE + sizeof(arp));
	say("announced\n");
}

/* Returns whether the frame was one to be answered. */
static int answer(const volatile uint8_t *frame, uint32_t size)
{
	volatile uint8_t *to = bytes_of(1, 0) + HEADER_SIZE;

	if (size < 14 || (frame[12] << 8 | frame[13]) != TYPE_TEST)
		return 0;
	for (uint32_t i = 0; i < size; i++)
		to[i] = frame[i];
	for (uint32_t i = 0; i < MAC_SIZE; i++) {
		to[i] = frame[MAC_SIZE + i];
		to[MAC_SIZE + i] = frame[i];
	}
	send(size);

	return 1;
}

/* Answer all frames that are there, at least one. */
static void answer_frames(void)
{
	int done = 0;

	while (!done || USED(0)->index != last_used[0]) {
		uint32_t n;
		uint32_t length;

		await_used(0);
		n = USED(0)->ring[last_used[0] % QUEUE_SIZE].id;
		length = USED(0)->ring[last_used[0] % QUEUE_SIZE].length;
		last_used[0]++;
		if (answer(bytes_of(0, n) + HEADER_SIZE, length - HEADER_SIZE)) {
			answered++;
			done = 1;
		}
		offer(0, (uint16_t)n, BUFFER_SIZE, DESC_WRITE);
	}
	/* So far it has looked. */
	AVAILABLE(0)->used_event = last_used[0];
	barrier();
}

/* --- its life --- */

void awake(void)
{
	for (;;) {
		start();
		answer_frames();
		if (answered >= choice[0])
			break;
		step("step awake\n");
		stop();
		step("step reset\n");
		call(SYSTEM_SUSPEND, (uintptr_t)wake_up);
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
	find_device();
	start();
	announce();
	stop();
	awake();
}
