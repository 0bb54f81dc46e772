/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment in a record: one that is damaged, or of a newer definition, is
 * refused with the name of the field, and records without one are read.
 */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "record/environment-json.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Put @value, which is JSON, at @path; NULL: remove what is there. */
static void expect(const char *path, const char *value, int err, const char *message)
{
	record_save_example(record_dir_fd);
	record_damage(record_dir_fd, path, value);
	record_refused(record_dir_fd, err, message);
}

static void a_newer_definition_is_refused_as_such(void **state)
{
	expect("environment.version", "3", -ENOTSUP,
	       "is of a newer dormouse: environment.version is 3, and this dormouse knows versions "
	       "up to 2");
	expect("environment.version", "9223372036854775807", -ENOTSUP,
	       "environment.version is 9223372036854775807, ");
}

static void a_field_that_is_missing_is_named(void **state)
{
	static const char *const paths[] = {
		"environment.version",
		"environment.generation",
		"environment.signatures",
		"environment.lines",
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		char message[80];

		snprintf(message, sizeof(message), "is damaged: %s is missing or ", paths[i]);
		expect(paths[i], NULL, -EINVAL, message);
	}
}

static void a_line_that_is_missing_is_named(void **state)
{
	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++) {
		char path[80];
		char message[128];

		if (environment_kind(i) == ENVIRONMENT_LEFT_BEHIND)
			continue;
		snprintf(path, sizeof(path), "environment.lines.%s", environment_key(i));
		snprintf(message, sizeof(message), "is damaged: %s is missing", path);
		expect(path, NULL, -EINVAL, message);
	}
}

static void an_absurd_value_is_named(void **state)
{
	static const struct {
		const char *path;
		const char *value;
	} cases[] = {
		{ "environment.version", "0" },
		{ "environment.version", "-1" },
		{ "environment.version", "1.0" },
		{ "environment.version", "\"1\"" },
		{ "environment.version", "null" },
		{ "environment.generation", "\"0x10000000000000000\"" },
		{ "environment.generation", "\"12\"" },
		{ "environment.generation", "12" },
		{ "environment.signatures", "[]" },
		{ "environment.signatures", "[\"0\"]" },
		{ "environment.signatures", "[\"0x100000000\"]" },
		{ "environment.signatures", "[1]" },
		{ "environment.signatures", "{}" },
		{ "environment.lines", "[]" },
		{ "environment.lines.cpus", "3" },
		{ "environment.lines.cpus", "\"0\"" },
		{ "environment.lines.cpus", "\"three\"" },
		{ "environment.lines.memory", "\"-1\"" },
		{ "environment.lines.counter-frequency", "\"99999999999999999999\"" },
		{ "environment.lines.machine-version", "null" },
		{ "environment.lines.id-registers", "\"MIDR_EL1\"" },
		{ "environment.lines.devices", "\"0x9000000=pl011\"" },
		{ "environment.lines.disks", "\"=\"" },
		{ "environment.lines.psci", "{\"bytes\": \"x\"}" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(cases[i].path, cases[i].value, -EINVAL, cases[i].path);
	expect("environment", "null", -EINVAL, "environment.version");
	expect("environment.lines.weather", "\"fine\"", -EINVAL,
	       "environment.lines has a line that its version does not have");
}

/* While it runs, nothing is known of what it leaves behind. */
static void disks_need_not_be_known(void **state)
{
	struct record loaded;

	record_save_example(record_dir_fd);
	record_damage(record_dir_fd, "environment.lines.disks", NULL);
	record_damage(record_dir_fd, "environment.lines.variables", NULL);
	loaded = record_must_load(record_dir_fd);
	assert_null(loaded.environment.values[ENVIRONMENT_DISKS]);
	assert_null(loaded.environment.values[ENVIRONMENT_VARIABLES]);
	record_free(&loaded);
}

/* An earlier dormouse reads the record of a machine that it knows. */
static void only_an_environment_with_variables_has_the_version_that_has_them(void **state)
{
	struct record record = record_example();
	json_t *json = environment_to_json(&record);

	assert_int_equal(json_integer_value(json_object_get(json, "version")), 2);
	json_decref(json);
	environment_forget(&record.environment, ENVIRONMENT_VARIABLES);
	json = environment_to_json(&record);
	assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
	json_decref(json);
	record_free(&record);
}

/* Its configuration says what an earlier dormouse compared. */
static void a_record_without_an_environment_has_the_lines_of_its_machine(void **state)
{
	struct environment *environment;
	struct record loaded;

	record_save_example(record_dir_fd);
	record_damage(record_dir_fd, "environment", NULL);
	loaded = record_must_load(record_dir_fd);
	environment = &loaded.environment;
	assert_int_equal(loaded.signature_count, 0);
	assert_string_equal(environment->values[ENVIRONMENT_CPUS], "3");
	assert_string_equal(environment->values[ENVIRONMENT_MEMORY], "1024");
	assert_string_equal(environment->values[ENVIRONMENT_PSCI], "1.3 from --psci kernel");
	assert_string_equal(environment->values[ENVIRONMENT_TABLES], "a device tree");
	assert_string_equal(environment->values[ENVIRONMENT_IDLE_STATES], "none");
	assert_non_null(strstr(environment->values[ENVIRONMENT_DISKS],
			       "vdb=access:read-only path:/srv/data.img\n"
			       "vdc=access:writable path:/srv/swap.img\n"));
	assert_null(environment->values[ENVIRONMENT_ID_REGISTERS]);
	assert_null(environment->values[ENVIRONMENT_KERNEL]);
	assert_null(environment->values[ENVIRONMENT_COMMAND_LINE]);
	record_free(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(a_newer_definition_is_refused_as_such),
		RECORD_TEST(a_field_that_is_missing_is_named),
		RECORD_TEST(a_line_that_is_missing_is_named),
		RECORD_TEST(an_absurd_value_is_named),
		RECORD_TEST(disks_need_not_be_known),
		RECORD_TEST(only_an_environment_with_variables_has_the_version_that_has_them),
		RECORD_TEST(a_record_without_an_environment_has_the_lines_of_its_machine),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
