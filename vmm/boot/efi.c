/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/efi.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

/* UEFI 2.7, 7.2: types and attributes of memory. */
#define EFI_RESERVED_MEMORY 0
#define EFI_CONVENTIONAL_MEMORY 7
#define EFI_ACPI_RECLAIM_MEMORY 9
#define EFI_MEMORY_WB 8

struct efi_memory_descriptor {
	uint32_t type;
	uint32_t padding;
	uint64_t physical_start;
	uint64_t virtual_start;
	uint64_t page_count;
	uint64_t attribute;
};

#define EFI_DESCRIPTOR_VERSION 1
#define EFI_PAGE_SIZE 4096

/* 4.2: the header of a table, and the system table. */
struct efi_header {
	uint64_t signature;
	uint32_t revision;
	uint32_t size;
	uint32_t crc32; /* Of the table with zero here. */
	uint32_t reserved;
};

struct efi_system_table {
	struct efi_header header;
	uint64_t vendor; /* Address of UCS-2 text. */
	uint32_t vendor_revision;
	uint32_t padding;
	uint64_t consoles[6];
	uint64_t runtime_services;
	uint64_t boot_services;
	uint64_t table_count;
	uint64_t tables;
};

static_assert(sizeof(struct efi_system_table) == 120, "UEFI 2.7, 4.3");

#define EFI_SYSTEM_TABLE_SIGNATURE 0x5453595320494249ULL
#define EFI_REVISION_2_70 ((2U << 16) | 70)

struct efi_configuration_table {
	uint8_t guid[16];
	uint64_t table;
};

/* 4.6: which runtime services there are. */
struct efi_rt_properties {
	uint16_t version;
	uint16_t length;
	uint32_t supported;
};

static const uint8_t guid_acpi_2_0[16] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
					   0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
static const uint8_t guid_rt_properties[16] = { 0x8a, 0x91, 0x66, 0xeb, 0xef, 0x7e, 0x2a, 0x40,
						0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9 };

/*
 * The EFI tables, and behind them those of ACPI. A kernel with pages of 64 KiB
 * can map, reserve and leave out whole pages of that size only.
 */
#define PAGE_MAX 0x10000ULL

struct handover {
	struct efi_system_table system;
	struct efi_configuration_table tables[2];
	struct efi_rt_properties rt_properties;
	struct efi_memory_descriptor map[4];
	uint16_t vendor[16];
};

#define HANDOVER_SIZE PAGE_MAX
#define RECLAIM_SIZE (HANDOVER_SIZE + ACPI_TABLES_SIZE)

static_assert(sizeof(struct handover) <= HANDOVER_SIZE, "its place");
static_assert(RECLAIM_SIZE % PAGE_MAX == 0, "whole pages");
static_assert(IMAGE_DEVICE_TREE_SIZE % PAGE_MAX == 0, "whole pages");

static uint64_t handover_address(const struct image *image)
{
	return image->device_tree_address + IMAGE_DEVICE_TREE_SIZE;
}

uint64_t efi_generation_id_address(const struct image *image)
{
	return handover_address(image) + RECLAIM_SIZE;
}

uint8_t *efi_find_generation_id(const struct image *image, const struct memory *memory)
{
	static const uint64_t signature = EFI_SYSTEM_TABLE_SIGNATURE;
	uint8_t *bytes = memory_at(memory, handover_address(image), RECLAIM_SIZE + PAGE_MAX);

	/* The kernel keeps the tables in their place for as long as it runs. */
	return bytes && memcmp(bytes, &signature, sizeof(signature)) == 0 ? bytes + RECLAIM_SIZE
									  : NULL;
}

static void describe(struct efi_memory_descriptor *to, uint32_t type, uint64_t begin, uint64_t end)
{
	*to = (struct efi_memory_descriptor){
		.type = type,
		.physical_start = begin,
		.page_count = (end - begin) / EFI_PAGE_SIZE,
		.attribute = EFI_MEMORY_WB,
	};
}

static void write_map(struct handover *to, const struct image *image)
{
	const uint64_t reclaim = handover_address(image);
	const uint64_t reserved = efi_generation_id_address(image);
	const uint64_t rest = reserved + PAGE_MAX;

	describe(&to->map[0], EFI_CONVENTIONAL_MEMORY, MEMORY_BASE, reclaim);
	describe(&to->map[1], EFI_ACPI_RECLAIM_MEMORY, reclaim, reserved);
	describe(&to->map[2], EFI_RESERVED_MEMORY, reserved, rest);
	describe(&to->map[3], EFI_CONVENTIONAL_MEMORY, rest, MEMORY_BASE + image->config->memory);
}

static void write_tables(struct handover *to, uint64_t address)
{
	static const char vendor[] = "Dormouse";

	for (size_t i = 0; i < sizeof(vendor); i++)
		to->vendor[i] = (uint8_t)vendor[i];
	to->rt_properties = (struct efi_rt_properties){ 1, sizeof(to->rt_properties), 0 };
	memcpy(to->tables[0].guid, guid_acpi_2_0, sizeof(guid_acpi_2_0));
	to->tables[0].table = address + HANDOVER_SIZE;
	memcpy(to->tables[1].guid, guid_rt_properties, sizeof(guid_rt_properties));
	to->tables[1].table = address + offsetof(struct handover, rt_properties);
	to->system = (struct efi_system_table){
		.header = { .signature = EFI_SYSTEM_TABLE_SIGNATURE,
			    .revision = EFI_REVISION_2_70,
			    .size = sizeof(to->system) },
		.vendor = address + offsetof(struct handover, vendor),
		.table_count = sizeof(to->tables) / sizeof(to->tables[0]),
		.tables = address + offsetof(struct handover, tables),
	};
	to->system.header.crc32 =
		(uint32_t)crc32(0, (const uint8_t *)&to->system, sizeof(to->system));
}

int efi_write(const struct image *image, const struct acpi_machine *machine,
	      const uint8_t generation_id[CONFIG_GENERATION_ID_SIZE], const struct memory *memory,
	      struct efi *efi, struct error *error)
{
	const uint64_t address = handover_address(image);
	uint8_t *bytes = memory_at(memory, address, RECLAIM_SIZE + PAGE_MAX);
	const struct acpi_place place = {
		.bytes = bytes ? bytes + HANDOVER_SIZE : NULL,
		.size = ACPI_TABLES_SIZE,
		.address = address + HANDOVER_SIZE,
	};
	struct handover handover = { 0 };
	int err;

	if (!bytes)
		return error_set(error, -ENOSPC, "the ACPI tables do not fit in memory");
	/* After a warm reset there is what the guest left. */
	memset(bytes, 0, RECLAIM_SIZE + PAGE_MAX);
	err = acpi_tables_write(machine, &place, error);
	if (err)
		return err;
	write_map(&handover, image);
	write_tables(&handover, address);
	memcpy(bytes, &handover, sizeof(handover));
	memcpy(bytes + RECLAIM_SIZE, generation_id, CONFIG_GENERATION_ID_SIZE);
	*efi = (struct efi){
		.system_table = address,
		.memory_map = address + offsetof(struct handover, map),
		.memory_map_size = sizeof(handover.map),
		.descriptor_size = sizeof(handover.map[0]),
		.descriptor_version = EFI_DESCRIPTOR_VERSION,
	};

	return 0;
}
