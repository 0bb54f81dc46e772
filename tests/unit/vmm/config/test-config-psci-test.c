/* SPDX-License-Identifier: BSD-3-Clause */
/* --psci-test: which words there are, and their syntax. */
#include "config/psci-test.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int parse(const char *text, struct config_psci_test *test, struct error *error)
{
	char copy[128];

	snprintf(copy, sizeof(copy), "%s", text);
	*error = (struct error){ "" };

	return config_parse_psci_test(copy, test, error);
}

static void each_word_of_psci_test_sets_its_field(void **state)
{
	struct config_psci_test test = { 0 };
	struct error error;

	assert_false(config_psci_test_given(&test));
	assert_int_equal(parse("deny-cpu=1,disable-cpu=22,fail-cpu=3,hold-cpu=4,vendor-reset=-257,"
			       "extended-state-id,trusted-os=fixed",
			       &test, &error),
			 0);
	assert_int_equal(test.denied_cpu, 1);
	assert_int_equal(test.disabled_cpu, 22);
	assert_int_equal(test.failing_cpu, 3);
	assert_int_equal(test.held_cpu, 4);
	assert_int_equal(test.vendor_reset, -257);
	assert_true(test.extended_state_id);
	assert_false(test.on_pending);
	assert_int_equal(test.trusted_os, CONFIG_TRUSTED_OS_FIXED);
	assert_int_equal(config_psci_test_highest_cpu(&test), 22);
}

static void a_second_psci_test_option_adds_to_the_first(void **state)
{
	struct config_psci_test test = { 0 };
	struct error error;

	assert_int_equal(parse("hold-cpu=122", &test, &error), 0);
	assert_int_equal(parse("trusted-os=migratable", &test, &error), 0);
	assert_int_equal(parse("on-pending", &test, &error), 0);
	assert_true(test.on_pending);
	assert_int_equal(test.held_cpu, 122);
	assert_int_equal(test.trusted_os, CONFIG_TRUSTED_OS_MIGRATABLE);
}

static void any_single_word_of_psci_test_counts_as_given(void **state)
{
	static const char *const words[] = { "deny-cpu=1",	   "disable-cpu=1",
					     "fail-cpu=1",	   "hold-cpu=1",
					     "on-pending",	   "trusted-os=fixed",
					     "vendor-reset=-1000", "extended-state-id" };

	for (size_t i = 0; i < COUNT(words); i++) {
		struct config_psci_test test = { 0 };
		struct error error;

		assert_int_equal(parse(words[i], &test, &error), 0);
		assert_true(config_psci_test_given(&test));
	}
}

static void a_psci_test_that_makes_no_sense_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} cases[] = {
		{ "", "--psci-test : there is no such test" },
		{ "deny-cpu=1,", "--psci-test : there is no such test" },
		{ "deny", "--psci-test deny: there is no such test" },
		{ "Deny-cpu=1", "--psci-test Deny-cpu: there is no such test" },
		{ "deny-cpu", "--psci-test deny-cpu=: must be the number of a CPU other than 0, "
			      "which boots" },
		{ "hold-cpu=0", "--psci-test hold-cpu=0: must be the number of a CPU other than "
				"0, which boots" },
		{ "fail-cpu=123", "--psci-test fail-cpu=123: must be the number of a CPU other "
				  "than 0, which boots" },
		{ "disable-cpu=1x", "--psci-test disable-cpu=1x: must be the number of a CPU other "
				    "than 0, which boots" },
		{ "trusted-os", "--psci-test trusted-os=: must be migratable or fixed" },
		{ "trusted-os=op-tee", "--psci-test trusted-os=op-tee: must be migratable or "
				       "fixed" },
		{ "vendor-reset=-256", "--psci-test vendor-reset=-256: must be a number below "
				       "-256" },
		{ "vendor-reset=", "--psci-test vendor-reset=: must be a number below -256" },
		{ "vendor-reset=-2147483649", "--psci-test vendor-reset=-2147483649: must be a "
					      "number below -256" },
		{ "extended-state-id=1", "--psci-test extended-state-id takes no value" },
		{ "on-pending=1", "--psci-test on-pending takes no value" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config_psci_test test = { 0 };
		struct error error;

		assert_int_equal(parse(cases[i].text, &test, &error), -EINVAL);
		assert_string_equal(error.text, cases[i].sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_of_psci_test_sets_its_field),
		cmocka_unit_test(a_second_psci_test_option_adds_to_the_first),
		cmocka_unit_test(any_single_word_of_psci_test_counts_as_given),
		cmocka_unit_test(a_psci_test_that_makes_no_sense_is_refused_with_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
