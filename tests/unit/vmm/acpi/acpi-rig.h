/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACPI tables of a machine, for tests. */
#ifndef TESTS_ACPI_RIG_H
#define TESTS_ACPI_RIG_H

#include "acpi/tables.h"

#include <stdint.h>

#include "config/config.h"
#include "support/board.h"

#define RIG_ADDRESS 0x123450000ULL
#define RIG_GENERATION_ID 0x456780000ULL
#define RIG_SIGNATURE 0xfeedf00dU

struct acpi_rig {
	struct board board;
	uint64_t mpidrs[CONFIG_CPUS_MAX];
	struct acpi_machine machine;
	uint8_t bytes[ACPI_TABLES_SIZE];
	struct acpi_place place;
};

/** Make a machine and its tables, which must have room. */
void acpi_rig_make(struct acpi_rig *r, unsigned int cpu_count, size_t disk_count);
/** Likewise a machine of @config, of which disks need no path. */
void acpi_rig_make_of(struct acpi_rig *r, const struct config *config);

void acpi_rig_free(struct acpi_rig *r);

/** A little-endian value of @size bytes. */
uint64_t acpi_rig_value(const uint8_t *at, unsigned int size);

/** The bytes at an address that a table has, which must be in the place. */
const uint8_t *acpi_rig_at(const struct acpi_rig *r, uint64_t address);

/** The table with this signature, which must exist, and its length. */
const uint8_t *acpi_rig_table(const struct acpi_rig *r, const char *signature, size_t *length);

#endif
