/* SPDX-License-Identifier: BSD-3-Clause */
#include "net-driver.h"

#define UART 0x09000000UL

#define GICD 0x08000000UL
#define GICD_CTLR 0x0
#define GICD_CTLR_ENABLE_GROUP_1 2
#define GICD_IGROUPR 0x80
#define GICD_ISENABLER 0x100
#define GICD_ICPENDR 0x280

#define DEVICES 0x0a000000UL
#define SLOT_SIZE 0x200UL
#define SLOTS 32
#define SLOT_SPI 16

#define MAGIC 0x00
#define MAGIC_VALUE 0x74726976
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
#define ID_NET 1
#define FEATURE_MRG_RXBUF (1U << 15)
#define FEATURE_EVENT_IDX (1U << 29)
#define FEATURE_HIGH_VERSION_1 1

#define SYSTEM_OFF 0x84000008
#define DESC_WRITE 2

/* Where no code and no stack is. */
#define ARENA 0x41000000UL
#define PAGE 0x1000UL

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

struct available {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[NET_QUEUE_SIZE];
	uint16_t used_event;
};

struct used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t length;
	} ring[NET_QUEUE_SIZE];
	uint16_t avail_event;
};

#define DESCRIPTORS(queue) ((volatile struct descriptor *)(ARENA + (queue)*4 * PAGE))
#define AVAILABLE(queue) ((volatile struct available *)(ARENA + (queue)*4 * PAGE + PAGE))
#define USED(queue) ((volatile struct used *)(ARENA + (queue)*4 * PAGE + 2 * PAGE))
#define BUFFER(n) (ARENA + 0x100000UL + (n)*NET_BUFFER_SIZE)
/* Header and frame, which all that are sent have in common. */
#define SENT (ARENA + 0x200000UL)

static uint64_t device;
static uint32_t spi;
static uint16_t seen[2]; /* Of each used ring. */
/* The buffers of the frame that was received last. */
static uint16_t pieces;
static uint32_t heads[NET_QUEUE_SIZE];

static uint32_t read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return value;
}

static void write32(uint64_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static void barrier(void)
{
	__asm__ volatile("dmb sy" : : : "memory");
}

/* --- what a guest says --- */

void say(const char *text)
{
	for (; *text; text++)
		write32(UART, (uint8_t)*text);
}

void say_number(uint64_t value)
{
	static const uint8_t digits[16] = "0123456789abcdef";

	for (int shift = 60; shift >= 0; shift -= 4)
		write32(UART, digits[value >> shift & 0xf]);
}

_Noreturn void off(void)
{
	register uint64_t x0 __asm__("x0") = SYSTEM_OFF;

	__asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
	for (;;)
		;
}

uint64_t now(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");

	return ticks;
}

/* --- interrupts --- */

static uint64_t gic_register(uint64_t base)
{
	return GICD + base + (32 + spi) / 32 * 4;
}

static uint32_t gic_bit(void)
{
	return 1U << (32 + spi) % 32;
}

static void listen(void)
{
	write32(GICD + GICD_CTLR, GICD_CTLR_ENABLE_GROUP_1);
	write32(gic_register(GICD_IGROUPR), ~0U);
	write32(gic_register(GICD_ISENABLER), gic_bit());
	__asm__ volatile("msr s3_0_c4_c6_0, %0\n\tisb" : : "r"(0xf0UL));
}

/* Wait until a queue has used more than was seen. */
static void await(uint32_t queue)
{
	while (USED(queue)->index == seen[queue]) {
		write32(gic_register(GICD_ICPENDR), gic_bit());
		AVAILABLE(queue)->used_event = seen[queue];
		barrier();
		if (USED(queue)->index != seen[queue])
			break;
		__asm__ volatile("dsb sy\n\twfi");
		write32(device + INTERRUPT_ACK, read32(device + INTERRUPT_STATUS));
	}
	barrier();
}

/* --- the device --- */

static int find(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		device = DEVICES + i * SLOT_SIZE;
		spi = SLOT_SPI + i;
		if (read32(device + MAGIC) == MAGIC_VALUE && read32(device + DEVICE_ID) == ID_NET)
			return 1;
	}

	return 0;
}

static void set_address(uint64_t at, uint64_t address)
{
	write32(device + at, (uint32_t)address);
	write32(device + at + 4, (uint32_t)(address >> 32));
}

