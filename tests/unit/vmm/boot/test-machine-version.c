/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine version is frozen: the files in tests/unit/vmm/boot/machine describe what its
 * guests find, and where. They do not change once a release has that version.
 */
#include "boot/device-tree.h"
#include "boot/image.h"

#include <psci/abi.h>

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "support/board.h"
#include "support/scratch.h"

#define FOLDER "tests/unit/vmm/boot/machine"
#define MIB (1ULL << 20)
#define DEPTH_MAX 8
#define TEXT_MAX (64 * 1024)

/* The parameters of a machine, described in the file FOLDER/VERSION-NAME.dts. */
struct shape {
	const char *name;
	uint64_t memory;
	uint64_t flat_address;
	unsigned int cpus;
	size_t disks;
	uint32_t psci_version;
	enum { KERNEL, FLAT, FIRMWARE } start;
	bool initrd;
	bool idle_states;
	bool idle_clusters;
};

static const struct shape shapes[] = {
	{ "kernel", 512 * MIB, 0, 1, 0, PSCI_VERSION_1_3, KERNEL, false, false, false },
	{ "kernel-4-cpus", 8192 * MIB, 0, 4, 2, PSCI_VERSION_1_1, KERNEL, true, false, false },
	{ "firmware", 1024 * MIB, 0, 2, 16, PSCI_VERSION_1_3, FIRMWARE, false, false, false },
	{ "flat", 64 * MIB, 0, 1, 1, PSCI_VERSION_0_2, FLAT, true, false, false },
	{ "flat-higher", 64 * MIB, 0x40200000, 1, 0, PSCI_VERSION_1_3, FLAT, false, false, false },
	{ "idle-states", 512 * MIB, 0, 2, 0, PSCI_VERSION_1_3, KERNEL, false, true, false },
	{ "idle-clusters", 512 * MIB, 0, 17, 0, PSCI_VERSION_1_3, KERNEL, false, true, true },
};

/* --- a tree as text --- */

static char text[TEXT_MAX];
static size_t text_size;

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text + text_size, TEXT_MAX - text_size, format, args);
	va_end(args);
	assert_in_range(length, 0, TEXT_MAX - text_size - 1);
	text_size += (size_t)length;
}

/* Returns whether it is strings, none of them empty, one behind the other. */
static bool is_text(const char *value, int length)
{
	if (length == 0 || value[length - 1] != '\0')
		return false;
	for (int i = 0; i < length; i++) {
		if (value[i] == '\0' ? i == 0 || value[i - 1] == '\0'
				     : !isprint((unsigned char)value[i]))
			return false;
	}

	return true;
}

static void say_value(const char *value, int length)
{
	if (is_text(value, length)) {
		for (int i = 0; i < length; i += (int)strlen(value + i) + 1)
			say("%s \"%s\"", i ? "," : " =", value + i);
	} else if (length % 4 == 0) {
		for (int i = 0; i < length; i += 4)
			say("%s%#x", i ? " " : " = <",
			    fdt32_ld((const fdt32_t *)(const void *)(value + i)));
		say("%s", length ? ">" : "");
	} else {
		for (int i = 0; i < length; i++)
			say("%s%02x", i ? " " : " = [", (unsigned char)value[i]);
		say("]");
	}
	say(";\n");
}

static void say_node(const void *fdt, int node, int depth)
{
	static const char tabs[] = "\t\t\t\t\t\t\t\t";
	const char *name = fdt_get_name(fdt, node, NULL);
	int property;
	int child;

	assert_in_range(depth, 0, DEPTH_MAX - 1);
	say("%.*s%s {\n", depth, tabs, *name ? name : "/");
	fdt_for_each_property_offset(property, fdt, node)
	{
		const char *key;
		int length;
		const char *value = fdt_getprop_by_offset(fdt, property, &key, &length);

		say("%.*s%s", depth + 1, tabs, key);
		say_value(value, length);
	}
	fdt_for_each_subnode(child, fdt, node) say_node(fdt, child, depth + 1);
	say("%.*s};\n", depth, tabs);
}

