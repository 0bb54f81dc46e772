/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_STAT_RESIDENCY and PSCI_STAT_COUNT, on a clock that the tests move.
 */
#include "psci-power.h"

/* As vCPU 5 asks, which lies in no domain. */
static void check(struct power *p, unsigned int i, uint32_t power_state, uint64_t count,
		  uint64_t residency)
{
	const uint64_t mpidr = p->f.mpidrs[i];

	assert_int_equal(fixture_call(&p->f, 5, PSCI_FN64_PSCI_STAT_COUNT, mpidr, power_state, 0),
			 count);
	assert_int_equal(
		fixture_call(&p->f, 5, PSCI_FN64_PSCI_STAT_RESIDENCY, mpidr, power_state, 0),
		residency);
}

static void sleep_for(struct power *p, unsigned int i, uint32_t power_state, uint64_t time)
{
	power_suspend(p, i, power_state);
	p->time += time;
	power_wake(p, i);
}

static void stat_counts_and_times_the_states_of_a_core(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	sleep_for(&p, 1, POWER_STANDBY, 100);
	sleep_for(&p, 1, POWER_STANDBY, 20);
	sleep_for(&p, 1, POWER_RETENTION, 3000);
	sleep_for(&p, 1, POWER_DOWN, 40000);
	check(&p, 1, POWER_STANDBY, 2, 120);
	check(&p, 1, POWER_RETENTION, 1, 3000);
	check(&p, 1, POWER_DOWN, 1, 40000);
	check(&p, 0, POWER_STANDBY, 0, 0);
	/* Time in which it ran counts for no state. */
	p.time += 500000;
	check(&p, 1, POWER_STANDBY, 2, 120);
}

static void stat_counts_a_stay_only_after_it_has_ended(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 1, POWER_STANDBY);
	p.time += 7;
	check(&p, 1, POWER_STANDBY, 0, 0);
	power_wake(&p, 1);
	check(&p, 1, POWER_STANDBY, 1, 7);
}

/* The state that counts is that of the node at the highest level that is named. */
static void stat_of_a_domain_state_is_that_of_its_domain(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 0, POWER_CLUSTER_DOWN);
	p.time += 10;
	power_suspend(&p, 1, POWER_CLUSTER_DOWN);
	p.time += 100;
	power_wake(&p, 1);
	p.time += 1000;
	power_wake(&p, 0);
	/* Either core names the cluster. */
	check(&p, 0, POWER_CLUSTER_DOWN, 1, 100);
	check(&p, 1, POWER_CLUSTER_DOWN, 1, 100);
	check(&p, 2, POWER_CLUSTER_DOWN, 0, 0);
	check(&p, 0, POWER_DOWN, 1, 1110);
	check(&p, 1, POWER_DOWN, 1, 100);
	check(&p, 0, POWER_SYSTEM_DOWN, 0, 0);
	check(&p, 0, POWER_CLUSTER_RETENTION, 0, 0);
}

/* The requested and the coordinated state may differ. */
static void stat_of_a_domain_counts_its_coordinated_state(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 0, POWER_CLUSTER_RETENTION);
	power_suspend(&p, 1, POWER_SYSTEM_DOWN);
	p.time += 100;
	power_wake(&p, 0);
	check(&p, 0, POWER_CLUSTER_RETENTION, 1, 100);
	check(&p, 0, POWER_CLUSTER_DOWN, 0, 0);
	/* Power states that differ below their level only name the same state. */
	check(&p, 0, POWER_DOWN_CLUSTER_RETENTION, 1, 100);
}

/* Of two power states that differ in the last-in-level bits, each names both. */
static void stat_ignores_the_last_in_level_field(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 0, POWER_DOWN);
	power_suspend(&p, 2, POWER_DOWN);
	power_suspend(&p, 3, POWER_DOWN);
	sleep_for(&p, 1, POWER_CLUSTER_DOWN_LAST, 50);
	check(&p, 1, POWER_CLUSTER_DOWN, 1, 50);
	check(&p, 1, POWER_CLUSTER_DOWN_LAST, 1, 50);
}

