/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is put into a fresh guest's RAM: the kernel and its initial RAM disk.
 *
 * RAM, from its base: the device tree (up to 2 MiB); the kernel, at its text
 * offset above the next 2 MiB boundary; the initrd, above the kernel. The place
 * of each depends only on the files and is the same at every boot.
 */
#ifndef VMM_IMAGE_H
#define VMM_IMAGE_H

#include <stdint.h>

#include "error.h"
#include "memory.h"

/** The files stay open, so that a reset boots what the first start did. */
struct image {
	int kernel_fd;
	int initrd_fd; /**< -1 if there is none. */
	uint64_t kernel_address;
	uint64_t kernel_size;
	uint64_t initrd_address;
	uint64_t initrd_size; /**< 0 if there is none. */
};

/** Where the device tree goes, and how much room it has. */
#define IMAGE_DEVICE_TREE_ADDRESS MEMORY_BASE
#define IMAGE_DEVICE_TREE_SIZE_MAX (2ULL << 20)

/**
 * Open the files and see that they are what they should be and fit in
 * @memory_size bytes of RAM. @initrd may be NULL. Returns 0, or -errno with
 * @error set.
 */
int image_open(struct image *image, const char *kernel, const char *initrd, uint64_t memory_size,
	       struct error *error);

void image_close(struct image *image);

/** Copy both into RAM. Returns 0, or -errno with @error set. */
int image_load(const struct image *image, const struct memory *memory, struct error *error);

#endif
