/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/cfi-flash.h"

#include <string.h>

/* What a word of each chip takes, and of both together. */
#define WORD_SIZE 2U

/* The commands: the low byte of a word. */
#define COMMAND_READ_ARRAY 0xff
#define COMMAND_READ_IDENTIFIER 0x90
#define COMMAND_READ_QUERY 0x98
#define COMMAND_READ_STATUS 0x70
#define COMMAND_CLEAR_STATUS 0x50
#define COMMAND_PROGRAM 0x40
#define COMMAND_PROGRAM_TOO 0x10
#define COMMAND_BUFFERED_PROGRAM 0xe8
#define COMMAND_ERASE 0x20
#define COMMAND_LOCKS 0x60
#define COMMAND_SUSPEND 0xb0
#define COMMAND_CONFIRM 0xd0
/* Behind COMMAND_LOCKS, as is COMMAND_CONFIRM. */
#define LOCKS_LOCK 0x01
#define LOCKS_LOCK_DOWN 0x2f
#define LOCKS_CONFIGURATION 0x03

#define LOCK_LOCKED 0x1
#define LOCK_DOWN 0x2

/* Of words, in the identifier mode. */
#define IDENTIFIER_MANUFACTURER 0
#define IDENTIFIER_DEVICE 1
#define IDENTIFIER_LOCK 2
#define MANUFACTURER_INTEL 0x0089
/* A chip of 256 Mbit with equal blocks of 128 KiB. */
#define DEVICE_256_MBIT 0x001d

#define QUERY_FIRST 0x10
/* An address in these modes is within a page of so many words. */
#define QUERY_WORDS 0x100

/*
 * JEDEC's structure for one of the chips, a byte for each word, then Intel's
 * own extension. Durations are powers of two; they are upper limits, since
 * nothing takes the guest any time.
 */
static const uint8_t query[] = {
	'Q',  'R',  'Y',  0x01, 0x00, /* 10: Intel's extended command set */
	0x31, 0x00, /* 15: where its extension is */
	0x00, 0x00, 0x00, 0x00, /* 17: no other command set */
	0x45, 0x55, 0x00, 0x00, /* 1b: 4.5 to 5.5 V, and no voltage for programming */
	0x07, 0x07, 0x0a, 0x00, /* 1f: 128 us a word, 128 us a buffer, 1 s a block */
	0x04, 0x04, 0x04, 0x00, /* 23: at most 16 times as long */
	0x19, /* 27: 32 MiB */
	0x01, 0x00, /* 28: 16 bits wide */
	0x06, 0x00, /* 2a: a buffer of 64 bytes */
	0x01, /* 2c: blocks of one size: */
	0xff, 0x00, 0x00, 0x02, /* 2d: 256 of 512 times 256 bytes */
	'P',  'R',  'I',  '1',	'0', /* 31: version 1.0 */
	0x20, 0x00, 0x00, 0x00, /* 36: blocks are locked at once, each by itself */
	0x00, /* 3a: nothing is possible while an operation is suspended */
	0x03, 0x00, /* 3b: the status of a block has both bits of its lock */
	0x50, 0x00, /* 3d: 5 V are best */
	0x00, /* 3f: no protection registers */
};

void cfi_flash_reset(struct cfi_flash *flash)
{
	flash->state = (struct cfi_flash_state){ .status = CFI_FLASH_READY };
}

bool cfi_flash_reads_array(const struct cfi_flash *flash)
{
	return flash->state.mode == CFI_FLASH_READ_ARRAY;
}

static uint32_t block_of(uint32_t offset)
{
	return offset / CFI_FLASH_BLOCK_SIZE;
}

static uint32_t end_of_block(uint32_t offset)
{
	return (block_of(offset) + 1) * CFI_FLASH_BLOCK_SIZE;
}

/* --- reads --- */

static uint16_t read_identifier(const struct cfi_flash *flash, uint32_t offset)
{
	const uint32_t at = offset / CFI_FLASH_BUS_SIZE % QUERY_WORDS;

	if (at >= QUERY_FIRST && at - QUERY_FIRST < sizeof(query))
		return query[at - QUERY_FIRST];
	switch (at) {
	case IDENTIFIER_MANUFACTURER:
		return MANUFACTURER_INTEL;
	case IDENTIFIER_DEVICE:
		return DEVICE_256_MBIT;
	case IDENTIFIER_LOCK:
		return flash->state.locks[block_of(offset)];
	default:
		return 0;
	}
}

static uint8_t read_byte(const struct cfi_flash *flash, uint32_t offset)
{
	/* Of a word of 16 bits. */
	const unsigned int shift = offset % WORD_SIZE * 8;

	switch (flash->state.mode) {
	case CFI_FLASH_READ_STATUS:
		return (uint8_t)(flash->state.status >> shift);
	case CFI_FLASH_READ_IDENTIFIER:
		return (uint8_t)(read_identifier(flash, offset) >> shift);
	case CFI_FLASH_READ_ARRAY:
	case CFI_FLASH_MODES:
		break;
	}

	return flash->array[offset];
}

