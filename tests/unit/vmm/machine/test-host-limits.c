/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine larger than a host's KVM allows is refused, with the limit. */
#include "board/memory.h"
#include "machine/host-limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static int check(unsigned int cpus, uint64_t memory, struct error *error)
{
	const struct host_limits limits = { .cpus = 8, .ipa_bits = 36 };
	const struct config config = { .cpus = cpus, .memory = memory };

	memset(error, 0, sizeof(*error));

	return host_limits_check(&limits, &config, error);
}

static void guest_addresses_are_no_wider_than_needed(void **state)
{
	/* RAM begins at 1 GiB. */
	assert_int_equal(host_limits_ipa_bits(64 * MIB), 32);
	assert_int_equal(host_limits_ipa_bits(3 * GIB), 32);
	assert_int_equal(host_limits_ipa_bits(3 * GIB + 1), 33);
	assert_int_equal(host_limits_ipa_bits(7 * GIB), 33);
	assert_int_equal(host_limits_ipa_bits(1023 * GIB), 40);
	assert_int_equal(host_limits_ipa_bits(1024 * GIB), 41);
	assert_int_equal(host_limits_ipa_bits(CONFIG_MEMORY_MAX), 47);
}

static void cpus_and_memory_within_the_host_s_limits_are_accepted(void **state)
{
	struct error error;

	assert_int_equal(check(1, 64 * MIB, &error), 0);
	assert_int_equal(check(8, 63 * GIB, &error), 0);
	assert_string_equal(error.text, "");
}

static void more_cpus_are_refused_with_the_limit(void **state)
{
	struct error error;

	assert_int_equal(check(9, 64 * MIB, &error), -E2BIG);
	assert_string_equal(error.text,
			    "9 CPUs are too many: this host's KVM has at most 8 in a VM");
}

static void more_memory_is_refused_with_the_limit(void **state)
{
	struct error error;

	assert_int_equal(check(1, 63 * GIB + 2 * MIB, &error), -E2BIG);
	assert_string_equal(error.text,
			    "64514 MiB of memory are too much: they need guest physical addresses "
			    "of 37 bits, and this host's KVM has 36 bits, enough for 64512 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guest_addresses_are_no_wider_than_needed),
		cmocka_unit_test(cpus_and_memory_within_the_host_s_limits_are_accepted),
		cmocka_unit_test(more_cpus_are_refused_with_the_limit),
		cmocka_unit_test(more_memory_is_refused_with_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
