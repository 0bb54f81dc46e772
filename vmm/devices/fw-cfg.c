/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/fw-cfg.h"

#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Its registers; all but the data are big-endian. */
enum {
	DATA = 0,
	SELECTOR = 8,
	DMA = 16, /* The address of a request, whose low half, or all of it, starts it. */
	DMA_LOW = 20,
	DMA_END = 24,
};

static const uint8_t signature[4] = { 'Q', 'E', 'M', 'U' };
/* What the DMA register reads as: "QEMU CFG". */
#define DMA_SIGNATURE 0x51454d5520434647ULL

/* The interfaces that there are: the traditional one, and DMA. */
static const uint8_t id[4] = { 1 | 1 << 1 };

/* A DMA request in the guest's memory, big-endian. */
struct request {
	uint32_t control;
	uint32_t length;
	uint64_t address;
};

#define CONTROL_ERROR (1U << 0)
#define CONTROL_READ (1U << 1)
#define CONTROL_SKIP (1U << 2)
#define CONTROL_SELECT (1U << 3)
#define CONTROL_WRITE (1U << 4)
#define CONTROL_KEY_SHIFT 16

/* QEMU's keys up to the directory have a meaning, if not a value here. */
static bool is_known(const struct fw_cfg *fw_cfg, uint16_t key)
{
	return key <= FW_CFG_DIRECTORY ||
	       (key >= FW_CFG_FILES && key < FW_CFG_FILES + fw_cfg->file_count);
}

static void set_bytes(struct fw_cfg *fw_cfg, unsigned int key, const void *bytes, uint64_t size)
{
	fw_cfg->items[key] = (struct fw_cfg_item){ .bytes = bytes, .fd = -1, .size = size };
}

/* --- the items --- */

int fw_cfg_create(struct fw_cfg **fw_cfg, const struct memory *memory)
{
	struct fw_cfg *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->memory = memory;
	pthread_mutex_init(&made->lock, NULL);
	fw_cfg_begin(made, NULL);
	*fw_cfg = made;

	return 0;
}

void fw_cfg_destroy(struct fw_cfg *fw_cfg)
{
	pthread_mutex_destroy(&fw_cfg->lock);
	free(fw_cfg->storage);
	free(fw_cfg);
}

static void count_files(struct fw_cfg *fw_cfg, size_t count)
{
	const uint32_t value = htobe32((uint32_t)count);

	fw_cfg->file_count = count;
	memcpy(fw_cfg->directory, &value, sizeof(value));
	set_bytes(fw_cfg, FW_CFG_DIRECTORY, fw_cfg->directory,
		  sizeof(value) + count * FW_CFG_DIRECTORY_ENTRY);
}

void fw_cfg_begin(struct fw_cfg *fw_cfg, void *storage)
{
	free(fw_cfg->storage);
	fw_cfg->storage = storage;
	fw_cfg->answer_key = 0;
	memset(fw_cfg->items, 0, sizeof(fw_cfg->items));
	memset(fw_cfg->directory, 0, sizeof(fw_cfg->directory));
	set_bytes(fw_cfg, FW_CFG_SIGNATURE, signature, sizeof(signature));
	set_bytes(fw_cfg, FW_CFG_ID, id, sizeof(id));
	count_files(fw_cfg, 0);
}

void fw_cfg_set(struct fw_cfg *fw_cfg, enum fw_cfg_key key, const struct fw_cfg_item *item)
{
	fw_cfg->items[key] = *item;
}

void fw_cfg_add(struct fw_cfg *fw_cfg, const char *name, const struct fw_cfg_item *item)
{
	const size_t number = fw_cfg->file_count;
	const uint32_t size = htobe32((uint32_t)item->size);
	const uint16_t key = htobe16((uint16_t)(FW_CFG_FILES + number));
	/* Size, key, two bytes of zero, name. */
	uint8_t *entry = fw_cfg->directory + 4 + number * FW_CFG_DIRECTORY_ENTRY;
	memcpy(entry, &size, sizeof(size));
	memcpy(entry + 4, &key, sizeof(key));
	snprintf((char *)entry + 8, FW_CFG_NAME_SIZE, "%s", name);
	fw_cfg->items[FW_CFG_FILES + number] = *item;
	count_files(fw_cfg, number + 1);
}