uint64_t cfi_flash_read(const struct cfi_flash *flash, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)read_byte(flash, (uint32_t)offset + i) << i * 8;

	return value;
}

/* --- what writes change --- */

static void end(struct cfi_flash *flash, uint8_t error)
{
	flash->state.step = CFI_FLASH_COMMAND;
	flash->state.status |= error;
}

/* Store @size bytes of flash->block at @offset, unless its block is locked. */
static void store(struct cfi_flash *flash, uint32_t offset, uint32_t size, uint8_t error)
{
	if (flash->state.locks[block_of(offset)] & LOCK_LOCKED)
		end(flash, error | CFI_FLASH_LOCKED);
	else if (flash->store(flash->context, offset, flash->block, size) < 0)
		end(flash, error);
	else
		end(flash, 0);
}

static void program(struct cfi_flash *flash, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		flash->block[i] = flash->array[offset + i] & bytes[i];
	store(flash, offset, size, CFI_FLASH_PROGRAM_ERROR);
}

static void erase(struct cfi_flash *flash, uint32_t offset)
{
	memset(flash->block, CFI_FLASH_ERASED, CFI_FLASH_BLOCK_SIZE);
	store(flash, block_of(offset) * CFI_FLASH_BLOCK_SIZE, CFI_FLASH_BLOCK_SIZE,
	      CFI_FLASH_ERASE_ERROR);
}

/* --- writes --- */

/* One of up to 32 bits. */
struct access {
	uint32_t offset;
	uint32_t size;
	uint8_t bytes[CFI_FLASH_BUS_SIZE];
};

static void begin(struct cfi_flash *flash, enum cfi_flash_step step)
{
	flash->state.step = step;
	flash->state.mode = CFI_FLASH_READ_STATUS;
}

static void on_command(struct cfi_flash *flash, uint8_t command)
{
	struct cfi_flash_state *state = &flash->state;

	switch (command) {
	case COMMAND_READ_IDENTIFIER:
	case COMMAND_READ_QUERY:
		state->mode = CFI_FLASH_READ_IDENTIFIER;
		break;
	case COMMAND_READ_STATUS:
	case COMMAND_SUSPEND:
	case COMMAND_CONFIRM:
		state->mode = CFI_FLASH_READ_STATUS;
		break;
	case COMMAND_CLEAR_STATUS:
		state->status = CFI_FLASH_READY;
		break;
	case COMMAND_PROGRAM:
	case COMMAND_PROGRAM_TOO:
		begin(flash, CFI_FLASH_PROGRAM_WORD);
		break;
	case COMMAND_BUFFERED_PROGRAM:
		begin(flash, CFI_FLASH_BUFFER_COUNT);
		break;
	case COMMAND_ERASE:
		begin(flash, CFI_FLASH_ERASE_CONFIRM);
		break;
	case COMMAND_LOCKS:
		begin(flash, CFI_FLASH_LOCK);
		break;
	case COMMAND_READ_ARRAY:
	default:
		state->mode = CFI_FLASH_READ_ARRAY;
		break;
	}
}

/* The words follow, if there are not too many. It is a word of one chip. */
static void on_count(struct cfi_flash *flash, const struct access *access)
{
	struct cfi_flash_state *state = &flash->state;
	const uint32_t count = access->bytes[0] | (uint32_t)access->bytes[1] << 8;

	if (count >= CFI_FLASH_BUFFER_WORDS) {
		end(flash, CFI_FLASH_SEQUENCE_ERROR);
		return;
	}
	state->step = CFI_FLASH_BUFFER_WORD;
	state->count = count + 1;
	state->missing = state->count;
	/* What is not written, since another is written twice, is not programmed. */
	memset(state->buffer, CFI_FLASH_ERASED, sizeof(state->buffer));
}

/* The first word says where the buffer is, which does not leave its block. */
static void on_buffer_word(struct cfi_flash *flash, const struct access *access)
{
	struct cfi_flash_state *state = &flash->state;
	uint32_t at;

	if (state->missing == state->count)
		state->first = access->offset;
	at = access->offset - state->first;
	if (access->offset < state->first ||
	    at + access->size > state->count * CFI_FLASH_BUS_SIZE ||
	    access->offset + access->size > end_of_block(state->first)) {
		end(flash, CFI_FLASH_SEQUENCE_ERROR);
		return;
	}
	memcpy(&state->buffer[at], access->bytes, access->size);
	if (--state->missing == 0)
		state->step = CFI_FLASH_BUFFER_CONFIRM;
}

static void on_confirm(struct cfi_flash *flash, const struct access *access)
{
	const struct cfi_flash_state *state = &flash->state;
	const uint32_t left = end_of_block(state->first) - state->first;
	const uint32_t size = state->count * CFI_FLASH_BUS_SIZE;

	if (access->bytes[0] != COMMAND_CONFIRM)
		end(flash, CFI_FLASH_SEQUENCE_ERROR);
	else if (state->step == CFI_FLASH_ERASE_CONFIRM)
		erase(flash, access->offset);
	else
		program(flash, state->first, state->buffer, size < left ? size : left);
}

