/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hibernation images on a guest's disks: where they are, which hardware
 * signature they want, how one is discarded, and what became of one after a
 * start.
 *
 * swap_find() looks at a disk and at each of its partitions, and in them where
 * Linux has the header of swap space (swap-header.h). It does not look into
 * file systems, so that it finds a swap file only by the number that the
 * guest's kernel finds it by, resume_offset=. What is encrypted, in LVM or in a
 * RAID it cannot read, and says so.
 *
 * A guest may write to its disk meanwhile: nothing here needs a lock, but
 * swap_discard(), whose caller holds the disk.
 */
#ifndef VMM_HIBERNATION_SWAP_H
#define VMM_HIBERNATION_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "hibernation/partitions.h"
#include "hibernation/source.h"
#include "hibernation/swap-header.h"
#include "host/disk.h"

enum swap_kind {
	SWAP_IMAGE, /**< Swap space that holds a hibernation image. */
	SWAP_SPACE, /**< Swap space without one. */
	/* What may hold one, but cannot be read: */
	SWAP_ENCRYPTED, /**< By LUKS. */
	SWAP_LVM, /**< A physical volume. */
	SWAP_RAID, /**< A member of one that Linux's md made. */
	SWAP_UNREADABLE, /**< The host reports an error. */
};

struct swap_place {
	enum swap_kind kind;
	unsigned int partition; /**< From 1; 0: the disk as a whole. */
	bool in_file; /**< It is a swap file, which resume_offset= names. */
	uint64_t offset; /**< In bytes, from the start of the disk: of the header. */
	struct swap_header header; /**< Of the first two kinds. */
	int err; /**< Of the last kind: -errno. */
};

#define SWAP_PLACES_MAX 64

struct swap_places {
	enum partition_table table;
	size_t count;
	struct swap_place list[SWAP_PLACES_MAX];
	size_t left_out; /**< How many more there are. */
};

/**
 * Find what may hold a hibernation image on a disk.
 *
 * @source: source_of_file() of an open image
 * @command_line: the guest's, or NULL if it is not known: resume_offset= is
 *   looked for in each partition
 * @places: filled in; about 8 KiB
 *
 * Returns 0, or -errno if the disk's first sector cannot be read.
 */
int swap_find(const struct source *source, const char *command_line, struct swap_places *places);

#define SWAP_TEXT_SIZE 192

/**
 * Say in words what a place is, such as "partition 2: a hibernation image, in
 * pages of 4 KiB, that wants the hardware signature 0x1f2e3d4c".
 */
void swap_describe(const struct swap_place *place, char text[SWAP_TEXT_SIZE]);

/**
 * Discard an image as Linux does: its swap space gets its original signature
 * back, durably. No other byte changes.
 *
 * @disk: the disk, which no other program has
 * @place: a SWAP_IMAGE of it
 * @error: the reason if it fails
 *
 * Returns 0, or:
 *   -EROFS: the disk is read-only;
 *   -ESTALE: the header is not what it was when it was found;
 *   -EINVAL: the header does not have the original signature;
 *   another -errno of reading or writing.
 */
int swap_discard(const struct disk *disk, const struct swap_place *place, struct error *error);

/** An image, as it is remembered when its guest has hibernated. */
struct swap_image {
	uint64_t offset;
	uint32_t page_size;
	uint64_t id;
	bool wants_signature;
	uint32_t hardware_signature;
};

/** Remember a SWAP_IMAGE. */
struct swap_image swap_remember(const struct swap_place *place);

enum swap_fate {
	SWAP_FATE_KEPT, /**< It is there; the guest's kernel has not looked for it. */
	/**
	 * The header has its original signature: the guest took the image, or
	 * discarded it. Linux writes that before it decides.
	 */
	SWAP_FATE_RELEASED,
	SWAP_FATE_REPLACED, /**< There is another image. */
	SWAP_FATE_OVERWRITTEN, /**< The swap space was made anew, or is none any more. */
	SWAP_FATE_UNREADABLE,
};

/** Determine what became of an image on the disk that it was found on. */
enum swap_fate swap_fate(const struct source *source, const struct swap_image *image);

/** What a guest was started with, as far as it concerns its image. */
struct swap_start {
	uint32_t hardware_signature; /**< In the FACS; 0 if it has none. */
	const char *command_line; /**< NULL if dormouse does not load the kernel. */
	bool no_resume; /**< dormouse added noresume to it. */
};

/**
 * Say in words what became of an image after a start, with the likely reason.
 * It says no more than can be seen from outside: of SWAP_FATE_RELEASED, that
 * the guest could take the image, or why it could not.
 */
void swap_explain(enum swap_fate fate, const struct swap_image *image,
		  const struct swap_start *start, struct error *text);

#endif
