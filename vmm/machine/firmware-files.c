/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/firmware-files.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
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
	uint32_t kernel_size;
	uint32_t initrd_size;
	uint32_t command_line_size; /* With its end. */
	char command_line[];
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

/* Of a file of the host: its size, and its bytes. */
static void set_file(struct fw_cfg *fw_cfg, enum fw_cfg_key size_key, uint32_t *size,
		     enum fw_cfg_key data_key, const struct packed *file)
{
	const struct fw_cfg_item data = { .fd = file->fd, .size = file->size };

	*size = htole32((uint32_t)file->size);
	set(fw_cfg, size_key, size, sizeof(*size));
	fw_cfg_set(fw_cfg, data_key, &data);
}

/* Without a kernel all sizes read as 0. */
static void fill_kernel(struct fw_cfg *fw_cfg, struct files *files, const struct image *image)
{
	if (image->kernel.fd < 0)
		return;
	set_file(fw_cfg, FW_CFG_KERNEL_SIZE, &files->kernel_size, FW_CFG_KERNEL_DATA,
		 &image->kernel);
	if (image->initrd.fd >= 0)
		set_file(fw_cfg, FW_CFG_INITRD_SIZE, &files->initrd_size, FW_CFG_INITRD_DATA,
			 &image->initrd);
	set(fw_cfg, FW_CFG_COMMAND_LINE_SIZE, &files->command_line_size,
	    sizeof(files->command_line_size));
	set(fw_cfg, FW_CFG_COMMAND_LINE_DATA, files->command_line, strlen(files->command_line) + 1);
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

int firmware_files_make(const struct image *image, const struct acpi_machine *machine,
			bool no_resume, struct fw_cfg *fw_cfg, struct error *error)
{
	const struct config *config = image->config;
	const char *first = no_resume ? IMAGE_NO_RESUME : "";
	const char *append = config->append ? config->append : "";
	const size_t size = strlen(first) + strlen(append) + 1;
	struct files *files = malloc(sizeof(*files) + size);
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
	files->command_line_size = htole32((uint32_t)size);
	snprintf(files->command_line, size, "%s%s", first, append);
	fill(fw_cfg, files);
	fill_kernel(fw_cfg, files, image);

	return 0;
}
