/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernels, flat binaries and initrds: where they go, and what is none. */
#include "image.h"

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

#include "image-kind.h"
#include "scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB (1ULL << 20)
#define KERNEL_SIZE 100000
#define MAGIC 0x644d5241

/* In place of the C library's: a file that is closed twice may be another's by then. */
static unsigned int bad_closes;

int close(int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		bad_closes++;

	return (int)syscall(SYS_close, fd);
}

/* The fields of an Image's header that matter. */
struct header {
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint32_t magic;
};

static const struct header good = { 0, 3 * MIB, 0xa, MAGIC };

static uint8_t kernel_bytes[KERNEL_SIZE];

/* A kernel's bytes, no two pages of them the same. */
static const void *make_bytes(struct header header)
{
	const uint64_t fields[] = { htole64(header.text_offset), htole64(header.image_size),
				    htole64(header.flags) };
	const uint32_t magic = htole32(header.magic);

	for (size_t i = 0; i < KERNEL_SIZE; i++)
		kernel_bytes[i] = (uint8_t)(i * 7 + (i >> 8) * 3);
	memcpy(kernel_bytes + 8, fields, sizeof(fields));
	memcpy(kernel_bytes + 56, &magic, sizeof(magic));

	return kernel_bytes;
}

static char *make_kernel(struct header header)
{
	return scratch_write("Image", make_bytes(header), KERNEL_SIZE);
}

/* The configuration of one attempt. Its strings stay the caller's. */
static struct config config_of(char *kernel, char *initrd, uint64_t memory)
{
	return (struct config){ .kernel = kernel, .initrd = initrd, .memory = memory };
}

