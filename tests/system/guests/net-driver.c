/* SPDX-License-Identifier: BSD-3-Clause */
#include "net-driver.h"

#define MAGIC 0x00
#define MAGIC_VALUE 0x74726976
#define ID_NET 1
#define FEATURE_MAC (1U << 5)
#define FEATURE_MRG_RXBUF (1U << 15)
#define FEATURE_EVENT_IDX (1U << 29)

/* Where no code and no stack is. */
#define ARENA 0x41000000UL
#define PAGE 0x1000UL

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
static int listens; /* To its interrupt. */
static uint16_t seen[2]; /* Of each used ring. */
/* The buffers of the frame that was received last. */
static uint16_t pieces;
static uint32_t heads[NET_QUEUE_SIZE];

uint64_t now(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");

	return ticks;
}

/* --- interrupts --- */

static uint64_t gic_register(uint64_t base, uint32_t number)
{
	return GICD + base + (32 + number) / 32 * 4;
}

static uint32_t gic_bit(uint32_t number)
{
	return 1U << (32 + number) % 32;
}

void gic_listen(uint32_t number)
{
	write32(GICD + GICD_CTLR, GICD_CTLR_ENABLE_GROUP_1);
	write32(gic_register(GICD_IGROUPR, number), ~0U);
	write32(gic_register(GICD_ISENABLER, number), gic_bit(number));
	__asm__ volatile("msr s3_0_c4_c6_0, %0\n\tisb" : : "r"(0xf0UL));
}

void gic_ignore(uint32_t number)
{
	write32(gic_register(GICD_ICENABLER, number), gic_bit(number));
	write32(gic_register(GICD_ICPENDR, number), gic_bit(number));
}

static void listen(void)
{
	if (!listens)
		gic_listen(spi);
	listens = 1;
}

static void ignore(void)
{
	gic_ignore(spi);
	listens = 0;
}

/* Wait until a queue has used more than was seen. */
static void await(uint32_t queue)
{
	while (USED(queue)->index == seen[queue]) {
		listen();
		write32(gic_register(GICD_ICPENDR, spi), gic_bit(spi));
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
	for (uint32_t i = 0; i < VIRTIO_SLOTS; i++) {
		device = VIRTIO + i * VIRTIO_SLOT_SIZE;
		spi = VIRTIO_SPI + i;
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

/* Of an earlier start there are rings, too. */
static void start_queue(uint32_t queue)
{
	AVAILABLE(queue)->flags = 0;
	AVAILABLE(queue)->index = 0;
	AVAILABLE(queue)->used_event = 0;
	USED(queue)->flags = 0;
	USED(queue)->index = 0;
	USED(queue)->avail_event = 0;
	seen[queue] = 0;
	write32(device + QUEUE_SEL, queue);
	write32(device + QUEUE_NUM, NET_QUEUE_SIZE);
	set_address(QUEUE_DESC, (uintptr_t)DESCRIPTORS(queue));
	set_address(QUEUE_DRIVER, (uintptr_t)AVAILABLE(queue));
	set_address(QUEUE_DEVICE, (uintptr_t)USED(queue));
	write32(device + QUEUE_READY, 1);
}

/* In the available ring, the @ahead'th from where the device does not look yet. */
static void put(uint32_t queue, uint16_t ahead, uint16_t n, struct descriptor descriptor)
{
	volatile struct descriptor *to = &DESCRIPTORS(queue)[n];
	volatile struct available *available = AVAILABLE(queue);

	to->address = descriptor.address;
	to->length = descriptor.length;
	to->flags = descriptor.flags;
	available->ring[(available->index + ahead) % NET_QUEUE_SIZE] = n;
}

/* The device sees so many more, and is notified if it has asked for it. */
static void publish(uint32_t queue, uint16_t count)
{
	volatile struct available *available = AVAILABLE(queue);
	const uint16_t index = available->index;

	barrier();
	available->index = (uint16_t)(index + count);
	barrier();
	if ((uint16_t)(USED(queue)->avail_event - index) < count)
		write32(device + QUEUE_NOTIFY, queue);
}

static void offer_buffer(uint16_t ahead, uint16_t n)
{
	put(NET_RECEIVE, ahead, n,
	    (struct descriptor){ BUFFER(n), NET_BUFFER_SIZE, DESC_WRITE, 0 });
}

static void reset(void)
{
	write32(device + STATUS, 0);
	while (read32(device + STATUS) != 0)
		;
}

int net_start(void)
{
	if (!find())
		return 0;
	reset();
	write32(device + STATUS, STATUS_BEFORE_FEATURES);
	write32(device + DRIVER_FEATURES_SEL, 0);
	write32(device + DRIVER_FEATURES, FEATURE_MAC | FEATURE_MRG_RXBUF | FEATURE_EVENT_IDX);
	write32(device + DRIVER_FEATURES_SEL, 1);
	write32(device + DRIVER_FEATURES, FEATURE_HIGH_VERSION_1);
	write32(device + STATUS, STATUS_FEATURES_OK);
	start_queue(NET_RECEIVE);
	start_queue(NET_TRANSMIT);
	write32(device + STATUS, STATUS_DRIVER_OK);
	listen();
	for (uint16_t n = 0; n < NET_QUEUE_SIZE; n++)
		offer_buffer(n, n);
	publish(NET_RECEIVE, NET_QUEUE_SIZE);

	return 1;
}

void net_stop(void)
{
	reset();
	ignore();
}

void net_address(volatile uint8_t *to)
{
	for (uint32_t i = 0; i < 6; i++)
		to[i] = read8(device + CONFIG + i);
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
	put(NET_TRANSMIT, 0, n, (struct descriptor){ SENT, NET_HEADER_SIZE + size, 0, 0 });
	publish(NET_TRANSMIT, 1);
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

int net_has_more(void)
{
	return USED(NET_RECEIVE)->index != seen[NET_RECEIVE];
}

void net_rest(void)
{
	AVAILABLE(NET_RECEIVE)->used_event = seen[NET_RECEIVE];
	barrier();
	ignore();
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
		offer_buffer(i, (uint16_t)heads[i]);
	publish(NET_RECEIVE, pieces);
	pieces = 0;
}
