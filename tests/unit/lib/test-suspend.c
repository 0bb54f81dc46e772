/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND, standby.
 */
#include "psci-fixture.h"
#include "psci-spec.h"

/* Every power_state except the one state there is: each bit, and the formats' corners. */
static void cpu_suspend_of_any_undefined_power_state_is_an_invalid_parameter(void **state)
{
	static const uint32_t fids[] = { PSCI_FN32_CPU_SUSPEND, PSCI_FN64_CPU_SUSPEND };
	static const uint32_t states[] = {
		0x00010000, /* power-down */
		0x00010001, /* power-down, StateID 1 */
		0x01000000, /* standby of level 1 */
		0x40000000, /* power-down in the extended format */
		0xfcfe0000, /* all that must be zero */
		0xffffffff,
	};
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
		for (unsigned int bit = 0; bit < 32; bit++)
			fixture_answers_only(&f, 0,
					     fixture_regs(fids[i], 1U << bit, FIXTURE_ENTRY, 0),
					     PSCI_RET_INVALID_PARAMETERS);
		for (size_t s = 0; s < ARRAY_SIZE(states); s++)
			fixture_answers_only(&f, 0,
					     fixture_regs(fids[i], states[s], FIXTURE_ENTRY, 0),
					     PSCI_RET_INVALID_PARAMETERS);
	}
}

static void suspend(struct fixture *f, unsigned int i, uint32_t fid, uint64_t power_state)
{
	/* An entry point that would be refused if it were checked. */
	struct psci_regs regs = fixture_regs(fid, power_state, f->refused_entry | 1, 0xfeedf00d);

	assert_int_equal(psci_call(&f->vcpus[i], &regs), PSCI_NEXT_SLEEP);
	assert_int_equal(regs.x[0], PSCI_RET_SUCCESS);
	assert_int_equal(regs.x[1], power_state);
	assert_int_equal(regs.x[2], f->refused_entry | 1);
	assert_int_equal(regs.x[3], 0xfeedf00d);
}

static void standby_sleeps_until_woken_and_ignores_its_entry(void **state)
{
	static const uint32_t fids[] = { PSCI_FN32_CPU_SUSPEND, PSCI_FN64_CPU_SUSPEND };
	struct psci_entry entry = { .pc = 0xfeedf00d };

	for (size_t v = 1; v < spec_version_count; v++) {
		for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
			struct fixture f;

			fixture_boot(&f, spec_versions[v]);
			suspend(&f, 0, fids[i], 0);
			assert_int_equal(f.asked_count, 0);
			assert_int_equal(fixture_all_kicks(&f), 0);
			assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_SLEEP);
			assert_int_equal(psci_vcpu_wake(&f.vcpus[0], &entry), PSCI_NEXT_RUN);
			assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_RUN);
			assert_int_equal(entry.pc, 0xfeedf00d);
		}
	}
}

static void standby_is_served_in_0_2(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_0_2);
	suspend(&f, 0, PSCI_FN64_CPU_SUSPEND, 0);
}

static void cpu_suspend_ignores_the_upper_half_of_power_state_in_smc64(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	suspend(&f, 0, PSCI_FN64_CPU_SUSPEND, UINT64_C(0xfeedf00d) << 32);
}

static void vcpu_in_standby_is_on_and_already_on_to_cpu_on(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	suspend(&f, 1, PSCI_FN64_CPU_SUSPEND, 0);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_ON);
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_CPU_ON, f.mpidrs[1], FIXTURE_ENTRY, 0),
			     PSCI_RET_ALREADY_ON);
}

static void wake_of_a_vcpu_that_is_not_suspended_acts_as_a_poll(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[0], &entry), PSCI_NEXT_RUN);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[1], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_OFF);
	assert_int_equal(entry.pc, 0xfeedf00d);

	/* A pending start is taken, as a poll would. */
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, f.mpidrs[1], FIXTURE_ENTRY, 5), 0);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 5);
}

static void vcpu_in_standby_exits_once_the_machine_has_stopped(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	suspend(&f, 1, PSCI_FN64_CPU_SUSPEND, 0);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_EXIT);
	assert_int_equal(fixture_kicks(&f, 1), 1);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_EXIT);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[1], &entry), PSCI_NEXT_EXIT);
}

static void standby_from_before_a_boot_does_not_wake_after_it(void **state)
{
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	suspend(&f, 1, PSCI_FN64_CPU_SUSPEND, 0);
	psci_machine_boot(&f.vcpus[0], &entry);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[1], &entry), PSCI_NEXT_WAIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-CPU_SUSPEND-09 PSCI-CPU_SUSPEND-30",
			  cpu_suspend_of_any_undefined_power_state_is_an_invalid_parameter),
		PSCI_TEST("PSCI-CPU_SUSPEND-06", standby_sleeps_until_woken_and_ignores_its_entry),
		cmocka_unit_test(standby_is_served_in_0_2),
		PSCI_TEST("PSCI-CPU_SUSPEND-08",
			  cpu_suspend_ignores_the_upper_half_of_power_state_in_smc64),
		PSCI_TEST("PSCI-CPU_SUSPEND-05", vcpu_in_standby_is_on_and_already_on_to_cpu_on),
		cmocka_unit_test(wake_of_a_vcpu_that_is_not_suspended_acts_as_a_poll),
		cmocka_unit_test(vcpu_in_standby_exits_once_the_machine_has_stopped),
		cmocka_unit_test(standby_from_before_a_boot_does_not_wake_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
