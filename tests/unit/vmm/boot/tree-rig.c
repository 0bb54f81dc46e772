/* SPDX-License-Identifier: BSD-3-Clause */
#include "tree-rig.h"

#include <psci/abi.h>

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RAM_SIZE (64ULL << 20)

void tree_rig_make(struct tree_rig *r, unsigned int cpu_count, size_t disk_count)
{
	static char append[] = "console=ttyAMA0";

	*r = (struct tree_rig){
		.config = { .append = append,
			    .cpus = cpu_count,
			    .memory = 5ULL << 30,
			    .disk_count = disk_count },
		.image.device_tree_address = MEMORY_BASE,
		.tree.psci_version = PSCI_VERSION_1_3,
	};
	for (unsigned int i = 0; i < cpu_count; i++)
		r->mpidrs[i] = (i & 0xf) | (uint64_t)(i >> 4) << 8;
	assert_int_equal(memory_create(&r->memory, RAM_SIZE), 0);
	/* Earlier contents of memory must not show. */
	memset(r->memory.host, 0xff, 1 << 20);
	r->fdt = r->memory.host;
}

int tree_rig_try(struct tree_rig *r, struct error *error)
{
	static struct board board;

	r->tree.config = &r->config;
	r->tree.image = &r->image;
	r->tree.mpidrs = r->mpidrs;
	if (!r->board) {
		r->board = &board;
		board_create(r->board, &r->config);
	}
	r->tree.devices = r->board->devices.all;
	r->tree.device_count = r->board->devices.count;

	return device_tree_write(&r->tree, &r->memory, error);
}

void tree_rig_write(struct tree_rig *r)
{
	struct error error = { "" };

	if (tree_rig_try(r, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
	assert_int_equal(fdt_check_full(r->fdt, IMAGE_DEVICE_TREE_SIZE), 0);
}

void tree_rig_free(struct tree_rig *r)
{
	if (r->board)
		board_destroy(r->board);
	memory_destroy(&r->memory);
}

int tree_node_at(const struct tree_rig *r, const char *path)
{
	const int node = fdt_path_offset(r->fdt, path);

	if (node < 0)
		fail_msg("%s: %s", path, fdt_strerror(node));

	return node;
}

void tree_has_bytes(const struct tree_rig *r, const char *path, const char *name, const char *bytes,
		    size_t size)
{
	int length;
	const void *value = fdt_getprop(r->fdt, tree_node_at(r, path), name, &length);

	if (!value || length != (int)size || memcmp(value, bytes, size) != 0)
		fail_msg("%s: %s is another", path, name);
}
