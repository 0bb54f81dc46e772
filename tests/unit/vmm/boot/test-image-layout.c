/* SPDX-License-Identifier: BSD-3-Clause */
/* Where kernels, flat binaries, the device tree and initrds are loaded. */
#include "boot/image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "image-fixture.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void refused_config(const struct config *config, int err, const char *part,
			   const char *reason)
{
	struct error error = { "" };
	struct image image;

	assert_int_equal(image_open(&image, config, &error), err);
	scratch_says(&error, part, reason);
}

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

static void a_kernel_that_does_not_say_its_size_is_placed_as_an_old_one(void **state)
{
	const struct header header = { 0x12345, 0, 0, MAGIC };
	const struct config config = config_of(make_kernel(header), NULL, 64 * MIB);
	struct image image;

	opened(&image, &config);
	assert_int_equal(image.kernel_address, 0x40280000);
	assert_int_equal(image.kernel_span, KERNEL_SIZE);
	image_close(&image);
}

/* Expect the device tree and the initrd, 0 for none, at these addresses. */
static void laid_out(const struct config *config, uint64_t tree, uint64_t initrd)
{
	struct image image;

	opened(&image, config);
	assert_int_equal(image.device_tree_address, tree);
	assert_int_equal(image.initrd_size > 0, initrd > 0);
	if (initrd)
		assert_int_equal(image.initrd_address, initrd);
	image_close(&image);
}

static struct config config_of_flat(uint64_t address, uint64_t memory)
{
	return (struct config){
		.flat = scratch_write("flat", "\1\2\3\4\5", 5),
		.flat_address = address,
		.memory = memory,
	};
}

