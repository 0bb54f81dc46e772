/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a VM's configuration: each is parsed and formatted, and no other is accepted. */
#include "config/config.h"

#include <psci/abi.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED 0xfeedf00d

static void a_size_is_a_number_with_at_most_one_suffix(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} cases[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "010", 10 },
		{ "67108864", 64ULL << 20 },
		{ "1K", 1ULL << 10 },
		{ "1k", 1ULL << 10 },
		{ "512M", 512ULL << 20 },
		{ "512m", 512ULL << 20 },
		{ "2G", 2ULL << 30 },
		{ "2g", 2ULL << 30 },
		{ "64T", 64ULL << 40 },
		{ "64t", 64ULL << 40 },
		{ "0T", 0 },
		{ "18446744073709551615", UINT64_MAX },
		{ "18014398509481983K", UINT64_MAX - 1023 },
		{ "16777215T", 16777215ULL << 40 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t size = UNTOUCHED;

		if (config_parse_size(cases[i].text, &size) != 0)
			fail_msg("\"%s\" was refused", cases[i].text);
		assert_int_equal(size, cases[i].size);
	}
}

static void a_size_that_is_malformed_or_does_not_fit_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"5 ",
		" 5",
		"\t5",
		"5\n",
		"-1",
		"+1",
		"K",
		"1KB",
		"1KiB",
		"1KK",
		"1 K",
		"1.5G",
		"0x10",
		"1P",
		"1E3",
		"1_",
		"1@",
		"five",
		"1,0",
		"M512",
		"1\xcb",
		"18446744073709551616",
		"99999999999999999999999K",
		"18014398509481984K",
		"16777216T",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t size = UNTOUCHED;

		if (config_parse_size(cases[i], &size) != -EINVAL)
			fail_msg("\"%s\" was taken for %llu", cases[i], (unsigned long long)size);
		assert_int_equal(size, UNTOUCHED);
	}
}

