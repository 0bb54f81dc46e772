/* SPDX-License-Identifier: BSD-3-Clause */
/* The description of the board that the guest's kernel is handed. */
#ifndef VMM_DEVICE_TREE_H
#define VMM_DEVICE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "board/memory.h"
#include "boot/image.h"
#include "config/config.h"

/** What the tree says that is not a constant of the board. */
struct device_tree {
	const struct config *config;
	const struct image *image;
	uint32_t psci_version; /**< What the guest will be told. */
	const uint64_t *mpidrs; /**< config->cpus of them; the first boots. */
};

/**
 * Write the tree to its place in @memory. Its seeds differ each time and its
 * size does not, so that a hibernated guest finds it where it was. Returns 0,
 * or -errno with @error set.
 */
int device_tree_write(const struct device_tree *tree, const struct memory *memory,
		      struct error *error);

#endif
