/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is put into a fresh guest's RAM: a kernel or a flat binary, and an initial
 * RAM disk. A firmware is none of it: see flash.h.
 *
 * RAM, from its base: a kernel at its text offset above 2 MiB, or a flat binary where
 * it wants to be; the device tree, 128 MiB above RAM's base, or at the middle of RAM if
 * that is lower; a kernel's initrd, or, since it is not known what memory a flat
 * binary uses behind its end, at the top of RAM. The tree goes higher above a
 * kernel that reaches to its place, and lower if an initrd has no room above it.
 *
 * It lies at RAM's base for a firmware, for a flat binary that leaves 2 MiB there, and
 * in every machine of version 1.
 *
 * The place of each depends only on the files, the machine's version and how much RAM
 * there is, and is the same at every boot.
 */
#ifndef VMM_IMAGE_H
#define VMM_IMAGE_H

#include <stdint.h>

#include "base/error.h"
#include "board/memory.h"
#include "boot/unpack.h"
#include "config/config.h"

/**
 * How much room the device tree has: for 123 CPUs, all slots and the longest command
 * line that Linux takes. It begins at a multiple of 2 MiB, which Linux before 4.2
 * maps it by.
 */
#define IMAGE_DEVICE_TREE_SIZE 0x10000ULL

/** Where a flat binary goes unless it is told otherwise. */
#define IMAGE_FLAT_ADDRESS (MEMORY_BASE + 0x80000)

/** The files stay open, so that a reset boots what the first start did. */
struct image {
	const struct config *config;
	struct packed kernel; /**< Or flat binary. Its fd is -1 if there is none. */
	struct packed initrd; /**< The same. */
	uint64_t kernel_address;
	uint64_t kernel_span; /**< What it uses from there on: unpacked, with .bss. */
	uint64_t kernel_end; /**< Of its bytes, unpacked: where its own header says; or 0. */
	uint64_t device_tree_address;
	uint64_t initrd_address;
	uint64_t initrd_size; /**< 0 if there is none. */
	uint64_t entry; /**< Where the first vCPU starts. */
};

/**
 * Open a regular file that is not empty, to be read as it is. @what is its role,
 * for messages. Returns 0, or -errno with @error set.
 */
int image_open_file(const char *what, const char *path, struct packed *file, struct error *error);

/**
 * The same for one that runs as it is: an ELF file, which needs a loader, and whose
 * first bytes are no instruction, is refused.
 */
int image_open_binary(const char *what, const char *path, struct packed *file, struct error *error);

/**
 * Open the files that a configuration names and see that they are what they
 * should be and fit in its memory. @config must outlive the image. Returns 0, or
 * -errno with @error set.
 */
int image_open(struct image *image, const struct config *config, struct error *error);

/** Where a configuration's flat binary goes. */
uint64_t image_flat_address(const struct config *config);

void image_close(struct image *image);

/**
 * Put all into RAM. A compressed kernel is unpacked on the way; that it is whole
 * is known only then. Returns 0, or -errno with @error set.
 */
int image_load(const struct image *image, const struct memory *memory, struct error *error);

#endif
