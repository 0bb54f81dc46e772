/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "acpi-rig.h"

/* QEMU's interface: a command's size, its numbers, and where its operands are. */
#define COMMAND 128
#define NAME 56
#define FIRST 4
#define SECOND (FIRST + NAME)
#define THIRD (SECOND + NAME)

static struct loader_file *find(struct loader_rig *r, const uint8_t *name)
{
	assert_non_null(memchr(name, '\0', NAME));
	for (size_t i = 0; i < LOADER_RIG_FILES; i++)
		if (strcmp(r->list[i].name, (const char *)name) == 0)
			return &r->list[i];
	fail_msg("there is no file %s", (const char *)name);

	return NULL;
}

static void allocate(struct loader_file *file, uint32_t alignment, uint8_t zone)
{
	assert_false(file->is_allocated);
	assert_false(file->writable);
	assert_in_range(alignment, 1, 4096);
	assert_int_equal(alignment & (alignment - 1), 0);
	assert_int_equal(file->address % alignment, 0);
	assert_in_range(zone, 1, 2);
	file->is_allocated = true;
}

static void put(uint8_t *at, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void add_pointer(const struct loader_file *in, const struct loader_file *to, uint32_t offset,
			uint8_t size)
{
	uint64_t value;

	assert_true(in->is_allocated && to->is_allocated);
	assert_true(size == 4 || size == 8);
	assert_in_range(offset, 0, in->size - size);
	value = acpi_rig_value(in->bytes + offset, size);
	assert_in_range(value, 0, to->size - 1);
	value += to->address;
	if (size == 4)
		assert_int_equal(value >> 32, 0);
	put(in->bytes + offset, value, size);
}

static void add_checksum(const struct loader_file *file, uint32_t offset, uint32_t begin,
			 uint32_t length)
{
	uint8_t sum = 0;

	assert_true(file->is_allocated);
	assert_in_range(offset, 0, file->size - 1);
	assert_in_range(begin, 0, file->size);
	assert_in_range(length, 1, file->size - begin);
	for (uint32_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + file->bytes[begin + i]);
	file->bytes[offset] = (uint8_t)-sum;
}

static void write_pointer(const struct loader_file *in, const struct loader_file *to,
			  uint32_t offset, uint32_t to_offset, uint8_t size)
{
	assert_true(in->writable && to->is_allocated);
	assert_in_range(offset, 0, in->size - size);
	assert_in_range(to_offset, 0, to->size - 1);
	put(in->bytes + offset, to->address + to_offset, size);
}

static void carry_out(struct loader_rig *r, const uint8_t *command)
{
	const uint8_t *at = command + THIRD;

	switch (acpi_rig_value(command, 4)) {
	case 1:
		allocate(find(r, command + FIRST), (uint32_t)acpi_rig_value(command + SECOND, 4),
			 command[SECOND + 4]);
		break;
	case 2:
		add_pointer(find(r, command + FIRST), find(r, command + SECOND),
			    (uint32_t)acpi_rig_value(at, 4), at[4]);
		break;
	case 3:
		at = command + SECOND;
		add_checksum(find(r, command + FIRST), (uint32_t)acpi_rig_value(at, 4),
			     (uint32_t)acpi_rig_value(at + 4, 4),
			     (uint32_t)acpi_rig_value(at + 8, 4));
		break;
	case 4:
		write_pointer(find(r, command + FIRST), find(r, command + SECOND),
			      (uint32_t)acpi_rig_value(at, 4), (uint32_t)acpi_rig_value(at + 4, 4),
			      at[8]);
		break;
	default:
		fail_msg("there is no command %u", (unsigned int)acpi_rig_value(command, 4));
	}
}

void loader_rig_make(struct loader_rig *r, const struct acpi_machine *machine, uint64_t root,
		     uint64_t tables, uint64_t generation_id)
{
	struct error error = { "" };

	/* Earlier contents must not show. */
	memset(r, 0xa5, sizeof(*r));
	if (acpi_files_make(machine, &r->files, &error) != 0)
		fail_msg("%s", error.text);
	r->list[0] = (struct loader_file){ .name = ACPI_ROOT_FILE,
					   .bytes = r->files.root,
					   .size = r->files.root_size,
					   .address = root };
	r->list[1] = (struct loader_file){ .name = ACPI_TABLES_FILE,
					   .bytes = r->files.tables,
					   .size = r->files.tables_size,
					   .address = tables };
	r->list[2] = (struct loader_file){ .name = ACPI_GENERATION_ID_FILE,
					   .bytes = r->generation_id,
					   .size = sizeof(r->generation_id),
					   .address = generation_id };
	r->list[3] = (struct loader_file){ .name = ACPI_GENERATION_ID_ADDRESS_FILE,
					   .bytes = r->answer,
					   .size = sizeof(r->answer),
					   .writable = true };
}

size_t loader_rig_run(struct loader_rig *r)
{
	assert_int_equal(r->files.loader_size % COMMAND, 0);
	assert_in_range(r->files.loader_size, COMMAND, sizeof(r->files.loader));
	for (size_t at = 0; at < r->files.loader_size; at += COMMAND)
		carry_out(r, r->files.loader + at);

	return r->files.loader_size / COMMAND;
}
