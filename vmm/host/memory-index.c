/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/memory-index.h"

#include <errno.h>
#include <stdlib.h>

/* That of MEMORY_PIECE zeros. */
#define SUM_OF_ZEROS 0x72c0c4a4U

void memory_index_init(struct memory_index *index, uint64_t memory, uint64_t position)
{
	*index = (struct memory_index){ .memory = memory, .position = position };
}

void memory_index_free(struct memory_index *index)
{
	free(index->extents);
	free(index->sums);
	memory_index_init(index, 0, 0);
}

uint64_t memory_index_offset(const struct memory_extent *extent, size_t piece)
{
	return extent->offset + (piece - extent->first) * MEMORY_PIECE;
}

size_t memory_index_piece(const struct memory_extent *extent, uint64_t offset)
{
	return extent->first + (size_t)((offset - extent->offset) / MEMORY_PIECE);
}

uint64_t memory_index_position(const struct memory_index *index, const struct memory_extent *extent,
			       size_t piece)
{
	return index->position +
	       (index->placed ? memory_index_offset(extent, piece) : piece * MEMORY_PIECE);
}

uint64_t memory_index_end(const struct memory_index *index)
{
	return index->position +
	       (index->placed ? index->memory : index->piece_count * MEMORY_PIECE);
}

/* Room for one more of @size bytes. Returns 0 or -ENOMEM. */
static int make_room(void **array, size_t count, size_t *max, size_t size)
{
	const size_t wanted = *max ? 2 * *max : 64;
	void *more;

	if (count < *max)
		return 0;
	more = reallocarray(*array, wanted, size);
	if (!more)
		return -ENOMEM;
	*array = more;
	*max = wanted;

	return 0;
}

static int add_extent(struct memory_index *index, uint64_t offset)
{
	void *extents = index->extents;
	const int err = make_room(&extents, index->extent_count, &index->extents_max,
				  sizeof(*index->extents));

	index->extents = extents;
	if (!err)
		index->extents[index->extent_count++] =
			(struct memory_extent){ .offset = offset, .first = index->piece_count };

	return err;
}

static int add_piece(struct memory_index *index, uint32_t sum)
{
	void *sums = index->sums;
	const int err =
		make_room(&sums, index->piece_count, &index->pieces_max, sizeof(*index->sums));

	index->sums = sums;
	if (err)
		return err;
	index->sums[index->piece_count++] = sum;
	index->extents[index->extent_count - 1].size += MEMORY_PIECE;

	return 0;
}

static uint64_t end_of_last(const struct memory_index *index)
{
	const struct memory_extent *last = &index->extents[index->extent_count - 1];

	return last->offset + last->size;
}

int memory_index_add(struct memory_index *index, uint64_t offset, uint32_t sum)
{
	int err = 0;

	/* Any gap of at least this size separates two extents. */
	if (index->extent_count == 0 ||
	    (offset > end_of_last(index) &&
	     offset - end_of_last(index) >= index->memory / MEMORY_EXTENTS_MAX))
		err = add_extent(index, offset);
	while (!err && end_of_last(index) < offset)
		err = add_piece(index, SUM_OF_ZEROS);

	return err ? err : add_piece(index, sum);
}

/* The number of the first extent that does not end before an offset. */
static size_t first_from(const struct memory_index *index, uint64_t offset)
{
	size_t first = 0;
	size_t end = index->extent_count;

	while (first < end) {
		const size_t middle = first + (end - first) / 2;
		const struct memory_extent *extent = &index->extents[middle];

		if (extent->offset + extent->size <= offset)
			first = middle + 1;
		else
			end = middle;
	}

	return first;
}

const struct memory_extent *memory_index_from(const struct memory_index *index, uint64_t offset)
{
	const size_t i = first_from(index, offset);

	return i < index->extent_count ? &index->extents[i] : NULL;
}

