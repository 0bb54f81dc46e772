/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/cfi-flash.h"

#include <string.h>

/* Of both chips: what a word of each takes. */
#define WORD_SIZE 2U
#define BUS_SIZE (WORD_SIZE * CFI_FLASH_CHIPS)
#define WORDS_PER_BLOCK (CFI_FLASH_BLOCK_SIZE / BUS_SIZE)

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

/* What a chip has to do once its command is complete; in words. */
struct operation {
	enum { NOTHING, PROGRAM, ERASE } kind;
	uint32_t first;
	uint32_t count;
};

void cfi_flash_reset(struct cfi_flash *flash)
{
	for (size_t i = 0; i < CFI_FLASH_CHIPS; i++)
		flash->chips[i] = (struct cfi_flash_chip){ .status = CFI_FLASH_READY };
}

bool cfi_flash_reads_array(const struct cfi_flash *flash)
{
	for (size_t i = 0; i < CFI_FLASH_CHIPS; i++)
		if (flash->chips[i].mode != CFI_FLASH_READ_ARRAY)
			return false;

	return true;
}

/* --- reads --- */

static uint16_t read_identifier(const struct cfi_flash_chip *chip, uint32_t word)
{
	const uint32_t at = word % QUERY_WORDS;

	if (at >= QUERY_FIRST && at - QUERY_FIRST < sizeof(query))
		return query[at - QUERY_FIRST];
	switch (at) {
	case IDENTIFIER_MANUFACTURER:
		return MANUFACTURER_INTEL;
	case IDENTIFIER_DEVICE:
		return DEVICE_256_MBIT;
	case IDENTIFIER_LOCK:
		return chip->locks[word / WORDS_PER_BLOCK];
	default:
		return 0;
	}
}

static uint16_t array_word(const struct cfi_flash *flash, uint32_t chip, uint32_t word)
{
	const uint8_t *at = &flash->array[word * BUS_SIZE + chip * WORD_SIZE];

	return (uint16_t)(at[0] | at[1] << 8);
}

static uint16_t read_word(const struct cfi_flash *flash, uint32_t number, uint32_t word)
{
	const struct cfi_flash_chip *chip = &flash->chips[number];

	switch (chip->mode) {
	case CFI_FLASH_READ_STATUS:
		return chip->status;
	case CFI_FLASH_READ_IDENTIFIER:
		return read_identifier(chip, word);
	case CFI_FLASH_READ_ARRAY:
	case CFI_FLASH_MODES:
		break;
	}

	return array_word(flash, number, word);
}

uint64_t cfi_flash_read(const struct cfi_flash *flash, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++) {
		const uint32_t at = (uint32_t)offset + i;
		const uint16_t word =
			read_word(flash, at / WORD_SIZE % CFI_FLASH_CHIPS, at / BUS_SIZE);

		value |= (uint64_t)(uint8_t)(word >> at % WORD_SIZE * 8) << i * 8;
	}

	return value;
}

/* --- writes, as one chip sees them --- */

static void end(struct cfi_flash_chip *chip, uint8_t error)
{
	chip->step = CFI_FLASH_COMMAND;
	chip->status |= error;
}

static void begin(struct cfi_flash_chip *chip, enum cfi_flash_step step)
{
	chip->step = step;
	chip->mode = CFI_FLASH_READ_STATUS;
}

static void on_command(struct cfi_flash_chip *chip, uint8_t command)
{
	switch (command) {
	case COMMAND_READ_IDENTIFIER:
	case COMMAND_READ_QUERY:
		chip->mode = CFI_FLASH_READ_IDENTIFIER;
		break;
	case COMMAND_READ_STATUS:
	case COMMAND_SUSPEND:
	case COMMAND_CONFIRM:
		chip->mode = CFI_FLASH_READ_STATUS;
		break;
	case COMMAND_CLEAR_STATUS:
		chip->status = CFI_FLASH_READY;
		break;
	case COMMAND_PROGRAM:
	case COMMAND_PROGRAM_TOO:
		begin(chip, CFI_FLASH_PROGRAM_WORD);
		break;
	case COMMAND_BUFFERED_PROGRAM:
		begin(chip, CFI_FLASH_BUFFER_COUNT);
		break;
	case COMMAND_ERASE:
		begin(chip, CFI_FLASH_ERASE_CONFIRM);
		break;
	case COMMAND_LOCKS:
		begin(chip, CFI_FLASH_LOCK);
		break;
	case COMMAND_READ_ARRAY:
	default:
		chip->mode = CFI_FLASH_READ_ARRAY;
		break;
	}
}

