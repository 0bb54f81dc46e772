/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables that a firmware makes of its files are those that a kernel is handed. */
#include "acpi/loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "acpi-rig.h"
#include "board/board.h"
#include "loader-rig.h"
#include "support/scratch.h"

/* Where the firmware places its files; the generation ID where 32 bits reach. */
#define ROOT 0x13fff0010ULL
#define TABLES 0x13ffe0000ULL
#define GENERATION_ID 0x7abcd000ULL
/* The first table is so far behind the RSDP. */
#define RSDP_ROOM 64

static struct acpi_rig rig;
static struct loader_rig loader;

static void make(unsigned int cpu_count, size_t disk_count)
{
	const struct config config = {
		.machine_version = BOARD_VERSION_3,
		.firmware = scratch_write("firmware", "\1\2\3\4", 4),
		.cpus = cpu_count,
		.disk_count = disk_count,
	};

	acpi_rig_make_of(&rig, &config);
	loader_rig_make(&loader, &rig.machine, ROOT, TABLES, GENERATION_ID);
}

/* Expect the firmware's tables to be those that a kernel finds at the same addresses. */
static void agree(unsigned int cpu_count, size_t disk_count)
{
	struct error error = { "" };
	size_t length;

	make(cpu_count, disk_count);
	(void)loader_rig_run(&loader);
	rig.machine.generation_id_address = GENERATION_ID;
	rig.place.address = TABLES - RSDP_ROOM;
	memset(rig.bytes, 0, sizeof(rig.bytes));
	assert_int_equal(acpi_tables_write(&rig.machine, &rig.place, &error), 0);
	assert_int_equal(loader.files.root_size, 36);
	assert_memory_equal(loader.files.root, rig.bytes, loader.files.root_size);
	assert_memory_equal(loader.files.tables, rig.bytes + RSDP_ROOM, loader.files.tables_size);
	for (size_t i = RSDP_ROOM + loader.files.tables_size; i < sizeof(rig.bytes); i++)
		assert_int_equal(rig.bytes[i], 0);
	/* The XSDT is the last of them, and whole. */
	length = (size_t)acpi_rig_value(rig.bytes + 24, 8) - TABLES;
	assert_memory_equal(loader.files.tables + length, "XSDT", 4);
	length += acpi_rig_value(loader.files.tables + length + 4, 4);
	assert_int_equal(length, loader.files.tables_size);
	acpi_rig_free(&rig);
}

static void a_firmware_makes_the_tables_that_a_kernel_is_handed(void **state)
{
	agree(1, 0);
	agree(4, 3);
	agree(16, CONFIG_DISKS_MAX);
	agree(CONFIG_CPUS_MAX, CONFIG_DISKS_MAX);
}

static void the_facs_keeps_its_alignment_and_has_the_hardware_signature(void **state)
{
	make(2, 1);
	assert_memory_equal(loader.files.tables, "FACS", 4);
	assert_int_equal(acpi_rig_value(loader.files.tables + 8, 4), RIG_SIGNATURE);
	(void)loader_rig_run(&loader);
	assert_int_equal(TABLES % 64, 0);
	assert_int_equal(acpi_rig_value(loader.files.tables + 8, 4), RIG_SIGNATURE);
	acpi_rig_free(&rig);
}

static void the_firmware_answers_with_the_address_of_the_generation_id(void **state)
{
	make(1, 0);
	(void)loader_rig_run(&loader);
	assert_int_equal(acpi_rig_value(loader.answer, 8), GENERATION_ID);
	acpi_rig_free(&rig);
}

static void the_number_of_commands_depends_on_no_machine(void **state)
{
	size_t count;

	make(1, 0);
	count = loader_rig_run(&loader);
	acpi_rig_free(&rig);
	make(CONFIG_CPUS_MAX, CONFIG_DISKS_MAX);
	assert_int_equal(loader_rig_run(&loader), count);
	acpi_rig_free(&rig);
}

static void equal_machines_have_equal_files(void **state)
{
	static struct acpi_files before;

	make(2, 2);
	before = loader.files;
	acpi_rig_free(&rig);
	make(2, 2);
	assert_memory_equal(before.bytes, loader.files.bytes, sizeof(before.bytes));
	assert_memory_equal(before.loader, loader.files.loader, sizeof(before.loader));
	acpi_rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_firmware_makes_the_tables_that_a_kernel_is_handed),
		cmocka_unit_test(the_facs_keeps_its_alignment_and_has_the_hardware_signature),
		cmocka_unit_test(the_firmware_answers_with_the_address_of_the_generation_id),
		cmocka_unit_test(the_number_of_commands_depends_on_no_machine),
		cmocka_unit_test(equal_machines_have_equal_files),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