void fw_cfg_add_answer(struct fw_cfg *fw_cfg, const char *name)
{
	const struct fw_cfg_item item = { .bytes = fw_cfg->answer,
					  .fd = -1,
					  .size = sizeof(fw_cfg->answer) };

	fw_cfg->answer_key = (uint16_t)(FW_CFG_FILES + fw_cfg->file_count);
	fw_cfg_add(fw_cfg, name, &item);
}

uint64_t fw_cfg_answer(const struct fw_cfg *fw_cfg)
{
	uint64_t value;

	memcpy(&value, fw_cfg->answer, sizeof(value));

	return le64toh(value);
}

/* The selected item, or an empty one. */
static const struct fw_cfg_item *selected(const struct fw_cfg *fw_cfg)
{
	static const struct fw_cfg_item none = { .fd = -1 };

	return is_known(fw_cfg, fw_cfg->key) ? &fw_cfg->items[fw_cfg->key] : &none;
}

static void select_key(struct fw_cfg *fw_cfg, uint16_t key)
{
	fw_cfg->key = key;
	fw_cfg->offset = 0;
}

/* How many of the next @size bytes the selected item has. */
static uint64_t available(const struct fw_cfg *fw_cfg, uint64_t size)
{
	const uint64_t whole = selected(fw_cfg)->size;
	const uint64_t left = fw_cfg->offset < whole ? whole - fw_cfg->offset : 0;

	return size < left ? size : left;
}

/* Read @size bytes of a file, where it may have shrunk. Returns whether it has them. */
static bool read_file(const struct fw_cfg_item *item, uint64_t offset, uint8_t *to, uint64_t size)
{
	while (size > 0) {
		const ssize_t count = pread(item->fd, to, size, (off_t)(item->fd_offset + offset));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			memset(to, 0, size);
			return false;
		}
		to += count;
		offset += (uint64_t)count;
		size -= (uint64_t)count;
	}

	return true;
}

/*
 * Copy the next @size bytes, and zeros behind the item's end. Returns false if
 * the host could not read them all.
 */
static bool take(struct fw_cfg *fw_cfg, uint8_t *to, uint64_t size)
{
	const struct fw_cfg_item *item = selected(fw_cfg);
	const uint64_t count = available(fw_cfg, size);
	bool whole = true;

	if (count > 0 && item->bytes)
		memcpy(to, (const uint8_t *)item->bytes + fw_cfg->offset, count);
	else if (count > 0)
		whole = read_file(item, fw_cfg->offset, to, count);
	memset(to + count, 0, size - count);
	fw_cfg->offset += count;

	return whole;
}

/* --- DMA --- */

/* Returns whether it worked. The guest's memory is as QEMU leaves it. */
static bool dma_read(struct fw_cfg *fw_cfg, uint64_t address, uint32_t length)
{
	uint8_t *to = memory_at(fw_cfg->memory, address, length);

	return to && take(fw_cfg, to, length) && is_known(fw_cfg, fw_cfg->key);
}

/* Only all that is left of the one file that can be written, or a part of it. */
static bool dma_write(struct fw_cfg *fw_cfg, uint64_t address, uint32_t length)
{
	const void *from = memory_at(fw_cfg->memory, address, length);

	if (!from || fw_cfg->answer_key == 0 || fw_cfg->key != fw_cfg->answer_key ||
	    available(fw_cfg, length) != length)
		return false;
	memcpy(fw_cfg->answer + fw_cfg->offset, from, length);
	fw_cfg->offset += length;

	return true;
}

static bool dma_skip(struct fw_cfg *fw_cfg, uint32_t length)
{
	fw_cfg->offset += available(fw_cfg, length);

	return is_known(fw_cfg, fw_cfg->key);
}