/* They differ from start to start. */
static void blank(void *fdt, const char *name)
{
	const int chosen = fdt_path_offset(fdt, "/chosen");
	int size;
	void *seed = fdt_getprop_w(fdt, chosen, name, &size);

	assert_non_null(seed);
	memset(seed, 0, (size_t)size);
}

static void say_tree(void *fdt, const struct image *image)
{
	blank(fdt, "kaslr-seed");
	blank(fdt, "rng-seed");
	text_size = 0;
	say("/dts-v1/;\n/* %u bytes at %#llx, for what starts at %#llx. */\n", fdt_totalsize(fdt),
	    (unsigned long long)image->device_tree_address, (unsigned long long)image->entry);
	say_node(fdt, 0, 0);
}

/* --- a machine --- */

/* A kernel of 3 MiB, of which its file has only the header. */
static char *make_kernel(void)
{
	uint64_t header[8] = { 0, 0, htole64(3 * MIB), htole64(0xa) };
	const uint32_t magic = htole32(0x644d5241);

	memcpy((char *)header + 56, &magic, sizeof(magic));

	return scratch_write("Image", header, sizeof(header));
}

static struct config config_of(const struct shape *shape, uint32_t version)
{
	static char append[] = "console=ttyAMA0";
	struct config config = {
		.machine_version = version,
		.append = append,
		.cpus = shape->cpus,
		.memory = shape->memory,
		.disk_count = shape->disks,
		.flat_address = shape->flat_address,
		.idle_states = shape->idle_states,
		.idle_clusters = shape->idle_clusters,
	};

	switch (shape->start) {
	case KERNEL:
		config.kernel = make_kernel();
		break;
	case FLAT:
		config.flat = scratch_write("flat", "\1\2\3\4", 4);
		break;
	case FIRMWARE:
		config.firmware = scratch_write("firmware", "\1\2\3\4", 4);
		break;
	}
	if (shape->initrd)
		config.initrd = scratch_write("initrd", "initrd", 6);

	return config;
}

/* Make such a machine, and the text of its tree. */
static void make(const struct shape *shape, uint32_t version)
{
	static struct board board;
	const struct config config = config_of(shape, version);
	uint64_t mpidrs[CONFIG_CPUS_MAX];
	struct error error = { "" };
	struct memory memory;
	struct image image;
	struct device_tree tree = {
		.config = &config,
		.image = &image,
		.psci_version = shape->psci_version,
		.mpidrs = mpidrs,
		.devices = board.devices.all,
	};
	void *fdt;

	for (unsigned int i = 0; i < shape->cpus; i++)
		mpidrs[i] = (i & 0xf) | (uint64_t)(i >> 4) << 8;
	if (image_open(&image, &config, &error) != 0)
		fail_msg("%s", error.text);
	board_create(&board, &config);
	tree.device_count = board.devices.count;
	assert_int_equal(memory_create(&memory, config.memory), 0);
	assert_int_equal(device_tree_write(&tree, &memory, &error), 0);
	fdt = memory_at(&memory, image.device_tree_address, IMAGE_DEVICE_TREE_SIZE);
	assert_non_null(fdt);
	say_tree(fdt, &image);
	memory_destroy(&memory);
	board_destroy(&board);
	image_close(&image);
}

/* Returns whether the text equals the file. If not, the text is written to a file beside it. */
static bool is_frozen(const char *path)
{
	static char wanted[TEXT_MAX];
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(wanted, 1, sizeof(wanted), file) : 0;
	char found[256];

	if (file)
		(void)fclose(file);
	if (size == text_size && memcmp(wanted, text, size) == 0)
		return true;
	snprintf(found, sizeof(found), "%s.found", path);
	file = fopen(found, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, text_size, file), text_size);
	assert_int_equal(fclose(file), 0);
	print_error("%s is not what is made now, which is in %s\n", path, found);

	return false;
}

static void the_device_tree_of_each_machine_version_never_changes(void **state)
{
	unsigned int changed = 0;

	for (uint32_t version = 1; version <= BOARD_VERSION_NEWEST; version++) {
		for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
			char path[128];

			snprintf(path, sizeof(path), FOLDER "/%u-%s.dts", version, shapes[i].name);
			make(&shapes[i], version);
			changed += !is_frozen(path);
		}
	}
	assert_int_equal(changed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_tree_of_each_machine_version_never_changes),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
