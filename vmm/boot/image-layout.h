/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The places in RAM of a flat binary, the device tree and an initrd: see
 * image.h.
 */
#ifndef VMM_IMAGE_LAYOUT_H
#define VMM_IMAGE_LAYOUT_H

#include "base/error.h"
#include "boot/image.h"

/** Kernels begin at their text offset above a multiple of this. */
#define IMAGE_ALIGNMENT (2ULL << 20)

/**
 * Place the flat binary, which is open. Returns 0, or -errno with @error set.
 */
int image_lay_out_flat(struct image *image, struct error *error);

/**
 * Place the device tree and the initrd, which is open if there is one, around a
 * kernel or flat binary that has its place. Returns 0, or -ENOSPC with @error
 * set if memory cannot hold them all.
 */
int image_lay_out_rest(struct image *image, struct error *error);

#endif
