/* SPDX-License-Identifier: BSD-3-Clause */
/* The hibernation images on the disks of a VM, before its guest runs. */
#ifndef VMM_RUN_IMAGES_H
#define VMM_RUN_IMAGES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "hibernation/swap.h"
#include "machine/devices.h"
#include "record/record.h"

/** What may hold an image, on one of a VM's disks. */
struct run_place {
	unsigned int disk; /**< Of those of the configuration. */
	struct swap_place place;
};

struct run_places {
	struct run_place *list;
	size_t count;
};

/**
 * Find what may hold an image, on all disks. A disk that cannot be read is a
 * SWAP_UNREADABLE. Returns 0, and the caller frees @places->list; or -ENOMEM
 * with @error set.
 */
int run_find_images(const struct config *config, const struct devices *devices,
		    struct run_places *places, struct error *error);

/**
 * Likewise on one disk, an open image of @size bytes, the @number'th of @config; what
 * is found is added to @places, which is all zero at first. Returns 0 or -ENOMEM.
 */
int run_find_images_on(const struct config *config, int fd, uint64_t size, unsigned int number,
		       struct run_places *places);

#define RUN_DISK_NAME_SIZE 4

/** The name that Linux gives a disk, such as "vda". */
void run_name_disk(unsigned int disk, char name[RUN_DISK_NAME_SIZE]);

/**
 * Whether the disks hold images, as far as it can be seen, and all of them want
 * a hardware signature: their guests had a FACS, and Linux takes none of them
 * where it finds another signature, or none. What cannot be read may hold one
 * that does not.
 */
bool run_images_want_signature(const struct config *config, const struct devices *devices);

/**
 * The places as in `dormouse check --json`. Returns a new reference, or NULL if
 * memory ran out.
 */
json_t *run_places_to_json(const struct run_places *places);

/**
 * Remember the images that are on the disks in @record, whose configuration is
 * the machine's. Returns 0, or -errno with @error set.
 */
int run_remember_images(const struct devices *devices, struct record *record, struct error *error);

/**
 * Discard all images that are on the disks, and log which.
 *
 * @has_noresume: what boots also has noresume, so that an image which dormouse does
 *   not find, or cannot discard, is no reason to fail
 *
 * Returns 0; or, with @error set, -EOPNOTSUPP if none was found but may be
 * there, or another -errno. What was discarded until then is so.
 */
int run_discard_images(const char *name, const struct config *config, const struct devices *devices,
		       bool has_noresume, struct error *error);

#endif
