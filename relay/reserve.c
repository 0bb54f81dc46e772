/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device tree that the OS gets: the one that came, and in it the monitor's memory is
 * reserved. It lies behind the monitor in the block that is the monitor's, so that it needs
 * no room of the one that came, nor beside it.
 */
#include <libfdt.h>

#include "../arch/arm64/cache.h"
#include "../arch/arm64/image.h"
#include "relay.h"

#define CELL_SIZE 4

static int find_or_add(void *fdt, int parent, const char *name)
{
	const int node = fdt_subnode_offset(fdt, parent, name);

	return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(fdt, parent, name) : node;
}

/* Returns the node /reserved-memory, made with the root's cells if there is none. */
static int reserved_memory(void *fdt)
{
	const int addresses = fdt_address_cells(fdt, 0);
	const int sizes = fdt_size_cells(fdt, 0);
	const int node = find_or_add(fdt, 0, "reserved-memory");
	int err = 0;

	if (node < 0 || fdt_getprop(fdt, node, "ranges", NULL))
		return node;
	if (addresses < 0 || sizes < 0)
		return -FDT_ERR_BADNCELLS;
	err = fdt_setprop_u32(fdt, node, "#address-cells", (uint32_t)addresses);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "#size-cells", (uint32_t)sizes);
	if (!err)
		err = fdt_setprop(fdt, node, "ranges", NULL, 0);

	return err ? err : node;
}

static int append_number(void *fdt, int node, const char *name, int cells, uint64_t number)
{
	int err = 0;

	for (int i = cells - 1; i >= 0 && !err; i--)
		err = fdt_appendprop_u32(fdt, node, name,
					 i > 1 ? 0 : (uint32_t)(number >> 32 * (unsigned int)i));

	return err;
}

static int reserve(void *fdt)
{
	const uint64_t start = (uintptr_t)image_start;
	const int parent = reserved_memory(fdt);
	int node;
	int err;

	if (parent < 0)
		return parent;
	node = find_or_add(fdt, parent, "psci-relay");
	if (node < 0)
		return node;
	err = append_number(fdt, node, "reg", fdt_address_cells(fdt, parent), start);
	if (!err)
		err = append_number(fdt, node, "reg", fdt_size_cells(fdt, parent),
				    (uintptr_t)image_end - start);

	return err ? err : fdt_setprop(fdt, node, "no-map", NULL, 0);
}

/* A tree may have much room of its own, which is dropped where it is. */
const void *tree_for_os(void *fdt, const char **why)
{
	char *to = (char *)(uintptr_t)image_end;
	const size_t room = MONITOR_SIZE - (size_t)(image_end - image_start);
	int err = fdt_pack(fdt);

	if (!err)
		err = fdt_open_into(fdt, to, (int)room);
	if (!err)
		err = reserve(to);
	if (!err)
		err = fdt_pack(to);
	if (err) {
		*why = fdt_strerror(err);

		return NULL;
	}
	cache_flush(to, fdt_totalsize(to));

	return to;
}
