/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ends of a machine's index: what mutants of the library got past the other
 * tests with.
 */
#include "psci-fixture.h"

/* One slot is a power of two. */
static void an_index_may_have_one_slot(void **state)
{
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.config.index_size = 1;
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&f.vcpus[0], &f.machine, 0x100, &f.threads[0]), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&f.vcpus[1], &f.machine, 0x101, &f.threads[1]),
			 PSCI_ERR_FULL);
}

static void nothing_behind_the_index_is_written(void **state)
{
	static struct psci_vcpu guard;
	struct psci_vcpu *index[5];
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.config.index = index;
	f.config.index_size = 4;
	for (size_t i = 0; i < ARRAY_SIZE(index); i++)
		index[i] = &guard;
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	for (size_t i = 0; i < 4; i++)
		assert_null(index[i]);
	assert_ptr_equal(index[4], &guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_index_may_have_one_slot),
		cmocka_unit_test(nothing_behind_the_index_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
