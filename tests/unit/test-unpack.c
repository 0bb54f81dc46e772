/* SPDX-License-Identifier: BSD-3-Clause */
/* Compressed files, whole, damaged and cut short, read in pieces of any size. */
#include "scratch.h"
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#define TEXT_SIZE 300000

/* Some of it compresses well and some not at all. */
static uint8_t text[TEXT_SIZE];
static uint8_t found[2 * TEXT_SIZE + 1];
static uint8_t packed_bytes[2 * TEXT_SIZE];

static const enum packing packings[] = { PACKING_GZIP, PACKING_ZSTD };

static int make_text(void **state)
{
	uint32_t random = 1;

	for (size_t i = 0; i < TEXT_SIZE; i++) {
		random = random * 1664525 + 1013904223;
		text[i] = (uint8_t)(i / 1000 % 2 ? random >> 24 : i / 100);
	}

	return scratch_make(state);
}

/* Compress some of the text. Returns how many bytes that takes. */
static size_t pack(enum packing packing, uint8_t *to, size_t room, size_t size)
{
	z_stream stream = { 0 };
	size_t made;

	if (packing == PACKING_ZSTD) {
		made = ZSTD_compress(to, room, text, size, 3);
		assert_false(ZSTD_isError(made));

		return made;
	}
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	stream.next_in = text;
	stream.avail_in = (uInt)size;
	stream.next_out = to;
	stream.avail_out = (uInt)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	made = stream.total_out;
	deflateEnd(&stream);

	return made;
}

/* A file of these bytes, of which a part is packed. */
static struct packed make_file(enum packing packing, const void *bytes, size_t size)
{
	struct packed file = { .packing = packing, .size = size };

	file.fd = open(scratch_write("file", bytes, size), O_RDONLY | O_CLOEXEC);
	assert_true(file.fd >= 0);

	return file;
}

/* Read it all in pieces of @piece bytes. Returns how much, or the error. */
static ssize_t read_all(const struct packed *file, size_t piece)
{
	struct unpack *unpack;
	size_t done = 0;
	ssize_t count;

	assert_int_equal(unpack_begin(&unpack, file), 0);
	do {
		if (piece > sizeof(found) - done)
			piece = sizeof(found) - done;
		count = unpack_read(unpack, found + done, piece);
		if (count > 0)
			done += (size_t)count;
	} while (count > 0 && (size_t)count == piece);
	/* The end is the end, however often it is asked for. */
	if (count >= 0)
		assert_int_equal(unpack_read(unpack, found + done, sizeof(found) - done), 0);
	unpack_end(unpack);

	return count < 0 ? count : (ssize_t)done;
}

static void pieces_of_any_size_are_the_whole(void **state)
{
	static const size_t pieces[] = { 1, 7, 4096, 65536, TEXT_SIZE, TEXT_SIZE + 1 };

	for (size_t p = 0; p < 3; p++) {
		const enum packing packing = p < 2 ? packings[p] : PACKING_NONE;
		const size_t size = packing == PACKING_NONE ? TEXT_SIZE
							    : pack(packing, packed_bytes,
								   sizeof(packed_bytes), TEXT_SIZE);
		struct packed file =
			make_file(packing, packing == PACKING_NONE ? text : packed_bytes, size);

		for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			memset(found, 0, sizeof(found));
			assert_int_equal(read_all(&file, pieces[i]), TEXT_SIZE);
			assert_memory_equal(found, text, TEXT_SIZE);
		}
		close(file.fd);
	}
}

static void a_file_is_known_by_its_first_bytes(void **state)
{
	for (size_t p = 0; p < 2; p++) {
		pack(packings[p], packed_bytes, sizeof(packed_bytes), 10);
		assert_int_equal(unpack_detect(packed_bytes, 4), packings[p]);
		assert_int_equal(unpack_detect(packed_bytes, 2), PACKING_NONE);
	}
	assert_int_equal(unpack_detect(text, TEXT_SIZE), PACKING_NONE);
	assert_int_equal(unpack_detect(text, 0), PACKING_NONE);
	assert_string_equal(unpack_word(PACKING_GZIP), "gzip");
	assert_string_equal(unpack_word(PACKING_ZSTD), "zstd");
	assert_string_equal(unpack_word(PACKING_NONE), "");
}

