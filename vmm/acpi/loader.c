/* SPDX-License-Identifier: BSD-3-Clause */
#include "acpi/loader.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "acpi/layout.h"

#define COMMAND_SIZE 128
#define NAME_SIZE 56

/* QEMU's numbers. */
enum {
	ALLOCATE = 1,
	ADD_POINTER = 2,
	ADD_CHECKSUM = 3,
	WRITE_POINTER = 4,
};

#define ZONE_HIGH 1
/* Below 1 MiB on a PC; a firmware of arm64 has no such zone, and takes any. */
#define ZONE_FSEG 2

#define GENERATION_ID_ALIGNMENT 4096

struct command {
	uint32_t kind;
	union {
		struct {
			char file[NAME_SIZE];
			uint32_t alignment;
			uint8_t zone;
		} ACPI_PACKED allocate;
		struct {
			char in[NAME_SIZE];
			char to[NAME_SIZE];
			uint32_t offset;
			uint8_t size;
		} ACPI_PACKED pointer;
		struct {
			char file[NAME_SIZE];
			uint32_t offset;
			uint32_t begin;
			uint32_t length;
		} ACPI_PACKED checksum;
		struct {
			char in[NAME_SIZE];
			char to[NAME_SIZE];
			uint32_t offset;
			uint32_t to_offset;
			uint8_t size;
		} ACPI_PACKED write;
		uint8_t bytes[COMMAND_SIZE - sizeof(uint32_t)];
	};
} ACPI_PACKED;

static_assert(sizeof(struct command) == COMMAND_SIZE, "QEMU's interface");

/*
 * The tables' file begins behind the RSDP, where the first table that needs a
 * larger alignment can be.
 */
#define TABLES_BEGIN 64

static_assert(TABLES_BEGIN >= sizeof(struct acpi_rsdp), "the RSDP has room");

static void add(struct acpi_files *files, const struct command *command)
{
	/* Counted even if it has no room: acpi_files_make() compares. */
	if (files->loader_size + sizeof(*command) <= sizeof(files->loader))
		memcpy(files->loader + files->loader_size, command, sizeof(*command));
	files->loader_size += sizeof(*command);
}

static void allocate(struct acpi_files *files, const char *file, uint32_t alignment, uint8_t zone)
{
	struct command command = {
		.kind = ALLOCATE,
		.allocate = { .alignment = alignment, .zone = zone },
	};

	memcpy(command.allocate.file, file, strlen(file));
	add(files, &command);
}

static void add_pointer(struct acpi_files *files, const char *in, const char *to, size_t offset,
			unsigned int size)
{
	struct command command = {
		.kind = ADD_POINTER,
		.pointer = { .offset = (uint32_t)offset, .size = (uint8_t)size },
	};

	memcpy(command.pointer.in, in, strlen(in));
	memcpy(command.pointer.to, to, strlen(to));
	add(files, &command);
}

/* The firmware sums up all bytes, so the former checksum must be gone. */
static void add_checksum(struct acpi_files *files, const char *file, uint8_t *bytes, size_t offset,
			 size_t begin, size_t length)
{
	struct command command = {
		.kind = ADD_CHECKSUM,
		.checksum = { .offset = (uint32_t)offset,
			      .begin = (uint32_t)begin,
			      .length = (uint32_t)length },
	};

	memcpy(command.checksum.file, file, strlen(file));
	bytes[offset] = 0;
	add(files, &command);
}

static void write_generation_id_address(struct acpi_files *files)
{
	struct command command = {
		.kind = WRITE_POINTER,
		.write = { .in = ACPI_GENERATION_ID_ADDRESS_FILE,
			   .to = ACPI_GENERATION_ID_FILE,
			   .size = sizeof(uint64_t) },
	};

	add(files, &command);
}

static void add_commands(struct acpi_files *files, const struct acpi_pointers *pointers)
{
	/* All memory first: a firmware looks for addresses of 32 bits meanwhile. */
	allocate(files, ACPI_ROOT_FILE, 16, ZONE_FSEG);
	allocate(files, ACPI_TABLES_FILE, TABLES_BEGIN, ZONE_HIGH);
	allocate(files, ACPI_GENERATION_ID_FILE, GENERATION_ID_ALIGNMENT, ZONE_HIGH);
	for (size_t i = 0; i < pointers->count; i++) {
		const struct acpi_pointer *pointer = &pointers->list[i];

		add_pointer(files, ACPI_TABLES_FILE,
			    pointer->to_generation_id ? ACPI_GENERATION_ID_FILE : ACPI_TABLES_FILE,
			    pointer->at - TABLES_BEGIN, pointer->size);
	}
	for (size_t i = 0; i < pointers->table_count; i++) {
		const size_t begin = pointers->tables[i].begin - TABLES_BEGIN;

		add_checksum(files, ACPI_TABLES_FILE, files->tables,
			     begin + offsetof(struct acpi_header, checksum), begin,
			     pointers->tables[i].length);
	}
	add_pointer(files, ACPI_ROOT_FILE, ACPI_TABLES_FILE, offsetof(struct acpi_rsdp, xsdt),
		    sizeof(uint64_t));
	/* The second is of all bytes, the first checksum among them. */
	files->root[offsetof(struct acpi_rsdp, extended_checksum)] = 0;
	add_checksum(files, ACPI_ROOT_FILE, files->root, offsetof(struct acpi_rsdp, checksum), 0,
		     ACPI_RSDP_1_0_SIZE);
	add_checksum(files, ACPI_ROOT_FILE, files->root,
		     offsetof(struct acpi_rsdp, extended_checksum), 0, sizeof(struct acpi_rsdp));
	write_generation_id_address(files);
}

int acpi_files_make(const struct acpi_machine *machine, struct acpi_files *files,
		    struct error *error)
{
	struct acpi_machine in_files = *machine;
	struct acpi_pointers pointers;
	const struct acpi_place place = {
		.bytes = files->bytes,
		.size = sizeof(files->bytes),
		/* Modulo 2^64: the address of the first table is then 0. */
		.address = (uint64_t)0 - TABLES_BEGIN,
		.pointers = &pointers,
	};
	int err;

	memset(files, 0, sizeof(*files));
	in_files.generation_id_address = 0;
	err = acpi_tables_write(&in_files, &place, error);
	if (err)
		return err;
	files->root = files->bytes;
	files->root_size = sizeof(struct acpi_rsdp);
	files->tables = files->bytes + TABLES_BEGIN;
	files->tables_size = pointers.end - TABLES_BEGIN;
	add_commands(files, &pointers);
	if (files->loader_size > sizeof(files->loader))
		return error_set(error, -ENOSPC, "the commands for ACPI tables have no room");

	return 0;
}
