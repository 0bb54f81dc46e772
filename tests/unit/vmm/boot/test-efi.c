/* SPDX-License-Identifier: BSD-3-Clause */
/* How a kernel finds ACPI tables: /chosen, the EFI system table and the memory map. */
#include "boot/efi.h"

#include <errno.h>
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "tree-rig.h"

#define MIB (1ULL << 20)
#define RAM_SIZE (64 * MIB)

static const uint8_t generation_id[CONFIG_GENERATION_ID_SIZE] = "0123456789abcde";
static struct efi efi;

static uint64_t value(const uint8_t *at, unsigned int size)
{
	uint64_t sum = 0;

	while (size-- > 0)
		sum = sum << 8 | at[size];

	return sum;
}

static int write_efi(struct tree_rig *r, uint64_t tree_address, struct error *error)
{
	const struct acpi_machine machine = {
		.mpidrs = r->mpidrs,
		.cpu_count = r->config.cpus,
		.devices = r->board ? r->board->devices.all : NULL,
		.device_count = r->board ? r->board->devices.count : 0,
		.generation_id_address = efi_generation_id_address(&r->image),
		.hardware_signature = 0xfeedf00d,
	};

	r->image.config = &r->config;
	r->image.device_tree_address = tree_address;

	return efi_write(&r->image, &machine, generation_id, &r->memory, &efi, error);
}

/* A machine with a kernel, the tree of which is above it. */
static void make(struct tree_rig *r)
{
	static char kernel[] = "/boot/Image";
	struct error error = { "" };

	tree_rig_make(r, 2, 1);
	r->config.memory = RAM_SIZE;
	r->config.kernel = kernel;
	assert_int_equal(write_efi(r, MEMORY_BASE + 32 * MIB, &error), 0);
	r->fdt = memory_at(&r->memory, r->image.device_tree_address, IMAGE_DEVICE_TREE_SIZE);
	r->tree.efi = &efi;
}

static void the_system_table_leads_to_the_rsdp_and_offers_no_services(void **state)
{
	static const uint8_t acpi_2_0[16] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
					      0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
	struct tree_rig r;
	uint8_t table[120];
	const uint8_t *tables;
	uint32_t crc;

	make(&r);
	memcpy(table, memory_at(&r.memory, efi.system_table, 120), 120);
	assert_memory_equal(table, "IBI SYST", 8);
	crc = (uint32_t)value(table + 16, 4);
	memset(table + 16, 0, 4);
	assert_int_equal(crc, crc32(0, table, 120));
	assert_int_equal(value(table + 88, 8), 0); /* RuntimeServices */
	assert_int_equal(value(table + 96, 8), 0); /* BootServices */
	assert_int_equal(value(table + 104, 8), 2);
	tables = memory_at(&r.memory, value(table + 112, 8), 48);
	assert_non_null(tables);
	assert_memory_equal(tables, acpi_2_0, 16);
	assert_memory_equal(memory_at(&r.memory, value(tables + 16, 8), 8), "RSD PTR ", 8);
	/* EFI_RT_PROPERTIES_TABLE: nothing is supported. */
	tables = memory_at(&r.memory, value(tables + 40, 8), 8);
	assert_int_equal(value(tables, 2), 1);
	assert_int_equal(value(tables + 2, 2), 8);
	assert_int_equal(value(tables + 4, 4), 0);
	tree_rig_free(&r);
}

/* The type of an address according to the memory map. */
static uint64_t type_of(const struct tree_rig *r, uint64_t address)
{
	const uint8_t *map = memory_at(&r->memory, efi.memory_map, efi.memory_map_size);

	for (size_t at = 0; at < efi.memory_map_size; at += efi.descriptor_size) {
		const uint64_t start = value(map + at + 8, 8);

		if (address >= start && address - start < value(map + at + 24, 8) * 4096)
			return value(map + at, 4);
	}

	return UINT64_MAX;
}

