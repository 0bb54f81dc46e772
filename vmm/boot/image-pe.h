/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An arm64 Image for EFI is also a PE program, whose headers say how much of it
 * is in the file.
 */
#ifndef VMM_IMAGE_PE_H
#define VMM_IMAGE_PE_H

#include <stddef.h>
#include <stdint.h>

/**
 * How many bytes a file must have at least, by its PE headers; 0 if they do not
 * say, or are not within the file's first @size bytes at @start.
 */
uint64_t image_pe_end(const void *start, size_t size);

#endif
