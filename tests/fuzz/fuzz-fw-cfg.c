/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of random will against fw_cfg: it writes any register and any DMA
 * request. What is asserted is that nothing of it is felt outside the guest's
 * memory and the one file that can be written.
 *
 * The input is a list of steps, each an operation and its operands:
 *	0	write a register: offset, size, value
 *	1	read a register: offset, size
 *	2	write a DMA request: control, key, length, address
 *	3	start it: as one write of 8 bytes, or as two of 4
 *	4	write a byte of memory: offset, value
 *	5	a reset of the machine
 *	6	the state to a file and back, if a byte has one value
 *	7	a DMA request, written and started
 */
#include "devices/fw-cfg.h"
#include "input.h"
#include "operations.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RAM_SIZE (256ULL << 10)
#define REQUEST (MEMORY_BASE + 0x1000)
#define DATA (MEMORY_BASE + 0x2000)
#define FILE_SIZE 5000

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct guest {
	struct memory memory;
	struct fw_cfg *fw_cfg;
	uint8_t bytes[FILE_SIZE];
	int fd;
};

/* Made once: a file of memory, one of the host, and one that can be written. */
static struct guest *make_guest(void)
{
	static struct guest guest;
	struct fw_cfg_item bytes = { .bytes = guest.bytes, .fd = -1, .size = FILE_SIZE };
	struct fw_cfg_item file = { .fd_offset = 100, .size = FILE_SIZE };

	memset(guest.bytes, 0x5a, sizeof(guest.bytes));
	guest.fd = memfd_create("file", MFD_CLOEXEC);
	file.fd = guest.fd;
	REQUIRE(guest.fd >= 0);
	/* It is shorter than the item says, as one that has shrunk. */
	REQUIRE(write(guest.fd, guest.bytes, FILE_SIZE) == FILE_SIZE);
	REQUIRE(memory_create(&guest.memory, RAM_SIZE) == 0);
	REQUIRE(fw_cfg_create(&guest.fw_cfg, &guest.memory) == 0);
	fw_cfg_add(guest.fw_cfg, "etc/bytes", &bytes);
	fw_cfg_add(guest.fw_cfg, "etc/file", &file);
	fw_cfg_add_answer(guest.fw_cfg, "etc/answer");

	return &guest;
}

static unsigned int take_size(struct input *in)
{
	return 1U << take_byte(in) % 4;
}

/* An address that is often sensible. */
static uint64_t take_address(struct input *in)
{
	switch (take_byte(in) % 4) {
	case 0:
		return take_word(in, 8);
	case 1:
		return MEMORY_BASE + RAM_SIZE - take_byte(in);
	default:
		return DATA + take_word(in, 2);
	}
}

/* A key that is often an item's. */
static uint32_t take_key(struct input *in)
{
	const uint8_t kind = take_byte(in);

	return kind & 0x80 ? (uint32_t)take_word(in, 2) : kind % 0x28;
}

static void put_request(const struct guest *guest, struct input *in)
{
	uint8_t *to = memory_at(&guest->memory, REQUEST, 16);
	const uint32_t control = htobe32(take_byte(in) | take_key(in) << 16);
	const uint8_t long_one = take_byte(in);
	const uint32_t length = htobe32((uint32_t)take_word(in, long_one & 1 ? 4 : 2));
	const uint64_t address = htobe64(take_address(in));

	memcpy(to, &control, sizeof(control));
	memcpy(to + 4, &length, sizeof(length));
	memcpy(to + 8, &address, sizeof(address));
}

static void start(const struct guest *guest, struct input *in)
{
	const uint8_t kind = take_byte(in);
	const uint64_t address = kind & 2 ? take_address(in) : REQUEST;

	if (kind & 1) {
		fw_cfg_write(guest->fw_cfg, 16, htobe64(address), 8);
		return;
	}
	fw_cfg_write(guest->fw_cfg, 16, htobe32((uint32_t)(address >> 32)), 4);
	fw_cfg_write(guest->fw_cfg, 20, htobe32((uint32_t)address), 4);
}

static void save_and_restore(struct guest *guest)
{
	const int fd = memfd_create("state", MFD_CLOEXEC);
	struct stream *stream;

	REQUIRE(fd >= 0 && stream_write_to(&stream, fd) == 0);
	fw_cfg_serialize(guest->fw_cfg, stream);
	REQUIRE(stream_end(stream) == 0);
	stream_close(stream);
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0 && stream_read_from(&stream, fd) == 0);
	fw_cfg_serialize(guest->fw_cfg, stream);
	REQUIRE(stream_end(stream) == 0);
	stream_close(stream);
	close(fd);
}

static void step(struct guest *guest, struct input *in)
{
	uint64_t offset;
	unsigned int size;

	count_operation();
	switch (take_byte(in) % 8) {
	case 0:
		offset = take_byte(in) % 24;
		size = take_size(in);
		fw_cfg_write(guest->fw_cfg, offset, take_word(in, size), size);
		break;
	case 1:
		offset = take_byte(in) % 24;
		size = take_size(in);
		(void)fw_cfg_read(guest->fw_cfg, offset, size);
		break;
	case 2:
		put_request(guest, in);
		break;
	case 3:
		start(guest, in);
		break;
	case 4:
		offset = take_word(in, 2);
		*(uint8_t *)memory_at(&guest->memory, MEMORY_BASE + offset, 1) = take_byte(in);
		break;
	case 5:
		fw_cfg_reset(guest->fw_cfg);
		break;
	case 6:
		/* It takes as long as a hundred others. */
		if (take_byte(in) == 0xa5)
			save_and_restore(guest);
		break;
	default:
		put_request(guest, in);
		start(guest, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest *guest;
	struct input in = { data, size };

	if (!guest)
		guest = make_guest();
	fw_cfg_reset(guest->fw_cfg);
	while (in.left > 0)
		step(guest, &in);
	for (size_t i = 0; i < FILE_SIZE; i++)
		REQUIRE(guest->bytes[i] == 0x5a);
	REQUIRE(guest->fw_cfg->file_count == 3);

	return 0;
}
