/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/memory-file.h"

#include <errno.h>
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

/* --- writing --- */

struct writer {
	int fd;
	const uint8_t *host;
	struct memory_index *index;
	/* Pieces that are to be written, and follow one another in RAM. */
	uint64_t offset;
	uint64_t size;
	size_t piece; /* The number of the first. */
	size_t work; /* Bytes since the last check for an interrupt. */
	int err;
};

/* Where a gap was bridged the file has a hole, which is as good as its zeros. */
static void flush(struct writer *w)
{
	if (!w->err && w->size > 0)
		w->err = range_write(w->fd, memory_index_position(w->index, w->piece),
				     w->host + w->offset, (size_t)w->size);
	w->work += (size_t)w->size;
	w->size = 0;
	if (w->work < INTERRUPT_PIECE)
		return;
	w->work = 0;
	if (!w->err && interrupt_wanted())
		w->err = -ECANCELED;
}

static void write_piece(struct writer *w, uint64_t offset)
{
	const uint8_t *bytes = w->host + offset;
	int err;

	if (uniform(bytes, MEMORY_PIECE, 0))
		return;
	err = memory_index_add(w->index, offset, crc32c(0, bytes, MEMORY_PIECE));
	if (err) {
		w->err = err;
		return;
	}
	if (w->size == RUN_MAX || (w->size > 0 && offset != w->offset + w->size))
		flush(w);
	if (w->size == 0) {
		w->offset = offset;
		w->piece = w->index->piece_count - 1;
	}
	w->size += MEMORY_PIECE;
}

static uint64_t round_up(uint64_t offset)
{
	return (offset + MEMORY_PIECE - 1) / MEMORY_PIECE * MEMORY_PIECE;
}

int memory_file_write(int fd, const struct memory *memory, struct memory_index *index)
{
	struct writer writer = { .fd = fd, .host = memory->host, .index = index };
	struct memory_pages pages;
	uint64_t at = 0;
	uint64_t begin = 0;
	uint64_t end = 0;

	memory_pages_begin(&pages, memory->host, memory->size);
	while (at < memory->size && !writer.err) {
		memory_pages_next(&pages, end, &begin, &end);
		/* Of a piece all is looked at if one page is there. */
		if (begin / MEMORY_PIECE * MEMORY_PIECE > at)
			at = begin / MEMORY_PIECE * MEMORY_PIECE;
		for (; at < round_up(end) && at < memory->size && !writer.err; at += MEMORY_PIECE)
			write_piece(&writer, at);
	}
	memory_pages_end(&pages);
	flush(&writer);

	return writer.err;
}

/* --- reading --- */

/* Read and verify some pieces that follow one another, at @to. */
static int read_run(int fd, const struct memory_index *index, size_t piece, size_t count,
		    uint8_t *to)
{
	int err = range_read(fd, memory_index_position(index, piece), to,
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
					 : read_run(fd, index, piece, count,
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

/* No core dump has a guest's memory. */
static uint8_t *make_buffer(void)
{
	void *buffer =
		mmap(NULL, RUN_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return NULL;
	if (madvise(buffer, RUN_MAX, MADV_DONTDUMP) == 0)
		return buffer;
	munmap(buffer, RUN_MAX);

	return NULL;
}

int memory_file_copy(int from, int to, const struct memory_index *index)
{
	uint8_t *buffer = make_buffer();
	const size_t max = RUN_MAX / MEMORY_PIECE;
	int err = buffer ? 0 : -ENOMEM;

	for (size_t piece = 0; piece < index->piece_count && !err;) {
		const size_t left = index->piece_count - piece;
		const size_t count = left < max ? left : max;

		err = interrupt_wanted() ? -ECANCELED : read_run(from, index, piece, count, buffer);
		if (!err)
			err = range_write(to, memory_index_position(index, piece), buffer,
					  (size_t)(count * MEMORY_PIECE));
		piece += count;
	}
	if (buffer)
		munmap(buffer, RUN_MAX);

	return err;
}
