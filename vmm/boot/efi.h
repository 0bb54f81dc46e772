/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a kernel that is booted directly gets ACPI tables: by a minimal EFI
 * system table, which /chosen of the device tree names as an EFI boot loader
 * would. It has no boot services, no runtime services, and two configuration
 * tables: the ACPI tables' root, and the statement that there are no runtime
 * services. The kernel takes its memory from EFI's memory map, which covers all
 * of RAM.
 *
 * All of it is behind the device tree, in the 2 MiB that are its: see image.h.
 */
#ifndef VMM_EFI_H
#define VMM_EFI_H

#include <stdint.h>

#include "acpi/tables.h"
#include "base/error.h"
#include "board/memory.h"
#include "boot/image.h"

/** What /chosen says. */
struct efi {
	uint64_t system_table;
	uint64_t memory_map;
	uint32_t memory_map_size;
	uint32_t descriptor_size;
	uint32_t descriptor_version;
};

/**
 * The address of the generation ID, in a page that the memory map reserves: an
 * image of a guest that hibernates does not have it.
 */
uint64_t efi_generation_id_address(const struct image *image);

/**
 * The generation ID in the memory of a guest that runs already, which may have
 * been started with another image: NULL if the tables are not where this one has
 * them.
 */
uint8_t *efi_find_generation_id(const struct image *image, const struct memory *memory);

/**
 * Write the tables of @machine, at whose generation_id_address it is, the
 * generation ID and the EFI tables to their places in @memory. Returns 0, with
 * @efi filled in, or -errno with @error set.
 */
int efi_write(const struct image *image, const struct acpi_machine *machine,
	      const uint8_t generation_id[CONFIG_GENERATION_ID_SIZE], const struct memory *memory,
	      struct efi *efi, struct error *error);

#endif