/* As high as QEMU's: 128 MiB, or half of the RAM. */
static void the_device_tree_is_placed_128_mib_or_half_of_memory_above_ram_s_start(void **state)
{
	static const struct {
		uint64_t memory;
		uint64_t tree;
	} cases[] = {
		{ 64 * MIB, 0x42000000 },  { 66 * MIB, 0x42200000 },   { 254 * MIB, 0x48000000 },
		{ 256 * MIB, 0x48000000 }, { 8192 * MIB, 0x48000000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config kernel = config_of(make_kernel(good), NULL, cases[i].memory);
		const struct config flat = config_of_flat(0, cases[i].memory);

		laid_out(&kernel, cases[i].tree, 0);
		laid_out(&flat, cases[i].tree, 0);
	}
}

/* The header says how much it uses; each is as high as 128 MiB or higher. */
static void the_device_tree_is_placed_above_all_memory_that_a_large_kernel_uses(void **state)
{
	static const struct {
		uint64_t offset;
		uint64_t span;
		uint64_t tree;
	} cases[] = {
		{ 0, 126 * MIB, 0x48000000 },
		{ 0, 126 * MIB + 1, 0x48200000 },
		{ 0x80000, 126 * MIB, 0x48200000 },
		{ 0, 400 * MIB, 0x59200000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct header header = { cases[i].offset, cases[i].span, 0xa, MAGIC };
		const struct config config = config_of(
			make_kernel(header), scratch_write("initrd", "abc", 3), 512 * MIB);

		laid_out(&config, cases[i].tree, cases[i].tree + 2 * MIB);
	}
}

static void the_initrd_of_a_kernel_is_placed_above_the_device_tree(void **state)
{
	static const struct {
		off_t size;
		uint64_t tree;
	} cases[] = {
		{ 1, 0x48000000 },
		{ 126 * MIB, 0x48000000 },
		{ 126 * MIB + 1, 0x47e00000 },
		{ 248 * MIB, 0x40600000 }, /* 2 MiB and 3 of the kernel are below. */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config config = config_of(
			make_kernel(good), scratch_sparse("initrd", cases[i].size), 256 * MIB);

		laid_out(&config, cases[i].tree, cases[i].tree + 2 * MIB);
	}
}

static void the_initrd_of_a_flat_binary_is_placed_at_the_end_of_memory(void **state)
{
	static const struct {
		off_t size;
		uint64_t tree;
		uint64_t initrd;
	} cases[] = {
		{ 3, 0x42000000, 0x43e00000 },
		{ 30 * MIB, 0x42000000, 0x42200000 },
		{ 30 * MIB + 1, 0x41e00000, 0x42000000 },
		{ 60 * MIB, 0x40200000, 0x40400000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config config = config_of_flat(0, 64 * MIB);

		config.initrd = scratch_sparse("initrd", cases[i].size);
		laid_out(&config, cases[i].tree, cases[i].initrd);
	}
}

/* Where QEMU's generic loader puts it. */
static void a_flat_binary_at_2_mib_or_above_has_the_device_tree_below_it(void **state)
{
	static const struct {
		uint64_t address;
		uint64_t tree;
	} cases[] = {
		{ 0x40000000, 0x42000000 },
		{ 0x401ffffc, 0x42000000 },
		{ 0x40200000, 0x40000000 },
		{ 0x43000000, 0x40000000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config config = config_of_flat(cases[i].address, 64 * MIB);

		laid_out(&config, cases[i].tree, 0);
	}
}

static void a_firmware_has_the_device_tree_at_the_base_of_memory(void **state)
{
	const struct config config = { .firmware = scratch_write("firmware", "x", 1),
				       .memory = 64 * MIB };

	laid_out(&config, 0x40000000, 0);
}

static void a_machine_of_version_1_always_has_the_device_tree_at_the_base_of_memory(void **state)
{
	struct config config = config_of(make_kernel(good), NULL, 512 * MIB);
	struct config flat = config_of_flat(0, 64 * MIB);

	config.machine_version = 1;
	laid_out(&config, 0x40000000, 0);
	config.initrd = scratch_write("initrd", "abc", 3);
	laid_out(&config, 0x40000000, 0x40600000);
	flat.machine_version = 1;
	laid_out(&flat, 0x40000000, 0);
	flat.flat_address = 0x4000fffc;
	refused_config(&flat, -EINVAL, flat.flat, "from 0x40010000 (above the device tree) to");
	flat.flat_address = 0x40010000;
	laid_out(&flat, 0x40000000, 0);
	/* To the last byte: 2 and 60 and 2 MiB. */
	config = config_of(make_kernel((struct header){ 0, 60 * MIB, 0xa, MAGIC }),
			   scratch_sparse("initrd", 2 * MIB), 64 * MIB);
	config.machine_version = 1;
	laid_out(&config, 0x40000000, 0x43e00000);
	scratch_sparse("initrd", 2 * MIB + 1);
	refused_config(&config, -ENOSPC, "64 MiB of memory cannot hold", "66 MiB would suffice");
}

static void a_flat_binary_is_placed_at_the_given_address(void **state)
{
	struct config config = config_of_flat(0, 64 * MIB);
	struct image image;

	opened(&image, &config);
	assert_int_equal(image.entry, 0x40080000);
	assert_int_equal(image.kernel_address, 0x40080000);
	image_close(&image);
	config.flat_address = 0x40000000;
	opened(&image, &config);
	assert_int_equal(image.entry, 0x40000000);
	image_close(&image);
	config.flat_address = 0x3ffffffc;
	refused_config(&config, -EINVAL, config.flat, "its address must be from 0x40000000 to");
	config.flat_address = 0x44000000;
	refused_config(&config, -EINVAL, config.flat, "cannot be at 0x44000000");
	config.flat_address = 0x40080002;
	refused_config(&config, -EINVAL, config.flat, "multiples of 4");
	config.flat_address = 0x43fffffc;
	refused_config(&config, -ENOSPC, config.flat, "64 MiB of memory cannot hold");
	/* In RAM, yet up to where the initrd would be. */
	config.initrd = scratch_write("initrd", "abc", 3);
	config.flat_address = 0x43dffffc;
	refused_config(&config, -ENOSPC, config.flat, "64 MiB of memory cannot hold");
	config.flat_address = 0x43dffff8;
	opened(&image, &config);
	image_close(&image);
	config.flat = scratch_write("elf", "\177ELF", 4);
	refused_config(&config, -ENOEXEC, config.flat, "is an ELF file, not a raw binary");
}

static void images_that_do_not_fit_are_refused_with_the_memory_that_would(void **state)
{
	const struct header header = { 0, 60 * MIB, 0xa, MAGIC };
	char *kernel = make_kernel(header);
	char *initrd = scratch_sparse("initrd", 2 * MIB);
	struct config config = config_of(kernel, initrd, 66 * MIB);
	struct image image;

	/* To the last byte: 2 and 60 and 2 and 2 MiB. */
	opened(&image, &config);
	image_close(&image);
	scratch_sparse("initrd", 2 * MIB + 1);
	refused_config(&config, -ENOSPC, "66 MiB of memory cannot hold the kernel", kernel);
	refused_config(&config, -ENOSPC, initrd, "68 MiB would suffice");
	config.memory = 68 * MIB;
	opened(&image, &config);
	image_close(&image);
	/* A size that no sum with an address holds. */
	scratch_sparse("initrd", 1LL << 43);
	refused_config(&config, -ENOSPC, initrd, "68 MiB of memory cannot hold");
	config = config_of(kernel, NULL, 62 * MIB);
	refused_config(&config, -ENOSPC, "62 MiB of memory cannot hold the kernel",
		       "64 MiB would suffice");
	config.memory = 64 * MIB;
	opened(&image, &config);
	image_close(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_goes_to_its_text_offset_above_2_mib),
		cmocka_unit_test(a_kernel_that_does_not_say_its_size_is_placed_as_an_old_one),
		cmocka_unit_test(
			the_device_tree_is_placed_128_mib_or_half_of_memory_above_ram_s_start),
		cmocka_unit_test(
			the_device_tree_is_placed_above_all_memory_that_a_large_kernel_uses),
		cmocka_unit_test(the_initrd_of_a_kernel_is_placed_above_the_device_tree),
		cmocka_unit_test(the_initrd_of_a_flat_binary_is_placed_at_the_end_of_memory),
		cmocka_unit_test(a_flat_binary_at_2_mib_or_above_has_the_device_tree_below_it),
		cmocka_unit_test(a_firmware_has_the_device_tree_at_the_base_of_memory),
		cmocka_unit_test(
			a_machine_of_version_1_always_has_the_device_tree_at_the_base_of_memory),
		cmocka_unit_test(a_flat_binary_is_placed_at_the_given_address),
		cmocka_unit_test(images_that_do_not_fit_are_refused_with_the_memory_that_would),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
