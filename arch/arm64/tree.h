/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device tree says, in the terms of the CPUs: numbers, addresses, the console. */
#ifndef ARCH_ARM64_TREE_H
#define ARCH_ARM64_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "console.h"

struct region {
	uint64_t base;
	uint64_t size;
};

/** The number that @count cells make. */
uint64_t tree_cells(const uint32_t *cells, int count);

/** Read the first cell of a property; false if there is none. */
bool tree_cell(const void *fdt, int node, const char *name, uint32_t *value);

/** Read a row of a node's reg as the CPUs see it; false if there is none. */
bool tree_region(const void *fdt, int node, int index, struct region *region);

/** A node compatible with the first of the names that has one, or an error; NULL ends the list. */
int tree_find(const void *fdt, const char *const *names);

/** Fill in the console that stdout-path names, or the first one that we know. */
void tree_console(const void *fdt, struct console *console);

/**
 * Find the first CPU of /cpus that may be used, or the one behind @node if that is not
 * negative. Returns its node and sets @affinity to what MPIDR_EL1 has of it; or returns
 * an error of libfdt, -FDT_ERR_NOTFOUND behind the last one.
 */
int tree_next_cpu(const void *fdt, int node, uint64_t *affinity);

#endif
