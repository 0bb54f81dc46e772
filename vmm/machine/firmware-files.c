/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/firmware-files.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acpi/loader.h"
#include "board/memory.h"
#include "boot/smbios.h"

/* The contents, which the device owns. Numbers are little-endian. */
struct files {
	struct acpi_files acpi;
	struct smbios smbios;
	uint8_t generation_id[CONFIG_GENERATION_ID_SIZE];
	uint64_t memory;
	uint16_t cpus;
};

static struct fw_cfg_item item(const void *bytes, size_t size)
{
	return (struct fw_cfg_item){ .bytes = bytes, .fd = -1, .size = size };
}

static void set(struct fw_cfg *fw_cfg, enum fw_cfg_key key, const void *bytes, size_t size)
{
	const struct fw_cfg_item value = item(bytes, size);

	fw_cfg_set(fw_cfg, key, &value);
}

static void add(struct fw_cfg *fw_cfg, const char *name, const void *bytes, size_t size)
{
	const struct fw_cfg_item file = item(bytes, size);

	fw_cfg_add(fw_cfg, name, &file);
}

/*
 * There is no bootorder: where there is one, edk2 makes its boot order anew of
 * it at each boot, and what the guest chose by efibootmgr is lost.
 */
static void fill(struct fw_cfg *fw_cfg, struct files *files)
{
	fw_cfg_begin(fw_cfg, files);
	set(fw_cfg, FW_CFG_RAM_SIZE, &files->memory, sizeof(files->memory));
	set(fw_cfg, FW_CFG_CPUS, &files->cpus, sizeof(files->cpus));
	set(fw_cfg, FW_CFG_CPUS_MAX, &files->cpus, sizeof(files->cpus));
	add(fw_cfg, ACPI_ROOT_FILE, files->acpi.root, files->acpi.root_size);
	add(fw_cfg, ACPI_TABLES_FILE, files->acpi.tables, files->acpi.tables_size);
	add(fw_cfg, SMBIOS_ANCHOR_FILE, files->smbios.anchor, sizeof(files->smbios.anchor));
	add(fw_cfg, SMBIOS_TABLES_FILE, files->smbios.tables, files->smbios.tables_size);
	add(fw_cfg, ACPI_LOADER_FILE, files->acpi.loader, files->acpi.loader_size);
	fw_cfg_add_answer(fw_cfg, ACPI_GENERATION_ID_ADDRESS_FILE);
	add(fw_cfg, ACPI_GENERATION_ID_FILE, files->generation_id, sizeof(files->generation_id));
}

int firmware_files_make(const struct config *config, const struct acpi_machine *machine,
			struct fw_cfg *fw_cfg, struct error *error)
{
	struct files *files = malloc(sizeof(*files));
	int err;

	if (!files)
		return error_set(error, -ENOMEM, "out of memory");
	err = acpi_files_make(machine, &files->acpi, error);
	if (err) {
		free(files);

		return err;
	}
	smbios_make(machine->cpu_count, MEMORY_BASE, config->memory, &files->smbios);
	memcpy(files->generation_id, config->generation_id, sizeof(files->generation_id));
	files->memory = htole64(config->memory);
	files->cpus = htole16((uint16_t)config->cpus);
	fill(fw_cfg, files);

	return 0;
}
