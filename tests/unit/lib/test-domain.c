/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Power domains: platform-coordinated and OS-initiated mode, how one changes into the
 * other, NODE_HW_STATE, and CPU_FREEZE, which turns a domain off like CPU_OFF.
 */
#include "psci-power.h"

#define ON PSCI_NODE_HW_STATE_HW_ON
#define OFF PSCI_NODE_HW_STATE_HW_OFF
#define STANDBY PSCI_NODE_HW_STATE_HW_STANDBY

/* vCPU 5 lies in no domain and only looks: at a core, its cluster, the system. */
static void check(struct power *p, unsigned int i, int core, int cluster, int system)
{
	assert_int_equal(power_hw_state(p, 5, i, 0), core);
	assert_int_equal(power_hw_state(p, 5, i, 1), cluster);
	assert_int_equal(power_hw_state(p, 5, i, 2), system);
}

static void turn_off(struct power *p, unsigned int i)
{
	assert_int_equal(fixture_leave(&p->f, i, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
}

/* --- NODE_HW_STATE --- */

static void node_hw_state_of_an_absent_node_is_an_invalid_parameter(void **state)
{
	static const uint32_t fids[] = { PSCI_FN32_NODE_HW_STATE, PSCI_FN64_NODE_HW_STATE };
	static const uint64_t levels[] = { 3, 4, 0x80000000, 0xffffffff };
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
			power_answers_only(&p, 0, fixture_regs(fids[c], 0, levels[i], 0),
					   PSCI_RET_INVALID_PARAMETERS);
		power_answers_only(&p, 0, fixture_regs(fids[c], FIXTURE_ABSENT_MPIDR, 0, 0),
				   PSCI_RET_INVALID_PARAMETERS);
		power_answers_only(&p, 0, fixture_regs(fids[c], 0x80000000, 0, 0),
				   PSCI_RET_INVALID_PARAMETERS);
	}
	power_answers_only(&p, 0, fixture_regs(PSCI_FN64_NODE_HW_STATE, p.f.mpidrs[5], 1, 0),
			   PSCI_RET_INVALID_PARAMETERS);
	power_answers_only(&p, 0, fixture_regs(PSCI_FN64_NODE_HW_STATE, p.f.mpidrs[4], 2, 0),
			   PSCI_RET_INVALID_PARAMETERS);
	power_answers_only(&p, 0, fixture_regs(PSCI_FN64_NODE_HW_STATE, 0, UINT64_C(1) << 32, 0),
			   ON);
}

static void node_whose_cores_were_never_started_is_off(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	fixture_start(&p.f, 5);
	check(&p, 0, ON, ON, ON);
	check(&p, 1, OFF, ON, ON);
	check(&p, 2, OFF, OFF, ON);
	assert_int_equal(power_hw_state(&p, 5, 4, 1), OFF);
	/* A pending vCPU is still off; the start itself turns its domains on. */
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN64_CPU_ON, p.f.mpidrs[4], 0, 0), 0);
	assert_int_equal(power_hw_state(&p, 5, 4, 1), OFF);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[4], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	assert_int_equal(power_hw_state(&p, 5, 4, 0), ON);
	assert_int_equal(power_hw_state(&p, 5, 4, 1), ON);
}

static void nodes_are_off_after_the_machine_boots_anew(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 0, POWER_RETENTION);
	psci_machine_boot(&p.f.vcpus[5], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[5], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	for (unsigned int i = 0; i < 4; i++)
		check(&p, i, OFF, OFF, OFF);
	/* The count of running vCPUs has begun anew, too. */
	assert_int_equal(fixture_call(&p.f, 5, PSCI_FN64_CPU_ON, 0, FIXTURE_ENTRY, 0), 0);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	check(&p, 0, ON, ON, ON);
	turn_off(&p, 0);
	check(&p, 0, OFF, OFF, OFF);
}

/* --- platform-coordinated --- */

