/* SPDX-License-Identifier: BSD-3-Clause */
/* The misdeeds of the hostile guest with devices. */
#include "hostile.h"

#define GICD_IGROUPR1 0x84
#define GICD_ISENABLER1 0x104
#define GICD_ICENABLER1 0x184
#define GICD_ICPENDR1 0x284
#define GICD_ICFGR2 0xc08 /* Of the first 16 SPIs. */
#define ICC_PMR_ALL 0xf0UL
#define VIRTIO_SPIS 0xffff0000 /* Numbers 16 and up, as bits. */

#define ID_DISK 2
#define FEATURE_FLUSH (1U << 9)
#define REQUEST_NONSENSE 0x4a4a

struct request_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

#define ARENA_SIZE 0x100000UL
#define DESCRIPTORS ((volatile struct descriptor *)ARENA)
#define AVAILABLE ((volatile uint16_t *)(ARENA + 0x2000))
#define USED ((volatile uint16_t *)(ARENA + 0x4000))
#define BUFFERS (ARENA + 0x10000)

/* The device of a kind with the lowest address; the guest ends if there is none. */
static uint64_t find_device(uint32_t id)
{
	for (unsigned int i = 0; i < VIRTIO_SLOTS; i++) {
		const uint64_t base = VIRTIO + i * VIRTIO_SLOT_SIZE;

		if (read32(base + DEVICE_ID) == id)
			return base;
	}
	say("no such device\n");
	off();
}

/* Let these interrupts, though none is taken, end a wait. */
static void listen(uint32_t spis)
{
	write32(GICD + GICD_CTLR, GICD_CTLR_ENABLE_GROUP_1);
	write32(GICD + GICD_IGROUPR1, ~0U);
	write32(GICD + GICD_ISENABLER1, spis);
	__asm__ volatile("msr s3_0_c4_c6_0, %0\n\tisb" : : "r"(ICC_PMR_ALL));
}

static void set_address(uint64_t reg, uint64_t address)
{
	write32(reg, (uint32_t)address);
	write32(reg + 4, (uint32_t)(address >> 32));
}

/* --- Registers --- */

/* Sizes and offsets for which registers are not made. */
static void access_askew(uint64_t address)
{
	__asm__ volatile("strb %w1, [%0]\n"
			 "strb %w1, [%0, #1]\n"
			 "strh %w1, [%0]\n"
			 "ldurh w9, [%0, #3]\n"
			 "stur %w1, [%0, #2]\n"
			 "ldur w9, [%0, #1]\n"
			 "str %1, [%0]\n"
			 "ldr x9, [%0]\n"
			 "stur %1, [%0, #5]\n"
			 "ldur x9, [%0, #7]\n"
			 :
			 : "r"(address), "r"(noise())
			 : "x9", "memory");
}

