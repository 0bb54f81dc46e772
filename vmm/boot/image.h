/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files that are loaded into a guest's RAM: a kernel or a flat binary, and
 * an initial RAM disk. A firmware is not loaded: see flash.h; and it takes a
 * kernel and an initial RAM disk from fw_cfg, if it is given them.
 *
 * The layout of RAM, from its base: a kernel at its text offset above 2 MiB, or
 * a flat binary at its address; the device tree, 128 MiB above RAM's base, or
 * at the middle of RAM if that is lower; a kernel's initrd, or, since it is not
 * known what memory a flat binary uses behind its end, the initrd at the top of
 * RAM. The tree is higher above a kernel that extends to its place, and lower
 * if an initrd has no room above it.
 *
 * The tree is at RAM's base for a firmware, for a flat binary that leaves 2 MiB
 * there, and in every machine of version 1.
 *
 * What a kernel with ACPI gets is behind the tree, in the same 2 MiB: efi.h.
 *
 * Each place depends only on the files, the machine's version and the size of
 * RAM, and is the same at every boot.
 */
#ifndef VMM_IMAGE_H
#define VMM_IMAGE_H

#include <stdint.h>

#include "base/error.h"
#include "board/memory.h"
#include "boot/unpack.h"
#include "config/config.h"

/**
 * The size reserved for the device tree: enough for 123 CPUs, all slots and the
 * longest command line that Linux accepts. It begins at a multiple of 2 MiB, in
 * units of which Linux before 4.2 maps it.
 */
#define IMAGE_DEVICE_TREE_SIZE 0x10000ULL

/** The default address of a flat binary. */
#define IMAGE_FLAT_ADDRESS (MEMORY_BASE + 0x80000)

/**
 * In front of the command line of a kernel that shall take no image: Linux' own
 * word, which the initial RAM disks of distributions heed, too.
 */
#define IMAGE_NO_RESUME "noresume "

/** The files stay open, so a reset boots the same files as the first start. */
struct image {
	const struct config *config;
	struct packed kernel; /**< Or flat binary. Its fd is -1 if there is none. */
	struct packed initrd; /**< Likewise. */
	uint64_t kernel_address;
	uint64_t kernel_span; /**< The memory that it uses from there: unpacked, with .bss. */
	uint64_t kernel_end; /**< The end of its bytes, unpacked, according to its header; or 0. */
	uint64_t device_tree_address;
	uint64_t initrd_address;
	uint64_t initrd_size; /**< 0 if there is none. */
	uint64_t entry; /**< Where the first vCPU starts. */
};

/**
 * Open a regular, non-empty file, to be read unchanged. @what is its role, for
 * messages. Returns 0, or -errno with @error set.
 */
int image_open_file(const char *what, const char *path, struct packed *file, struct error *error);

/**
 * Like image_open_file() for a file that runs unchanged: an ELF file is
 * refused, since it needs a loader and its first bytes are no instruction.
 */
int image_open_binary(const char *what, const char *path, struct packed *file, struct error *error);

/**
 * Open the files that a configuration names and check that they are valid and
 * fit in its memory. @config must outlive the image. Returns 0, or -errno with
 * @error set.
 */
int image_open(struct image *image, const struct config *config, struct error *error);

/** The address of a configuration's flat binary. */
uint64_t image_flat_address(const struct config *config);

void image_close(struct image *image);

/**
 * Load all files into RAM. A compressed kernel is unpacked on the way; only
 * then is it known to be complete. Returns 0, or -errno with @error set.
 */
int image_load(const struct image *image, const struct memory *memory, struct error *error);

#endif
