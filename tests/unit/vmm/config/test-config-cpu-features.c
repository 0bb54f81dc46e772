/* SPDX-License-Identifier: BSD-3-Clause */
/* --cpu-features: which words there are, and their syntax. */
#include "config/cpu-features.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "board/cpu-features.h"

#define BIT(feature) CPU_FEATURE_BIT(CPU_FEATURE_##feature)

static unsigned int must_parse(const char *text)
{
	struct error error = { "" };
	unsigned int off = 0;

	if (config_parse_cpu_features(text, &off, &error) != 0)
		fail_msg("%s", error.text);

	return off;
}

static void each_feature_can_be_taken_away(void **state)
{
	assert_int_equal(must_parse("pmu=off"), BIT(PMU));
	assert_int_equal(must_parse("pauth=off"), BIT(PAUTH));
	assert_int_equal(must_parse("sve=off"), BIT(SVE));
	assert_int_equal(must_parse("sve=off,pmu=off,sve=off"), BIT(PMU) | BIT(SVE));
}

static void a_second_cpu_features_option_adds_to_the_first(void **state)
{
	unsigned int off = BIT(PAUTH);
	struct error error;

	assert_int_equal(config_parse_cpu_features("sve=off", &off, &error), 0);
	assert_int_equal(off, BIT(PAUTH) | BIT(SVE));
}

static void another_word_is_refused_and_named(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} cases[] = {
		{ "", "" },
		{ "pmu", "pmu" },
		{ "pmu=on", "pmu=on" },
		{ "pmu=offs", "pmu=offs" },
		{ "pmu=of", "pmu=of" },
		{ "sme=off", "sme=off" },
		{ "PMU=off", "PMU=off" },
		{ " pmu=off", " pmu=off" },
		{ "pmu=off,", "" },
		{ ",pmu=off", "" },
		{ "pmu=off,sve=on,pauth=off", "sve=on" },
		{ "pmu=off;sve=off", "pmu=off;sve=off" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = { "" };
		unsigned int off = 0;
		char word[64] = "--cpu-features: \"";

		strcat(strcat(word, cases[i].word), "\" is none of ");
		assert_int_equal(config_parse_cpu_features(cases[i].text, &off, &error), -EINVAL);
		assert_memory_equal(error.text, word, strlen(word));
	}
}

static void the_text_of_a_set_is_read_as_the_same_set(void **state)
{
	char text[CONFIG_CPU_FEATURES_TEXT_SIZE];

	config_format_cpu_features(0, text);
	assert_string_equal(text, "");
	for (unsigned int off = 1; off < 1U << CPU_FEATURE_COUNT; off++) {
		config_format_cpu_features(off, text);
		assert_int_equal(must_parse(text), off);
	}
	assert_string_equal(text, "pmu=off,pauth=off,sve=off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_feature_can_be_taken_away),
		cmocka_unit_test(a_second_cpu_features_option_adds_to_the_first),
		cmocka_unit_test(another_word_is_refused_and_named),
		cmocka_unit_test(the_text_of_a_set_is_read_as_the_same_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
