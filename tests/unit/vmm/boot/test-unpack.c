/* SPDX-License-Identifier: BSD-3-Clause */
/* Compressed files, whole, damaged and cut short, read in pieces of any size. */
#include "boot/unpack.h"
#include "support/scratch.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#define TEXT_SIZE 300000
/* Where each byte has its turn: some that compresses, some that does not, and some again. */
#define PART_SIZE 2500

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
	/* The end stays the end, however often it is read. */
	if (count >= 0)
		assert_int_equal(unpack_read(unpack, found + done, sizeof(found) - done), 0);
	unpack_end(unpack);

	return count < 0 ? count : (ssize_t)done;
}

static void reading_in_pieces_of_any_size_gives_the_whole_text(void **state)
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

/* Returns how a file of these bytes, from @offset on, seems to be packed. */
static enum packing detect(const void *bytes, size_t size, uint64_t offset)
{
	struct packed file = make_file(PACKING_NONE, bytes, size);

	file.offset = offset;
	file.size = size - offset;
	assert_int_equal(unpack_detect(&file), 0);
	close(file.fd);

	return file.packing;
}

/* Make a skippable frame of @size bytes; returns how many it takes in all. */
static size_t skippable(uint8_t *to, uint8_t kind, uint32_t size)
{
	const uint8_t start[] = { 0x50 | kind, 0x2a, 0x4d, 0x18 };
	const uint32_t length = htole32(size);

	memcpy(to, start, sizeof(start));
	memcpy(to + sizeof(start), &length, sizeof(length));
	/* It may contain anything, such as bytes that look like a frame. */
	memset(to + 8, 0x28, size);

	return 8 + size;
}

static void a_packing_is_recognized_by_its_first_bytes(void **state)
{
	static const uint8_t lz4[] = { 0x04, 0x22, 0x4d, 0x18, 0, 0, 0, 0 };
	static uint8_t bytes[4096];
	size_t size;

	for (size_t p = 0; p < 2; p++) {
		pack(packings[p], packed_bytes, sizeof(packed_bytes), 10);
		assert_int_equal(detect(packed_bytes, 4, 0), packings[p]);
		assert_int_equal(detect(packed_bytes, 2, 0), PACKING_NONE);
		memmove(packed_bytes + 5, packed_bytes, 100);
		assert_int_equal(detect(packed_bytes, 105, 5), packings[p]);
	}
	assert_int_equal(detect(text, TEXT_SIZE, 0), PACKING_NONE);
	/* Skippable frames are LZ4's, too, and of any size. */
	size = skippable(bytes, 0, 4);
	size += skippable(bytes + size, 15, 0);
	size += skippable(bytes + size, 7, 1000);
	assert_int_equal(detect(bytes, size, 0), PACKING_NONE);
	memcpy(bytes + size, lz4, sizeof(lz4));
	assert_int_equal(detect(bytes, size + sizeof(lz4), 0), PACKING_NONE);
	pack(PACKING_ZSTD, bytes + size, 100, 10);
	assert_int_equal(detect(bytes, size + 4, 0), PACKING_ZSTD);
	assert_int_equal(detect(bytes, size + 3, 0), PACKING_NONE);
	assert_string_equal(unpack_word(PACKING_GZIP), "gzip");
	assert_string_equal(unpack_word(PACKING_ZSTD), "zstd");
	assert_string_equal(unpack_word(PACKING_NONE), "");
}

/* As `cat a.gz b.gz` makes it, and as kernels are padded. */
static void members_in_a_row_are_joined_and_padding_is_skipped(void **state)
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

/* RFC 8878, 3.1: before, between and after the others, of any kind and size. */
static void skippable_frames_of_zstd_are_skipped(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 4, 100000 };
	static uint8_t bytes[sizeof(packed_bytes) + 5 * 100100];
	static const size_t pieces[] = { 1000, 65536, sizeof(found) };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t size = skippable(bytes, 0, sizes[i]);
		struct packed file;

		size += skippable(bytes + size, 15, sizes[i]);
		size += pack(PACKING_ZSTD, bytes + size, sizeof(bytes) - size, 1000);
		size += skippable(bytes + size, 3, sizes[i]);
		size += pack(PACKING_ZSTD, bytes + size, sizeof(bytes) - size, TEXT_SIZE);
		size += skippable(bytes + size, 8, sizes[i]);
		file = make_file(PACKING_NONE, bytes, size);
		assert_int_equal(unpack_detect(&file), 0);
		assert_int_equal(file.packing, PACKING_ZSTD);
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
			assert_int_equal(read_all(&file, pieces[p]), 1000 + TEXT_SIZE);
			assert_memory_equal(found, text, 1000);
			assert_memory_equal(found + 1000, text, TEXT_SIZE);
		}
		close(file.fd);
		/* The last one, too, is complete or cut short. */
		file = make_file(PACKING_ZSTD, bytes, size - 1);
		assert_int_equal(read_all(&file, 4096), -ENODATA);
		close(file.fd);
	}
}

