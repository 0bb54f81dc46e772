/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header of Linux's swap space: its first page, which ends in a signature.
 * To hibernate, Linux keeps that signature beside it, puts another one in its
 * place, and notes where the image is. Before it restores an image, it puts the
 * first one back, whether it takes the image or not.
 *
 *	from the page's end	what (little-endian)
 *	-10	10 bytes: the signature
 *	-20	10 bytes: the one before
 *	-24	32 bits: flags; 8: the next but two is valid
 *	-32	64 bits: the page at which the image begins
 *	-36	32 bits: the image's CRC32
 *	-40	32 bits: the hardware signature with which it was written
 *
 * The page is as large as the guest's pages: 4, 16 or 64 KiB.
 */
#ifndef VMM_HIBERNATION_SWAP_HEADER_H
#define VMM_HIBERNATION_SWAP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hibernation/source.h"

#define SWAP_SIGNATURE_SIZE 10

struct swap_header {
	uint32_t page_size; /**< In bytes. */
	/** As it was read. Of an image, it is "S1SUSPEND" but for old kernels and uswsusp. */
	char signature[SWAP_SIGNATURE_SIZE + 1];
	/** Pages of the swap space, with this one, as mkswap(8) wrote it; 0: not known. */
	uint32_t pages;
	bool has_image;
	/** Of an image: the signature before, or empty if that is none of swap space. */
	char original[SWAP_SIGNATURE_SIZE + 1];
	/** Of an image: whether it wants the next. */
	bool wants_signature;
	uint32_t hardware_signature;
	/**
	 * A hash of the page without its signature, which is what Linux
	 * changes when it takes or discards an image.
	 */
	uint64_t id;
};

/** The sizes of pages, in the order in which they are tried. */
#define SWAP_PAGE_SIZES 3
extern const uint32_t swap_page_sizes[SWAP_PAGE_SIZES];

/**
 * Read the header that the page at @offset is, if it is one. Returns 1 with
 * @header filled in; 0 if it is none; or -errno of source_read().
 */
int swap_header_read(const struct source *source, uint64_t offset, uint32_t page_size,
		     struct swap_header *header);

#endif
