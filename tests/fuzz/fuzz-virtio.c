/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of random will against virtio-blk: it writes anything into its memory
 * and any register, and the device serves what it finds. What is asserted is that
 * nothing of it is felt outside the guest: no crash, no hang, no file but the
 * image touched beyond its size, at most one report.
 *
 * Not one of the unit tests. libFuzzer, clang:
 *	clang -std=c11 -g -O1 -D_GNU_SOURCE -Iinclude -Ivmm \
 *		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o fuzz-virtio \
 *		tests/fuzz/fuzz-virtio.c vmm/devices/virtio/?*.c vmm/board/bus.c vmm/host/disk.c \
 *		vmm/host/disk-lock.c vmm/boot/tree-writer.c vmm/base/?*.c vmm/board/memory.c \
 *		-lfdt -lzstd
 *	./fuzz-virtio -max_len=4096 CORPUS
 *
 * The input is a list of steps, each an operation and its operands:
 *	0	write a register: offset, value
 *	1	write a descriptor: table, index, descriptor
 *	2	offer a chain: head
 *	3	write 16 bits anywhere near the queue: offset, value
 *	4	the driver's whole initialisation: queue size, features
 *	5	a reset of the machine
 *	6	the device serves, in this thread
 *	7	a whole request, offered: type, sector, layout, size
 */
#include "board/memory.h"
#include "devices/virtio/blk.h"
#include "host/disk.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAM_SIZE (1ULL << 20)
#define IMAGE_SIZE (64 * 512)
#define DESCRIPTORS (MEMORY_BASE + 0x1000)
#define AVAILABLE (MEMORY_BASE + 0x3000)
#define USED (MEMORY_BASE + 0x4000)
#define INDIRECT (MEMORY_BASE + 0x8000)
#define DATA (MEMORY_BASE + 0x10000)

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

struct guest {
	struct memory memory;
	struct disk disk;
	struct blk blk;
	uint16_t available;
	unsigned int reports;
};

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The next operand; zero once the input is used up. */
static uint64_t take(struct input *input, size_t size)
{
	uint64_t value = 0;

	if (size > input->left)
		size = input->left;
	memcpy(&value, input->at, size);
	input->at += size;
	input->left -= size;

	return value;
}

/* An address that is often sensible: in RAM, where tables and data are. */
static uint64_t take_address(struct input *input)
{
	switch (take(input, 1) % 4) {
	case 0:
		return take(input, 8);
	case 1:
		return INDIRECT + take(input, 1) * 16;
	default:
		return DATA + take(input, 2);
	}
}

/* A length that is often sensible. */
static uint32_t take_length(struct input *input)
{
	uint8_t kind = (uint8_t)take(input, 1);

	if (kind == 0)
		return (uint32_t)take(input, 4);

	return kind < 128 ? kind : (kind & 15) * 512U;
}

static void set(struct guest *guest, uint64_t offset, uint32_t value)
{
	virtio_mmio_write(&guest->blk.mmio, offset, value, 4);
}

static void initialise(struct guest *guest, uint32_t size, uint32_t features)
{
	uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	set(guest, VIRTIO_MMIO_STATUS, 0);
	set(guest, VIRTIO_MMIO_STATUS, status);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES,
	    features & (1U << VIRTIO_RING_F_EVENT_IDX | 1U << VIRTIO_RING_F_INDIRECT_DESC |
			1U << VIRTIO_BLK_F_FLUSH | 1U << VIRTIO_BLK_F_DISCARD |
			1U << VIRTIO_BLK_F_WRITE_ZEROES));
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES, 1);
	set(guest, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);
	set(guest, VIRTIO_MMIO_QUEUE_SEL, 0);
	set(guest, VIRTIO_MMIO_QUEUE_NUM, 1U << (size % 9));
	set(guest, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)DESCRIPTORS);
	set(guest, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)AVAILABLE);
	set(guest, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)USED);
	set(guest, VIRTIO_MMIO_QUEUE_READY, 1);
	set(guest, VIRTIO_MMIO_STATUS,
	    status | VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
	memset(memory_at(&guest->memory, DESCRIPTORS, 0x4000), 0, 0x4000);
	guest->available = 0;
}

static void describe(struct guest *guest, uint64_t table, uint64_t index, struct vring_desc desc)
{
	memcpy(memory_at(&guest->memory, table + index * sizeof(desc), sizeof(desc)), &desc,
	       sizeof(desc));
}

static void write_descriptor(struct guest *guest, struct input *input)
{
	uint64_t table = take(input, 1) & 1 ? INDIRECT : DESCRIPTORS;
	uint64_t index = take(input, 1);
	struct vring_desc desc = {
		.addr = take_address(input),
		.len = take_length(input),
		.flags = (uint16_t)take(input, 1),
		.next = (uint16_t)take(input, 1),
	};

	describe(guest, table, index, desc);
}

