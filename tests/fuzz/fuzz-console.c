/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of random will against virtio-console: it writes anything into its memory
 * and any register, and the device serves what it finds, while the host's ends of its
 * ports read and write. What is asserted is that it ends, reports at most once, and
 * that only an open port of a driver that runs passes bytes.
 *
 * The input is a list of steps, each an operation and its operands:
 *	0	write a register: offset, value
 *	1	write a descriptor: queue, index, descriptor
 *	2	offer a chain: queue, head
 *	3	write 16 bits anywhere near the queues: offset, value
 *	4	the driver's whole initialisation: features
 *	5	a reset of the machine
 *	6	the device serves
 *	7	a control message, offered: port, event, value
 *	8	the agent's user reads: size
 *	9	the agent's user writes: size
 */
#include "input.h"
#include "operations.h"

#include "board/memory.h"
#include "devices/virtio/console.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>

#define RAM_SIZE (1ULL << 20)
#define QUEUES 6
#define QUEUE_SIZE 16
/* Each queue's parts, 16 KiB apart, and behind all of them data. */
#define DESCRIPTORS(queue) (MEMORY_BASE + 0x4000ULL * (queue))
#define AVAILABLE(queue) (DESCRIPTORS(queue) + 0x1000)
#define USED(queue) (DESCRIPTORS(queue) + 0x2000)
#define DATA (MEMORY_BASE + 0x4000ULL * QUEUES)

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct guest {
	struct memory memory;
	struct virtio_console console;
	uint16_t available[QUEUES];
	unsigned int reports;
};

static void count_report(void *context, const char *message)
{
	struct guest *guest = context;

	guest->reports++;
	REQUIRE(guest->reports == 1);
}

static void set(struct guest *guest, uint64_t offset, uint32_t value)
{
	virtio_mmio_write(&guest->console.mmio, offset, value, 4);
}

static void start_queue(struct guest *guest, uint32_t queue)
{
	set(guest, VIRTIO_MMIO_QUEUE_SEL, queue);
	set(guest, VIRTIO_MMIO_QUEUE_NUM, QUEUE_SIZE);
	set(guest, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)DESCRIPTORS(queue));
	set(guest, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)AVAILABLE(queue));
	set(guest, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)USED(queue));
	set(guest, VIRTIO_MMIO_QUEUE_READY, 1);
	guest->available[queue] = 0;
}

static void initialise(struct guest *guest, uint32_t features)
{
	const uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	memset(memory_at(&guest->memory, MEMORY_BASE, 0x4000ULL * QUEUES), 0, 0x4000ULL * QUEUES);
	set(guest, VIRTIO_MMIO_STATUS, 0);
	set(guest, VIRTIO_MMIO_STATUS, status);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES,
	    features & (1U << VIRTIO_RING_F_EVENT_IDX | 1U << VIRTIO_RING_F_INDIRECT_DESC |
			1U << VIRTIO_CONSOLE_F_MULTIPORT));
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES, 1);
	set(guest, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);
	for (uint32_t queue = 0; queue < QUEUES; queue++)
		start_queue(guest, queue);
	set(guest, VIRTIO_MMIO_STATUS,
	    status | VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

static void describe(struct guest *guest, uint32_t queue, uint64_t index, struct vring_desc desc)
{
	memcpy(memory_at(&guest->memory, DESCRIPTORS(queue) + index * sizeof(desc), sizeof(desc)),
	       &desc, sizeof(desc));
}

static void offer(struct guest *guest, uint32_t queue, uint16_t head)
{
	const uint16_t slot = guest->available[queue]++ % QUEUE_SIZE;

	memcpy(memory_at(&guest->memory, AVAILABLE(queue) + 4 + 2ULL * slot, 2), &head, 2);
	memcpy(memory_at(&guest->memory, AVAILABLE(queue) + 2, 2), &guest->available[queue], 2);
	set(guest, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

static void write_descriptor(struct guest *guest, struct input *input)
{
	const uint32_t queue = take_byte(input) % QUEUES;
	const uint64_t index = take_byte(input) % QUEUE_SIZE;
	struct vring_desc desc = {
		.addr = take_byte(input) ? DATA + take_word(input, 2) : take_word(input, 8),
		.len = take_byte(input) ? take_byte(input) : (uint32_t)take_word(input, 4),
		.flags = take_byte(input),
		.next = take_byte(input),
	};

	describe(guest, queue, index, desc);
}

static void say(struct guest *guest, struct input *input)
{
	const struct virtio_console_control message = {
		.id = take_byte(input) % 4,
		.event = take_byte(input) % 10,
		.value = take_byte(input) % 3,
	};

	memcpy(memory_at(&guest->memory, DATA, sizeof(message)), &message, sizeof(message));
	describe(guest, 3, 0, (struct vring_desc){ DATA, sizeof(message), 0, 0 });
	offer(guest, 3, 0);
}

/* A device that needs a reset, or has no driver, passes nothing, nor a port that is not open. */
static bool may_pass(struct guest *guest)
{
	return virtio_mmio_running(&guest->console.mmio) &&
	       channel_opening(&guest->console.channel) != 0;
}

static void use_channel(struct guest *guest, bool write, size_t size)
{
	static uint8_t bytes[256];
	const bool may = may_pass(guest);
	const size_t done = write ? channel_write(&guest->console.channel, bytes, size)
				  : channel_read(&guest->console.channel, bytes, size);

	REQUIRE(done <= size);
	REQUIRE(may || done == 0);
}

static void step(struct guest *guest, struct input *input)
{
	const uint8_t operation = take_byte(input) % 10;
	uint64_t offset;
	uint32_t queue;
	uint16_t value;

	count_operation();
	switch (operation) {
	case 0:
		offset = take_word(input, 2) % 0x200;
		virtio_mmio_write(&guest->console.mmio, offset, take_word(input, 4), 4);
		virtio_mmio_read(&guest->console.mmio, offset, 4);
		break;
	case 1:
		write_descriptor(guest, input);
		break;
	case 2:
		queue = take_byte(input) % QUEUES;
		offer(guest, queue, take_byte(input));
		break;
	case 3:
		offset = take_word(input, 2) % (0x4000 * QUEUES - 1);
		value = (uint16_t)take_word(input, 2);
		memcpy(memory_at(&guest->memory, MEMORY_BASE + offset, 2), &value, 2);
		break;
	case 4:
		initialise(guest, (uint32_t)take_word(input, 4));
		break;
	case 5:
		virtio_mmio_reset(&guest->console.mmio);
		guest->reports = 0;
		break;
	case 6:
		virtio_console_serve(&guest->console);
		break;
	case 7:
		say(guest, input);
		break;
	default:
		use_channel(guest, operation == 9, take_byte(input));
		break;
	}
}

static struct guest *make_guest(void)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	REQUIRE(guest);
	REQUIRE(memory_create(&guest->memory, RAM_SIZE) == 0);
	REQUIRE(virtio_console_create(&guest->console, &guest->memory, count_report, guest) == 0);

	return guest;
}

/* After a reset of the machine nothing is left of its guest. */
static void check_reset(struct guest *guest)
{
	virtio_mmio_reset(&guest->console.mmio);
	guest->reports = 0;
	REQUIRE(channel_opening(&guest->console.channel) == 0);
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		REQUIRE(guest->console.ports[i].messages == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest *guest;
	struct input input = { data, size };

	if (!guest)
		guest = make_guest();
	REQUIRE(memory_drop(&guest->memory) == 0);
	while (input.left > 0)
		step(guest, &input);
	virtio_console_serve(&guest->console);
	check_reset(guest);

	return 0;
}
