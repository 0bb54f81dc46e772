/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/psci-test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

/* A vendor's own codes are below this (DEN0022F.b, SYSTEM_RESET2). */
#define VENDOR_LIMIT (-256)

enum word {
	DENY_CPU,
	DISABLE_CPU,
	FAIL_CPU,
	HOLD_CPU,
	ON_PENDING,
	TRUSTED_OS,
	VENDOR_RESET,
	EXTENDED_STATE_ID,
};

static const char *const words[] = {
	[DENY_CPU] = "deny-cpu",	 [DISABLE_CPU] = "disable-cpu",
	[FAIL_CPU] = "fail-cpu",	 [HOLD_CPU] = "hold-cpu",
	[ON_PENDING] = "on-pending",	 [TRUSTED_OS] = "trusted-os",
	[VENDOR_RESET] = "vendor-reset", [EXTENDED_STATE_ID] = "extended-state-id",
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

/* A whole number from @least to @most. */
static bool read_number(const char *text, long least, long most, long *number)
{
	char *end;

	if (!text || !*text)
		return false;
	errno = 0;
	*number = strtol(text, &end, 10);

	return !errno && !*end && *number >= least && *number <= most;
}

static int set_cpu(enum word word, const char *value, unsigned int *cpu, struct error *error)
{
	long number;

	if (!read_number(value, 1, CONFIG_CPUS_MAX - 1, &number))
		return error_set(error, -EINVAL,
				 "--psci-test %s=%s: must be the number of a CPU other than 0, "
				 "which boots",
				 words[word], value ? value : "");
	*cpu = (unsigned int)number;

	return 0;
}

static int set_trusted_os(const char *value, enum config_trusted_os *trusted_os,
			  struct error *error)
{
	if (value && strcmp(value, "migratable") == 0)
		*trusted_os = CONFIG_TRUSTED_OS_MIGRATABLE;
	else if (value && strcmp(value, "fixed") == 0)
		*trusted_os = CONFIG_TRUSTED_OS_FIXED;
	else
		return error_set(error, -EINVAL,
				 "--psci-test trusted-os=%s: must be migratable or fixed",
				 value ? value : "");

	return 0;
}

static int set_vendor_reset(const char *value, int32_t *code, struct error *error)
{
	long number;

	if (!read_number(value, INT32_MIN, VENDOR_LIMIT - 1, &number))
		return error_set(error, -EINVAL,
				 "--psci-test vendor-reset=%s: must be a number below %d",
				 value ? value : "", VENDOR_LIMIT);
	*code = (int32_t)number;

	return 0;
}

static int set_flag(enum word word, const char *value, bool *flag, struct error *error)
{
	if (value)
		return error_set(error, -EINVAL, "--psci-test %s takes no value", words[word]);
	*flag = true;

	return 0;
}

static int take(enum word word, const char *value, struct config_psci_test *test,
		struct error *error)
{
	switch (word) {
	case DENY_CPU:
		return set_cpu(word, value, &test->denied_cpu, error);
	case DISABLE_CPU:
		return set_cpu(word, value, &test->disabled_cpu, error);
	case FAIL_CPU:
		return set_cpu(word, value, &test->failing_cpu, error);
	case HOLD_CPU:
		return set_cpu(word, value, &test->held_cpu, error);
	case ON_PENDING:
		return set_flag(word, value, &test->on_pending, error);
	case TRUSTED_OS:
		return set_trusted_os(value, &test->trusted_os, error);
	case VENDOR_RESET:
		return set_vendor_reset(value, &test->vendor_reset, error);
	case EXTENDED_STATE_ID:
		return set_flag(word, value, &test->extended_state_id, error);
	}

	return -EINVAL;
}

/* WORD or WORD=VALUE. */
static int take_word(char *text, struct config_psci_test *test, struct error *error)
{
	char *value = text;
	const char *word = strsep(&value, "=");

	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (strcmp(word, words[i]) == 0)
			return take((enum word)i, value, test, error);
	}

	return error_set(error, -EINVAL, "--psci-test %s: there is no such test", word);
}

int config_parse_psci_test(char *text, struct config_psci_test *test, struct error *error)
{
	int err = 0;

	while (text && !err)
		err = take_word(strsep(&text, ","), test, error);

	return err;
}

bool config_psci_test_given(const struct config_psci_test *test)
{
	return config_psci_test_highest_cpu(test) || test->trusted_os != CONFIG_TRUSTED_OS_NONE ||
	       test->vendor_reset || test->extended_state_id || test->on_pending;
}

unsigned int config_psci_test_highest_cpu(const struct config_psci_test *test)
{
	const unsigned int cpus[] = { test->denied_cpu, test->disabled_cpu, test->failing_cpu,
				      test->held_cpu };
	unsigned int highest = 0;

	for (size_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		if (cpus[i] > highest)
			highest = cpus[i];
	}

	return highest;
}