static void write_near_queue(struct guest *guest, uint64_t offset, uint16_t value)
{
	memcpy(memory_at(&guest->memory, DESCRIPTORS + offset % 0x8000, 2), &value, 2);
}

static void offer(struct guest *guest, uint16_t head)
{
	uint32_t size = guest->blk.mmio.setup[0].size;

	if (size == 0 || size > VIRTQUEUE_SIZE_MAX)
		size = 1;
	write_near_queue(guest, AVAILABLE - DESCRIPTORS + 4 + 2ULL * (guest->available % size),
			 head);
	guest->available++;
	write_near_queue(guest, AVAILABLE - DESCRIPTORS + 2, guest->available);
}

/* A request as an honest driver makes it, but for what it asks; later steps may spoil it. */
static void make_request(struct guest *guest, struct input *input)
{
	struct virtio_blk_outhdr header = {
		.type = (uint32_t)take(input, 1) & 0x0f,
		.sector = take(input, 1),
	};
	uint64_t table = take(input, 1) & 1 ? INDIRECT : DESCRIPTORS;
	uint16_t direction = take(input, 1) & 1 ? VRING_DESC_F_WRITE : 0;
	uint32_t size = take_length(input);
	struct virtio_blk_discard_write_zeroes segment = {
		.sector = take(input, 1),
		.num_sectors = (uint32_t)take(input, 1),
		.flags = (uint32_t)take(input, 1) & 3,
	};

	memcpy(memory_at(&guest->memory, DATA, sizeof(header)), &header, sizeof(header));
	memcpy(memory_at(&guest->memory, DATA + sizeof(header), sizeof(segment)), &segment,
	       sizeof(segment));
	if (table == INDIRECT)
		describe(guest, DESCRIPTORS, 0,
			 (struct vring_desc){ INDIRECT, 48, VRING_DESC_F_INDIRECT, 0 });
	describe(guest, table, 0,
		 (struct vring_desc){ DATA, sizeof(header), VRING_DESC_F_NEXT, 1 });
	describe(guest, table, 1,
		 (struct vring_desc){ DATA + sizeof(header), size,
				      (uint16_t)(VRING_DESC_F_NEXT | direction), 2 });
	describe(guest, table, 2, (struct vring_desc){ DATA - 1, 1, VRING_DESC_F_WRITE, 0 });
	offer(guest, 0);
}

static void step(struct guest *guest, struct input *input)
{
	uint64_t operation = take(input, 1) % 8;
	uint64_t offset;

	switch (operation) {
	case 0:
		offset = take(input, 2) % 0x200;
		virtio_mmio_write(&guest->blk.mmio, offset, take(input, 4), 4);
		virtio_mmio_read(&guest->blk.mmio, offset, 4);
		break;
	case 1:
		write_descriptor(guest, input);
		break;
	case 2:
		offer(guest, (uint16_t)take(input, 1));
		break;
	case 3:
		offset = take(input, 2);
		write_near_queue(guest, offset, (uint16_t)take(input, 2));
		break;
	case 4:
		offset = take(input, 1);
		initialise(guest, (uint32_t)offset, (uint32_t)take(input, 4));
		break;
	case 5:
		virtio_mmio_reset(&guest->blk.mmio);
		guest->reports = 0;
		break;
	case 6:
		(void)blk_drain(&guest->blk);
		break;
	default:
		make_request(guest, input);
		break;
	}
}

static void count_report(void *context, const char *message)
{
	struct guest *guest = context;

	guest->reports++;
	REQUIRE(guest->reports == 1);
}

/* Made once: a process with its image, as dormouse is, but one that lies in RAM. */
static struct guest *make_guest(void)
{
	static struct guest guest;
	char path[32];
	struct error error;
	int fd = memfd_create("image", MFD_CLOEXEC);

	REQUIRE(fd >= 0);
	REQUIRE(ftruncate(fd, IMAGE_SIZE) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	REQUIRE(memory_create(&guest.memory, RAM_SIZE) == 0);
	REQUIRE(disk_open(&guest.disk, path, false, &error) == 0);
	close(fd);
	REQUIRE(blk_create(&guest.blk, &guest.disk, &guest.memory, count_report, &guest) == 0);

	return &guest;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct guest *guest;
	struct input input = { bytes, size };
	struct stat status;

	if (!guest)
		guest = make_guest();
	virtio_mmio_reset(&guest->blk.mmio);
	guest->reports = 0;
	REQUIRE(memory_drop(&guest->memory) == 0);

	while (input.left > 0)
		step(guest, &input);
	(void)blk_drain(&guest->blk);

	REQUIRE(fstat(guest->disk.fd, &status) == 0);
	REQUIRE(status.st_size == IMAGE_SIZE);

	return 0;
}
