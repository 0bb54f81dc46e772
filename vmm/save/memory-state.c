/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/memory-state.h"

#include <string.h>

#include "base/uniform.h"
#include "host/memory-pages.h"

/* Any size would do, since the format counts bytes. */
#define PIECE 4096

/* Large enough that a call costs little beside the copying. */
#define PIECE_MAX ((size_t)256 << 10)

/* What is written next, and which pages the host has. */
struct walk {
	const struct memory *memory;
	struct memory_pages pages;
	uint64_t used_end; /* Up to here there are pages, from the last that were found. */
};

static bool is_zero(const uint8_t *bytes)
{
	return uniform(bytes, PIECE, 0);
}

/*
 * Returns where the zeros that begin at @from end; anywhere once @stream has
 * failed. Memory that was never touched is not read.
 */
static uint64_t end_of_zeros(struct walk *walk, uint64_t from, struct stream *stream)
{
	const struct memory *memory = walk->memory;

	while (from < memory->size && !stream_error(stream)) {
		if (from >= walk->used_end)
			memory_pages_next(&walk->pages, from, &from, &walk->used_end);
		if (from == memory->size || !is_zero(memory->host + from))
			break;
		from += PIECE;
		stream_work(stream, PIECE);
	}

	return from;
}

/* Likewise for what is not zero. */
static uint64_t end_of_data(const struct memory *memory, uint64_t from, struct stream *stream)
{
	while (from < memory->size && !stream_error(stream) && !is_zero(memory->host + from)) {
		from += PIECE;
		stream_work(stream, PIECE);
	}

	return from;
}

/*
 * In pieces: what is missing at the end of a file is read as zeros, and of
 * these at most one piece is written to untouched memory.
 */
static void serialize_bytes(uint8_t *bytes, uint64_t size, struct stream *stream)
{
	while (size > 0 && !stream_error(stream)) {
		const size_t piece = size < PIECE_MAX ? (size_t)size : PIECE_MAX;

		stream_serialize(stream, bytes, piece);
		bytes += piece;
		size -= piece;
	}
}

/* An extent: offset and size, then the bytes. A size of 0 is the last. */
static void write_extents(const struct memory *memory, struct stream *stream)
{
	struct walk walk = { .memory = memory };
	uint64_t offset = 0;
	uint64_t size = 1;

	memory_pages_begin(&walk.pages, memory->host, memory->size);
	while (size > 0 && !stream_error(stream)) {
		offset = end_of_zeros(&walk, offset, stream);
		size = end_of_data(memory, offset, stream) - offset;
		stream_serialize_u64(stream, &offset);
		stream_serialize_u64(stream, &size);
		serialize_bytes(memory->host + offset, size, stream);
		offset += size;
	}
	memory_pages_end(&walk.pages);
}

static void read_extents(const struct memory *memory, struct stream *stream)
{
	uint64_t offset;
	uint64_t size;
	uint64_t end = 0;

	do {
		stream_serialize_u64(stream, &offset);
		stream_serialize_u64(stream, &size);
		/*
		 * Extents are in order, so that a small file does not take
		 * long.
		 */
		if (offset < end || offset > memory->size || size > memory->size - offset)
			stream_fail(stream);
		if (stream_error(stream))
			return;
		serialize_bytes(memory->host + offset, size, stream);
		end = offset + size;
	} while (size > 0);
}

void memory_state_serialize(const struct memory *memory, struct stream *stream)
{
	if (stream_is_loading(stream))
		read_extents(memory, stream);
	else
		write_extents(memory, stream);
}