static void domain_is_on_while_one_of_its_cores_runs(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 0, POWER_SYSTEM_DOWN);
	check(&p, 0, OFF, ON, ON);
	power_suspend(&p, 1, POWER_SYSTEM_DOWN);
	check(&p, 1, OFF, OFF, ON);
	power_suspend(&p, 2, POWER_SYSTEM_DOWN);
	check(&p, 2, OFF, ON, ON);
	power_suspend(&p, 3, POWER_SYSTEM_DOWN);
	check(&p, 0, OFF, OFF, OFF);
	check(&p, 3, OFF, OFF, OFF);
	power_wake(&p, 2);
	check(&p, 0, OFF, OFF, ON);
	check(&p, 2, ON, ON, ON);
	check(&p, 3, OFF, ON, ON);
}

/* Each node sleeps as deeply as all of its cores tolerate, whichever was last. */
static void domain_sleeps_as_deeply_as_its_shallowest_request(void **state)
{
	for (unsigned int first = 0; first < 2; first++) {
		struct power p;

		power_boot_many(&p, 6);
		power_suspend(&p, first, POWER_CLUSTER_RETENTION);
		power_suspend(&p, 1 - first, POWER_CLUSTER_DOWN);
		check(&p, first, STANDBY, STANDBY, ON);
		check(&p, 1 - first, OFF, STANDBY, ON);
		power_wake(&p, first);
		power_suspend(&p, first, POWER_SYSTEM_DOWN);
		check(&p, first, OFF, OFF, ON);
		power_wake(&p, first);
		power_suspend(&p, first, POWER_STANDBY);
		check(&p, first, STANDBY, ON, ON);
	}
}

static void system_stays_on_while_one_cluster_does_not_tolerate_its_sleep(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 0, POWER_SYSTEM_DOWN);
	power_suspend(&p, 1, POWER_SYSTEM_DOWN);
	power_suspend(&p, 2, POWER_SYSTEM_DOWN);
	power_suspend(&p, 3, POWER_CLUSTER_DOWN);
	check(&p, 0, OFF, OFF, ON);
	check(&p, 3, OFF, OFF, ON);
}

/* Cores that are off tolerate everything. */
static void cores_that_are_off_or_frozen_do_not_keep_a_domain_awake(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	turn_off(&p, 1);
	assert_int_equal(fixture_leave(&p.f, 2, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_WAIT);
	turn_off(&p, 3);
	check(&p, 2, OFF, OFF, ON);
	power_suspend(&p, 0, POWER_CLUSTER_RETENTION);
	check(&p, 0, STANDBY, STANDBY, ON);
	power_wake(&p, 0);
	power_suspend(&p, 0, POWER_SYSTEM_DOWN);
	check(&p, 0, OFF, OFF, OFF);
}

static void cpu_off_of_the_last_running_core_leaves_the_domain_to_the_sleepers(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 0, POWER_CLUSTER_RETENTION);
	turn_off(&p, 1);
	check(&p, 0, STANDBY, STANDBY, ON);
}

/* --- OS-initiated --- */

static struct psci_regs suspend_regs(uint32_t power_state)
{
	return fixture_regs(PSCI_FN64_CPU_SUSPEND, power_state, FIXTURE_ENTRY, 0);
}

static void os_initiated_suspend_of_a_domain_is_denied_while_another_core_runs(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_answers_only(&p, 0, suspend_regs(POWER_CLUSTER_DOWN), PSCI_RET_DENIED);
	power_answers_only(&p, 0, suspend_regs(POWER_CLUSTER_RETENTION), PSCI_RET_DENIED);
	power_suspend(&p, 0, POWER_DOWN);
	check(&p, 0, OFF, ON, ON);
	/* It is the last of its cluster, but not of the system. */
	power_answers_only(&p, 1, suspend_regs(POWER_SYSTEM_DOWN), PSCI_RET_DENIED);
	power_answers_only(&p, 1, suspend_regs(POWER_CLUSTER_DOWN_LAST), PSCI_RET_DENIED);
	power_suspend(&p, 1, POWER_CLUSTER_DOWN);
	check(&p, 1, OFF, OFF, ON);
	/* Of the other cluster, the first one to sleep is refused since the second runs. */
	power_suspend(&p, 2, POWER_DOWN);
	power_suspend(&p, 3, POWER_SYSTEM_DOWN);
	check(&p, 3, OFF, OFF, OFF);
	power_wake(&p, 3);
	check(&p, 0, OFF, OFF, ON);
	power_suspend(&p, 3, POWER_CLUSTER_DOWN_LAST);
	check(&p, 3, OFF, OFF, ON);
}