const struct memory_extent *memory_index_find(const struct memory_index *index, uint64_t offset)
{
	const struct memory_extent *extent = memory_index_from(index, offset);

	return extent && extent->offset <= offset ? extent : NULL;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

size_t memory_index_count(const struct memory_index *index, uint64_t offset, uint64_t size)
{
	uint64_t covered = 0;

	for (size_t i = first_from(index, offset); i < index->extent_count; i++) {
		const struct memory_extent *extent = &index->extents[i];
		const uint64_t from = extent->offset > offset ? extent->offset : offset;

		if (from >= offset + size)
			break;
		covered += min(extent->offset + extent->size, offset + size) - from;
	}

	return (size_t)(covered / MEMORY_PIECE);
}

/* --- in a stream: each extent's offset and size, then its sums; a size of 0 is the last --- */

/* So many sums are a call of the stream's. */
#define SUMS_AT_ONCE 256
#define SUM_SIZE sizeof(uint32_t)

static void write_sums(const uint32_t *sums, size_t count, struct stream *stream)
{
	uint8_t bytes[SUMS_AT_ONCE * SUM_SIZE];

	for (size_t i = 0; i < count * SUM_SIZE; i++)
		bytes[i] = (uint8_t)(sums[i / SUM_SIZE] >> 8 * (i % SUM_SIZE));
	stream_serialize(stream, bytes, count * SUM_SIZE);
}

/* Returns 0 or -ENOMEM. */
static int read_sums(struct memory_index *index, size_t count, struct stream *stream)
{
	uint8_t bytes[SUMS_AT_ONCE * SUM_SIZE];
	int err = 0;

	stream_serialize(stream, bytes, count * SUM_SIZE);
	for (size_t i = 0; i < count && !err; i++) {
		const uint8_t *at = bytes + i * SUM_SIZE;

		err = add_piece(index, (uint32_t)at[0] | (uint32_t)at[1] << 8 |
					       (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
	}

	return err;
}

static size_t at_once(size_t left)
{
	return left < SUMS_AT_ONCE ? left : SUMS_AT_ONCE;
}

static void write_index(struct memory_index *index, struct stream *stream)
{
	uint64_t end = 0;

	for (size_t i = 0; i < index->extent_count; i++) {
		struct memory_extent *extent = &index->extents[i];

		stream_serialize_u64(stream, &extent->offset);
		stream_serialize_u64(stream, &extent->size);
		for (size_t left = (size_t)(extent->size / MEMORY_PIECE), count; left > 0;
		     left -= count) {
			const size_t done = (size_t)(extent->size / MEMORY_PIECE) - left;

			count = at_once(left);
			write_sums(&index->sums[extent->first + done], count, stream);
		}
	}
	stream_serialize_u64(stream, &end);
	stream_serialize_u64(stream, &end);
}

static bool is_valid(const struct memory_index *index, uint64_t offset, uint64_t size)
{
	const uint64_t end = index->extent_count ? end_of_last(index) : 0;

	/* Twice what is written, in case another version writes more. */
	return index->extent_count < 2ULL * MEMORY_EXTENTS_MAX && offset % MEMORY_PIECE == 0 &&
	       size % MEMORY_PIECE == 0 && offset >= end && offset <= index->memory &&
	       size <= index->memory - offset;
}

static void read_extent(struct memory_index *index, uint64_t offset, uint64_t size,
			struct stream *stream)
{
	int err = add_extent(index, offset);

	for (size_t left = (size_t)(size / MEMORY_PIECE), count;
	     left > 0 && !err && !stream_error(stream); left -= count) {
		count = at_once(left);
		err = read_sums(index, count, stream);
	}
	if (err)
		stream_fail(stream);
}

static void read_index(struct memory_index *index, struct stream *stream)
{
	uint64_t offset;
	uint64_t size;

	for (;;) {
		stream_serialize_u64(stream, &offset);
		stream_serialize_u64(stream, &size);
		if (size == 0 || stream_error(stream))
			return;
		if (!is_valid(index, offset, size)) {
			stream_fail(stream);
			return;
		}
		read_extent(index, offset, size, stream);
	}
}

void memory_index_serialize(struct memory_index *index, struct stream *stream)
{
	if (stream_is_loading(stream))
		read_index(index, stream);
	else
		write_index(index, stream);
}
