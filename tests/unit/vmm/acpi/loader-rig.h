/* SPDX-License-Identifier: BSD-3-Clause */
/* A firmware that carries out the commands of a table loader, strictly. */
#ifndef TESTS_LOADER_RIG_H
#define TESTS_LOADER_RIG_H

#include "acpi/loader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A file of fw_cfg, and where the firmware places it. */
struct loader_file {
	const char *name;
	uint8_t *bytes;
	size_t size;
	uint64_t address;
	bool writable;
	bool is_allocated; /**< By a command. */
};

#define LOADER_RIG_FILES 4

/** The files in the order: root, tables, generation ID, its address. */
struct loader_rig {
	struct acpi_files files;
	uint8_t generation_id[16];
	uint8_t answer[8];
	struct loader_file list[LOADER_RIG_FILES];
};

/** Make the files of @machine, and give the first three their addresses. */
void loader_rig_make(struct loader_rig *r, const struct acpi_machine *machine, uint64_t root,
		     uint64_t tables, uint64_t generation_id);

/** Carry out the commands. Fails the test if one is wrong. Returns how many there are. */
size_t loader_rig_run(struct loader_rig *r);

#endif
