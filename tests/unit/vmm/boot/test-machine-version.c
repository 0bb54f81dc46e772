/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine version is frozen: the files in tests/unit/vmm/boot/machine describe what its
 * guests find, and where. They do not change once a release has that version.
 *
 * A .dts file has the device tree, and EFI's memory map if there is one. An .acpi file has
 * the ACPI tables as acpidump(8) prints them, so acpixtract(1) and iasl(1) read it; the
 * system tests compare what Linux finds with it.
 */
#include "boot/device-tree.h"
#include "boot/efi.h"
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
#include "vmm/acpi/loader-rig.h"

#define FOLDER "tests/unit/vmm/boot/machine"
#define MIB (1ULL << 20)
#define DEPTH_MAX 8
#define TEXT_MAX (64 * 1024)
/* As the files have it; a run has one of its own. */
#define HARDWARE_SIGNATURE 0x444f524dU

/* The parameters of a machine, described in the files FOLDER/VERSION-NAME.dts and .acpi. */
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
	bool acpi;
};

static const struct shape shapes[] = {
	{ "kernel", 512 * MIB, 0, 1, 0, PSCI_VERSION_1_3, KERNEL, false, false, false, false },
	{ "kernel-4-cpus", 8192 * MIB, 0, 4, 2, PSCI_VERSION_1_1, KERNEL, true, false, false,
	  false },
	{ "firmware", 1024 * MIB, 0, 2, 16, PSCI_VERSION_1_3, FIRMWARE, false, false, false,
	  false },
	{ "flat", 64 * MIB, 0, 1, 1, PSCI_VERSION_0_2, FLAT, true, false, false, false },
	{ "flat-higher", 64 * MIB, 0x40200000, 1, 0, PSCI_VERSION_1_3, FLAT, false, false, false,
	  false },
	{ "idle-states", 512 * MIB, 0, 2, 0, PSCI_VERSION_1_3, KERNEL, false, true, false, false },
	{ "idle-clusters", 512 * MIB, 0, 17, 0, PSCI_VERSION_1_3, KERNEL, false, true, true,
	  false },
	{ "acpi", 512 * MIB, 0, 1, 2, PSCI_VERSION_1_3, KERNEL, true, false, false, true },
	{ "acpi-4-cpus", 512 * MIB, 0, 4, 2, PSCI_VERSION_1_3, KERNEL, true, false, false, true },
	{ "acpi-16-cpus", 512 * MIB, 0, 16, 2, PSCI_VERSION_1_3, KERNEL, true, false, false, true },
};

/* --- text --- */

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

/* A little-endian value of @size bytes. */
static uint64_t number_at(const uint8_t *at, unsigned int size)
{
	uint64_t sum = 0;

	while (size-- > 0)
		sum = sum << 8 | at[size];

	return sum;
}

/* --- a tree as text --- */

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