/* The guest decides: a state that it did not request is not entered. */
static void os_initiated_domain_stays_on_if_the_last_core_does_not_ask(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 0, POWER_DOWN);
	power_suspend(&p, 1, POWER_CLUSTER_DOWN);
	check(&p, 0, OFF, OFF, ON);
	/* An old request of a vCPU that still sleeps does not count either. */
	power_wake(&p, 0);
	power_suspend(&p, 0, POWER_DOWN);
	check(&p, 0, OFF, ON, ON);
	check(&p, 1, OFF, ON, ON);
}

static void os_initiated_suspend_over_a_light_sleeper_is_an_invalid_parameter(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 0, POWER_STANDBY);
	/* Cluster retention is described with cores in retention or down only. */
	power_answers_only(&p, 1, suspend_regs(POWER_CLUSTER_RETENTION),
			   PSCI_RET_INVALID_PARAMETERS);
	power_answers_only(&p, 1, suspend_regs(POWER_CLUSTER_DOWN), PSCI_RET_INVALID_PARAMETERS);
	power_wake(&p, 0);
	power_suspend(&p, 0, POWER_RETENTION);
	power_answers_only(&p, 1, suspend_regs(POWER_CLUSTER_DOWN), PSCI_RET_INVALID_PARAMETERS);
	power_suspend(&p, 1, POWER_CLUSTER_RETENTION);
	check(&p, 1, STANDBY, STANDBY, ON);
	power_wake(&p, 1);
	/* The caller itself may be deeper than the state needs. */
	power_suspend(&p, 1, POWER_DOWN_CLUSTER_RETENTION);
	check(&p, 1, OFF, STANDBY, ON);
}

static void os_initiated_suspend_over_an_idle_cluster_is_an_invalid_parameter(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 0, POWER_DOWN);
	power_suspend(&p, 1, POWER_DOWN);
	power_suspend(&p, 2, POWER_DOWN);
	power_answers_only(&p, 3, suspend_regs(POWER_SYSTEM_DOWN), PSCI_RET_INVALID_PARAMETERS);
	power_wake(&p, 1);
	power_suspend(&p, 1, POWER_DOWN_CLUSTER_RETENTION);
	power_answers_only(&p, 3, suspend_regs(POWER_SYSTEM_DOWN), PSCI_RET_INVALID_PARAMETERS);
	power_wake(&p, 1);
	power_suspend(&p, 1, POWER_CLUSTER_DOWN);
	power_suspend(&p, 3, POWER_SYSTEM_DOWN);
	check(&p, 0, OFF, OFF, OFF);
}

/* The two faults have an order: a running vCPU is denied before one that is too shallow. */
static void os_initiated_suspend_over_a_running_and_a_light_core_is_denied(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 0, POWER_STANDBY);
	power_answers_only(&p, 1, suspend_regs(POWER_SYSTEM_DOWN), PSCI_RET_DENIED);
}

/* CPU_OFF names no state: a domain goes with it only if all its cores are off. */
static void cpu_off_of_all_cores_turns_their_domain_off_in_either_mode(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 0, POWER_DOWN);
	turn_off(&p, 1);
	check(&p, 0, OFF, ON, ON);
	turn_off(&p, 2);
	turn_off(&p, 3);
	check(&p, 2, OFF, OFF, ON);
	power_wake(&p, 0);
	turn_off(&p, 0);
	check(&p, 0, OFF, OFF, OFF);
}

static void platform_coordinated_suspend_is_never_denied(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	for (size_t i = 0; i < POWER_STATE_COUNT; i++) {
		power_suspend(&p, 0, power_states[i].power_state);
		power_wake(&p, 0);
	}
}

/* --- PSCI_SET_SUSPEND_MODE --- */

