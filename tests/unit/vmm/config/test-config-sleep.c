/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of --wake-on-net, --sleep-when-idle and --park. */
#include "config/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_policy_for_frames_has_a_word_unless_it_is_unset(void **state)
{
	static const char *const words[] = {
		[WAKE_ON_NET_DIRECTED] = "directed",
		[WAKE_ON_NET_ANY] = "any",
		[WAKE_ON_NET_MAGIC] = "magic",
		[WAKE_ON_NET_OFF] = "off",
	};
	enum wake_on_net policy = WAKE_ON_NET_NONE;

	assert_null(config_wake_on_net_word(WAKE_ON_NET_NONE));
	for (enum wake_on_net p = WAKE_ON_NET_DIRECTED; p <= WAKE_ON_NET_OFF; p++) {
		assert_string_equal(config_wake_on_net_word(p), words[p]);
		assert_int_equal(config_parse_wake_on_net(words[p], &policy), 0);
		assert_int_equal(policy, p);
	}
	assert_int_equal(config_parse_wake_on_net("", &policy), -EINVAL);
	assert_int_equal(config_parse_wake_on_net("Any", &policy), -EINVAL);
	assert_int_equal(config_parse_wake_on_net("any ", &policy), -EINVAL);
	assert_int_equal(policy, WAKE_ON_NET_OFF);
}

static void idle_times_are_seconds_up_to_a_week_or_off(void **state)
{
	static const char *const bad[] = {
		"",    "0",    "-1",	 "+1",	 "1s",
		"1 ",  " 1",   "604801", "0x10", "18446744073709551617",
		"Off", "off ", "1.5",
	};
	uint32_t seconds = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_parse_idle(bad[i], &seconds) != -EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
	assert_int_equal(seconds, 7);
	assert_int_equal(config_parse_idle("1", &seconds), 0);
	assert_int_equal(seconds, 1);
	assert_int_equal(config_parse_idle("604800", &seconds), 0);
	assert_int_equal(seconds, CONFIG_IDLE_MAX);
	assert_int_equal(config_parse_idle("off", &seconds), 0);
	assert_int_equal(seconds, CONFIG_IDLE_OFF);
}

static void times_until_parking_are_seconds_or_off_which_is_0_too(void **state)
{
	uint32_t seconds = 7;

	assert_int_equal(config_parse_park("", &seconds), -EINVAL);
	assert_int_equal(config_parse_park("00", &seconds), -EINVAL);
	assert_int_equal(config_parse_park("0s", &seconds), -EINVAL);
	assert_int_equal(config_parse_park("604801", &seconds), -EINVAL);
	assert_int_equal(seconds, 7);
	assert_int_equal(config_parse_park("604800", &seconds), 0);
	assert_int_equal(seconds, CONFIG_IDLE_MAX);
	assert_int_equal(config_parse_park("0", &seconds), 0);
	assert_int_equal(seconds, CONFIG_IDLE_OFF);
	assert_int_equal(config_parse_park("1", &seconds), 0);
	assert_int_equal(seconds, 1);
	assert_int_equal(config_parse_park("off", &seconds), 0);
	assert_int_equal(seconds, CONFIG_IDLE_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_for_frames_has_a_word_unless_it_is_unset),
		cmocka_unit_test(idle_times_are_seconds_up_to_a_week_or_off),
		cmocka_unit_test(times_until_parking_are_seconds_or_off_which_is_0_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