/* As `cat a.gz b.gz` makes it, and as kernels are padded. */
static void members_in_a_row_are_one_and_padding_is_none(void **state)
{
	for (size_t p = 0; p < 2; p++) {
		struct packed file;
		size_t size = pack(packings[p], packed_bytes, sizeof(packed_bytes), 1000);

		size += pack(packings[p], packed_bytes + size, sizeof(packed_bytes) - size,
			     TEXT_SIZE);
		memset(packed_bytes + size, 0, 512);
		for (size_t padding = 0; padding <= 512; padding += 128) {
			file = make_file(packings[p], packed_bytes, size + padding);
			assert_int_equal(read_all(&file, 4096), 1000 + TEXT_SIZE);
			assert_memory_equal(found, text, 1000);
			assert_memory_equal(found + 1000, text, TEXT_SIZE);
			close(file.fd);
		}
	}
}

static void a_part_of_a_file_is_read_from_there(void **state)
{
	for (size_t p = 0; p < 2; p++) {
		const size_t size = pack(packings[p], packed_bytes + 777,
					 sizeof(packed_bytes) - 777, TEXT_SIZE);
		struct packed file;

		memset(packed_bytes, 0x11, 777);
		memset(packed_bytes + 777 + size, 0x22, 100);
		file = make_file(packings[p], packed_bytes, 777 + size + 100);
		file.offset = 777;
		file.size = size;
		assert_int_equal(read_all(&file, 65536), TEXT_SIZE);
		assert_memory_equal(found, text, TEXT_SIZE);
		close(file.fd);
	}
}

static void a_file_cut_short_anywhere_is_found_out(void **state)
{
	for (size_t p = 0; p < 2; p++) {
		const size_t size = pack(packings[p], packed_bytes, sizeof(packed_bytes), 5000);

		for (size_t cut = 5; cut < size; cut++) {
			struct packed file = make_file(packings[p], packed_bytes, cut);

			assert_int_equal(read_all(&file, 4096), -ENODATA);
			close(file.fd);
		}
	}
}

static void a_file_that_shrank_is_found_out(void **state)
{
	struct packed file = make_file(PACKING_NONE, text, 5000);

	assert_int_equal(truncate(scratch_path("file"), 4000), 0);
	assert_int_equal(read_all(&file, 65536), -ENODATA);
	close(file.fd);
}

/* Whatever is changed, the answer is the text or an error: gzip has a checksum. */
static void damage_is_found_out(void **state)
{
	const size_t size = pack(PACKING_GZIP, packed_bytes, sizeof(packed_bytes), 5000);
	unsigned int errors = 0;

	for (size_t at = 0; at < size; at++) {
		struct packed file;
		ssize_t count;

		packed_bytes[at] ^= 0x55;
		file = make_file(PACKING_GZIP, packed_bytes, size);
		count = read_all(&file, 4096);
		if (count >= 0) {
			assert_int_equal(count, 5000);
			assert_memory_equal(found, text, 5000);
		} else {
			assert_true(count == -EBADMSG || count == -ENODATA);
			errors++;
		}
		close(file.fd);
		packed_bytes[at] ^= 0x55;
	}
	/* All but a few bytes of the header matter. */
	assert_true(errors > size - 10);
}

/* A frame of zstd need not have a checksum, but it has a form. */
static void a_block_of_no_known_type_is_damage(void **state)
{
	/* A frame of 5 bytes, whose one block has the reserved type. */
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 7, 0, 0, 0, 0, 0, 0, 0 };
	struct packed file = make_file(PACKING_ZSTD, frame, sizeof(frame));

	assert_int_equal(read_all(&file, 4096), -EBADMSG);
	close(file.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_are_the_whole),
		cmocka_unit_test(a_file_is_known_by_its_first_bytes),
		cmocka_unit_test(members_in_a_row_are_one_and_padding_is_none),
		cmocka_unit_test(a_part_of_a_file_is_read_from_there),
		cmocka_unit_test(a_file_cut_short_anywhere_is_found_out),
		cmocka_unit_test(a_file_that_shrank_is_found_out),
		cmocka_unit_test(damage_is_found_out),
		cmocka_unit_test(a_block_of_no_known_type_is_damage),
	};

	return cmocka_run_group_tests(tests, make_text, scratch_remove);
}