static void on_lock(struct cfi_flash *flash, const struct access *access)
{
	uint8_t *lock = &flash->state.locks[block_of(access->offset)];
	uint8_t error = 0;

	switch (access->bytes[0]) {
	case LOCKS_LOCK:
		*lock |= LOCK_LOCKED;
		break;
	case COMMAND_CONFIRM:
		if (!(*lock & LOCK_DOWN))
			*lock = 0;
		break;
	case LOCKS_LOCK_DOWN:
		*lock = LOCK_LOCKED | LOCK_DOWN;
		break;
	case LOCKS_CONFIGURATION:
		break;
	default:
		error = CFI_FLASH_SEQUENCE_ERROR;
		break;
	}
	end(flash, error);
}

/* What one access programs is in one block. */
static void on_word(struct cfi_flash *flash, const struct access *access)
{
	if (access->offset + access->size > end_of_block(access->offset))
		end(flash, CFI_FLASH_SEQUENCE_ERROR);
	else
		program(flash, access->offset, access->bytes, access->size);
}

static void on_write(struct cfi_flash *flash, const struct access *access)
{
	switch (flash->state.step) {
	case CFI_FLASH_COMMAND:
		on_command(flash, access->bytes[0]);
		break;
	case CFI_FLASH_PROGRAM_WORD:
		on_word(flash, access);
		break;
	case CFI_FLASH_BUFFER_COUNT:
		on_count(flash, access);
		break;
	case CFI_FLASH_BUFFER_WORD:
		on_buffer_word(flash, access);
		break;
	case CFI_FLASH_BUFFER_CONFIRM:
	case CFI_FLASH_ERASE_CONFIRM:
		on_confirm(flash, access);
		break;
	case CFI_FLASH_LOCK:
		on_lock(flash, access);
		break;
	case CFI_FLASH_STEPS:
		break;
	}
}

void cfi_flash_write(struct cfi_flash *flash, uint64_t offset, uint64_t value, unsigned int size)
{
	while (size > 0) {
		struct access access = { .offset = (uint32_t)offset,
					 .size = size < CFI_FLASH_BUS_SIZE ? size
									   : CFI_FLASH_BUS_SIZE };

		for (uint32_t i = 0; i < access.size; i++)
			access.bytes[i] = (uint8_t)(value >> i * 8);
		on_write(flash, &access);
		offset += access.size;
		size -= access.size;
		value >>= access.size * 8;
	}
}

/* --- in a stream --- */

static bool has_good_locks(const struct cfi_flash_state *state)
{
	for (size_t i = 0; i < CFI_FLASH_BLOCKS; i++) {
		const uint8_t lock = state->locks[i];

		if (lock & ~(LOCK_LOCKED | LOCK_DOWN) || lock == LOCK_DOWN)
			return false;
	}

	return true;
}

static bool has_good_status(const struct cfi_flash_state *state)
{
	return state->status & CFI_FLASH_READY &&
	       !(state->status & ~(CFI_FLASH_READY | CFI_FLASH_SEQUENCE_ERROR | CFI_FLASH_LOCKED));
}

/* What says where the buffer is, and how much of it. */
static bool has_good_buffer(const struct cfi_flash_state *state)
{
	return state->first < CFI_FLASH_SIZE && state->count <= CFI_FLASH_BUFFER_WORDS &&
	       state->missing <= state->count &&
	       (state->step != CFI_FLASH_BUFFER_WORD || state->missing > 0) &&
	       (state->step != CFI_FLASH_BUFFER_CONFIRM || state->count > 0);
}

void cfi_flash_serialize(struct cfi_flash *flash, struct stream *stream)
{
	struct cfi_flash_state *state = &flash->state;
	uint32_t mode = state->mode;
	uint32_t step = state->step;

	stream_serialize_u32(stream, &mode);
	stream_serialize_u32(stream, &step);
	stream_serialize(stream, &state->status, sizeof(state->status));
	stream_serialize_u32(stream, &state->first);
	stream_serialize_u32(stream, &state->count);
	stream_serialize_u32(stream, &state->missing);
	stream_serialize(stream, state->buffer, sizeof(state->buffer));
	stream_serialize(stream, state->locks, sizeof(state->locks));
	state->mode = mode < CFI_FLASH_MODES ? (enum cfi_flash_mode)mode : CFI_FLASH_READ_ARRAY;
	state->step = step < CFI_FLASH_STEPS ? (enum cfi_flash_step)step : CFI_FLASH_COMMAND;
	if (state->mode == mode && state->step == step && has_good_status(state) &&
	    has_good_locks(state) && has_good_buffer(state))
		return;
	cfi_flash_reset(flash);
	stream_fail(stream);
}
