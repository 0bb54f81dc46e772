/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of random will against the flash chips. Each write is also judged by what flash
 * is: a program changes ones to zeros only, an erase makes ones, both in one block; and
 * nothing changes that was not stored, nor without a command for it.
 *
 * The input is a list of accesses: what kind, where, and a value; some values are commands.
 */
#include "devices/cfi-flash.h"
#include "input.h"
#include "operations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static uint8_t array[CFI_FLASH_SIZE];

/* Of the access that is made now. */
static struct {
	bool fails;
	unsigned int count;
} stores;

/* Which blocks have been changed, to be erased before the next input. */
static bool touched[CFI_FLASH_BLOCKS];

static int store(void *context, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
	const bool is_block = size == CFI_FLASH_BLOCK_SIZE;

	REQUIRE(size > 0 && offset < CFI_FLASH_SIZE && size <= CFI_FLASH_SIZE - offset);
	REQUIRE(offset / CFI_FLASH_BLOCK_SIZE == (offset + size - 1) / CFI_FLASH_BLOCK_SIZE);
	for (uint32_t i = 0; i < size; i++) {
		const uint8_t before = array[offset + i];

		REQUIRE(bytes[i] == before || (is_block ? bytes[i] == CFI_FLASH_ERASED
							: (bytes[i] & before) == bytes[i]));
	}
	stores.count++;
	if (stores.fails)
		return -ENOSPC;
	memcpy(array + offset, bytes, size);
	touched[offset / CFI_FLASH_BLOCK_SIZE] = true;

	return 0;
}

/* A few words at the edges of blocks, and anywhere. */
static uint64_t take_offset(struct input *in, unsigned int size)
{
	static const uint32_t blocks[] = { 0, 1, CFI_FLASH_BLOCKS - 1, CFI_FLASH_BLOCKS };
	const uint8_t how = take_byte(in);
	uint64_t offset;

	if (how & 0x80) {
		offset = take_word(in, 4) % CFI_FLASH_SIZE;
	} else {
		offset = (uint64_t)blocks[how >> 5] * CFI_FLASH_BLOCK_SIZE + (how & 0x1f) * 4U;
		if (how & 0x10)
			offset -= 64;
	}
	offset %= CFI_FLASH_SIZE;

	return offset > CFI_FLASH_SIZE - size ? CFI_FLASH_SIZE - size : offset;
}

static uint64_t take_value(struct input *in)
{
	static const uint8_t commands[] = { 0xff, 0x90, 0x98, 0x70, 0x50, 0x40, 0x10, 0xe8,
					    0x20, 0x60, 0xb0, 0xd0, 0x01, 0x2f, 0x03, 0x1f };
	const uint8_t which = take_byte(in);

	/* In both lanes, and twice in 64 bits. */
	return which < sizeof(commands) ? commands[which] * UINT64_C(0x0001000100010001)
					: take_word(in, which % 8 + 1U);
}

static void move(struct cfi_flash *flash, struct stream *stream, int err)
{
	REQUIRE(err == 0);
	cfi_flash_serialize(flash, stream);
	REQUIRE(stream_end(stream) == 0);
	stream_close(stream);
}

/* Save and load: the state is one that the chips accept, and the same. */
static void renew(struct cfi_flash *flash)
{
	const struct cfi_flash_state before = flash->state;
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct stream *stream = NULL;
	int err;

	REQUIRE(fd >= 0);
	err = stream_write_to(&stream, fd);
	move(flash, stream, err);
	cfi_flash_reset(flash);
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
	err = stream_read_from(&stream, fd);
	move(flash, stream, err);
	close(fd);
	REQUIRE(memcmp(&before, &flash->state, sizeof(before)) == 0);
}

/* Whatever came before: these writes end it, and the guest can read the array again. */
static void recover(struct cfi_flash *flash)
{
	for (unsigned int i = 0; i < CFI_FLASH_BUFFER_WORDS + 3; i++)
		cfi_flash_write(flash, 0, UINT32_MAX, 4);
	REQUIRE(cfi_flash_reads_array(flash));
	REQUIRE(cfi_flash_read(flash, 0, 8) ==
		cfi_flash_read(flash, 0, 4) + (cfi_flash_read(flash, 4, 4) << 32));
}

static void step(struct cfi_flash *flash, struct input *in)
{
	const uint8_t kind = take_byte(in);
	const unsigned int size = 1U << kind % 4;
	const uint64_t offset = take_offset(in, size);

	count_operation();
	stores.fails = (kind & 0xf0) == 0xf0;
	stores.count = 0;
	switch (kind / 4 % 4) {
	case 0:
		(void)cfi_flash_read(flash, offset, size);
		REQUIRE(stores.count == 0);
		break;
	case 1:
		if (kind & 0x80)
			renew(flash);
		break;
	default:
		cfi_flash_write(flash, offset, take_value(in), size);
		break;
	}
	REQUIRE(flash->state.status & CFI_FLASH_READY);
	/* 64 bits may also clear it. */
	if (stores.fails && stores.count && size <= 4)
		REQUIRE(flash->state.status & CFI_FLASH_SEQUENCE_ERROR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cfi_flash flash = { .array = array, .store = store };
	static bool begun;
	struct input in = { data, size };

	for (size_t i = 0; i < CFI_FLASH_BLOCKS; i++)
		if (touched[i] || !begun)
			memset(array + i * CFI_FLASH_BLOCK_SIZE, CFI_FLASH_ERASED,
			       CFI_FLASH_BLOCK_SIZE);
	memset(touched, 0, sizeof(touched));
	begun = true;
	cfi_flash_reset(&flash);
	while (in.left > 0)
		step(&flash, &in);
	stores.fails = false;
	recover(&flash);

	return 0;
}
