/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/memory-file.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/interrupt.h"
#include "base/range.h"
#include "base/uniform.h"
#include "host/memory-pages.h"

/*
 * What is written at once: enough that a call costs little beside the copying,
 * and little enough that the CPU still has in its caches what it summed.
 */
#define RUN_MAX (8 * MEMORY_PIECE)

/* No core dump has a guest's memory. */
static uint8_t *make_buffer(size_t size)
{
	void *buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return NULL;
	if (madvise(buffer, size, MADV_DONTDUMP) == 0)
		return buffer;
	munmap(buffer, size);

	return NULL;
}

/* --- writing --- */

struct writer {
	int fd;
	const uint8_t *host;
	struct memory_index *index;
	/* What is in the file already, or NULL; and room for a piece of that. */
	const struct memory_index *former;
	uint8_t *buffer;
	/* Pieces that are to be written, and follow one another in RAM. */
	uint64_t offset;
	uint64_t size;
	uint64_t position; /* Of the first. */
	uint64_t done; /* Up to here in RAM all that is not zero is in @index. */
	size_t work; /* Bytes since the last check for an interrupt. */
	int err;
};

static void note_work(struct writer *w, size_t size)
{
	w->work += size;
	if (w->work < INTERRUPT_PIECE)
		return;
	w->work = 0;
	if (!w->err && interrupt_wanted())
		w->err = -ECANCELED;
}

/* Where a gap was bridged the file has a hole, which is as good as its zeros. */
static void flush(struct writer *w)
{
	if (!w->err && w->size > 0)
		w->err = range_write(w->fd, w->position, w->host + w->offset, (size_t)w->size);
	note_work(w, (size_t)w->size);
	w->size = 0;
}

/* Whether the file has a piece already. What is to be written is not there yet. */
static bool has_piece(struct writer *w, uint64_t offset, const uint8_t *bytes, uint32_t sum)
{
	const struct memory_extent *extent =
		w->former ? memory_index_find(w->former, offset) : NULL;
	size_t piece;

	if (!extent)
		return false;
	piece = memory_index_piece(extent, offset);
	if (w->former->sums[piece] != sum)
		return false;
	note_work(w, MEMORY_PIECE);

	/* Other bytes may have that sum. */
	return range_read(w->fd, memory_index_position(w->former, extent, piece), w->buffer,
			  MEMORY_PIECE) == 0 &&
	       memcmp(w->buffer, bytes, MEMORY_PIECE) == 0;
}

/* Have the file have zeros, or a hole, up to @end in RAM, from where it was done. */
static void clear_former(struct writer *w, uint64_t end)
{
	while (w->former && w->done < end && !w->err) {
		const struct memory_extent *extent = memory_index_from(w->former, w->done);
		uint64_t from;
		uint64_t to;

		if (!extent || extent->offset >= end)
			break;
		from = extent->offset > w->done ? extent->offset : w->done;
		to = extent->offset + extent->size < end ? extent->offset + extent->size : end;
		w->err = range_clear(
			w->fd,
			memory_index_position(w->former, extent, memory_index_piece(extent, from)),
			to - from);
		w->done = to;
	}
	w->done = end;
}

static void write_piece(struct writer *w, uint64_t offset)
{
	const uint8_t *bytes = w->host + offset;
	const struct memory_index *index = w->index;
	uint32_t sum;

	if (uniform(bytes, MEMORY_PIECE, 0))
		return;
	clear_former(w, offset);
	w->done = offset + MEMORY_PIECE;
	sum = crc32c(0, bytes, MEMORY_PIECE);
	if (!w->err)
		w->err = memory_index_add(w->index, offset, sum);
	if (w->err || has_piece(w, offset, bytes, sum))
		return;
	if (w->size == RUN_MAX || (w->size > 0 && offset != w->offset + w->size))
		flush(w);
	if (w->size == 0) {
		w->offset = offset;
		w->position = memory_index_position(index, &index->extents[index->extent_count - 1],
						    index->piece_count - 1);
	}
	w->size += MEMORY_PIECE;
}

static uint64_t round_up(uint64_t offset)
{
	return (offset + MEMORY_PIECE - 1) / MEMORY_PIECE * MEMORY_PIECE;
}

