/* SPDX-License-Identifier: BSD-3-Clause */
/* A device tree for tests, and its inputs. */
#ifndef TESTS_TREE_RIG_H
#define TESTS_TREE_RIG_H

#include "boot/device-tree.h"

#include <stddef.h>
#include <stdint.h>

#include "support/board.h"

/** Everything that a tree is made from, and the result. */
struct tree_rig {
	struct config config;
	struct image image;
	uint64_t mpidrs[CONFIG_CPUS_MAX];
	struct device_tree tree;
	struct memory memory;
	const void *fdt;
	struct board *board; /**< Once the tree is written. */
};

/** Set all of it up, but write no tree. CPUs are numbered by 16 to a cluster, as KVM does. */
void tree_rig_make(struct tree_rig *r, unsigned int cpu_count, size_t disk_count);

/** Write the tree. Returns what device_tree_write() does. */
int tree_rig_try(struct tree_rig *r, struct error *error);

/** Write the tree, which must succeed and make a tree that libfdt accepts. */
void tree_rig_write(struct tree_rig *r);

void tree_rig_free(struct tree_rig *r);

/** The node at this path, which must exist. */
int tree_node_at(const struct tree_rig *r, const char *path);

/** Expect a property of exactly these bytes; a string's NUL, and those within, count. */
void tree_has_bytes(const struct tree_rig *r, const char *path, const char *name, const char *bytes,
		    size_t size);

#endif