/* More may be damaged: a part of what was packed is not all of it. */
static void packed_data_followed_by_something_else_is_refused(void **state)
{
	for (size_t p = 0; p < 2; p++) {
		const size_t size = pack(packings[p], packed_bytes, sizeof(packed_bytes), 1000);
		struct packed file;

		/* The other packing; its own with a damaged start; a byte far behind. */
		pack(packings[1 - p], packed_bytes + size, sizeof(packed_bytes) - size, 1000);
		file = make_file(packings[p], packed_bytes, size + 1000);
		assert_int_equal(read_all(&file, 4096), -EILSEQ);
		close(file.fd);
		for (size_t i = 0; i < (packings[p] == PACKING_GZIP ? 3 : 4); i++) {
			const size_t more = pack(packings[p], packed_bytes + size,
						 sizeof(packed_bytes) - size, 1000);

			packed_bytes[size + i] ^= 0x80;
			file = make_file(packings[p], packed_bytes, size + more);
			assert_int_equal(read_all(&file, 4096), -EILSEQ);
			close(file.fd);
		}
		memset(packed_bytes + size, 0, 200000);
		packed_bytes[size + 200000] = 1;
		file = make_file(packings[p], packed_bytes, size + 200000);
		assert_int_equal(read_all(&file, 4096), 1000);
		close(file.fd);
		file = make_file(packings[p], packed_bytes, size + 200001);
		assert_int_equal(read_all(&file, 4096), -EILSEQ);
		close(file.fd);
	}
}

/* RFC 8878, 3.1.1.1: frames of 5 bytes that need more than there is. Neither is damage. */
static void zstd_frames_beyond_a_limit_are_not_reported_as_damage(void **state)
{
	static const struct {
		uint8_t frame[14];
		ssize_t found;
	} cases[] = {
		/* A window of 2^27 bytes, and of 2^28. */
		{ { 0x28, 0xb5, 0x2f, 0xfd, 0, 0x88, 0x29, 0, 0, 'h', 'e', 'l', 'l', 'o' }, 5 },
		{ { 0x28, 0xb5, 0x2f, 0xfd, 0, 0x90, 0x29, 0, 0, 'h', 'e', 'l', 'l', 'o' },
		  -E2BIG },
		/* The dictionary 77, of which the frame's last byte is missing. */
		{ { 0x28, 0xb5, 0x2f, 0xfd, 0x21, 77, 5, 0x29, 0, 0, 'h', 'e', 'l', 'l' },
		  -ENOKEY },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packed file =
			make_file(PACKING_ZSTD, cases[i].frame, sizeof(cases[i].frame));

		assert_int_equal(read_all(&file, 4096), cases[i].found);
		close(file.fd);
	}
}

/* Expect the text, so many times, and then nothing. */
static bool reads_text(const struct packed *file, unsigned int times)
{
	struct unpack *unpack;
	bool right = true;

	assert_int_equal(unpack_begin(&unpack, file), 0);
	for (unsigned int i = 0; i < times && right; i++)
		right = unpack_read(unpack, found, TEXT_SIZE) == TEXT_SIZE &&
			memcmp(found, text, TEXT_SIZE) == 0;
	right = right && unpack_read(unpack, found, 1) == 0;
	unpack_end(unpack);

	return right;
}