static void every_psci_version_from_0_2_to_1_3_is_parsed_and_formatted(void **state)
{
	static const struct {
		const char *text;
		uint32_t version;
	} cases[] = {
		{ "0.2", 0x00000002 }, { "1.0", 0x00010000 }, { "1.1", 0x00010001 },
		{ "1.2", 0x00010002 }, { "1.3", 0x00010003 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[CONFIG_VERSION_TEXT_SIZE];
		uint32_t version = UNTOUCHED;

		assert_int_equal(config_parse_psci_version(cases[i].text, &version), 0);
		assert_int_equal(version, cases[i].version);
		config_format_psci_version(version, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void an_unknown_psci_version_is_refused(void **state)
{
	static const char *const cases[] = {
		"",	"0.1",	"0.3",	"1.4",	"2.0",	"1",	 "1.",
		"1.3 ", " 1.3", "01.3", "1.30", "v1.3", "65539", "1,3"
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t version = UNTOUCHED;

		assert_int_equal(config_parse_psci_version(cases[i], &version), -EINVAL);
		assert_int_equal(version, UNTOUCHED);
	}
}

static void any_psci_version_can_be_formatted(void **state)
{
	char text[CONFIG_VERSION_TEXT_SIZE];

	config_format_psci_version(0x00020005, text);
	assert_string_equal(text, "2.5");
	config_format_psci_version(0x7fffffff, text);
	assert_string_equal(text, "32767.65535");
	config_format_psci_version(0, text);
	assert_string_equal(text, "0.0");
}

static void an_unknown_machine_version_is_refused(void **state)
{
	static const char *const none[] = {
		"", "0", "5", "-1", "01", "1.0", "1 ", "two", "newest"
	};
	uint32_t version = 99;

	for (size_t i = 0; i < COUNT(none); i++) {
		assert_int_equal(config_parse_machine_version(none[i], &version), -EINVAL);
		assert_int_equal(version, 99);
	}
	assert_int_equal(config_parse_machine_version("1", &version), 0);
	assert_int_equal(version, 1);
	assert_int_equal(config_parse_machine_version("2", &version), 0);
	assert_int_equal(version, 2);
	assert_int_equal(config_parse_machine_version("3", &version), 0);
	assert_int_equal(version, 3);
}

static void a_psci_server_has_a_word_unless_it_is_unset(void **state)
{
	enum psci_server server = PSCI_SERVER_ANY;

	assert_string_equal(config_psci_server_word(PSCI_SERVER_USERSPACE), "userspace");
	assert_string_equal(config_psci_server_word(PSCI_SERVER_MIXED), "mixed");
	assert_string_equal(config_psci_server_word(PSCI_SERVER_KERNEL), "kernel");
	assert_string_equal(config_psci_server_word(PSCI_SERVER_ANY), "");
	assert_int_equal(config_parse_psci_server("userspace", &server), 0);
	assert_int_equal(server, PSCI_SERVER_USERSPACE);
	assert_int_equal(config_parse_psci_server("mixed", &server), 0);
	assert_int_equal(server, PSCI_SERVER_MIXED);
	assert_int_equal(config_parse_psci_server("kernel", &server), 0);
	assert_int_equal(server, PSCI_SERVER_KERNEL);
	assert_int_equal(config_parse_psci_server("", &server), -EINVAL);
	assert_int_equal(config_parse_psci_server("any", &server), -EINVAL);
	assert_int_equal(config_parse_psci_server("Kernel", &server), -EINVAL);
	assert_int_equal(config_parse_psci_server("kernel ", &server), -EINVAL);
	assert_int_equal(server, PSCI_SERVER_KERNEL);
}

static void a_suspend_policy_has_a_word_unless_it_is_unset(void **state)
{
	enum suspend_policy policy = SUSPEND_POLICY_NONE;

	assert_string_equal(config_suspend_policy_word(SUSPEND_POLICY_ALLOW), "allow");
	assert_string_equal(config_suspend_policy_word(SUSPEND_POLICY_DENY), "deny");
	assert_null(config_suspend_policy_word(SUSPEND_POLICY_NONE));
	assert_int_equal(config_parse_suspend_policy("allow", &policy), 0);
	assert_int_equal(policy, SUSPEND_POLICY_ALLOW);
	assert_int_equal(config_parse_suspend_policy("deny", &policy), 0);
	assert_int_equal(policy, SUSPEND_POLICY_DENY);
	assert_int_equal(config_parse_suspend_policy("", &policy), -EINVAL);
	assert_int_equal(config_parse_suspend_policy("Deny", &policy), -EINVAL);
	assert_int_equal(config_parse_suspend_policy("allow ", &policy), -EINVAL);
	assert_int_equal(policy, SUSPEND_POLICY_DENY);
}

static void a_device_of_the_console_has_a_word_unless_it_is_unset(void **state)
{
	enum console_device device = CONSOLE_DEVICE_NONE;

	assert_string_equal(config_console_device_word(CONSOLE_DEVICE_UART), "uart");
	assert_string_equal(config_console_device_word(CONSOLE_DEVICE_VIRTIO), "hvc");
	assert_null(config_console_device_word(CONSOLE_DEVICE_NONE));
	assert_int_equal(config_parse_console_device("uart", &device), 0);
	assert_int_equal(device, CONSOLE_DEVICE_UART);
	assert_int_equal(config_parse_console_device("hvc", &device), 0);
	assert_int_equal(device, CONSOLE_DEVICE_VIRTIO);
	assert_int_equal(config_parse_console_device("", &device), -EINVAL);
	assert_int_equal(config_parse_console_device("hvc0", &device), -EINVAL);
	assert_int_equal(device, CONSOLE_DEVICE_VIRTIO);
}

static void a_panic_policy_has_a_word_unless_it_is_unset(void **state)
{
	enum panic_policy policy = PANIC_POLICY_NONE;

	assert_string_equal(config_panic_policy_word(PANIC_POLICY_STAY), "stay");
	assert_string_equal(config_panic_policy_word(PANIC_POLICY_EXIT), "exit");
	assert_string_equal(config_panic_policy_word(PANIC_POLICY_RESTART), "restart");
	assert_null(config_panic_policy_word(PANIC_POLICY_NONE));
	assert_int_equal(config_parse_panic_policy("stay", &policy), 0);
	assert_int_equal(policy, PANIC_POLICY_STAY);
	assert_int_equal(config_parse_panic_policy("exit", &policy), 0);
	assert_int_equal(policy, PANIC_POLICY_EXIT);
	assert_int_equal(config_parse_panic_policy("restart", &policy), 0);
	assert_int_equal(policy, PANIC_POLICY_RESTART);
	assert_int_equal(config_parse_panic_policy("", &policy), -EINVAL);
	assert_int_equal(config_parse_panic_policy("Stay", &policy), -EINVAL);
	assert_int_equal(config_parse_panic_policy("exit ", &policy), -EINVAL);
	assert_int_equal(policy, PANIC_POLICY_RESTART);
}

static void a_reset_policy_has_a_word_unless_it_is_unset(void **state)
{
	enum reset_policy policy = RESET_POLICY_NONE;

	assert_string_equal(config_reset_policy_word(RESET_POLICY_RESTART), "restart");
	assert_string_equal(config_reset_policy_word(RESET_POLICY_EXIT), "exit");
	assert_string_equal(config_reset_policy_word(RESET_POLICY_NONE), "");
	assert_int_equal(config_parse_reset_policy("restart", &policy), 0);
	assert_int_equal(policy, RESET_POLICY_RESTART);
	assert_int_equal(config_parse_reset_policy("exit", &policy), 0);
	assert_int_equal(policy, RESET_POLICY_EXIT);
	assert_int_equal(config_parse_reset_policy("", &policy), -EINVAL);
	assert_int_equal(config_parse_reset_policy("Exit", &policy), -EINVAL);
	assert_int_equal(config_parse_reset_policy("exits", &policy), -EINVAL);
	assert_int_equal(config_parse_reset_policy("exit ", &policy), -EINVAL);
	assert_int_equal(config_parse_reset_policy("none", &policy), -EINVAL);
	assert_int_equal(policy, RESET_POLICY_EXIT);
}

static void an_address_is_decimal_or_hexadecimal_and_not_0(void **state)
{
	static const char *const bad[] = { "",
					   "0",
					   "0x0",
					   "0x",
					   "-4",
					   "+4",
					   " 4",
					   "4 ",
					   "4K",
					   "0x4g",
					   "x4",
					   "0x-4",
					   "0x 4",
					   "here",
					   "18446744073709551616",
					   "0x10000000000000000" };
	uint64_t address = UNTOUCHED;

	for (size_t i = 0; i < COUNT(bad); i++) {
		if (config_parse_address(bad[i], &address) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(address, UNTOUCHED);
	}
	assert_int_equal(config_parse_address("0x40080000", &address), 0);
	assert_int_equal(address, 0x40080000);
	assert_int_equal(config_parse_address("1074266112", &address), 0);
	assert_int_equal(address, 0x40080000);
	/* Not octal. */
	assert_int_equal(config_parse_address("010", &address), 0);
	assert_int_equal(address, 10);
	assert_int_equal(config_parse_address("0XFFFFFFFFffffffff", &address), 0);
	assert_int_equal(address, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_size_is_a_number_with_at_most_one_suffix),
		cmocka_unit_test(a_size_that_is_malformed_or_does_not_fit_is_refused),
		cmocka_unit_test(every_psci_version_from_0_2_to_1_3_is_parsed_and_formatted),
		cmocka_unit_test(an_unknown_psci_version_is_refused),
		cmocka_unit_test(any_psci_version_can_be_formatted),
		cmocka_unit_test(an_unknown_machine_version_is_refused),
		cmocka_unit_test(a_psci_server_has_a_word_unless_it_is_unset),
		cmocka_unit_test(a_suspend_policy_has_a_word_unless_it_is_unset),
		cmocka_unit_test(a_device_of_the_console_has_a_word_unless_it_is_unset),
		cmocka_unit_test(a_panic_policy_has_a_word_unless_it_is_unset),
		cmocka_unit_test(a_reset_policy_has_a_word_unless_it_is_unset),
		cmocka_unit_test(an_address_is_decimal_or_hexadecimal_and_not_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
