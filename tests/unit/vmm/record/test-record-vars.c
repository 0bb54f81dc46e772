/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a firmware's variables are, in a record. */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "board/board.h"
#include "record-fixture.h"
#include "support/scratch.h"

static struct record firmware_example(void)
{
	struct record record = record_example();

	record.config.machine_version = BOARD_VERSION_3;
	record_set_text(&record.config.kernel, NULL);
	record_set_text(&record.config.firmware, "/boot/firmware");
	record_set_text(&record.config.vars, "/srv/\xff.vars");

	return record;
}

static void the_path_of_variables_survives_a_round_trip(void **state)
{
	struct record record = firmware_example();
	struct record loaded;

	record_must_save(record_dir_fd, &record);
	loaded = record_must_load(record_dir_fd);
	record_assert_equal(&loaded, &record);
	record_free(&loaded);
	/* It is of one run only. */
	record_set_text(&record.config.vars, NULL);
	record_set_text(&record.config.vars_file, "/srv/vars");
	record_must_save(record_dir_fd, &record);
	loaded = record_must_load(record_dir_fd);
	assert_null(loaded.config.vars);
	assert_null(loaded.config.vars_file);
	record_free(&loaded);
	record_free(&record);
}

static void variables_of_a_machine_without_the_chip_are_refused(void **state)
{
	struct record record = firmware_example();

	record_must_save(record_dir_fd, &record);
	record_damage(record_dir_fd, "machine.version", "2");
	record_refused(record_dir_fd, -EINVAL, "is damaged");
	record_must_save(record_dir_fd, &record);
	record_damage(record_dir_fd, "machine.vars", "7");
	record_refused(record_dir_fd, -EINVAL, "is damaged");
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(the_path_of_variables_survives_a_round_trip),
		RECORD_TEST(variables_of_a_machine_without_the_chip_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
