/* SPDX-License-Identifier: BSD-3-Clause */
#include "tree.h"

#include <libfdt.h>

#include "string.h"
#include "sysreg.h"

uint64_t tree_cells(const fdt32_t *cells, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 32 | fdt32_to_cpu(cells[i]);

	return value;
}

bool tree_cell(const void *fdt, int node, const char *name, uint32_t *value)
{
	int size;
	const fdt32_t *cell = fdt_getprop(fdt, node, name, &size);

	if (!cell || size < (int)sizeof(*cell))
		return false;
	*value = fdt32_to_cpu(*cell);

	return true;
}

/* Translate an address of @node's bus to one of the CPUs. */
static uint64_t translate(const void *fdt, int node, uint64_t address)
{
	int bus = fdt_parent_offset(fdt, node);

	while (bus > 0) {
		const int parent = fdt_parent_offset(fdt, bus);
		const int own = fdt_address_cells(fdt, bus);
		const int above = fdt_address_cells(fdt, parent);
		const int sizes = fdt_size_cells(fdt, bus);
		const int row = own + above + sizes;
		int size;
		const fdt32_t *ranges = fdt_getprop(fdt, bus, "ranges", &size);

		for (int i = 0; ranges && (i + row) * (int)sizeof(*ranges) <= size; i += row) {
			const uint64_t from = tree_cells(ranges + i, own);
			const uint64_t length = tree_cells(ranges + i + own + above, sizes);

			if (address < from || address - from >= length)
				continue;
			address = address - from + tree_cells(ranges + i + own, above);
			break;
		}
		bus = parent;
	}

	return address;
}

bool tree_region(const void *fdt, int node, int index, struct region *region)
{
	const int parent = fdt_parent_offset(fdt, node);
	const int addresses = fdt_address_cells(fdt, parent);
	const int sizes = fdt_size_cells(fdt, parent);
	int size;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);

	if (!reg || addresses < 1 || sizes < 0)
		return false;
	if ((index + 1) * (addresses + sizes) * (int)sizeof(*reg) > size)
		return false;
	reg += (ptrdiff_t)index * (addresses + sizes);
	region->base = translate(fdt, node, tree_cells(reg, addresses));
	region->size = tree_cells(reg + addresses, sizes);

	return true;
}

static bool is_compatible(const void *fdt, int node, const char *with)
{
	return fdt_node_check_compatible(fdt, node, with) == 0;
}

int tree_find(const void *fdt, const char *const *names)
{
	int node = -FDT_ERR_NOTFOUND;

	for (; *names && node < 0; names++)
		node = fdt_node_offset_by_compatible(fdt, -1, *names);

	return node;
}

static enum console_kind console_kind(const void *fdt, int node)
{
	if (is_compatible(fdt, node, "arm,pl011"))
		return CONSOLE_PL011;
	if (is_compatible(fdt, node, "arm,sbsa-uart"))
		return CONSOLE_SBSA;
	if (is_compatible(fdt, node, "ns16550a") || is_compatible(fdt, node, "ns16550") ||
	    is_compatible(fdt, node, "snps,dw-apb-uart"))
		return CONSOLE_8250;

	return CONSOLE_NONE;
}

/* stdout-path is a path or an alias; ":" and a speed may follow. */
static int find_stdout(const void *fdt)
{
	const int chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", NULL);
	const char *end;

	if (!path)
		return -FDT_ERR_NOTFOUND;
	end = strchr(path, ':');

	return fdt_path_offset_namelen(fdt, path, (int)(end ? (size_t)(end - path) : strlen(path)));
}

void tree_console(const void *fdt, struct console *console)
{
	static const char *const known[] = { "arm,pl011", "arm,sbsa-uart", "ns16550a",
					     "snps,dw-apb-uart", NULL };
	struct region region;
	uint32_t value = 0;
	int node = find_stdout(fdt);

	if (node < 0 || console_kind(fdt, node) == CONSOLE_NONE)
		node = tree_find(fdt, known);
	if (node < 0 || !tree_region(fdt, node, 0, &region))
		return;
	console->kind = console_kind(fdt, node);
	console->base = region.base;
	if (tree_cell(fdt, node, "reg-shift", &value))
		console->reg_shift = value;
	if (tree_cell(fdt, node, "reg-io-width", &value))
		console->reg_32 = value == 4;
}

static bool is_cpu(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);
	const char *status = fdt_getprop(fdt, node, "status", NULL);

	return type && strcmp(type, "cpu") == 0 &&
	       (!status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0);
}

int tree_next_cpu(const void *fdt, int node, uint64_t *affinity)
{
	const int cpus = fdt_path_offset(fdt, "/cpus");
	const int cells = cpus < 0 ? cpus : fdt_address_cells(fdt, cpus);

	if (cells < 1)
		return cells < 0 ? cells : -FDT_ERR_BADNCELLS;
	node = node < 0 ? fdt_first_subnode(fdt, cpus) : fdt_next_subnode(fdt, node);
	for (; node >= 0; node = fdt_next_subnode(fdt, node)) {
		int size;
		const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);

		if (!is_cpu(fdt, node) || !reg || size < cells * (int)sizeof(*reg))
			continue;
		*affinity = tree_cells(reg, cells) & MPIDR_AFFINITY;
		break;
	}

	return node;
}