/* Argument: from which address, and for how many bytes in its lowest 12 bits. */
void write_registers(uint64_t argument)
{
	static const uint32_t patterns[] = { 0, 0xffffffff, 1, 0x80000000, 0x55555555 };
	const uint64_t base = argument & ~0xfffUL;

	enable_mmu();
	for (uint64_t offset = 0; offset < (argument & 0xfff); offset += 4) {
		for (unsigned int i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
			write32(base + offset, patterns[i]);
		write32(base + offset, (uint32_t)noise());
		read32(base + offset);
		access_askew(base + offset);
	}
	/* To print a word, the UART must be usable again. */
	write32(UART + UART_IMSC, 0);
	write32(UART + UART_CR, UART_CR_ENABLE);
	say("\nwrote all registers\n");
	off();
}

/* --- Rings --- */

/* An address in the arena more often than not. */
static uint64_t some_address(void)
{
	const uint64_t kind = noise();

	switch (kind % 8) {
	case 0:
		return noise();
	case 1:
		return ARENA + (noise() % ARENA_SIZE);
	case 2:
		return kind >> 40;
	default:
		return ARENA + (noise() % 0x4000 & ~0xfUL);
	}
}

static void fill_arena(void)
{
	for (unsigned int i = 0; i < 256; i++) {
		const uint64_t kind = noise();

		DESCRIPTORS[i].address = kind % 16 ? BUFFERS + noise() % 0x10000 : noise();
		DESCRIPTORS[i].length =
			kind % 23 ? (uint32_t)(noise() % 0x1000) : (uint32_t)noise();
		DESCRIPTORS[i].flags = (uint16_t)(kind % 19 ? kind >> 32 & 3 : kind >> 32);
		DESCRIPTORS[i].next = (uint16_t)(kind % 29 ? i + 1 : noise());
		AVAILABLE[2 + i] = (uint16_t)(noise() % 260);
	}
	for (unsigned int i = 0; i < 64; i++)
		((volatile uint64_t *)BUFFERS)[noise() % 0x2000] =
			noise() % 3 ? noise() % 16 : noise();
	AVAILABLE[0] = (uint16_t)(noise() % 4);
	AVAILABLE[1] = (uint16_t)(noise() % 300);
	barrier();
}

static void set_up_nonsense(uint64_t base)
{
	const uint64_t kind = noise();

	write32(base + STATUS, 0);
	write32(base + STATUS, STATUS_BEFORE_FEATURES);
	write32(base + DRIVER_FEATURES_SEL, 0);
	write32(base + DRIVER_FEATURES,
		(uint32_t)noise() & (kind % 4 ? read32(base + DEVICE_FEATURES) : 0xffffffff));
	write32(base + DRIVER_FEATURES_SEL, 1);
	write32(base + DRIVER_FEATURES, FEATURE_HIGH_VERSION_1);
	write32(base + STATUS, STATUS_FEATURES_OK);
	write32(base + QUEUE_SEL, kind >> 8 & 3);
	if (read32(base + QUEUE_NUM_MAX) == 0)
		write32(base + QUEUE_SEL, 0);
	if (kind % 32 == 0)
		write32(base + QUEUE_SEL, (uint32_t)noise());
	write32(base + QUEUE_NUM, kind % 5 ? 1U << kind % 9 : (uint32_t)noise());
	set_address(base + QUEUE_DESC, kind % 3 ? ARENA : some_address());
	set_address(base + QUEUE_DRIVER, kind % 7 ? (uintptr_t)AVAILABLE : some_address());
	set_address(base + QUEUE_DEVICE, kind % 11 ? (uintptr_t)USED : some_address());
	write32(base + QUEUE_READY, 1);
	write32(base + STATUS, STATUS_DRIVER_OK);
}

/* Argument: the device's kind, and above its 8 bits how often. */
void ring_doorbells(uint64_t argument)
{
	const uint64_t base = find_device(argument & 0xff);

	for (uint64_t i = 0; i < argument >> 8; i++) {
		fill_arena();
		set_up_nonsense(base);
		write32(base + QUEUE_NOTIFY, (uint32_t)noise() % 2);
		/* While the device reads it. */
		fill_arena();
		write32(base + QUEUE_NOTIFY, (uint32_t)noise());
		write32(base + INTERRUPT_ACK, read32(base + INTERRUPT_STATUS));
	}
	write32(base + STATUS, 0);
	say("rang all doorbells\n");
	off();
}

/* As above, by two vCPUs at once, of which the first ends first. */
void ring_together(uint64_t argument)
{
	const uint64_t arguments[4] = {
		CPU_ON,
		1,
		(uintptr_t)secondary,
		argument | 0x100000000,
	};

	if (call(CONDUIT_HVC, arguments) != 0) {
		say("no second vCPU\n");
		off();
	}
	ring_doorbells(argument);
}

/* --- A disk, as it is meant to be used --- */

uint64_t start_disk(void)
{
	const uint64_t base = find_device(ID_DISK);

	write32(base + STATUS, 0);
	write32(base + STATUS, STATUS_BEFORE_FEATURES);
	write32(base + DRIVER_FEATURES_SEL, 0);
	write32(base + DRIVER_FEATURES, FEATURE_FLUSH);
	write32(base + DRIVER_FEATURES_SEL, 1);
	write32(base + DRIVER_FEATURES, FEATURE_HIGH_VERSION_1);
	write32(base + STATUS, STATUS_FEATURES_OK);
	AVAILABLE[0] = 0;
	AVAILABLE[1] = 0;
	USED[0] = 0;
	USED[1] = 0;
	write32(base + QUEUE_NUM, 256);
	set_address(base + QUEUE_DESC, ARENA);
	set_address(base + QUEUE_DRIVER, (uintptr_t)AVAILABLE);
	set_address(base + QUEUE_DEVICE, (uintptr_t)USED);
	write32(base + QUEUE_READY, 1);
	write32(base + STATUS, STATUS_DRIVER_OK);
	listen(VIRTIO_SPIS);

	return base;
}

static void describe(unsigned int index, uint64_t address, uint32_t length, uint16_t flags)
{
	DESCRIPTORS[index].address = address;
	DESCRIPTORS[index].length = length;
	DESCRIPTORS[index].flags = flags;
	DESCRIPTORS[index].next = (uint16_t)(index + 1);
}

uint8_t request(uint64_t base, uint32_t type, uint64_t sector, uint64_t data, uint32_t length)
{
	volatile struct request_header *header = (volatile struct request_header *)BUFFERS;
	volatile uint8_t *status = (volatile uint8_t *)(BUFFERS + sizeof(*header));
	const uint16_t flags = type == REQUEST_IN ? DESC_NEXT | DESC_WRITE : DESC_NEXT;
	unsigned int next = 1;

	header->type = type;
	header->sector = sector;
	*status = 0xff;
	describe(0, BUFFERS, sizeof(*header), DESC_NEXT);
	if (length)
		describe(next++, data, length, flags);
	describe(next, (uintptr_t)status, 1, DESC_WRITE);
	AVAILABLE[2 + AVAILABLE[1] % 256] = 0;
	barrier();
	AVAILABLE[1]++;
	barrier();
	write32(GICD + GICD_ICPENDR1, VIRTIO_SPIS);
	write32(GICD + GICD_ISENABLER1, VIRTIO_SPIS);
	write32(base + QUEUE_NOTIFY, 0);
	/* To ask the ring over and over again would take a whole CPU of the host. */
	while (USED[1] != AVAILABLE[1])
		__asm__ volatile("wfi");
	barrier();
	/* It may come only now, and is not to end a sleep. */
	write32(GICD + GICD_ICENABLER1, VIRTIO_SPIS);

	return *status;
}

/*
 * The interrupt of the byte ends the wait: to ask the UART over and over again would take a
 * whole CPU of the host.
 */
static char take_byte(void)
{
	write32(UART + UART_CR, UART_CR_ENABLE);
	write32(UART + UART_IMSC, UART_IMSC_RX);
	/* By level, so that an interrupt that was served need not be acknowledged. */
	write32(GICD + GICD_ICFGR2, 0);
	listen(1U << UART_SPI);
	while (read32(UART + UART_FR) & UART_FR_RXFE)
		__asm__ volatile("wfi");

	return (char)read32(UART);
}

/*
 * Argument: a sector. Reads it for an r on the console, writes it for a w, flushes for an
 * f, and prints the status; o ends.
 */
void use_disk(uint64_t sector)
{
	const uint64_t base = start_disk();
	const uint64_t data = BUFFERS + 0x1000;

	say("ready\n");
	for (;;) {
		uint8_t status = 0xff;

		switch (take_byte()) {
		case 'r':
			status = request(base, REQUEST_IN, sector, data, SECTOR);
			break;
		case 'w':
			status = request(base, REQUEST_OUT, sector, data, SECTOR);
			break;
		case 'f':
			status = request(base, REQUEST_FLUSH, 0, 0, 0);
			break;
		case 'o':
			off();
		default:
			continue;
		}
		say("status ");
		say_number(status);
		say("\n");
	}
}

/* --- A disk that continues by itself --- */

#define LAPS 256
#define SECTORS_AT (BUFFERS + 0x10000)
#define WINDOW (BUFFERS + 0x1000)

/*
 * A sector of the disk is read to where the request's header is, and over the index of
 * the ring: so it names the next sector, and makes a lap of 256 requests available, of
 * which the last is this one again. 65536 is a multiple of that: the device never runs
 * out of work, and no vCPU takes part in it.
 */
static void write_laps(uint64_t base)
{
	for (uint32_t lap = 0; lap < LAPS; lap++) {
		const uint64_t at = SECTORS_AT + lap * SECTOR;

		for (uint64_t i = 0; i < SECTOR; i += 8)
			*(volatile uint64_t *)(at + i) = 0;
		((volatile struct request_header *)at)->type = REQUEST_IN;
		((volatile struct request_header *)at)->sector = (lap + 1) % LAPS;
		*(volatile uint16_t *)(at + SECTOR - 2) = (uint16_t)(256 * (lap + 2));
	}
	if (request(base, REQUEST_OUT, 0, SECTORS_AT, LAPS * SECTOR) != 0) {
		say("cannot write the laps\n");
		off();
	}
}

void feed_itself(uint64_t argument)
{
	const uint64_t available = WINDOW + SECTOR - 4;
	volatile uint16_t *ring = (volatile uint16_t *)available;
	uint64_t base = start_disk();

	write_laps(base);
	write32(base + STATUS, 0);
	*(volatile struct request_header *)WINDOW =
		(struct request_header){ .type = REQUEST_IN, .sector = 0 };
	describe(0, WINDOW, sizeof(struct request_header), DESC_NEXT);
	describe(1, WINDOW, SECTOR, DESC_NEXT | DESC_WRITE);
	describe(2, BUFFERS, 1, DESC_WRITE);
	*(volatile struct request_header *)(BUFFERS + 0x100) =
		(struct request_header){ .type = REQUEST_NONSENSE };
	describe(3, BUFFERS + 0x100, sizeof(struct request_header), DESC_NEXT);
	describe(4, BUFFERS, 1, DESC_WRITE);
	for (unsigned int i = 0; i < 256; i++)
		ring[2 + i] = i < 255 ? 3 : 0;
	ring[0] = 0;
	ring[1] = 0;
	base = find_device(ID_DISK);
	write32(base + STATUS, STATUS_BEFORE_FEATURES);
	write32(base + DRIVER_FEATURES_SEL, 1);
	write32(base + DRIVER_FEATURES, FEATURE_HIGH_VERSION_1);
	write32(base + STATUS, STATUS_FEATURES_OK);
	write32(base + QUEUE_NUM, 256);
	set_address(base + QUEUE_DESC, ARENA);
	set_address(base + QUEUE_DRIVER, available);
	set_address(base + QUEUE_DEVICE, (uintptr_t)USED);
	write32(base + QUEUE_READY, 1);
	write32(base + STATUS, STATUS_DRIVER_OK);
	ring[1] = 256;
	barrier();
	write32(base + QUEUE_NOTIFY, 0);
	/* Far more than were made available. */
	while (USED[1] < 60000)
		;
	say("it goes on\n");
	if (argument)
		off();
	for (;;)
		__asm__ volatile("wfi");
}
