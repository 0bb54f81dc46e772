/* SPDX-License-Identifier: BSD-3-Clause */
/* The argument of --console becomes a console of the configuration, or one sentence. */
#include "cli/option.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "config/config.h"
#include "host/console-file.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void a_console_is_a_word_or_a_file_with_a_limit(void **state)
{
	static const struct {
		const char *argument;
		const char *console;
		uint64_t limit;
	} cases[] = {
		{ "tty", NULL, 0 },
		{ "none", "none", 0 },
		{ "unix:/run/c", "unix:/run/c", 0 },
		{ "/f", "/f", 0 },
		{ "file:/f", "/f", 0 },
		{ "/f,limit=64M", "/f", 64ULL << 20 },
		{ "file:/f,limit=64M", "/f", 64ULL << 20 },
		{ "/f,limit=4096", "/f", 4096 },
		{ "/f,limit=none", "/f", CONSOLE_FILE_UNLIMITED },
		/* Commas are characters of a name like others, as far as they can be. */
		{ "/a,b", "/a,b", 0 },
		{ "/a,b,limit=8K", "/a,b", 8192 },
		{ "/a,limit=8K,b", "/a,limit=8K,b", 0 },
		{ "/a,limit=8K,limit=16K", "/a,limit=8K", 16384 },
		/* A file by the name of a word. */
		{ "file:/none", "/none", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config config = { 0 };
		struct error error = { 0 };

		print_message("%s\n", cases[i].argument);
		/* Nothing of an earlier --console remains. */
		assert_int_equal(cli_set_console(&config, "/before,limit=1M", &error), 0);
		assert_int_equal(cli_set_console(&config, cases[i].argument, &error), 0);
		if (cases[i].console)
			assert_string_equal(config.console, cases[i].console);
		else
			assert_null(config.console);
		assert_int_equal(config.console_limit, cases[i].limit);
		free(config.console);
	}
}

static void an_invalid_limit_is_a_usage_error_that_shows_the_argument(void **state)
{
	static const char *const limits[] = { "",    "0",    "4095", "3K",	 "-1",
					      "64X", "64M ", "None", "16777216T" };

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct config config = { 0 };
		struct error error = { 0 };
		char argument[64], expected[128];

		snprintf(argument, sizeof(argument), "/f,limit=%s", limits[i]);
		snprintf(expected, sizeof(expected),
			 "--console %s: limit is none, or a size of at least 4K, such as 64M",
			 argument);
		assert_int_equal(cli_set_console(&config, argument, &error), CLI_USAGE);
		assert_string_equal(error.text, expected);
		assert_null(config.console);
	}
}

static void a_file_without_a_name_is_a_usage_error(void **state)
{
	static const char *const arguments[] = { "", "file:", ",limit=64M", "unix:" };

	(void)state;
	for (size_t i = 0; i < COUNT(arguments); i++) {
		struct config config = { 0 };
		struct error error = { 0 };

		assert_int_equal(cli_set_console(&config, arguments[i], &error), CLI_USAGE);
		assert_string_equal(error.text, "a file's name is empty");
		assert_null(config.console);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_console_is_a_word_or_a_file_with_a_limit),
		cmocka_unit_test(an_invalid_limit_is_a_usage_error_that_shows_the_argument),
		cmocka_unit_test(a_file_without_a_name_is_a_usage_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
