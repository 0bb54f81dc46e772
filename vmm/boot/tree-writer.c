/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/tree-writer.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"

void tree_collect(struct tree_writer *w, int err)
{
	if (!w->err)
		w->err = err;
}

void tree_begin(struct tree_writer *w, const char *name)
{
	tree_collect(w, fdt_begin_node(w->fdt, name));
}

void tree_begin_at(struct tree_writer *w, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	tree_begin(w, full);
}

void tree_begin_numbered(struct tree_writer *w, const char *name, unsigned int number)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%u", name, number);
	tree_begin(w, full);
}

void tree_end(struct tree_writer *w)
{
	tree_collect(w, fdt_end_node(w->fdt));
}

void tree_flag(struct tree_writer *w, const char *name)
{
	tree_collect(w, fdt_property(w->fdt, name, NULL, 0));
}

void tree_cell(struct tree_writer *w, const char *name, uint32_t value)
{
	tree_collect(w, fdt_property_u32(w->fdt, name, value));
}

void tree_text(struct tree_writer *w, const char *name, const char *value)
{
	tree_collect(w, fdt_property(w->fdt, name, value, (int)strlen(value) + 1));
}

void tree_texts(struct tree_writer *w, const char *name, const char *values, size_t size)
{
	tree_collect(w, fdt_property(w->fdt, name, values, (int)size));
}

void tree_cells(struct tree_writer *w, const char *name, const uint32_t *values, size_t count)
{
	fdt32_t *to;

	tree_collect(w, fdt_property_placeholder(w->fdt, name, (int)(count * sizeof(*to)),
						 (void **)&to));
	for (size_t i = 0; i < count && !w->err; i++)
		to[i] = cpu_to_fdt32(values[i]);
}

void tree_place(struct tree_writer *w, const struct device *device, uint32_t trigger)
{
	TREE_CELLS(w, "reg", TREE_PAIR(device->base), TREE_PAIR(device->size));
	TREE_CELLS(w, "interrupts", TREE_GIC_SPI, device->spi, trigger);
}

void tree_seed(struct tree_writer *w, const char *name, size_t size)
{
	void *to;

	tree_collect(w, fdt_property_placeholder(w->fdt, name, (int)size, &to));
	if (!w->err && random_fill(to, size) < 0)
		memset(to, 0, size);
}
