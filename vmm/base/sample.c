/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/sample.h"

#include "base/hash.h"
#include "base/range.h"

#define PIECES 64
#define PIECE_SIZE 1024

/* All of the piece at @offset, which is in the file. */
static int add_piece(int fd, uint64_t offset, size_t size, uint64_t *hash)
{
	uint8_t bytes[PIECE_SIZE];
	const int err = range_read(fd, offset, bytes, size);

	if (err)
		return err;
	*hash = hash_add(*hash, bytes, size);

	return 0;
}

int sample_file(int fd, uint64_t size, uint64_t *hash)
{
	const uint64_t last = size > PIECE_SIZE ? size - PIECE_SIZE : 0;
	const size_t piece = size < PIECE_SIZE ? (size_t)size : PIECE_SIZE;
	int err = 0;

	*hash = hash_add_u64(HASH_BEGIN, size);
	for (uint64_t i = 0; i < PIECES && !err; i++)
		err = add_piece(fd, last / (PIECES - 1) * i, piece, hash);
	/* The end, where an archive has its index. */
	if (!err)
		err = add_piece(fd, last, piece, hash);

	return err;
}
