/* SPDX-License-Identifier: BSD-3-Clause */
/* The index of the pieces that a file has of a guest's RAM. */
#include "host/memory-index.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crc32c.h"

#define MIB (1ULL << 20)
#define POSITION MEMORY_PIECE

static void add(struct memory_index *index, uint64_t piece, uint32_t sum)
{
	assert_int_equal(memory_index_add(index, piece * MEMORY_PIECE, sum), 0);
}

static void pieces_that_follow_one_another_are_an_extent(void **state)
{
	struct memory_index index;

	memory_index_init(&index, 512 * MIB, POSITION);
	add(&index, 2, 12);
	add(&index, 3, 13);
	add(&index, 5, 15);
	assert_int_equal(index.extent_count, 2);
	assert_int_equal(index.piece_count, 3);
	assert_int_equal(index.extents[0].offset, 2 * MEMORY_PIECE);
	assert_int_equal(index.extents[0].size, 2 * MEMORY_PIECE);
	assert_int_equal(index.extents[1].first, 2);
	assert_int_equal(memory_index_offset(&index.extents[0], 1), 3 * MEMORY_PIECE);
	assert_int_equal(memory_index_position(&index, &index.extents[1], 2),
			 POSITION + 2 * MEMORY_PIECE);
	for (uint64_t piece = 0; piece < 8; piece++) {
		const struct memory_extent *found =
			memory_index_find(&index, piece * MEMORY_PIECE + 17);

		assert_ptr_equal(found, piece == 2 || piece == 3 ? &index.extents[0]
					: piece == 5		 ? &index.extents[1]
								 : NULL);
	}
	memory_index_free(&index);
}

static void pieces_within_a_range_are_counted(void **state)
{
	struct memory_index index;

	memory_index_init(&index, 512 * MIB, POSITION);
	assert_int_equal(memory_index_count(&index, 0, 512 * MIB), 0);
	add(&index, 2, 12);
	add(&index, 3, 13);
	add(&index, 4, 14);
	add(&index, 7, 17);
	assert_int_equal(memory_index_count(&index, 0, 2 * MEMORY_PIECE), 0);
	assert_int_equal(memory_index_count(&index, 0, 3 * MEMORY_PIECE), 1);
	assert_int_equal(memory_index_count(&index, 3 * MEMORY_PIECE, MEMORY_PIECE), 1);
	assert_int_equal(memory_index_count(&index, 3 * MEMORY_PIECE, 5 * MEMORY_PIECE), 3);
	assert_int_equal(memory_index_count(&index, 8 * MEMORY_PIECE, MIB), 0);
	assert_int_equal(memory_index_count(&index, 0, 512 * MIB), 4);
	memory_index_free(&index);
}

static void small_gaps_of_a_large_ram_are_pieces_of_zeros(void **state)
{
	uint8_t *zeros = calloc(1, MEMORY_PIECE);
	struct memory_index index;

	assert_non_null(zeros);
	/* 4 GiB have 65,536 pieces: a gap has at least 8. */
	memory_index_init(&index, 4096 * MIB, POSITION);
	add(&index, 0, 1);
	add(&index, 8, 2);
	assert_int_equal(index.extent_count, 1);
	assert_int_equal(index.piece_count, 9);
	for (int i = 1; i < 8; i++)
		assert_int_equal(index.sums[i], crc32c(0, zeros, MEMORY_PIECE));
	add(&index, 17, 3);
	assert_int_equal(index.extent_count, 2);
	free(zeros);
	memory_index_free(&index);
}

static void extents_are_never_too_many(void **state)
{
	struct memory_index index;

	memory_index_init(&index, 4096 * MIB, POSITION);
	/* As far apart as separates them, and as near. */
	for (uint64_t piece = 0; piece < 65536; piece += 9)
		add(&index, piece, 0);
	assert_int_equal(index.extent_count, 65536 / 9 + 1);
	assert_true(index.extent_count <= MEMORY_EXTENTS_MAX);
	memory_index_free(&index);
}

/* Through a stream, whose bytes it has behind it. Returns the result of reading. */
static int move(struct memory_index *from, struct memory_index *to)
{
	const int fd = memfd_create("index", MFD_CLOEXEC);
	struct stream *stream;
	int err;

	assert_true(fd >= 0);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	memory_index_serialize(from, stream);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	memory_index_serialize(to, stream);
	err = stream_end(stream);
	stream_close(stream);
	close(fd);

	return err;
}

static void an_index_survives_a_round_trip(void **state)
{
	struct memory_index index;
	struct memory_index again;

	memory_index_init(&index, 1024 * MIB, POSITION);
	for (uint32_t piece = 0; piece < 16384; piece++)
		if (piece % 3000 < 1025)
			add(&index, piece, piece * 0x9e3779b9);
	memory_index_init(&again, 1024 * MIB, POSITION);
	assert_int_equal(move(&index, &again), 0);
	assert_int_equal(again.extent_count, index.extent_count);
	assert_int_equal(again.piece_count, index.piece_count);
	assert_memory_equal(again.sums, index.sums, index.piece_count * sizeof(*index.sums));
	assert_memory_equal(again.extents, index.extents,
			    index.extent_count * sizeof(*index.extents));
	memory_index_free(&again);
	memory_index_init(&again, 512 * MIB, POSITION);
	assert_int_equal(move(&index, &again), -EBADMSG);
	memory_index_free(&again);
	memory_index_free(&index);
}

/* With one extent of these. */
static int read_forged(uint64_t offset, uint64_t size, uint64_t offset_2)
{
	struct memory_extent extents[2] = { { .offset = offset, .size = size },
					    { .offset = offset_2, .size = MEMORY_PIECE } };
	uint32_t sums[64] = { 0 };
	struct memory_index forged = { .extents = extents, .extent_count = 2, .sums = sums };
	struct memory_index read;
	int err;

	memory_index_init(&read, 2 * MIB, POSITION);
	err = move(&forged, &read);
	memory_index_free(&read);

	return err;
}

static void forged_extents_are_refused(void **state)
{
	assert_int_equal(read_forged(0, MEMORY_PIECE, MEMORY_PIECE), 0);
	assert_int_equal(read_forged(0, MEMORY_PIECE, 2 * MIB - MEMORY_PIECE), 0);
	assert_int_equal(read_forged(0, MEMORY_PIECE, 2 * MIB), -EBADMSG);
	assert_int_equal(read_forged(0, 2 * MEMORY_PIECE, MEMORY_PIECE), -EBADMSG);
	assert_int_equal(read_forged(4096, MEMORY_PIECE, MIB), -EBADMSG);
	assert_int_equal(read_forged(0, MEMORY_PIECE, UINT64_MAX - MEMORY_PIECE + 1), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_that_follow_one_another_are_an_extent),
		cmocka_unit_test(pieces_within_a_range_are_counted),
		cmocka_unit_test(small_gaps_of_a_large_ram_are_pieces_of_zeros),
		cmocka_unit_test(extents_are_never_too_many),
		cmocka_unit_test(an_index_survives_a_round_trip),
		cmocka_unit_test(forged_extents_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