static void stat_counts_off_and_frozen_as_the_deepest_state(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	assert_int_equal(fixture_leave(&p.f, 2, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_leave(&p.f, 3, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_WAIT);
	p.time += 77;
	fixture_start(&p.f, 2);
	p.time += 3;
	fixture_start(&p.f, 3);
	check(&p, 2, POWER_DOWN, 1, 77);
	check(&p, 3, POWER_DOWN, 1, 80);
	check(&p, 2, POWER_CLUSTER_DOWN, 1, 77);
	check(&p, 2, POWER_SYSTEM_DOWN, 0, 0);
	check(&p, 2, POWER_CLUSTER_RETENTION, 0, 0);
}

static void stat_counts_a_system_suspend_as_the_deepest_state(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 0, 0);
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	assert_int_equal(psci_call(&p.f.vcpus[0], &regs), PSCI_NEXT_SYSTEM_SUSPEND);
	p.time += 1000;
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	fixture_start(&p.f, 5);
	check(&p, 0, POWER_DOWN, 1, 1000);
	check(&p, 0, POWER_CLUSTER_DOWN, 1, 1000);
	check(&p, 0, POWER_SYSTEM_DOWN, 1, 1000);
}

/* The time before the first start is no stay; and no count survives a reset. */
static void stat_is_zero_after_the_machine_boots_anew(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	p.time += 5000;
	fixture_start(&p.f, 5);
	fixture_start(&p.f, 1);
	fixture_start(&p.f, 2);
	check(&p, 1, POWER_DOWN, 0, 0);
	check(&p, 2, POWER_CLUSTER_DOWN, 0, 0);
	sleep_for(&p, 1, POWER_DOWN, 10);
	power_suspend(&p, 2, POWER_DOWN);
	psci_machine_boot(&p.f.vcpus[5], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[5], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	check(&p, 1, POWER_DOWN, 0, 0);
	p.time += 10;
	assert_int_equal(fixture_call(&p.f, 5, PSCI_FN64_CPU_ON, p.f.mpidrs[2], 0, 0), 0);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[2], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	check(&p, 2, POWER_DOWN, 0, 0);
}

/* There are no error codes: the counts of what does not exist are zero. */
static void stat_of_an_absent_vcpu_or_state_is_zero(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	sleep_for(&p, 4, POWER_CLUSTER_DOWN, 10);
	check(&p, 4, POWER_CLUSTER_DOWN, 1, 10);
	check(&p, 4, POWER_SYSTEM_DOWN, 0, 0);
	check(&p, 4, 0x00010009, 0, 0);
	check(&p, 5, POWER_CLUSTER_DOWN, 0, 0);
	power_answers_only(&p, 0,
			   fixture_regs(PSCI_FN64_PSCI_STAT_COUNT, FIXTURE_ABSENT_MPIDR, 0, 0), 0);
	power_answers_only(&p, 0, fixture_regs(PSCI_FN64_PSCI_STAT_RESIDENCY, 0x80000000, 0, 0), 0);
}

/* SMC32 has the low 32 bits, whatever bit 31 is; SMC64 has them all. */
static void stat_residency_wraps_at_32_bits_in_smc32(void **state)
{
	const uint64_t time = UINT64_C(0x3ffffffff);
	struct power p;

	power_boot_many(&p, 6);
	sleep_for(&p, 1, POWER_STANDBY, time);
	check(&p, 1, POWER_STANDBY, 1, time);
	assert_int_equal(fixture_call(&p.f, 5, PSCI_FN32_PSCI_STAT_RESIDENCY, 1, POWER_STANDBY, 0),
			 0xffffffff);
	assert_int_equal(
		fixture_call_aarch32(&p.f, 5, PSCI_FN32_PSCI_STAT_RESIDENCY, 1, POWER_STANDBY, 0),
		0xffffffff);
	assert_int_equal(fixture_call(&p.f, 5, PSCI_FN32_PSCI_STAT_COUNT, 1, POWER_STANDBY, 0), 1);
	/* power_state is 32 bits in SMC64 too. */
	assert_int_equal(fixture_call(&p.f, 5, PSCI_FN64_PSCI_STAT_COUNT, 1,
				      UINT64_C(0xfeedf00d) << 32 | POWER_STANDBY, 0),
			 1);
}

static void adding_a_node_without_memory_for_its_statistics_is_refused(void **state)
{
	struct psci_domain domain;
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.config.stat_count = (FIXTURE_VCPU_COUNT + 1) * POWER_STATE_COUNT - 1;
	fixture_make(&p.f);
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 1, NULL), PSCI_ERR_FULL);
	p.f.config.stat_count++;
	fixture_make(&p.f);
	assert_int_equal(psci_domain_init(&domain, &p.f.machine, 1, NULL), PSCI_OK);
	p.f.config.stat_count = POWER_STATE_COUNT - 1;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&p.f.vcpus[0], &p.f.machine, 0, NULL), PSCI_ERR_FULL);
	/* It was added completely or not at all. */
	p.f.config.stat_count = POWER_STATE_COUNT;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&p.f.vcpus[0], &p.f.machine, 0, NULL), PSCI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-PSCI_STAT_COUNT-30 PSCI-PSCI_STAT_RESIDENCY-30",
			  stat_counts_and_times_the_states_of_a_core),
		cmocka_unit_test(stat_counts_a_stay_only_after_it_has_ended),
		cmocka_unit_test(stat_of_a_domain_state_is_that_of_its_domain),
		cmocka_unit_test(stat_of_a_domain_counts_its_coordinated_state),
		cmocka_unit_test(stat_ignores_the_last_in_level_field),
		cmocka_unit_test(stat_counts_off_and_frozen_as_the_deepest_state),
		cmocka_unit_test(stat_counts_a_system_suspend_as_the_deepest_state),
		PSCI_TEST("PSCI-PSCI_STAT_COUNT-31", stat_is_zero_after_the_machine_boots_anew),
		PSCI_TEST("PSCI-PSCI_STAT_RESIDENCY-31 PSCI-PSCI_STAT_COUNT-02",
			  stat_of_an_absent_vcpu_or_state_is_zero),
		cmocka_unit_test(stat_residency_wraps_at_32_bits_in_smc32),
		cmocka_unit_test(adding_a_node_without_memory_for_its_statistics_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
