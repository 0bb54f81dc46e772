/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of a guest's RAM is in a file, in pieces of 64 KiB, and the checksum of
 * each. All pages of the host's have this size or a smaller power of two, so
 * the file can be mapped on any host. What is in no piece is zero.
 *
 * Pieces that follow one another in RAM are an extent. In a file that is packed,
 * all pieces follow one another in the order of their addresses. In one that is
 * placed, each is as far from the first position as it is from RAM's beginning, and
 * the file has holes in between: a piece does not move when others come or go.
 */
#ifndef VMM_MEMORY_INDEX_H
#define VMM_MEMORY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"

#define MEMORY_PIECE ((uint64_t)64 << 10)

struct memory_extent {
	uint64_t offset; /**< In RAM, in bytes; a multiple of MEMORY_PIECE, as is size. */
	uint64_t size;
	size_t first; /**< The number of its first piece. */
};

struct memory_index {
	uint64_t memory; /**< The size of RAM, a multiple of MEMORY_PIECE. */
	uint64_t position; /**< Of the first piece in the file; if placed, of RAM's beginning. */
	bool placed; /**< As is said above; false unless the caller sets it. */
	struct memory_extent *extents; /**< In order; none touches the next. */
	size_t extent_count, extents_max;
	uint32_t *sums; /**< Of each piece, see crc32c(). */
	size_t piece_count, pieces_max;
};

/** No pieces of a RAM of @memory bytes, the first of which would be at @position. */
void memory_index_init(struct memory_index *index, uint64_t memory, uint64_t position);

void memory_index_free(struct memory_index *index);

/**
 * Add the piece at @offset, behind all others. If only few pieces lie between
 * it and the last one, these are added, too: as zeros, which the file need not
 * hold. So there are at most about MEMORY_EXTENTS_MAX extents, each of which
 * may become a mapping of its own. Returns 0 or -ENOMEM.
 */
#define MEMORY_EXTENTS_MAX 8192
int memory_index_add(struct memory_index *index, uint64_t offset, uint32_t sum);

/** The first extent that ends behind an offset of RAM, or NULL. */
const struct memory_extent *memory_index_from(const struct memory_index *index, uint64_t offset);

/** The extent that has an offset of RAM, or NULL. */
const struct memory_extent *memory_index_find(const struct memory_index *index, uint64_t offset);

/** How many pieces are in @size bytes of RAM at @offset, multiples of MEMORY_PIECE. */
size_t memory_index_count(const struct memory_index *index, uint64_t offset, uint64_t size);

/** Where in RAM the piece is that has that number in an extent's range. */
uint64_t memory_index_offset(const struct memory_extent *extent, size_t piece);

/** Which piece of an extent is at @offset, which it has. */
size_t memory_index_piece(const struct memory_extent *extent, uint64_t offset);

/** Where in the file a piece of an extent is. So are those that follow it in the extent. */
uint64_t memory_index_position(const struct memory_index *index, const struct memory_extent *extent,
			       size_t piece);

/** Where in the file all pieces end. */
uint64_t memory_index_end(const struct memory_index *index);

/**
 * Serialize it; it is loaded into one that memory_index_init() made. What is
 * loaded is in order and within RAM; if memory runs out the stream fails.
 */
void memory_index_serialize(struct memory_index *index, struct stream *stream);

#endif