static void start_queue(uint32_t queue)
{
	write32(device + QUEUE_SEL, queue);
	write32(device + QUEUE_NUM, NET_QUEUE_SIZE);
	set_address(QUEUE_DESC, (uintptr_t)DESCRIPTORS(queue));
	set_address(QUEUE_DRIVER, (uintptr_t)AVAILABLE(queue));
	set_address(QUEUE_DEVICE, (uintptr_t)USED(queue));
	write32(device + QUEUE_READY, 1);
}

/* The device is notified if it has asked for it. */
static void offer(uint32_t queue, uint16_t n, uint64_t address, uint32_t length, uint16_t flags)
{
	volatile struct descriptor *descriptor = &DESCRIPTORS(queue)[n];
	volatile struct available *available = AVAILABLE(queue);
	const uint16_t index = available->index;

	descriptor->address = address;
	descriptor->length = length;
	descriptor->flags = flags;
	available->ring[index % NET_QUEUE_SIZE] = n;
	barrier();
	available->index = (uint16_t)(index + 1);
	barrier();
	if (USED(queue)->avail_event == index)
		write32(device + QUEUE_NOTIFY, queue);
}

int net_start(void)
{
	if (!find())
		return 0;
	write32(device + STATUS, 0);
	while (read32(device + STATUS) != 0)
		;
	write32(device + STATUS, 3);
	write32(device + DRIVER_FEATURES_SEL, 0);
	write32(device + DRIVER_FEATURES, FEATURE_MRG_RXBUF | FEATURE_EVENT_IDX);
	write32(device + DRIVER_FEATURES_SEL, 1);
	write32(device + DRIVER_FEATURES, FEATURE_HIGH_VERSION_1);
	write32(device + STATUS, 11);
	start_queue(NET_RECEIVE);
	start_queue(NET_TRANSMIT);
	write32(device + STATUS, 15);
	listen();
	for (uint16_t n = 0; n < NET_QUEUE_SIZE; n++)
		offer(NET_RECEIVE, n, BUFFER(n), NET_BUFFER_SIZE, DESC_WRITE);

	return 1;
}

/* --- frames --- */

uint8_t *net_frame(void)
{
	return (uint8_t *)(SENT + NET_HEADER_SIZE);
}

static uint16_t unsent(void)
{
	seen[NET_TRANSMIT] = USED(NET_TRANSMIT)->index;

	return (uint16_t)(AVAILABLE(NET_TRANSMIT)->index - seen[NET_TRANSMIT]);
}

void net_send(uint32_t size)
{
	const uint16_t n = AVAILABLE(NET_TRANSMIT)->index % NET_QUEUE_SIZE;

	while (unsent() == NET_QUEUE_SIZE)
		await(NET_TRANSMIT);
	offer(NET_TRANSMIT, n, SENT, NET_HEADER_SIZE + size, 0);
}

void net_await_sent(void)
{
	while (unsent() > 0)
		await(NET_TRANSMIT);
}

static uint32_t take_piece(void)
{
	volatile struct used *used = USED(NET_RECEIVE);
	const uint16_t slot = seen[NET_RECEIVE] % NET_QUEUE_SIZE;

	heads[pieces] = used->ring[slot].id;
	pieces++;
	seen[NET_RECEIVE]++;

	return used->ring[slot].length;
}

uint32_t net_receive(void)
{
	uint32_t size;
	uint16_t count;

	await(NET_RECEIVE);
	pieces = 0;
	size = take_piece();
	count = *(volatile uint16_t *)(BUFFER(heads[0]) + 10);
	while (pieces < count)
		size += take_piece();

	return size - NET_HEADER_SIZE;
}

uint8_t net_byte(uint32_t offset)
{
	offset += NET_HEADER_SIZE;

	return *(volatile uint8_t *)(BUFFER(heads[offset / NET_BUFFER_SIZE]) +
				     offset % NET_BUFFER_SIZE);
}

void net_done(void)
{
	for (uint16_t i = 0; i < pieces; i++)
		offer(NET_RECEIVE, (uint16_t)heads[i], BUFFER(heads[i]), NET_BUFFER_SIZE,
		      DESC_WRITE);
	pieces = 0;
}
