/* SPDX-License-Identifier: BSD-3-Clause */
/* --wake-on-net, --sleep-when-idle and --park in a record. */
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

static void a_policy_for_frames_is_kept_and_so_is_its_absence(void **state)
{
	for (enum wake_on_net policy = WAKE_ON_NET_NONE; policy <= WAKE_ON_NET_OFF; policy++) {
		struct record record = record_example();
		struct record loaded;

		record.config.wake_on_net = policy;
		record_must_save(record_dir_fd, &record);
		loaded = record_must_load(record_dir_fd);
		assert_int_equal(loaded.config.wake_on_net, policy);
		record_free(&loaded);
		record_free(&record);
	}
}

static void times_until_sleep_and_parking_are_kept_and_so_is_their_absence(void **state)
{
	static const uint32_t times[] = { 0, 1, 600, CONFIG_IDLE_MAX, CONFIG_IDLE_OFF };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct record record = record_example();
		struct record loaded;

		record.config.sleep_when_idle = times[i];
		record.config.park = times[(i + 1) % (sizeof(times) / sizeof(times[0]))];
		record_must_save(record_dir_fd, &record);
		loaded = record_must_load(record_dir_fd);
		assert_int_equal(loaded.config.sleep_when_idle, times[i]);
		assert_int_equal(loaded.config.park, record.config.park);
		record_free(&loaded);
		record_free(&record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(a_policy_for_frames_is_kept_and_so_is_its_absence),
		RECORD_TEST(times_until_sleep_and_parking_are_kept_and_so_is_their_absence),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
