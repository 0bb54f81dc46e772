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

/* Whether the file has a piece already. */
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

/* The pieces that are read next: of one extent, and at most RUN_MAX bytes. */
struct run {
	const struct memory_index *index;
	size_t extent; /* The number of it. */
	size_t piece;
	size_t count;
};

/* Go on to the next, or to the first. Returns whether there is one. */
static bool next_run(struct run *run)
{
	const struct memory_index *index = run->index;
	const size_t max = RUN_MAX / MEMORY_PIECE;

	/* Those of an extent begin where the extent before ends. */
	run->piece += run->count;
	for (; run->extent < index->extent_count; run->extent++) {
		const struct memory_extent *extent = &index->extents[run->extent];
		const size_t end = extent->first + (size_t)(extent->size / MEMORY_PIECE);

		if (run->piece == end)
			continue;
		run->count = end - run->piece < max ? end - run->piece : max;

		return true;
	}

	return false;
}

static const struct memory_extent *extent_of(const struct run *run)
{
	return &run->index->extents[run->extent];
}

/* Read and verify it. */
static int read_run(int fd, const struct run *run, uint8_t *to)
{
	const struct memory_index *index = run->index;
	int err = interrupt_wanted() ? -ECANCELED : 0;

	if (!err)
		err = range_read(fd, memory_index_position(index, extent_of(run), run->piece), to,
				 (size_t)(run->count * MEMORY_PIECE));
	for (size_t i = 0; i < run->count && !err; i++)
		if (crc32c(0, to + i * MEMORY_PIECE, MEMORY_PIECE) != index->sums[run->piece + i])
			err = -EBADMSG;

	return err;
}

int memory_file_read(int fd, const struct memory_index *index, const struct memory *memory)
{
	struct run run = { .index = index };
	int err = 0;

	while (!err && next_run(&run))
		err = read_run(fd, &run,
			       memory->host + memory_index_offset(extent_of(&run), run.piece));

	return err;
}

/* --- copying --- */

/* @to: -1 if what is verified is not wanted. */
static int read_all(int from, int to, const struct memory_index *index)
{
	struct memory_index packed = *index;
	struct run run = { .index = index };
	uint8_t *buffer = make_buffer(RUN_MAX);
	int err = buffer ? 0 : -ENOMEM;

	packed.placed = false;
	while (!err && next_run(&run)) {
		err = read_run(from, &run, buffer);
		if (!err && to >= 0)
			err = range_write(
				to, memory_index_position(&packed, extent_of(&run), run.piece),
				buffer, (size_t)(run.count * MEMORY_PIECE));
	}
	if (buffer)
		munmap(buffer, RUN_MAX);

	return err;
}

int memory_file_verify(int fd, const struct memory_index *index)
{
	return read_all(fd, -1, index);
}

int memory_file_copy(int from, int to, const struct memory_index *index)
{
	return read_all(from, to, index);
}
