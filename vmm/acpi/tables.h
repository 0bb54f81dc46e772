/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ACPI tables of a machine: what the device tree says, for kernels that
 * prefer ACPI, and what only ACPI can say: the hardware signature, by which a
 * guest that hibernated notices that its environment has changed.
 *
 * The tables are made into a buffer, whose address in the guest is given: who
 * hands them to the guest, and how, is no matter of this file's.
 */
#ifndef VMM_ACPI_TABLES_H
#define VMM_ACPI_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "board/device.h"

/** Enough for 123 CPUs and all slots. */
#define ACPI_TABLES_SIZE 0x10000ULL

/** What the tables say that is no constant of the board. */
struct acpi_machine {
	const uint64_t *mpidrs;
	unsigned int cpu_count;
	const struct device *devices; /**< Each describes itself. */
	size_t device_count;
	uint64_t generation_id_address; /**< Of the 16 bytes, in reserved memory. */
	uint32_t hardware_signature; /**< For the FACS. */
	bool pmu; /**< The CPUs have performance monitors. */
};

/** Where the tables have addresses, for a firmware that moves them: loader.h. */
struct acpi_pointers {
	struct acpi_pointer {
		size_t at; /**< In the place, as all that follows. */
		unsigned int size;
		bool to_generation_id; /**< Otherwise to a table. */
	} list[16];
	size_t count;
	/** The tables that have such addresses, besides the RSDP. */
	struct acpi_extent {
		size_t begin;
		size_t length;
	} tables[4];
	size_t table_count;
	size_t end; /**< Of the last table. */
};

/** Where the tables go. */
struct acpi_place {
	uint8_t *bytes;
	size_t size; /**< ACPI_TABLES_SIZE suffices. */
	uint64_t address; /**< Of @bytes in the guest: a multiple of 64. */
	struct acpi_pointers *pointers; /**< Filled in, unless it is NULL. */
};

/**
 * Make the tables. The RSDP is the first of them. Equal machines have equal
 * tables. Returns 0, or -ENOSPC with @error set if they have no room.
 */
int acpi_tables_write(const struct acpi_machine *machine, const struct acpi_place *place,
		      struct error *error);

#endif
