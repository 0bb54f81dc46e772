/* SPDX-License-Identifier: BSD-3-Clause */
/* What a file seems to be that was given as a kernel, and is none. */
#ifndef VMM_IMAGE_KIND_H
#define VMM_IMAGE_KIND_H

#include <stddef.h>

/** How many of a file's first bytes image_kind() wants to see. */
#define IMAGE_KIND_SIZE 0x210

/** Say what the first @size bytes of a file belong to, such as "an ELF file". */
const char *image_kind(const void *start, size_t size);

#endif