static void set_suspend_mode_of_an_unknown_mode_is_an_invalid_parameter(void **state)
{
	static const uint32_t modes[] = { 2, 3, 0x80000000, 0xffffffff };
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		power_answers_only(&p, 0,
				   fixture_regs(PSCI_FN32_PSCI_SET_SUSPEND_MODE, modes[i], 0, 0),
				   PSCI_RET_INVALID_PARAMETERS);
}

static void set_suspend_mode_to_the_present_mode_always_succeeds(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_suspend(&p, 1, POWER_STANDBY);
	power_set_mode(&p, 0, 0, PSCI_RET_SUCCESS);
	power_wake(&p, 1);
	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 1, POWER_STANDBY);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
}

static void set_suspend_mode_to_os_initiated_is_denied_after_a_suspend(void **state)
{
	const struct psci_regs regs = fixture_regs(PSCI_FN32_PSCI_SET_SUSPEND_MODE, 1, 0, 0);
	struct power p;

	power_boot_many(&p, 2);
	/* A call that was refused has no effect. */
	power_answers_only(&p, 0, suspend_regs(0xfeed), PSCI_RET_INVALID_PARAMETERS);
	power_suspend(&p, 1, POWER_STANDBY);
	power_answers_only(&p, 0, regs, PSCI_RET_DENIED);
	power_wake(&p, 1);
	power_answers_only(&p, 0, regs, PSCI_RET_DENIED);
	/* In a new power cycle no vCPU has suspended. */
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
}

static void set_suspend_mode_to_os_initiated_succeeds_during_a_default_suspend(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN64_CPU_DEFAULT_SUSPEND, FIXTURE_ENTRY, 0, 0);
	struct power p;

	power_boot_many(&p, 2);
	assert_int_equal(psci_call(&p.f.vcpus[1], &regs), PSCI_NEXT_SLEEP);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	/*
	 * The mode can be changed back only by a vCPU that alone is on, however the
	 * others sleep.
	 */
	power_set_mode(&p, 0, 0, PSCI_RET_DENIED);
	power_wake(&p, 1);
	turn_off(&p, 1);
	power_set_mode(&p, 0, 0, PSCI_RET_SUCCESS);
	/* It can be changed again: since the change no vCPU has suspended. */
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_suspend(&p, 0, POWER_STANDBY);
	power_wake(&p, 0);
	power_set_mode(&p, 0, 0, PSCI_RET_SUCCESS);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
}

static void set_suspend_mode_is_denied_by_a_suspend_after_a_default_suspend(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN64_CPU_DEFAULT_SUSPEND, FIXTURE_ENTRY, 0, 0);
	struct power p;

	power_boot_many(&p, 2);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	assert_int_equal(psci_call(&p.f.vcpus[1], &regs), PSCI_NEXT_SLEEP);
	power_wake(&p, 1);
	turn_off(&p, 1);
	power_set_mode(&p, 0, 0, PSCI_RET_SUCCESS);
	fixture_start(&p.f, 1);
	power_suspend(&p, 1, POWER_STANDBY);
	power_set_mode(&p, 0, 1, PSCI_RET_DENIED);
}

static void set_suspend_mode_is_denied_while_a_vcpu_is_frozen(void **state)
{
	struct power p;

	power_boot_many(&p, 2);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_WAIT);
	power_set_mode(&p, 0, 1, PSCI_RET_DENIED);
	power_boot_many(&p, 2);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_WAIT);
	power_set_mode(&p, 0, 0, PSCI_RET_DENIED);
}

static void set_suspend_mode_to_platform_coordinated_is_denied_beside_another_core(void **state)
{
	struct power p;

	power_boot_many(&p, 2);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	power_set_mode(&p, 0, 0, PSCI_RET_DENIED);
	turn_off(&p, 1);
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
	power_set_mode(&p, 0, 0, PSCI_RET_DENIED); /* ON_PENDING is not OFF. */
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[1], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	turn_off(&p, 1);
	power_set_mode(&p, 0, 0, PSCI_RET_SUCCESS);
}

static void suspend_mode_is_platform_coordinated_after_the_machine_boots_anew(void **state)
{
	struct power p;

	power_boot_many(&p, 6);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	fixture_start(&p.f, 1);
	power_suspend(&p, 0, POWER_CLUSTER_DOWN); /* vCPU 1 runs: it would be denied. */
}