static void the_memory_map_covers_all_of_ram_in_pages_of_64_kib(void **state)
{
	struct tree_rig r;
	const uint8_t *map;
	uint64_t at = MEMORY_BASE;

	make(&r);
	map = memory_at(&r.memory, efi.memory_map, efi.memory_map_size);
	assert_non_null(map);
	for (size_t i = 0; i < efi.memory_map_size; i += efi.descriptor_size) {
		assert_int_equal(value(map + i + 8, 8), at);
		assert_int_equal(at % 0x10000, 0);
		assert_int_equal(value(map + i + 32, 8), 8); /* EFI_MEMORY_WB */
		assert_true(value(map + i + 24, 8) > 0);
		at += value(map + i + 24, 8) * 4096;
	}
	assert_int_equal(at, MEMORY_BASE + RAM_SIZE);
	assert_int_equal(type_of(&r, r.image.device_tree_address), 7);
	assert_int_equal(type_of(&r, r.image.device_tree_address + 2 * MIB), 7);
	assert_int_equal(type_of(&r, efi.system_table), 9);
	assert_int_equal(type_of(&r, efi.system_table + 0x10000), 9);
	tree_rig_free(&r);
}

static void the_generation_id_is_in_reserved_memory(void **state)
{
	struct tree_rig r;
	uint64_t address;

	make(&r);
	address = efi_generation_id_address(&r.image);
	assert_int_equal(address % 8, 0);
	assert_int_equal(type_of(&r, address), 0);
	assert_memory_equal(memory_at(&r.memory, address, 16), generation_id, 16);
	assert_in_range(address + 0x10000, r.image.device_tree_address,
			r.image.device_tree_address + 2 * MIB);
	tree_rig_free(&r);
}

static uint64_t number(const struct tree_rig *r, const char *name, int size)
{
	int length;
	const void *cells = fdt_getprop(r->fdt, tree_node_at(r, "/chosen"), name, &length);

	assert_non_null(cells);
	assert_int_equal(length, size);

	return size == 8 ? fdt64_ld(cells) : fdt32_ld(cells);
}

static void chosen_names_the_system_table_and_the_memory_map(void **state)
{
	struct tree_rig r;

	make(&r);
	tree_rig_write(&r);
	assert_int_equal(number(&r, "linux,uefi-system-table", 8), efi.system_table);
	assert_int_equal(number(&r, "linux,uefi-mmap-start", 8), efi.memory_map);
	assert_int_equal(number(&r, "linux,uefi-mmap-size", 4), 4 * 40);
	assert_int_equal(number(&r, "linux,uefi-mmap-desc-size", 4), 40);
	assert_int_equal(number(&r, "linux,uefi-mmap-desc-ver", 4), 1);
	assert_int_equal(number(&r, "linux,uefi-secure-boot", 4), 2);
	tree_rig_free(&r);
}

static void a_kernel_with_acpi_gets_acpi_on_in_front_of_its_command_line(void **state)
{
	static const char line[] = "acpi=on console=ttyAMA0";
	struct tree_rig r;

	make(&r);
	tree_rig_write(&r);
	tree_has_bytes(&r, "/chosen", "bootargs", line, sizeof(line));
	tree_rig_free(&r);
}

static void tables_that_do_not_fit_in_memory_are_refused(void **state)
{
	struct error error = { "" };
	struct tree_rig r;

	tree_rig_make(&r, 1, 0);
	r.config.memory = RAM_SIZE;
	assert_int_equal(write_efi(&r, MEMORY_BASE + RAM_SIZE - 0x30000, &error), -ENOSPC);
	assert_string_equal(error.text, "the ACPI tables do not fit in memory");
	tree_rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_system_table_leads_to_the_rsdp_and_offers_no_services),
		cmocka_unit_test(the_memory_map_covers_all_of_ram_in_pages_of_64_kib),
		cmocka_unit_test(the_generation_id_is_in_reserved_memory),
		cmocka_unit_test(chosen_names_the_system_table_and_the_memory_map),
		cmocka_unit_test(a_kernel_with_acpi_gets_acpi_on_in_front_of_its_command_line),
		cmocka_unit_test(tables_that_do_not_fit_in_memory_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
