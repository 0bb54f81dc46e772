/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernels, flat binaries and initrds: where they are loaded, and which files are refused. */
#include "boot/image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "boot/image-kind.h"
#include "image-fixture.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In place of the C library's: a descriptor that is closed twice may be another file's. */
static unsigned int bad_closes;

int close(int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		bad_closes++;

	return (int)syscall(SYS_close, fd);
}

/* Expect a refusal that names the file and leaves none open. */
static void refused_config(const struct config *config, int err, const char *part,
			   const char *reason)
{
	const unsigned int open_files = scratch_open_files();
	struct error error = { "" };
	struct image image;

	bad_closes = 0;
	assert_int_equal(image_open(&image, config, &error), err);
	assert_int_equal(bad_closes, 0);
	assert_int_equal(scratch_open_files(), open_files);
	scratch_says(&error, part, reason);
}

static void refused(char *kernel, int err, const char *reason)
{
	const struct config config = config_of(kernel, NULL, 512 * MIB);
	char part[512];

	snprintf(part, sizeof(part), "the kernel %s", kernel);
	refused_config(&config, err, part, reason);
}

static void initrd_refused(char *initrd, int err, const char *reason)
{
	const struct config config = config_of(make_kernel(good), initrd, 512 * MIB);
	char part[512];

	snprintf(part, sizeof(part), "the initrd %s", initrd);
	refused_config(&config, err, part, reason);
}

/* --- files that are no kernel --- */