/* Its lines, as Linux shows them with efi=debug. */
static void say_memory_map(const struct memory *memory, const struct efi *efi)
{
	const uint8_t *map = memory_at(memory, efi->memory_map, efi->memory_map_size);

	assert_non_null(map);
	for (size_t at = 0; at < efi->memory_map_size; at += efi->descriptor_size) {
		const uint64_t start = number_at(map + at + 8, 8);
		const uint64_t size = number_at(map + at + 24, 8) * 4096;

		say("/* EFI memory type %u: [%#llx-%#llx] */\n",
		    (unsigned int)number_at(map + at, 4), (unsigned long long)start,
		    (unsigned long long)(start + size - 1));
	}
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

/* --- ACPI tables as text --- */

static void say_table(const char *name, const uint8_t *table, uint64_t address, size_t length)
{
	say("%s%s @ 0x%016llX\n", text_size ? "\n" : "", name, (unsigned long long)address);
	for (size_t at = 0; at < length; at += 16) {
		const size_t count = length - at < 16 ? length - at : 16;

		say("    %04zX: ", at);
		for (size_t i = 0; i < count; i++)
			say("%02X ", table[at + i]);
		say("%*s", (int)(16 - count) * 3, "");
		say(" ");
		for (size_t i = 0; i < count; i++)
			say("%c", isprint(table[at + i]) ? table[at + i] : '.');
		say("\n");
	}
}

/* The table at an address, which begins with its name and its length. */
static const uint8_t *say_table_at(const struct memory *memory, uint64_t address)
{
	const uint8_t *table = memory_at(memory, address, 8);
	const size_t length = table ? number_at(table + 4, 4) : 0;
	char name[5] = "";

	assert_non_null(memory_at(memory, address, length));
	memcpy(name, table, 4);
	say_table(name, table, address, length);

	return table;
}

/* All that the RSDP leads to. */
static void say_tables(const struct memory *memory, uint64_t address)
{
	const uint8_t *rsdp = memory_at(memory, address, 36);
	const uint8_t *root;

	assert_non_null(rsdp);
	text_size = 0;
	say_table("RSDP", rsdp, address, 36);
	root = say_table_at(memory, number_at(rsdp + 24, 8));
	for (size_t at = 36; at < number_at(root + 4, 4); at += 8) {
		const uint8_t *table = say_table_at(memory, number_at(root + at, 8));

		if (memcmp(table, "FACP", 4) != 0)
			continue;
		say_table_at(memory, number_at(table + 132, 8));
		say_table_at(memory, number_at(table + 140, 8));
	}
}

/* Where the EFI system table says that the RSDP is. */
static uint64_t find_root(const struct memory *memory, const struct efi *efi)
{
	const uint8_t *system = memory_at(memory, efi->system_table, 120);
	const uint8_t *tables = memory_at(memory, number_at(system + 112, 8), 24);

	return number_at(tables + 16, 8);
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
		.acpi = shape->acpi,
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

/* A machine in memory. */
struct machine {
	struct config config;
	uint64_t mpidrs[CONFIG_CPUS_MAX];
	struct board board;
	struct image image;
	struct memory memory;
	struct efi efi;
	struct device_tree tree;
};

/* As on most hosts. */
static bool has_pmu(const struct machine *m)
{
	return m->config.machine_version >= BOARD_VERSION_3;
}

static struct acpi_machine describe(const struct machine *m)
{
	return (struct acpi_machine){
		.mpidrs = m->mpidrs,
		.cpu_count = m->config.cpus,
		.devices = m->board.devices.all,
		.device_count = m->board.devices.count,
		.generation_id_address = efi_generation_id_address(&m->image),
		.hardware_signature = HARDWARE_SIGNATURE,
		.pmu = has_pmu(m),
	};
}

static void make_efi(struct machine *m)
{
	static const uint8_t generation_id[CONFIG_GENERATION_ID_SIZE];
	struct error error = { "" };
	const struct acpi_machine machine = describe(m);

	if (efi_write(&m->image, &machine, generation_id, &m->memory, &m->efi, &error) != 0)
		fail_msg("%s", error.text);
	m->tree.efi = &m->efi;
}

/* Be its firmware: make its files' tables, at these addresses. Returns the RSDP's. */
static uint64_t load_tables(struct machine *m)
{
	static struct loader_rig loader;
	const struct acpi_machine machine = describe(m);
	const uint64_t tables = MEMORY_BASE + 32 * MIB;
	const uint64_t root = tables - 64;

	loader_rig_make(&loader, &machine, root, tables, tables + MIB);
	(void)loader_rig_run(&loader);
	memcpy(memory_at(&m->memory, root, loader.files.root_size), loader.files.root,
	       loader.files.root_size);
	memcpy(memory_at(&m->memory, tables, loader.files.tables_size), loader.files.tables,
	       loader.files.tables_size);

	return root;
}

static void make(struct machine *m, const struct shape *shape, uint32_t version)
{
	struct error error = { "" };

	*m = (struct machine){ .config = config_of(shape, version) };
	for (unsigned int i = 0; i < shape->cpus; i++)
		m->mpidrs[i] = (i & 0xf) | (uint64_t)(i >> 4) << 8;
	if (image_open(&m->image, &m->config, &error) != 0)
		fail_msg("%s", error.text);
	board_create(&m->board, &m->config);
	assert_int_equal(memory_create(&m->memory, m->config.memory), 0);
	m->tree = (struct device_tree){
		.config = &m->config,
		.image = &m->image,
		.psci_version = shape->psci_version,
		.mpidrs = m->mpidrs,
		.devices = m->board.devices.all,
		.device_count = m->board.devices.count,
		.pmu = has_pmu(m),
	};
	if (shape->acpi)
		make_efi(m);
	assert_int_equal(device_tree_write(&m->tree, &m->memory, &error), 0);
}

static void destroy(struct machine *m)
{
	memory_destroy(&m->memory);
	board_destroy(&m->board);
	image_close(&m->image);
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

/* Make a machine, and compare its files. Returns how many are not what is made now. */
static unsigned int count_changed(const struct shape *shape, uint32_t version)
{
	static struct machine m;
	unsigned int changed = 0;
	char path[128];

	make(&m, shape, version);
	say_tree(memory_at(&m.memory, m.image.device_tree_address, IMAGE_DEVICE_TREE_SIZE),
		 &m.image);
	if (shape->acpi)
		say_memory_map(&m.memory, &m.efi);
	snprintf(path, sizeof(path), FOLDER "/%u-%s.dts", version, shape->name);
	changed += !is_frozen(path);
	if (config_has_acpi(&m.config)) {
		say_tables(&m.memory, shape->acpi ? find_root(&m.memory, &m.efi) : load_tables(&m));
		snprintf(path, sizeof(path), FOLDER "/%u-%s.acpi", version, shape->name);
		changed += !is_frozen(path);
	}
	destroy(&m);

	return changed;
}

static void a_machine_version_never_changes_for_its_guests(void **state)
{
	unsigned int changed = 0;

	for (uint32_t version = 1; version <= BOARD_VERSION_NEWEST; version++) {
		for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
			changed += count_changed(&shapes[i], version);
	}
	assert_int_equal(changed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_version_never_changes_for_its_guests),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