/* The words follow, if there are not too many. */
static void on_count(struct cfi_flash_chip *chip, uint16_t count)
{
	if (count >= CFI_FLASH_BUFFER_WORDS) {
		end(chip, CFI_FLASH_SEQUENCE_ERROR);
		return;
	}
	chip->step = CFI_FLASH_BUFFER_WORD;
	chip->count = count + 1U;
	chip->missing = chip->count;
	/* What is not written, since another is written twice, is not programmed. */
	memset(chip->buffer, CFI_FLASH_ERASED, sizeof(chip->buffer));
}

/* The first word says where the buffer is, which does not leave its block. */
static void on_buffer_word(struct cfi_flash_chip *chip, uint32_t word, uint16_t value)
{
	if (chip->missing == chip->count)
		chip->first = word;
	if (word - chip->first >= chip->count ||
	    (chip->first + chip->count - 1) / WORDS_PER_BLOCK != chip->first / WORDS_PER_BLOCK) {
		end(chip, CFI_FLASH_SEQUENCE_ERROR);
		return;
	}
	chip->buffer[word - chip->first] = value;
	if (--chip->missing == 0)
		chip->step = CFI_FLASH_BUFFER_CONFIRM;
}

static void on_lock(struct cfi_flash_chip *chip, uint32_t word, uint8_t command)
{
	uint8_t *lock = &chip->locks[word / WORDS_PER_BLOCK];
	uint8_t error = 0;

	switch (command) {
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
	end(chip, error);
}

/* A block that is locked changes nothing but the status. */
static struct operation operate(struct cfi_flash_chip *chip, struct operation wanted)
{
	const bool locked = chip->locks[wanted.first / WORDS_PER_BLOCK] & LOCK_LOCKED;
	const uint8_t error =
		wanted.kind == ERASE ? CFI_FLASH_ERASE_ERROR : CFI_FLASH_PROGRAM_ERROR;

	end(chip, locked ? error | CFI_FLASH_LOCKED : 0);

	return locked ? (struct operation){ NOTHING, 0, 0 } : wanted;
}

static struct operation confirm(struct cfi_flash_chip *chip, uint32_t word, uint8_t command)
{
	const uint32_t block = word / WORDS_PER_BLOCK;
	const struct operation program = { PROGRAM, chip->first, chip->count };
	const struct operation erase = { ERASE, block * WORDS_PER_BLOCK, WORDS_PER_BLOCK };
	const struct operation wanted = chip->step == CFI_FLASH_ERASE_CONFIRM ? erase : program;

	if (command == COMMAND_CONFIRM)
		return operate(chip, wanted);
	end(chip, CFI_FLASH_SEQUENCE_ERROR);

	return (struct operation){ NOTHING, 0, 0 };
}

static struct operation program_word(struct cfi_flash_chip *chip, uint32_t word, uint16_t value)
{
	chip->buffer[0] = value;

	return operate(chip, (struct operation){ PROGRAM, word, 1 });
}

static struct operation on_write(struct cfi_flash_chip *chip, uint32_t word, uint16_t value)
{
	switch (chip->step) {
	case CFI_FLASH_COMMAND:
		on_command(chip, (uint8_t)value);
		break;
	case CFI_FLASH_PROGRAM_WORD:
		return program_word(chip, word, value);
	case CFI_FLASH_BUFFER_COUNT:
		on_count(chip, value);
		break;
	case CFI_FLASH_BUFFER_WORD:
		on_buffer_word(chip, word, value);
		break;
	case CFI_FLASH_BUFFER_CONFIRM:
	case CFI_FLASH_ERASE_CONFIRM:
		return confirm(chip, word, (uint8_t)value);
	case CFI_FLASH_LOCK:
		on_lock(chip, word, (uint8_t)value);
		break;
	case CFI_FLASH_STEPS:
		break;
	}

	return (struct operation){ NOTHING, 0, 0 };
}

/* --- what writes change --- */

/* In the copy of the block that is to be stored, which begins with the word @from. */
static void apply(struct cfi_flash *flash, uint32_t number, const struct operation *operation,
		  uint32_t from)
{
	for (uint32_t i = 0; i < operation->count; i++) {
		uint8_t *at = &flash->block[(operation->first + i - from) * BUS_SIZE +
					    number * WORD_SIZE];
		const uint16_t word = flash->chips[number].buffer[i % CFI_FLASH_BUFFER_WORDS];

		at[0] = operation->kind == ERASE ? CFI_FLASH_ERASED : at[0] & (uint8_t)word;
		at[1] = operation->kind == ERASE ? CFI_FLASH_ERASED : at[1] & (uint8_t)(word >> 8);
	}
}

/* Store what the chips of @operations do in the words [from, from + count), together. */
static void store(struct cfi_flash *flash, const struct operation *operations, uint32_t from,
		  uint32_t count)
{
	const uint32_t offset = from * BUS_SIZE;
	int err;

	memcpy(flash->block, flash->array + offset, count * BUS_SIZE);
	for (uint32_t i = 0; i < CFI_FLASH_CHIPS; i++)
		apply(flash, i, &operations[i], from);
	err = flash->store(flash->context, offset, flash->block, count * BUS_SIZE);
	for (uint32_t i = 0; i < CFI_FLASH_CHIPS && err; i++)
		if (operations[i].count > 0)
			flash->chips[i].status |= operations[i].kind == ERASE
							  ? CFI_FLASH_ERASE_ERROR
							  : CFI_FLASH_PROGRAM_ERROR;
}

static void store_alone(struct cfi_flash *flash, uint32_t number, const struct operation *operation)
{
	struct operation operations[CFI_FLASH_CHIPS] = { { NOTHING, 0, 0 } };

	operations[number] = *operation;
	if (operation->kind != NOTHING)
		store(flash, operations, operation->first, operation->count);
}

/*
 * What both chips do at once, in the same words, is stored at once: so a guest
 * that commands both finds all of a word or nothing of it, however dormouse
 * ends.
 */
static void carry_out(struct cfi_flash *flash, const struct operation operations[CFI_FLASH_CHIPS])
{
	const struct operation *first = &operations[0];
	const struct operation *second = &operations[1];

	if (first->kind != NOTHING && second->kind != NOTHING && first->first == second->first &&
	    first->count == second->count) {
		store(flash, operations, first->first, first->count);
		return;
	}
	store_alone(flash, 0, first);
	store_alone(flash, 1, second);
}

void cfi_flash_write(struct cfi_flash *flash, uint64_t offset, uint64_t value, unsigned int size)
{
	const uint32_t last = (uint32_t)offset + size - 1;

	for (uint32_t bus = (uint32_t)offset / BUS_SIZE; bus <= last / BUS_SIZE; bus++) {
		struct operation operations[CFI_FLASH_CHIPS] = { { NOTHING, 0, 0 } };
		uint32_t lanes = UINT32_MAX;
		uint32_t written = 0;

		for (uint32_t i = 0; i < BUS_SIZE; i++) {
			const uint32_t byte = bus * BUS_SIZE + i - (uint32_t)offset;

			if (byte >= size)
				continue;
			lanes &= ~(0xffU << i * 8);
			lanes |= (uint32_t)(uint8_t)(value >> byte * 8) << i * 8;
			written |= 1U << i / WORD_SIZE;
		}
		for (uint32_t i = 0; i < CFI_FLASH_CHIPS; i++)
			if (written & 1U << i)
				operations[i] = on_write(&flash->chips[i], bus,
							 (uint16_t)(lanes >> i * 16));
		carry_out(flash, operations);
	}
}

/* --- in a stream --- */

/* What indexes the buffer, or says where it is. */
static bool has_good_buffer(const struct cfi_flash_chip *chip)
{
	return chip->first < CFI_FLASH_SIZE / BUS_SIZE && chip->count <= CFI_FLASH_BUFFER_WORDS &&
	       chip->missing <= chip->count &&
	       (chip->step != CFI_FLASH_BUFFER_WORD || chip->missing > 0) &&
	       (chip->step != CFI_FLASH_BUFFER_CONFIRM ||
		(chip->count > 0 && chip->missing == 0 &&
		 (chip->first + chip->count - 1) / WORDS_PER_BLOCK ==
			 chip->first / WORDS_PER_BLOCK));
}

static void serialize_chip(struct cfi_flash_chip *chip, struct stream *stream)
{
	uint32_t mode = chip->mode;
	uint32_t step = chip->step;

	stream_serialize_u32(stream, &mode);
	stream_serialize_u32(stream, &step);
	stream_serialize(stream, &chip->status, sizeof(chip->status));
	stream_serialize_u32(stream, &chip->first);
	stream_serialize_u32(stream, &chip->count);
	stream_serialize_u32(stream, &chip->missing);
	for (size_t i = 0; i < CFI_FLASH_BUFFER_WORDS; i++)
		stream_serialize_u16(stream, &chip->buffer[i]);
	stream_serialize(stream, chip->locks, sizeof(chip->locks));
	chip->mode = mode < CFI_FLASH_MODES ? (enum cfi_flash_mode)mode : CFI_FLASH_READ_ARRAY;
	chip->step = step < CFI_FLASH_STEPS ? (enum cfi_flash_step)step : CFI_FLASH_COMMAND;
	if (chip->mode == mode && chip->step == step && has_good_buffer(chip))
		return;
	*chip = (struct cfi_flash_chip){ .status = CFI_FLASH_READY };
	stream_fail(stream);
}

void cfi_flash_serialize(struct cfi_flash *flash, struct stream *stream)
{
	for (size_t i = 0; i < CFI_FLASH_CHIPS; i++)
		serialize_chip(&flash->chips[i], stream);
}