static void opened(struct image *image, const struct config *config)
{
	struct error error = { "" };

	if (image_open(image, config, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
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

/* --- where things go --- */

static void a_kernel_goes_to_its_text_offset_above_2_mib(void **state)
{
	static const uint64_t offsets[] = { 0, 0x1000, 0x80000, 2 * MIB - 0x1000 };
	const unsigned int open_files = scratch_open_files();

	for (size_t i = 0; i < COUNT(offsets); i++) {
		const struct header header = { offsets[i], 3 * MIB, 0xa, MAGIC };
		const struct config config = config_of(make_kernel(header), NULL, 64 * MIB);
		struct image image;

		opened(&image, &config);
		assert_int_equal(image.kernel_address, 0x40200000 + offsets[i]);
		assert_int_equal(image.kernel_span, 3 * MIB);
		assert_int_equal(image.entry, image.kernel_address);
		assert_int_equal(image.initrd_size, 0);
		assert_true(image.initrd.fd < 0);
		image_close(&image);
	}
	assert_int_equal(scratch_open_files(), open_files);
}

static void a_kernel_that_does_not_say_its_size_is_an_old_one(void **state)
{
	const struct header header = { 0x12345, 0, 0, MAGIC };
	const struct config config =
		config_of(make_kernel(header), scratch_write("initrd", "x", 1), 64 * MIB);
	struct image image;

	opened(&image, &config);
	assert_int_equal(image.kernel_address, 0x40280000);
	assert_int_equal(image.kernel_span, KERNEL_SIZE);
	assert_int_equal(image.initrd_address, 0x40400000);
	image_close(&image);
}

static void the_initrd_goes_above_all_that_the_kernel_uses(void **state)
{
	static const struct {
		uint64_t offset;
		uint64_t span;
		uint64_t initrd;
	} cases[] = {
		{ 0, 2 * MIB, 0x40400000 },
		{ 0, 2 * MIB + 1, 0x40600000 },
		{ 0x80000, 2 * MIB, 0x40600000 },
		{ 0, 30 * MIB, 0x42000000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct header header = { cases[i].offset, cases[i].span, 0xa, MAGIC };
		const struct config config =
			config_of(make_kernel(header), scratch_write("initrd", "abc", 3), 64 * MIB);
		struct image image;

		opened(&image, &config);
		assert_int_equal(image.initrd_address, cases[i].initrd);
		assert_int_equal(image.initrd_size, 3);
		image_close(&image);
	}
}

static void a_flat_binary_goes_where_it_is_told_and_its_initrd_far_away(void **state)
{
	struct config config = config_of(NULL, scratch_write("initrd", "abc", 3), 64 * MIB);
	struct image image;

	config.flat = scratch_write("flat", "\1\2\3\4\5", 5);
	opened(&image, &config);
	assert_int_equal(image.entry, 0x40080000);
	assert_int_equal(image.kernel_address, 0x40080000);
	assert_int_equal(image.initrd_address, 0x43e00000);
	image_close(&image);
	config.flat_address = 0x40010000;
	opened(&image, &config);
	assert_int_equal(image.entry, 0x40010000);
	image_close(&image);
	config.flat_address = 0x4000fffc;
	refused_config(&config, -EINVAL, config.flat, "above the device tree");
	config.flat_address = 0x44000000;
	refused_config(&config, -EINVAL, config.flat, "cannot be at 0x44000000");
	config.flat_address = 0x40080002;
	refused_config(&config, -EINVAL, config.flat, "multiples of 4");
	config.flat_address = 0x43fffffc;
	refused_config(&config, -ENOSPC, config.flat, "64 MiB of memory cannot hold");
	/* In RAM, yet up to where the initrd would be. */
	config.flat_address = 0x43dffffc;
	refused_config(&config, -ENOSPC, config.flat, "64 MiB of memory cannot hold");
	config.flat_address = 0x43dffff8;
	opened(&image, &config);
	image_close(&image);
	config.flat = scratch_write("elf", "\177ELF", 4);
	refused_config(&config, -ENOEXEC, config.flat, "is an ELF file, not a raw binary");
}

static void what_does_not_fit_is_refused_with_what_would_do(void **state)
{
	const struct header header = { 0, 60 * MIB, 0xa, MAGIC };
	char *kernel = make_kernel(header);
	char *initrd = scratch_sparse("initrd", 2 * MIB);
	struct config config = config_of(kernel, initrd, 64 * MIB);
	struct image image;

	/* To the last byte: 2 and 60 and 2 MiB. */
	opened(&image, &config);
	image_close(&image);
	scratch_sparse("initrd", 2 * MIB + 1);
	refused_config(&config, -ENOSPC, "64 MiB of memory cannot hold the kernel", kernel);
	refused_config(&config, -ENOSPC, initrd, "66 MiB would do");
	config.memory = 66 * MIB;
	opened(&image, &config);
	image_close(&image);
	/* A size that no sum with an address holds. */
	scratch_sparse("initrd", 1LL << 43);
	refused_config(&config, -ENOSPC, initrd, "66 MiB of memory cannot hold");
	config = config_of(kernel, NULL, 60 * MIB);
	refused_config(&config, -ENOSPC, "60 MiB of memory cannot hold the kernel", kernel);
}

/* --- what is none --- */

static void a_damaged_header_is_refused(void **state)
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
		{ { 0, 1ULL << 32, 0xa, MAGIC }, "is damaged" },
		{ { 0, UINT64_MAX, 0xa, MAGIC }, "is damaged" },
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

static void a_foreign_kind_is_named(void **state)
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
		{ 4, "zimg", 4, "compressed in a way that dormouse does not know" },
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
		/* Nothing beyond the end is looked at. */
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

static void what_is_no_regular_file_is_refused_at_once(void **state)
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

/* --- what gets there --- */

/*
 * Load into fresh RAM and expect @err, with the sentence holding @reason. What is
 * small is found to be damaged as soon as it is opened.
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

static void what_is_loaded_is_what_the_files_hold_and_no_more(void **state)
{
	char *kernel = make_kernel(good);
	const struct config config =
		config_of(kernel, scratch_write("initrd", "initrd", 6), 64 * MIB);
	struct memory memory;

	load(&config, &memory, 0, "");
	assert_memory_equal(memory.host + 2 * MIB, kernel_bytes, KERNEL_SIZE);
	/* 2 MiB, and 3 of the kernel, to the next 2. */
	assert_memory_equal(memory.host + 6 * MIB, "initrd\0", 7);
	for (size_t i = 0; i < 64 * MIB; i += 4096) {
		if (i < 2 * MIB || (i >= 2 * MIB + KERNEL_SIZE && i != 6 * MIB))
			assert_int_equal(memory.host[i], 0);
	}
	memory_destroy(&memory);
}

static void a_file_that_shrank_since_is_refused(void **state)
{
	const struct config config = config_of(make_kernel(good), NULL, 64 * MIB);
	struct error error = { "" };
	struct memory memory;
	struct image image;

	opened(&image, &config);
	assert_int_equal(truncate(config.kernel, KERNEL_SIZE - 1), 0);
	assert_int_equal(memory_create(&memory, config.memory), 0);
	assert_true(image_load(&image, &memory, &error) < 0);
	scratch_says(&error, config.kernel, "cut short");
	memory_destroy(&memory);
	image_close(&image);
}

/* Compress the kernel's bytes; returns how many came of it. */
static size_t pack(bool zstd, uint8_t *to, size_t room)
{
	z_stream stream = { .next_in = kernel_bytes,
			    .avail_in = KERNEL_SIZE,
			    .next_out = to,
			    .avail_out = (uInt)room };

	if (zstd)
		return ZSTD_compress(to, room, kernel_bytes, KERNEL_SIZE, 3);
	/* 16 more than a window's size: with a gzip header. */
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);

	return room - stream.avail_out;
}

static void a_compressed_kernel_is_unpacked_and_its_damage_found(void **state)
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
		load(&config, &memory, -ENODATA, "cut short");
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
		/* What follows the kernel in the program is none of it. */
		memcpy(program + OFFSET + size, "more", 4);
		scratch_write("zboot", program, OFFSET + size + 4);
		load(&config, &memory, 0, "");
		assert_memory_equal(memory.host + 2 * MIB, kernel_bytes, KERNEL_SIZE);
		memory_destroy(&memory);

		/* Its end is said to lie behind the file's. */
		scratch_write("zboot", program, OFFSET + size - 1);
		refused_config(&config, -ENOEXEC, "is not an arm64 Image", "an EFI image");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_goes_to_its_text_offset_above_2_mib),
		cmocka_unit_test(a_kernel_that_does_not_say_its_size_is_an_old_one),
		cmocka_unit_test(the_initrd_goes_above_all_that_the_kernel_uses),
		cmocka_unit_test(a_flat_binary_goes_where_it_is_told_and_its_initrd_far_away),
		cmocka_unit_test(what_does_not_fit_is_refused_with_what_would_do),
		cmocka_unit_test(a_damaged_header_is_refused),
		cmocka_unit_test(a_kernel_cut_off_in_its_header_is_refused),
		cmocka_unit_test(a_foreign_kind_is_named),
		cmocka_unit_test(what_is_no_regular_file_is_refused_at_once),
		cmocka_unit_test(what_is_loaded_is_what_the_files_hold_and_no_more),
		cmocka_unit_test(a_file_that_shrank_since_is_refused),
		cmocka_unit_test(a_compressed_kernel_is_unpacked_and_its_damage_found),
		cmocka_unit_test(a_kernel_within_an_efi_program_is_unpacked),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