/* --- CPU_FREEZE --- */

static void frozen_vcpu_is_on_and_cpu_on_starts_it_again(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct power p;

	power_boot_many(&p, 2);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_FREEZE, 0xfeed, 0xf00d),
			 PSCI_NEXT_WAIT);
	assert_int_equal(fixture_all_kicks(&p.f), 0);
	assert_int_equal(fixture_affinity_info(&p.f, 1), PSCI_AFFINITY_INFO_ON);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[1], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[1], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(entry.pc, 0xfeedf00d);
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 7), 0);
	assert_int_equal(fixture_affinity_info(&p.f, 1), PSCI_AFFINITY_INFO_ON_PENDING);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 7);
	assert_false(entry.wake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-NODE_HW_STATE-32",
			  node_hw_state_of_an_absent_node_is_an_invalid_parameter),
		PSCI_TEST("PSCI-NODE_HW_STATE-30", node_whose_cores_were_never_started_is_off),
		cmocka_unit_test(nodes_are_off_after_the_machine_boots_anew),
		PSCI_TEST("PSCI-NODE_HW_STATE-01", domain_is_on_while_one_of_its_cores_runs),
		PSCI_TEST("PSCI-CPU_SUSPEND-35 PSCI-NODE_HW_STATE-31",
			  domain_sleeps_as_deeply_as_its_shallowest_request),
		cmocka_unit_test(system_stays_on_while_one_cluster_does_not_tolerate_its_sleep),
		cmocka_unit_test(cores_that_are_off_or_frozen_do_not_keep_a_domain_awake),
		cmocka_unit_test(
			cpu_off_of_the_last_running_core_leaves_the_domain_to_the_sleepers),
		PSCI_TEST("PSCI-CPU_SUSPEND-33",
			  os_initiated_suspend_of_a_domain_is_denied_while_another_core_runs),
		cmocka_unit_test(os_initiated_domain_stays_on_if_the_last_core_does_not_ask),
		PSCI_TEST("PSCI-CPU_SUSPEND-34",
			  os_initiated_suspend_over_a_light_sleeper_is_an_invalid_parameter),
		cmocka_unit_test(os_initiated_suspend_over_an_idle_cluster_is_an_invalid_parameter),
		cmocka_unit_test(os_initiated_suspend_over_a_running_and_a_light_core_is_denied),
		cmocka_unit_test(cpu_off_of_all_cores_turns_their_domain_off_in_either_mode),
		PSCI_TEST("PSCI-CPU_SUSPEND-35", platform_coordinated_suspend_is_never_denied),
		PSCI_TEST("PSCI-PSCI_SET_SUSPEND_MODE-30",
			  set_suspend_mode_of_an_unknown_mode_is_an_invalid_parameter),
		PSCI_TEST("PSCI-PSCI_SET_SUSPEND_MODE-33",
			  set_suspend_mode_to_the_present_mode_always_succeeds),
		PSCI_TEST("PSCI-PSCI_SET_SUSPEND_MODE-31",
			  set_suspend_mode_to_os_initiated_is_denied_after_a_suspend),
		cmocka_unit_test(
			set_suspend_mode_to_os_initiated_succeeds_during_a_default_suspend),
		cmocka_unit_test(set_suspend_mode_is_denied_by_a_suspend_after_a_default_suspend),
		cmocka_unit_test(set_suspend_mode_is_denied_while_a_vcpu_is_frozen),
		PSCI_TEST("PSCI-PSCI_SET_SUSPEND_MODE-32",
			  set_suspend_mode_to_platform_coordinated_is_denied_beside_another_core),
		PSCI_TEST("PSCI-PSCI_SET_SUSPEND_MODE-34",
			  suspend_mode_is_platform_coordinated_after_the_machine_boots_anew),
		PSCI_TEST(
			"PSCI-CPU_FREEZE-01 PSCI-CPU_FREEZE-03 PSCI-CPU_ON-35 PSCI-AFFINITY_INFO-32",
			frozen_vcpu_is_on_and_cpu_on_starts_it_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