static void write_all(struct writer *w, uint64_t size)
{
	struct memory_pages pages;
	uint64_t at = 0;
	uint64_t begin = 0;
	uint64_t end = 0;

	memory_pages_begin(&pages, w->host, size);
	while (at < size && !w->err) {
		memory_pages_next(&pages, end, &begin, &end);
		/* Of a piece all is looked at if one page is there. */
		if (begin / MEMORY_PIECE * MEMORY_PIECE > at)
			at = begin / MEMORY_PIECE * MEMORY_PIECE;
		for (; at < round_up(end) && at < size && !w->err; at += MEMORY_PIECE)
			write_piece(w, at);
	}
	memory_pages_end(&pages);
	flush(w);
	clear_former(w, size);
}

int memory_file_write(int fd, const struct memory *memory, const struct memory_index *former,
		      struct memory_index *index)
{
	struct writer writer = { .fd = fd, .host = memory->host, .index = index, .former = former };

	if (former) {
		writer.buffer = make_buffer(MEMORY_PIECE);
		if (!writer.buffer)
			return -ENOMEM;
	}
	write_all(&writer, memory->size);
	if (writer.buffer)
		munmap(writer.buffer, MEMORY_PIECE);

	return writer.err;
}

/* --- reading --- */

/* Read and verify some pieces that follow one another, at @to. */
static int read_run(int fd, const struct memory_index *index, const struct memory_extent *extent,
		    size_t piece, size_t count, uint8_t *to)
{
	int err = range_read(fd, memory_index_position(index, extent, piece), to,
			     (size_t)(count * MEMORY_PIECE));

	for (size_t i = 0; i < count && !err; i++)
		if (crc32c(0, to + i * MEMORY_PIECE, MEMORY_PIECE) != index->sums[piece + i])
			err = -EBADMSG;

	return err;
}

static int read_extent(int fd, const struct memory_index *index, const struct memory_extent *extent,
		       uint8_t *host)
{
	const size_t end = extent->first + (size_t)(extent->size / MEMORY_PIECE);
	const size_t max = RUN_MAX / MEMORY_PIECE;
	int err = 0;

	for (size_t piece = extent->first; piece < end && !err;) {
		const size_t count = end - piece < max ? end - piece : max;

		err = interrupt_wanted() ? -ECANCELED
					 : read_run(fd, index, extent, piece, count,
						    host + memory_index_offset(extent, piece));
		piece += count;
	}

	return err;
}

int memory_file_read(int fd, const struct memory_index *index, const struct memory *memory)
{
	int err = 0;

	for (size_t i = 0; i < index->extent_count && !err; i++)
		err = read_extent(fd, index, &index->extents[i], memory->host);

	return err;
}

/* --- copying --- */

/* To @to, unless that is negative, where pieces are as @packed says. */
static int copy_extent(int from, int to, const struct memory_index *index,
		       const struct memory_index *packed, const struct memory_extent *extent,
		       uint8_t *buffer)
{
	const size_t end = extent->first + (size_t)(extent->size / MEMORY_PIECE);
	const size_t max = RUN_MAX / MEMORY_PIECE;
	int err = 0;

	for (size_t piece = extent->first; piece < end && !err;) {
		const size_t count = end - piece < max ? end - piece : max;

		err = interrupt_wanted() ? -ECANCELED
					 : read_run(from, index, extent, piece, count, buffer);
		if (!err && to >= 0)
			err = range_write(to, memory_index_position(packed, extent, piece), buffer,
					  (size_t)(count * MEMORY_PIECE));
		piece += count;
	}

	return err;
}

int memory_file_copy(int from, int to, const struct memory_index *index)
{
	struct memory_index packed = *index;
	uint8_t *buffer = make_buffer(RUN_MAX);
	int err = buffer ? 0 : -ENOMEM;

	packed.placed = false;
	for (size_t i = 0; i < index->extent_count && !err; i++)
		err = copy_extent(from, to, index, &packed, &index->extents[i], buffer);
	if (buffer)
		munmap(buffer, RUN_MAX);

	return err;
}

int memory_file_verify(int fd, const struct memory_index *index)
{
	return memory_file_copy(fd, -1, index);
}
