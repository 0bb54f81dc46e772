/* SPDX-License-Identifier: BSD-3-Clause */
/* What the library reports about a vCPU's state when its host asks. */
#include "psci-fixture.h"

static void check_state(struct fixture *f, unsigned int i, enum psci_vcpu_state expected)
{
	const unsigned int locks = f->lock_count;

	assert_int_equal(psci_vcpu_get_state(&f->vcpus[i]), expected);
	assert_int_equal(f->lock_count, locks + 1);
	assert_false(f->locked);
}

static void the_host_can_ask_for_each_state(void **state)
{
	struct psci_regs suspend = fixture_regs(PSCI_FN64_CPU_SUSPEND, 0, 0, 0);
	struct psci_entry entry;
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.config.enable_functions =
		PSCI_FN_BIT(PSCI_FN32_CPU_FREEZE) | PSCI_FN_BIT(PSCI_FN32_SYSTEM_SUSPEND);
	fixture_make(&f);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		check_state(&f, i, PSCI_STATE_OFF);
	psci_machine_boot(&f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	check_state(&f, 0, PSCI_STATE_ON_PENDING);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_START);
	check_state(&f, 0, PSCI_STATE_ON);
	fixture_start(&f, 1);
	assert_int_equal(psci_call(&f.vcpus[1], &suspend), PSCI_NEXT_SLEEP);
	check_state(&f, 1, PSCI_STATE_SUSPENDED);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[1], &entry), PSCI_NEXT_RUN);
	check_state(&f, 1, PSCI_STATE_ON);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_WAIT);
	check_state(&f, 1, PSCI_STATE_FROZEN);
	fixture_start(&f, 1);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	check_state(&f, 1, PSCI_STATE_OFF);
	suspend = fixture_regs(PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 0, 0);
	assert_int_equal(psci_call(&f.vcpus[0], &suspend), PSCI_NEXT_SYSTEM_SUSPEND);
	check_state(&f, 0, PSCI_STATE_SUSPENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_can_ask_for_each_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
