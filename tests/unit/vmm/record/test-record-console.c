/* SPDX-License-Identifier: BSD-3-Clause */
/* The console's device in a record, of a machine that has a choice. */
#include "record-fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "board/board.h"
#include "record/config-json.h"
#include "support/scratch.h"

static void the_device_of_the_console_survives_a_round_trip(void **state)
{
	const int dir = record_make_dir("console");

	for (enum console_device d = CONSOLE_DEVICE_NONE; d <= CONSOLE_DEVICE_VIRTIO; d++) {
		struct record record = record_example();
		struct record loaded;

		record.config.machine_version = BOARD_VERSION_4;
		record.config.console_device = d;
		record_must_save(dir, &record);
		loaded = record_must_load(dir);
		record_assert_equal(&loaded, &record);
		assert_int_equal(loaded.config.console_device, d);
		record_free(&loaded);
		record_free(&record);
	}
	close(dir);
}

static void a_device_of_the_console_that_cannot_be_is_refused(void **state)
{
	static const char *const words[] = { "", "hvc0", "UART" };
	struct record record = record_example();
	struct config config = { 0 };
	json_t *json;

	record.config.machine_version = BOARD_VERSION_4;
	json = record_config_to_json(&record.config);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(json_object_set_new(json, "console-device", json_string(words[i])),
				 0);
		assert_int_equal(record_config_from_json(json, &config), -EINVAL);
		config_free(&config);
	}
	assert_int_equal(json_object_set_new(json, "console-device", json_true()), 0);
	assert_int_equal(record_config_from_json(json, &config), -EINVAL);
	config_free(&config);
	/* No machine of that version has a choice. */
	assert_int_equal(json_object_set_new(json, "console-device", json_string("uart")), 0);
	assert_int_equal(json_object_set_new(json, "version", json_integer(3)), 0);
	assert_int_equal(record_config_from_json(json, &config), -EINVAL);
	config_free(&config);
	json_decref(json);
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_of_the_console_survives_a_round_trip),
		cmocka_unit_test(a_device_of_the_console_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
