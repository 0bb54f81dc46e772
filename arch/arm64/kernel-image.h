/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The head of a Linux kernel's Image (Documentation/arch/arm64/booting.rst), as a loader
 * reads it; macros.inc has that of our own images.
 */
#ifndef ARCH_ARM64_KERNEL_IMAGE_H
#define ARCH_ARM64_KERNEL_IMAGE_H

#include <stdint.h>

struct kernel_image {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t size; /**< Of what it takes in memory; 0 before Linux 3.17. */
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t offset_of_pe;
};

_Static_assert(sizeof(struct kernel_image) == 64, "booting.rst has this size");

#define KERNEL_IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */

/* Flags. */
#define KERNEL_IMAGE_BIG_ENDIAN 0x1
#define KERNEL_IMAGE_ANYWHERE 0x8 /* At any multiple of 2 MiB. */

#endif
