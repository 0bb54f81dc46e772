/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ACPI tables as files for a firmware, which places them itself: QEMU's
 * interface, which edk2 and U-Boot read by fw_cfg. In a file each address is
 * an offset in the file that it refers to; the loader's file has the commands,
 * of 128 bytes each, by which the firmware makes addresses of them and sets
 * the checksums that then change. With these carried out, the tables are those
 * of acpi_tables_write().
 *
 * The generation ID is a file of its own. It has only its 16 bytes: a firmware
 * looks for a table behind each pointer, and nothing so short can be one.
 */
#ifndef VMM_ACPI_LOADER_H
#define VMM_ACPI_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "acpi/tables.h"
#include "base/error.h"

#define ACPI_LOADER_FILE "etc/table-loader"
#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_ROOT_FILE "etc/acpi/rsdp"
#define ACPI_GENERATION_ID_FILE "etc/vmgenid_guid"
/** The firmware writes the address of the generation ID here, in 8 bytes. */
#define ACPI_GENERATION_ID_ADDRESS_FILE "etc/vmgenid_addr"

#define ACPI_LOADER_SIZE 4096

/** The files' contents; the generation ID is its owner's. */
struct acpi_files {
	uint8_t *root; /**< In @bytes, as is @tables. */
	size_t root_size;
	uint8_t *tables;
	size_t tables_size;
	size_t loader_size;
	uint8_t loader[ACPI_LOADER_SIZE];
	uint8_t bytes[ACPI_TABLES_SIZE];
};

/**
 * Make the files of @machine, whose generation_id_address is of no effect.
 * @files must not move from then on. Equal machines have equal files. Returns
 * 0, or -ENOSPC with @error set if they have no room.
 */
int acpi_files_make(const struct acpi_machine *machine, struct acpi_files *files,
		    struct error *error);

#endif