static void a_kernel_with_a_damaged_header_is_refused(void **state)
{
	static const struct {
		struct header header;
		const char *reason;
	} cases[] = {
		{ { 0, 3 * MIB, 0xa, 0x644d5240 }, "is not an arm64 Image: it is of an unknown" },
		{ { 0, 3 * MIB, 0xa, 0 }, "is not an arm64 Image" },
		{ { 0, 3 * MIB, 0xb, MAGIC }, "is big-endian" },
		{ { 2 * MIB, 3 * MIB, 0xa, MAGIC }, "is damaged: its header and its length" },
		{ { UINT64_MAX, 3 * MIB, 0xa, MAGIC }, "is damaged" },
		{ { 0, KERNEL_SIZE - 1, 0xa, MAGIC }, "its length of 100000 bytes do not agree" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		refused(make_kernel(cases[i].header), -ENOEXEC, cases[i].reason);
}

static void a_kernel_cut_off_in_its_header_is_refused(void **state)
{
	make_bytes(good);
	for (size_t size = 1; size < 64; size++)
		refused(scratch_write("short", kernel_bytes, size), -ENOEXEC,
			"is not an arm64 Image");
}

static void an_image_of_a_foreign_kind_is_refused_by_name(void **state)
{
	static const struct {
		size_t offset;
		const char *bytes;
		size_t size;
		const char *kind;
	} cases[] = {
		{ 0, "\177ELF", 4, "an ELF file" },
		{ 0, "\3757zXZ\0", 6, "xz-compressed" },
		{ 0, "BZh", 3, "bzip2-compressed" },
		{ 0, "\002\041\114\030", 4, "lz4-compressed" },
		{ 0, "\135\0\0", 3, "lzma-compressed" },
		{ 4, "zimg", 4, "an unknown compression" },
		{ 0x202, "HdrS", 4, "an x86 bzImage" },
		{ 0x38, "RSC\005", 4, "a RISC-V Image" },
		{ 0x24, "\030\050\157\001", 4, "a 32-bit Arm zImage" },
		{ 0, "070701", 6, "a cpio archive" },
		{ 0, "QFI\373", 4, "a QCOW disk image" },
		{ 510, "\125\252", 2, "a disk image" },
		{ 257, "ustar", 5, "a tar archive" },
		{ 0, "#!", 2, "a script" },
		{ 0, "MZ", 2, "an EFI or Windows program" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char bytes[4096] = "";

		memcpy(bytes + cases[i].offset, cases[i].bytes, cases[i].size);
		refused(scratch_write("foreign", bytes, sizeof(bytes)), -ENOEXEC, cases[i].kind);
		/* Nothing beyond the end is read. */
		assert_string_equal(image_kind(bytes, cases[i].offset + cases[i].size - 1),
				    "of an unknown kind");
	}
}

static const char *check_unreadable(void)
{
	const struct config config = config_of(scratch_path("secret"), NULL, 64 * MIB);
	struct error error = { "" };
	struct image image;

	if (image_open(&image, &config, &error) != -EACCES)
		return "it was opened";

	return strstr(error.text, "/secret: Permission denied") ? NULL : "another sentence";
}

static void an_image_that_is_no_regular_file_is_refused_at_once(void **state)
{
	(void)mkfifo(scratch_path("fifo"), 0644);
	refused(scratch_path("missing"), -ENOENT, "No such file or directory");
	refused(scratch_path("."), -EISDIR, "is a directory");
	refused(scratch_path("fifo"), -EINVAL, "is not a regular file");
	refused((char[]){ "/dev/zero" }, -EINVAL, "is not a regular file");
	refused(scratch_write("empty", "", 0), -EINVAL, "is empty");
	initrd_refused(scratch_path("missing"), -ENOENT, "No such file or directory");
	initrd_refused(scratch_path("."), -EISDIR, "is a directory");
	initrd_refused(scratch_path("fifo"), -EINVAL, "is not a regular file");
	initrd_refused(scratch_write("empty", "", 0), -EINVAL, "is empty");
	scratch_write("secret", "x", 1);
	assert_int_equal(chmod(scratch_path("secret"), 0000), 0);
	scratch_unprivileged(check_unreadable);
}

/* --- what is loaded --- */

/*
 * Load into new RAM and expect @err, with the message containing @reason. A small file is
 * found to be damaged as soon as it is opened.
 */
static void load(const struct config *config, struct memory *memory, int err, const char *reason)
{
	struct error error = { "" };
	struct image image;

	int ret = image_open(&image, config, &error);

	assert_int_equal(memory_create(memory, config->memory), 0);
	if (ret == 0) {
		ret = image_load(&image, memory, &error);
		image_close(&image);
	}
	assert_int_equal(ret, err);
	if (err)
		scratch_says(&error, config->kernel, reason);
}

static void loading_copies_the_files_and_changes_no_other_memory(void **state)
{
	char *kernel = make_kernel(good);
	const struct config config =
		config_of(kernel, scratch_write("initrd", "initrd", 6), 64 * MIB);
	struct memory memory;

	load(&config, &memory, 0, "");
	assert_memory_equal(memory.host + 2 * MIB, kernel_bytes, KERNEL_SIZE);
	assert_memory_equal(memory.host + 34 * MIB, "initrd\0", 7);
	for (size_t i = 0; i < 64 * MIB; i += 4096) {
		if (i < 2 * MIB || (i >= 2 * MIB + KERNEL_SIZE && i != 34 * MIB))
			assert_int_equal(memory.host[i], 0);
	}
	memory_destroy(&memory);
}

static void an_image_that_shrank_after_opening_is_refused(void **state)
{
	const struct config config = config_of(make_kernel(good), NULL, 64 * MIB);
	struct error error = { "" };
	struct memory memory;
	struct image image;

	opened(&image, &config);
	assert_int_equal(truncate(config.kernel, KERNEL_SIZE - 1), 0);
	assert_int_equal(memory_create(&memory, config.memory), 0);
	assert_true(image_load(&image, &memory, &error) < 0);
	scratch_says(&error, config.kernel, "truncated");
	memory_destroy(&memory);
	image_close(&image);
}

/* Compress @size bytes; returns the compressed size. */
static size_t pack_bytes(bool zstd, uint8_t *to, size_t room, void *bytes, size_t size)
{
	z_stream stream = {
		.next_in = bytes, .avail_in = (uInt)size, .next_out = to, .avail_out = (uInt)room
	};

	if (zstd)
		return ZSTD_compress(to, room, bytes, size, 3);
	/* 16 more than a window's size: with a gzip header. */
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);

	return room - stream.avail_out;
}

/* All of the kernel's bytes. */
static size_t pack(bool zstd, uint8_t *to, size_t room)
{
	return pack_bytes(zstd, to, room, kernel_bytes, KERNEL_SIZE);
}

static void a_compressed_kernel_is_unpacked_and_a_damaged_one_refused(void **state)
{
	static uint8_t packed[2 * KERNEL_SIZE];

	for (int zstd = 0; zstd < 2; zstd++) {
		struct header small = good;
		struct config config = config_of(scratch_path("packed"), NULL, 64 * MIB);
		struct memory memory;
		size_t size;

		make_bytes(good);
		size = pack(zstd, packed, sizeof(packed));
		scratch_write("packed", packed, size);
		load(&config, &memory, 0, "");
		assert_memory_equal(memory.host + 2 * MIB, kernel_bytes, KERNEL_SIZE);
		memory_destroy(&memory);

		scratch_write("packed", packed, size - 1);
		load(&config, &memory, -ENODATA, "truncated");
		memory_destroy(&memory);

		/* A gzip file ends in a checksum and a length. */
		if (!zstd) {
			packed[size - 6] ^= 1;
			scratch_write("packed", packed, size);
			load(&config, &memory, -EBADMSG, "is damaged");
			memory_destroy(&memory);
		}

		small.image_size = KERNEL_SIZE - 1;
		make_bytes(small);
		scratch_write("packed", packed, pack(zstd, packed, sizeof(packed)));
		load(&config, &memory, -EFBIG, "unpacks to more than the 99999 bytes");
		memory_destroy(&memory);
	}
}

/* Put an empty skippable frame into @to; returns its size. */
static size_t put_skippable(uint8_t *to)
{
	memcpy(to, "\x5e\x2a\x4d\x18\0\0\0\0", 8);

	return 8;
}

/* Compressed in two parts, with something in between; returns the compressed size. */
static size_t pack_parts(bool zstd, uint8_t *to, size_t room)
{
	const size_t half = KERNEL_SIZE / 2;
	size_t size = zstd ? put_skippable(to) : 0;

	size += pack_bytes(zstd, to + size, room - size, kernel_bytes, half);
	size += zstd ? put_skippable(to + size) : 0;

	return size +
	       pack_bytes(zstd, to + size, room - size, kernel_bytes + half, KERNEL_SIZE - half);
}

static void a_kernel_in_several_parts_is_loaded_to_its_end(void **state)
{
	static uint8_t packed[2 * KERNEL_SIZE + 100000];

	for (int zstd = 0; zstd < 2; zstd++) {
		const struct config config = config_of(scratch_path("packed"), NULL, 64 * MIB);
		struct memory memory;
		size_t size;

		make_bytes(good);
		size = pack_parts(zstd, packed, sizeof(packed));
		scratch_write("packed", packed, size);
		load(&config, &memory, 0, "");
		assert_memory_equal(memory.host + 2 * MIB, kernel_bytes, KERNEL_SIZE);
		memory_destroy(&memory);

		/* Padded, and with something else behind it. */
		memset(packed + size, 0, 100000);
		scratch_write("packed", packed, size + 100000);
		load(&config, &memory, 0, "");
		memory_destroy(&memory);
		packed[size + 99999] = 1;
		scratch_write("packed", packed, size + 100000);
		load(&config, &memory, -EILSEQ, "something other than zeros follows");
		memory_destroy(&memory);
	}
}

/* The end of a kernel in a header for EFI: one section, which ends there. */
static void put_pe_end(uint32_t end)
{
	static const uint8_t pe[] = { 'P', 'E', 0, 0, 0x64, 0xaa, 1, 0 };
	const uint32_t section[] = { htole32(end - 0x1000), htole32(0x1000) };

	kernel_bytes[0x3c] = 0x40;
	memset(kernel_bytes + 0x3d, 0, 0x100);
	memcpy(kernel_bytes + 0x40, pe, sizeof(pe));
	/* Behind a COFF header of 20 bytes, with nothing optional. */
	memcpy(kernel_bytes + 0x40 + 4 + 20 + 16, section, sizeof(section));
}

/* The only sign that a file was cut off between two parts. */
static void a_compressed_kernel_that_ends_too_early_is_refused(void **state)
{
	static uint8_t packed[2 * KERNEL_SIZE];

	for (int zstd = 0; zstd < 2; zstd++) {
		const struct config config = config_of(scratch_path("packed"), NULL, 64 * MIB);
		struct memory memory;

		make_bytes(good);
		put_pe_end(KERNEL_SIZE);
		scratch_write("packed", packed, pack(zstd, packed, sizeof(packed)));
		load(&config, &memory, 0, "");
		memory_destroy(&memory);
		put_pe_end(KERNEL_SIZE + 1);
		scratch_write("packed", packed, pack(zstd, packed, sizeof(packed)));
		load(&config, &memory, -ENODATA,
		     "is truncated: it has 100000 bytes, and 100001 according to");
		memory_destroy(&memory);
	}
}

/* The message says that it is a limit. */
static void a_kernel_that_is_too_large_is_refused_as_such(void **state)
{
	refused(make_kernel((struct header){ 0, 4096 * MIB, 0xa, MAGIC }), -EFBIG,
		"is too large: it uses 4096 MiB of memory according to its header, and must use less than 4096");
	refused(make_kernel((struct header){ 0, UINT64_MAX, 0xa, MAGIC }), -EFBIG, "is too large");
}

/* The file is not unpacked as a whole for that: the end of this one is missing. */
static void a_kernel_that_does_not_say_its_size_is_measured_to_the_limit(void **state)
{
	const size_t size = 66 * MIB;
	uint8_t *bytes = calloc(1, size);
	uint8_t *packed = malloc(size);

	assert_non_null(bytes);
	assert_non_null(packed);
	make_bytes((struct header){ 0, 0, 0, MAGIC });
	memcpy(bytes, kernel_bytes, KERNEL_SIZE);
	for (int zstd = 0; zstd < 2; zstd++) {
		const size_t count = pack_bytes(zstd, packed, size, bytes, size);
		struct config config =
			config_of(scratch_write("packed", packed, count - 9), NULL, 64 * MIB);

		refused_config(&config, -ENOSPC, "64 MiB of memory cannot hold the kernel ",
			       "/packed, which is larger");
		config.memory = 128 * MIB;
		refused_config(&config, -ENODATA, "the kernel ", "is truncated");
	}
	free(packed);
	free(bytes);
}

/* As Linux' build makes it with CONFIG_EFI_ZBOOT. */
static void a_kernel_within_an_efi_program_is_unpacked(void **state)
{
	static const char start[8] = { 'M', 'Z', 0, 0, 'z', 'i', 'm', 'g' };
	static const char words[][8] = { "gzip", "zstd22" };
	enum { OFFSET = 0x3000 };
	static uint8_t program[OFFSET + 2 * KERNEL_SIZE + 4];

	for (int zstd = 0; zstd < 2; zstd++) {
		struct config config = config_of(scratch_path("zboot"), NULL, 64 * MIB);
		struct memory memory;
		const uint32_t offset = OFFSET;
		uint32_t size;

		memset(program, 0, sizeof(program));
		make_bytes(good);
		size = (uint32_t)pack(zstd, program + OFFSET, 2 * KERNEL_SIZE);
		memcpy(program, start, sizeof(start));
		memcpy(program + 8, &offset, 4);
		memcpy(program + 12, &size, 4);
		memcpy(program + 24, words[zstd], sizeof(words[zstd]));
		/* The bytes that follow the kernel in the program are not part of it. */
		memcpy(program + OFFSET + size, "more", 4);
		scratch_write("zboot", program, OFFSET + size + 4);
		load(&config, &memory, 0, "");
		assert_memory_equal(memory.host + 2 * MIB, kernel_bytes, KERNEL_SIZE);
		memory_destroy(&memory);

		/* Its end, as the header says, lies behind the file's. */
		scratch_write("zboot", program, OFFSET + size - 1);
		refused_config(&config, -ENODATA, config.kernel,
			       "is truncated: more data should follow");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_with_a_damaged_header_is_refused),
		cmocka_unit_test(a_kernel_cut_off_in_its_header_is_refused),
		cmocka_unit_test(an_image_of_a_foreign_kind_is_refused_by_name),
		cmocka_unit_test(an_image_that_is_no_regular_file_is_refused_at_once),
		cmocka_unit_test(loading_copies_the_files_and_changes_no_other_memory),
		cmocka_unit_test(an_image_that_shrank_after_opening_is_refused),
		cmocka_unit_test(a_compressed_kernel_is_unpacked_and_a_damaged_one_refused),
		cmocka_unit_test(a_kernel_in_several_parts_is_loaded_to_its_end),
		cmocka_unit_test(a_compressed_kernel_that_ends_too_early_is_refused),
		cmocka_unit_test(a_kernel_that_is_too_large_is_refused_as_such),
		cmocka_unit_test(a_kernel_that_does_not_say_its_size_is_measured_to_the_limit),
		cmocka_unit_test(a_kernel_within_an_efi_program_is_unpacked),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
