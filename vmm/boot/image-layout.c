/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/image-layout.h"

#include <errno.h>
#include <stdbool.h>

#include "board/board.h"

/*
 * The distance of the device tree from RAM's base, if RAM has at least twice as
 * much: as for QEMU's -kernel, since programs rely on so much room behind their
 * end.
 */
#define DEVICE_TREE_DISTANCE (128ULL << 20)

static uint64_t align_down(uint64_t value)
{
	return value & ~(IMAGE_ALIGNMENT - 1);
}

static uint64_t align_up(uint64_t value)
{
	return align_down(value + IMAGE_ALIGNMENT - 1);
}

/* Where RAM ends. */
static uint64_t memory_end(const struct image *image)
{
	return MEMORY_BASE + image->config->memory;
}

uint64_t image_flat_address(const struct config *config)
{
	return config->flat_address ? config->flat_address : IMAGE_FLAT_ADDRESS;
}

int image_lay_out_flat(struct image *image, struct error *error)
{
	const struct config *config = image->config;
	const uint64_t address = image_flat_address(config);
	const bool above_tree = config->machine_version == BOARD_VERSION_1;
	const uint64_t lowest = MEMORY_BASE + (above_tree ? IMAGE_DEVICE_TREE_SIZE : 0);

	if (address < lowest || address >= memory_end(image))
		return error_set(
			error, -EINVAL,
			"the flat binary %s cannot be at %#llx: its address must be from %#llx%s "
			"to %#llx",
			config->flat, (unsigned long long)address, (unsigned long long)lowest,
			above_tree ? " (above the device tree)" : "",
			(unsigned long long)memory_end(image) - 1);
	if (address % sizeof(uint32_t))
		return error_set(error, -EINVAL,
				 "the flat binary %s cannot be at %#llx: instructions must be at "
				 "multiples of 4",
				 config->flat, (unsigned long long)address);
	image->kernel_address = address;
	image->kernel_span = image->kernel.size;

	return 0;
}

/* Whether the device tree is at RAM's base, below whatever starts. */
static bool has_tree_at_base(const struct image *image)
{
	const struct config *config = image->config;

	return config->machine_version == BOARD_VERSION_1 ||
	       (config->flat && image->kernel_address >= MEMORY_BASE + IMAGE_ALIGNMENT);
}

/*
 * At its distance from RAM's base, or lower if an initrd needs the room above
 * it, but never below the end of the kernel or binary.
 */
static uint64_t tree_above(const struct image *image)
{
	const uint64_t memory = image->config->memory;
	const uint64_t kernel_end = align_up(image->kernel_address + image->kernel_span);
	const uint64_t wanted =
		memory / 2 < DEVICE_TREE_DISTANCE ? memory / 2 : DEVICE_TREE_DISTANCE;
	uint64_t address = MEMORY_BASE + align_up(wanted);

	if (image->initrd_size <= memory - IMAGE_ALIGNMENT) {
		const uint64_t highest =
			align_down(memory_end(image) - image->initrd_size) - IMAGE_ALIGNMENT;

		if (address > highest)
			address = highest;
	}

	return address > kernel_end ? address : kernel_end;
}

/* Place the device tree and the initrd behind the kernel or flat binary. */
static void lay_out_rest(struct image *image)
{
	const uint64_t kernel_end = align_up(image->kernel_address + image->kernel_span);

	image->initrd_size = image->initrd.size;
	image->device_tree_address = has_tree_at_base(image) ? MEMORY_BASE : tree_above(image);
	if (image->device_tree_address < kernel_end)
		image->initrd_address = kernel_end;
	else
		image->initrd_address = image->device_tree_address + IMAGE_ALIGNMENT;
	/*
	 * It is not known what memory a flat binary uses behind its end: place
	 * it as far away as possible.
	 */
	if (image->config->flat && image->initrd_size <= image->config->memory)
		image->initrd_address = align_down(memory_end(image) - image->initrd_size);
}

/* Check that all of it is in RAM, and that nothing overlaps. */
static int check_room(const struct image *image, struct error *error)
{
	const struct config *config = image->config;
	const char *what = config->flat ? "flat binary" : "kernel";
	const char *path = config->flat ? config->flat : config->kernel;
	const uint64_t end = memory_end(image);
	const uint64_t kernel_end = image->kernel_address + image->kernel_span;
	const bool is_above = image->device_tree_address > image->kernel_address;
	const uint64_t used =
		is_above ? image->device_tree_address + IMAGE_DEVICE_TREE_SIZE : kernel_end;
	const uint64_t needed = align_up(kernel_end) - MEMORY_BASE + align_up(image->initrd_size) +
				(is_above ? IMAGE_ALIGNMENT : 0);

	if (used <= end && (!image->initrd_size ||
			    (image->initrd_address >= used && image->initrd_address <= end &&
			     image->initrd_size <= end - image->initrd_address)))
		return 0;

	return error_set(error, -ENOSPC,
			 "%llu MiB of memory cannot hold the %s %s%s%s: %llu MiB would suffice",
			 (unsigned long long)config->memory >> 20, what, path,
			 config->initrd ? " and the initrd " : "",
			 config->initrd ? config->initrd : "", (unsigned long long)needed >> 20);
}

int image_lay_out_rest(struct image *image, struct error *error)
{
	lay_out_rest(image);

	return check_room(image, error);
}
