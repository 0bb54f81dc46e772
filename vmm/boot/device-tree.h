/* SPDX-License-Identifier: BSD-3-Clause */
/* The device tree: the description of the board for the guest's kernel. */
#ifndef VMM_DEVICE_TREE_H
#define VMM_DEVICE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "board/device.h"
#include "board/memory.h"
#include "boot/efi.h"
#include "boot/image.h"
#include "config/config.h"

/** The contents of the tree that are not constants of the board. */
struct device_tree {
	const struct config *config;
	const struct image *image;
	uint32_t psci_version; /**< The version that the guest will see. */
	bool no_resume; /**< Add noresume to the command line. */
	const uint64_t *mpidrs; /**< config->cpus of them; the first boots. */
	const struct device *devices; /**< Each describes itself. */
	size_t device_count;
	const struct efi *efi; /**< For ACPI; NULL: there is none. */
	bool pmu; /**< The CPUs have performance monitors. */
};

/**
 * Write the tree to its place in @memory. Its seeds differ each time and its
 * size does not, so a hibernated guest finds it in its former place. Returns 0,
 * or -errno with @error set.
 */
int device_tree_write(const struct device_tree *tree, const struct memory *memory,
		      struct error *error);

#endif
