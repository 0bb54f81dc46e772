/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernels to open, and functions that open them. */
#ifndef TESTS_IMAGE_FIXTURE_H
#define TESTS_IMAGE_FIXTURE_H

#include <stdint.h>

#include "boot/image.h"

#define MIB (1ULL << 20)
#define KERNEL_SIZE 100000
#define MAGIC 0x644d5241

/** The fields of an Image's header that matter. */
struct header {
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint32_t magic;
};

/** The header of a valid one, of 3 MiB. */
extern const struct header good;

/** Those of the last kernel that was made. */
extern uint8_t kernel_bytes[KERNEL_SIZE];

/** Make a kernel's bytes, no two pages of which are equal. Returns kernel_bytes. */
const void *make_bytes(struct header header);

/** Make it, too, as the file "Image" in the scratch folder, whose path it returns. */
char *make_kernel(struct header header);

/** The configuration of one attempt. Its strings stay the caller's. */
struct config config_of(char *kernel, char *initrd, uint64_t memory);

/** Open images that must be valid. */
void opened(struct image *image, const struct config *config);

#endif