/* Programs by which people compress kernels; pzstd begins a frame each 2 MiB. */
static void files_of_real_compressors_are_unpacked(void **state)
{
	const unsigned int times = 20;
	static const struct {
		enum packing packing;
		const char *command; /* In the folder, from "text" to "packed". */
	} cases[] = {
		{ PACKING_GZIP, "gzip -c text >packed" },
		{ PACKING_GZIP, "head -c 1000 text | gzip -1 >packed; "
				"tail -c +1001 text | gzip -9 >>packed" },
		{ PACKING_GZIP, "gzip -c text >packed; truncate -s %512 packed" },
		{ PACKING_ZSTD, "zstd -q -c text >packed" },
		{ PACKING_ZSTD, "zstd -q -3 --long=27 -c <text >packed" },
		{ PACKING_ZSTD, "head -c 1000 text | zstd -q --no-check >packed; "
				"tail -c +1001 text | zstd -q -9 >>packed" },
		{ PACKING_ZSTD, "pzstd -q -1 -p 3 -c text >packed" },
		{ PACKING_ZSTD, "pzstd -q -1 -c text >packed; truncate -s %512 packed" },
	};

	FILE *whole = fopen(scratch_path("text"), "we");

	assert_non_null(whole);
	for (unsigned int i = 0; i < times; i++)
		assert_int_equal(fwrite(text, 1, TEXT_SIZE, whole), TEXT_SIZE);
	assert_int_equal(fclose(whole), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char command[512];
		struct packed file = { .fd = -1 };
		struct stat status;

		snprintf(command, sizeof(command), "cd %s && { %s; }", scratch_folder(),
			 cases[i].command);
		/* NOLINTNEXTLINE(cert-env33-c): shell commands make the files. */
		assert_int_equal(system(command), 0);
		file.fd = open(scratch_path("packed"), O_RDONLY | O_CLOEXEC);
		assert_int_equal(fstat(file.fd, &status), 0);
		file.size = (uint64_t)status.st_size;
		assert_int_equal(unpack_detect(&file), 0);
		assert_int_equal(file.packing, cases[i].packing);
		if (!reads_text(&file, times))
			fail_msg("%s", cases[i].command);
		close(file.fd);
	}
}

static void packed_data_within_a_larger_file_is_unpacked(void **state)
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

static void packed_data_truncated_anywhere_is_refused(void **state)
{
	for (size_t p = 0; p < 2; p++) {
		const size_t size =
			pack(packings[p], packed_bytes, sizeof(packed_bytes), PART_SIZE);

		for (size_t cut = 5; cut < size; cut++) {
			struct packed file = make_file(packings[p], packed_bytes, cut);

			assert_int_equal(read_all(&file, 4096), -ENODATA);
			close(file.fd);
		}
	}
}

static void packed_data_whose_file_shrank_is_refused(void **state)
{
	struct packed file = make_file(PACKING_NONE, text, 5000);

	assert_int_equal(truncate(scratch_path("file"), 4000), 0);
	assert_int_equal(read_all(&file, 65536), -ENODATA);
	close(file.fd);
}

/* Whatever byte is changed, the answer is the text or an error: gzip has a checksum. */
static void packed_data_with_a_changed_byte_is_refused_or_unpacks_unchanged(void **state)
{
	const size_t size = pack(PACKING_GZIP, packed_bytes, sizeof(packed_bytes), PART_SIZE);
	unsigned int errors = 0;

	for (size_t at = 0; at < size; at++) {
		struct packed file;
		ssize_t count;

		packed_bytes[at] ^= 0x55;
		file = make_file(PACKING_GZIP, packed_bytes, size);
		count = read_all(&file, 4096);
		if (count >= 0) {
			assert_int_equal(count, PART_SIZE);
			assert_memory_equal(found, text, PART_SIZE);
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

/* A frame of zstd need not have a checksum, but its format is checked. */
static void a_zstd_block_of_an_unknown_type_is_refused(void **state)
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
		cmocka_unit_test(reading_in_pieces_of_any_size_gives_the_whole_text),
		cmocka_unit_test(a_packing_is_recognized_by_its_first_bytes),
		cmocka_unit_test(members_in_a_row_are_joined_and_padding_is_skipped),
		cmocka_unit_test(skippable_frames_of_zstd_are_skipped),
		cmocka_unit_test(packed_data_followed_by_something_else_is_refused),
		cmocka_unit_test(zstd_frames_beyond_a_limit_are_not_reported_as_damage),
		cmocka_unit_test(files_of_real_compressors_are_unpacked),
		cmocka_unit_test(packed_data_within_a_larger_file_is_unpacked),
		cmocka_unit_test(packed_data_truncated_anywhere_is_refused),
		cmocka_unit_test(packed_data_whose_file_shrank_is_refused),
		cmocka_unit_test(packed_data_with_a_changed_byte_is_refused_or_unpacks_unchanged),
		cmocka_unit_test(a_zstd_block_of_an_unknown_type_is_refused),
	};

	return cmocka_run_group_tests(tests, make_text, scratch_remove);
}