/* Returns whether it worked. Of several requests in one, QEMU carries out the first of these, too. */
static bool dma(struct fw_cfg *fw_cfg, const struct request *request)
{
	const uint32_t control = be32toh(request->control);
	const uint32_t length = be32toh(request->length);
	const uint64_t address = be64toh(request->address);

	if (control & CONTROL_SELECT)
		select_key(fw_cfg, (uint16_t)(control >> CONTROL_KEY_SHIFT));
	if (length == 0 || !(control & (CONTROL_READ | CONTROL_WRITE | CONTROL_SKIP)))
		return true;
	if (control & CONTROL_READ)
		return dma_read(fw_cfg, address, length);

	return control & CONTROL_WRITE ? dma_write(fw_cfg, address, length)
				       : dma_skip(fw_cfg, length);
}

static void start_dma(struct fw_cfg *fw_cfg, uint64_t address)
{
	uint8_t *at = memory_at(fw_cfg->memory, address, sizeof(struct request));
	struct request request;
	uint32_t result;

	/* There is no place for an answer either. */
	if (!at)
		return;
	memcpy(&request, at, sizeof(request));
	result = dma(fw_cfg, &request) ? 0 : htobe32(CONTROL_ERROR);
	/* The guest may wait for this alone: all that was copied comes before. */
	atomic_thread_fence(memory_order_release);
	memcpy(at, &result, sizeof(result));
}

/* --- the registers --- */

static uint64_t read_data(struct fw_cfg *fw_cfg, unsigned int size)
{
	uint8_t bytes[sizeof(uint64_t)] = { 0 };
	uint64_t value;

	(void)take(fw_cfg, bytes, size);
	/* In the guest's memory they are in the item's order. */
	memcpy(&value, bytes, sizeof(value));

	return le64toh(value);
}

uint64_t fw_cfg_read(void *self, uint64_t offset, unsigned int size)
{
	struct fw_cfg *fw_cfg = self;
	uint64_t value = 0;

	pthread_mutex_lock(&fw_cfg->lock);
	if (offset == DATA)
		value = read_data(fw_cfg, size);
	else if (offset >= DMA && offset + size <= DMA_END)
		/* The bytes of a big-endian register, seen as little-endian. */
		value = htobe64(DMA_SIGNATURE) >> 8 * (offset - DMA);
	pthread_mutex_unlock(&fw_cfg->lock);

	return value;
}

void fw_cfg_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
	struct fw_cfg *fw_cfg = self;
	uint64_t address;

	pthread_mutex_lock(&fw_cfg->lock);
	if (offset == SELECTOR && size == 2) {
		select_key(fw_cfg, be16toh((uint16_t)value));
	} else if (offset == DMA && size == 8) {
		start_dma(fw_cfg, be64toh(value));
		fw_cfg->dma_high = 0;
	} else if (offset == DMA && size == 4) {
		fw_cfg->dma_high = be32toh((uint32_t)value);
	} else if (offset == DMA_LOW && size == 4) {
		address = (uint64_t)fw_cfg->dma_high << 32 | be32toh((uint32_t)value);
		start_dma(fw_cfg, address);
		fw_cfg->dma_high = 0;
	}
	pthread_mutex_unlock(&fw_cfg->lock);
}

void fw_cfg_reset(void *self)
{
	struct fw_cfg *fw_cfg = self;

	pthread_mutex_lock(&fw_cfg->lock);
	select_key(fw_cfg, FW_CFG_SIGNATURE);
	fw_cfg->dma_high = 0;
	memset(fw_cfg->answer, 0, sizeof(fw_cfg->answer));
	pthread_mutex_unlock(&fw_cfg->lock);
}

void fw_cfg_serialize(struct fw_cfg *fw_cfg, struct stream *stream)
{
	pthread_mutex_lock(&fw_cfg->lock);
	stream_serialize_u16(stream, &fw_cfg->key);
	/* No offset is invalid: behind an item's end there are zeros. */
	stream_serialize_u64(stream, &fw_cfg->offset);
	stream_serialize_u32(stream, &fw_cfg->dma_high);
	stream_serialize(stream, fw_cfg->answer, sizeof(fw_cfg->answer));
	pthread_mutex_unlock(&fw_cfg->lock);
}
