/* SPDX-License-Identifier: BSD-3-Clause */
/* The kind of a file that was given as a kernel but is none. */
#ifndef VMM_IMAGE_KIND_H
#define VMM_IMAGE_KIND_H

#include <stddef.h>

/** How many of a file's first bytes image_kind() examines. */
#define IMAGE_KIND_SIZE 0x210

/**
 * Return the kind of a file from its first @size bytes, such as "an ELF file".
 */
const char *image_kind(const void *start, size_t size);

#endif
