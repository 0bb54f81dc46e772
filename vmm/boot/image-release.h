/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_IMAGE_RELEASE_H
#define VMM_IMAGE_RELEASE_H

#include <stdbool.h>

#include "boot/unpack.h"

/** Two numbers of a Linux kernel's release: 6.12. */
struct image_release {
	unsigned int major;
	unsigned int minor;
};

/** The release that a text such as "6.12.43+deb13" begins with. Returns false if there is none. */
bool image_parse_release(const char *text, struct image_release *release);

/**
 * Find the release of a Linux kernel, by the banner that is somewhere in it.
 * This reads all of it in the worst case. Returns 0, -ENOENT if there is no
 * banner, or another -errno of unpack_read().
 */
int image_find_release(const struct packed *kernel, struct image_release *release);

#endif
