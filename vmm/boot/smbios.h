/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMBIOS 3.0 tables, as a firmware hands them on: what `dmidecode` shows, and
 * by what programs detect the virtual machine where ACPI hides the device tree.
 */
#ifndef VMM_BOOT_SMBIOS_H
#define VMM_BOOT_SMBIOS_H

#include <stddef.h>
#include <stdint.h>

#define SMBIOS_TABLES_FILE "etc/smbios/smbios-tables"
#define SMBIOS_ANCHOR_FILE "etc/smbios/smbios-anchor"

#define SMBIOS_TABLES_SIZE 1024
#define SMBIOS_ANCHOR_SIZE 24

struct smbios {
	uint8_t anchor[SMBIOS_ANCHOR_SIZE]; /**< Its address of the tables is the firmware's. */
	uint8_t tables[SMBIOS_TABLES_SIZE];
	size_t tables_size;
};

/**
 * Make the tables of a machine.
 *
 * @cpu_count: from 1 to 254
 * @base, @memory: where its RAM begins, and its size, in bytes: a multiple of 1 MiB
 */
void smbios_make(unsigned int cpu_count, uint64_t base, uint64_t memory, struct smbios *smbios);

#endif
