/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU's features that were taken away from a machine, in its record. */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "board/cpu-features.h"
#include "record-fixture.h"
#include "support/scratch.h"

#define OFF (CPU_FEATURE_BIT(CPU_FEATURE_PMU) | CPU_FEATURE_BIT(CPU_FEATURE_SVE))

static void save(uint32_t machine_version, unsigned int off)
{
	struct record record = record_example();

	record.config.machine_version = machine_version;
	record.config.cpu_features_off = off;
	record_must_save(record_dir_fd, &record);
	record_free(&record);
}

static void the_features_that_were_taken_away_are_kept(void **state)
{
	struct record loaded;

	save(BOARD_VERSION_3, OFF);
	loaded = record_must_load(record_dir_fd);
	assert_int_equal(loaded.config.cpu_features_off, OFF);
	record_free(&loaded);
	record_damage(record_dir_fd, "machine.cpu-features", NULL);
	loaded = record_must_load(record_dir_fd);
	assert_int_equal(loaded.config.cpu_features_off, 0);
	record_free(&loaded);
}

/* With the key, an earlier version would be refused. */
static void a_machine_with_all_of_them_has_no_such_key(void **state)
{
	struct record loaded;

	save(BOARD_VERSION_3, 0);
	record_damage(record_dir_fd, "machine.version", "2");
	loaded = record_must_load(record_dir_fd);
	assert_int_equal(loaded.config.cpu_features_off, 0);
	record_free(&loaded);
}

static void a_value_that_is_none_of_them_is_damage(void **state)
{
	static const char *const values[] = {
		"\"\"", "\"pmu\"", "\"pmu=off,\"", "\"pmu=on\"", "1", "null", "[\"pmu=off\"]",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		save(BOARD_VERSION_3, OFF);
		record_damage(record_dir_fd, "machine.cpu-features", values[i]);
		record_refused(record_dir_fd, -EINVAL,
			       "is damaged: a value is missing or outside its range");
	}
}

static void an_earlier_machine_has_none_that_could_be_taken_away(void **state)
{
	save(BOARD_VERSION_3, OFF);
	record_damage(record_dir_fd, "machine.version", "2");
	record_refused(record_dir_fd, -EINVAL,
		       "is damaged: a value is missing or outside its range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(the_features_that_were_taken_away_are_kept),
		RECORD_TEST(a_machine_with_all_of_them_has_no_such_key),
		RECORD_TEST(a_value_that_is_none_of_them_is_damage),
		RECORD_TEST(an_earlier_machine_has_none_that_could_be_taken_away),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
