/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of a machine with ACPI: one without the other is damage, as is a wrong value. */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t generation_id[CONFIG_GENERATION_ID_SIZE] = { 0x00, 0x12, 0x34, 0x56,
								  0x78, 0x9a, 0xbc, 0xde,
								  0xff, 0x10, 0x20, 0x30,
								  0x40, 0x50, 0x60, 0x70 };

/* The example's record, with ACPI. */
static void save_with_acpi(void)
{
	struct record record = record_example();

	record.config.acpi = true;
	memcpy(record.config.generation_id, generation_id, sizeof(generation_id));
	record_must_save(record_dir_fd, &record);
	record_free(&record);
}

static void is_damaged(void)
{
	record_refused(record_dir_fd, -EINVAL,
		       "is damaged: a value is missing or outside its range");
}

static void the_generation_id_is_32_digits_in_the_order_of_its_bytes(void **state)
{
	struct record loaded;

	save_with_acpi();
	record_damage(record_dir_fd, "machine.generation-id",
		      "\"00123456789abcdeff10203040506070\"");
	loaded = record_must_load(record_dir_fd);
	assert_true(loaded.config.acpi);
	assert_memory_equal(loaded.config.generation_id, generation_id, sizeof(generation_id));
	record_free(&loaded);
}

static void acpi_without_a_generation_id_and_the_reverse_are_damage(void **state)
{
	static const char *const paths[] = { "machine.acpi", "machine.generation-id" };

	for (size_t i = 0; i < COUNT(paths); i++) {
		save_with_acpi();
		record_damage(record_dir_fd, paths[i], NULL);
		is_damaged();
	}
	save_with_acpi();
	record_damage(record_dir_fd, "machine.acpi", "false");
	is_damaged();
	record_save_example(record_dir_fd);
	record_damage(record_dir_fd, "machine.acpi", "true");
	is_damaged();
}

static void a_value_that_is_no_flag_or_no_generation_id_is_damage(void **state)
{
	static const struct {
		const char *path;
		const char *value;
	} cases[] = {
		{ "machine.acpi", "1" },
		{ "machine.acpi", "\"yes\"" },
		{ "machine.acpi", "null" },
		{ "machine.generation-id", "null" },
		{ "machine.generation-id", "0" },
		{ "machine.generation-id", "{\"bytes\": \"00\"}" },
		{ "machine.generation-id", "\"\"" },
		{ "machine.generation-id", "\"00123456789abcdeff1020304050607\"" },
		{ "machine.generation-id", "\"00123456789abcdeff102030405060700\"" },
		{ "machine.generation-id", "\"00123456789ABCDEFF10203040506070\"" },
		{ "machine.generation-id", "\"0x123456789abcdeff10203040506070\"" },
		{ "machine.generation-id", "\"00123456789abcdeff1020304050607 \"" },
		{ "machine.generation-id", "\"00123456789abcdeff1020304050607g\"" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		save_with_acpi();
		record_damage(record_dir_fd, cases[i].path, cases[i].value);
		is_damaged();
	}
}

static void acpi_of_a_machine_that_cannot_have_it_is_damage(void **state)
{
	static const char *const starts[] = { "machine.flat", "machine.firmware" };

	for (size_t i = 0; i < COUNT(starts); i++) {
		save_with_acpi();
		record_damage(record_dir_fd, "machine.kernel", NULL);
		record_damage(record_dir_fd, starts[i], "\"/boot/other\"");
		is_damaged();
	}
	save_with_acpi();
	record_damage(record_dir_fd, "machine.idle-states", "true");
	is_damaged();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(the_generation_id_is_32_digits_in_the_order_of_its_bytes),
		RECORD_TEST(acpi_without_a_generation_id_and_the_reverse_are_damage),
		RECORD_TEST(a_value_that_is_no_flag_or_no_generation_id_is_damage),
		RECORD_TEST(acpi_of_a_machine_that_cannot_have_it_is_damage),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
