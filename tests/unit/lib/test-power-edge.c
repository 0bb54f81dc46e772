/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ends of the table of power states, and depths next to the one from which on a core
 * has lost its contents: the cases in which mutants of the library passed the other
 * tests.
 *
 * The host's table has one row more than the library knows of. A library that reads it
 * gets wrong results.
 */
#include "psci-power.h"

#define BOTH_DOWN 0x01010011
#define OTHER_BOTH_DOWN 0x01010012
#define CORE_DOWN 0x00010001
#define CORE_DEEPER 0x00010002
#define CORE_STANDBY 0x00000001

static void boot_with(struct power *p, const struct psci_idle_state *states, size_t count,
		      unsigned int vcpu_count)
{
	struct psci_entry entry;

	power_configure(p, PSCI_VERSION_1_3);
	p->f.config.idle_states = states;
	p->f.config.idle_state_count = count;
	power_make(p);
	psci_machine_boot(&p->f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p->f.vcpus[0], &entry), PSCI_NEXT_START);
	for (unsigned int i = 1; i < vcpu_count; i++)
		fixture_start(&p->f, i);
}

static void core_that_sleeps_from_depth_off_on_is_off_to_node_hw_state(void **state)
{
	static const struct psci_idle_state states[] = {
		{ .power_state = CORE_STANDBY, .depth = { PSCI_DEPTH_OFF - 1 } },
		{ .power_state = CORE_DOWN, .depth = { PSCI_DEPTH_OFF } },
	};
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct power p;

	boot_with(&p, states, ARRAY_SIZE(states), 2);
	power_suspend(&p, 1, CORE_STANDBY);
	assert_int_equal(power_hw_state(&p, 0, 1, 0), PSCI_NODE_HW_STATE_HW_STANDBY);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[1], &entry), PSCI_NEXT_RUN);
	assert_int_equal(entry.pc, 0xfeedf00d);
	power_suspend(&p, 1, CORE_DOWN);
	assert_int_equal(power_hw_state(&p, 0, 1, 0), PSCI_NODE_HW_STATE_HW_OFF);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY + 4);
	power_answers_only(&p, 1,
			   fixture_regs(PSCI_FN64_CPU_SUSPEND, CORE_DOWN, p.f.refused_entry, 0),
			   PSCI_RET_INVALID_ADDRESS);
}

/* The first state of a core alone may be anywhere in the table, but not behind it. */
static void default_suspend_finds_its_state_in_the_last_row_of_the_table(void **state)
{
	static const struct psci_idle_state states[] = {
		{ .power_state = BOTH_DOWN, .depth = { 200, 200 } },
		{ .power_state = OTHER_BOTH_DOWN, .depth = { 201, 201 } },
		{ .power_state = CORE_DOWN, .depth = { 200 } },
	};
	struct psci_regs regs = fixture_regs(PSCI_FN64_CPU_DEFAULT_SUSPEND, FIXTURE_ENTRY, 0, 0);
	struct psci_entry entry;
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.config.idle_states = states;
	p.f.config.idle_state_count = 2;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_ERR_INVALID);
	boot_with(&p, states, 3, 1);
	assert_int_equal(psci_call(&p.f.vcpus[0], &regs), PSCI_NEXT_SLEEP);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
}

static void os_initiated_suspend_over_a_sibling_in_a_lesser_power_down_is_refused(void **state)
{
	static const struct psci_idle_state states[] = {
		{ .power_state = CORE_DOWN, .depth = { 150 } },
		{ .power_state = CORE_DEEPER, .depth = { 200 } },
		{ .power_state = BOTH_DOWN, .depth = { 200, 200 } },
	};
	const struct psci_regs both =
		fixture_regs(PSCI_FN64_CPU_SUSPEND, BOTH_DOWN, FIXTURE_ENTRY, 0);
	struct power p;

	boot_with(&p, states, ARRAY_SIZE(states), 2);
	power_set_mode(&p, 0, PSCI_SUSPEND_MODE_OS_INITIATED, PSCI_RET_SUCCESS);
	power_suspend(&p, 1, CORE_DOWN);
	power_answers_only(&p, 0, both, PSCI_RET_INVALID_PARAMETERS);
	power_wake(&p, 1);
	power_suspend(&p, 1, CORE_DEEPER);
	power_suspend(&p, 0, BOTH_DOWN);
}

/* All rows of the table, and no other, determine the least depth below a domain's. */
static void os_initiated_suspend_searches_the_whole_table_for_what_is_deep_enough(void **state)
{
	static const struct psci_idle_state states[] = {
		{ .power_state = 0x01000011, .depth = { 2, 3 } },
		{ .power_state = 0x01010012, .depth = { 200, 3 } },
		{ .power_state = 0x00000001, .depth = { 1 } },
		{ .power_state = 0x00000002, .depth = { 2 } },
		{ .power_state = 0x01000021, .depth = { 1, 3 } }, /* behind the table */
	};
	const struct psci_regs down =
		fixture_regs(PSCI_FN64_CPU_SUSPEND, 0x01010012, FIXTURE_ENTRY, 0);
	struct power p;

	boot_with(&p, states, ARRAY_SIZE(states) - 1, 2);
	power_set_mode(&p, 0, PSCI_SUSPEND_MODE_OS_INITIATED, PSCI_RET_SUCCESS);
	power_suspend(&p, 1, 0x00000001);
	power_answers_only(&p, 0, down, PSCI_RET_INVALID_PARAMETERS);
	power_wake(&p, 1);
	power_suspend(&p, 1, 0x00000002);
	power_suspend(&p, 0, 0x01010012);
}

/* A core that was off is counted in the deepest state that has a name. */
static void core_that_was_off_is_counted_in_the_deepest_state_of_the_table(void **state)
{
	static const struct psci_idle_state states[] = {
		{ .power_state = CORE_STANDBY, .depth = { 1 } },
		{ .power_state = CORE_DOWN, .depth = { 200 } },
		{ .power_state = CORE_DEEPER, .depth = { 201 } }, /* behind the table */
	};
	struct power p;

	boot_with(&p, states, ARRAY_SIZE(states) - 1, 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
		fixture_start(&p.f, 1);
	}
	assert_int_equal(
		fixture_call(&p.f, 0, PSCI_FN64_PSCI_STAT_COUNT, p.f.mpidrs[1], CORE_DOWN, 0), 2);
	/* The next node got nothing. */
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++) {
		assert_int_equal(fixture_call(&p.f, 0, PSCI_FN64_PSCI_STAT_COUNT, p.f.mpidrs[i],
					      CORE_STANDBY, 0),
				 0);
	}
}

/* vCPU 1 lies in a domain of each level, vCPU 0 in none. */
static void check_all_levels(struct power *p, int64_t answer)
{
	for (unsigned int level = 0; level < PSCI_POWER_LEVEL_COUNT; level++)
		assert_int_equal(power_hw_state(p, 0, 1, level), answer);
}

static void domains_of_all_levels_sleep_and_wake_with_their_only_core(void **state)
{
	static const struct psci_idle_state states[] = {
		{ .power_state = 0x03000001, .depth = { 1, 1, 1, 1 } },
		{ .power_state = 0x03010002, .depth = { 200, 200, 200, 200 } },
	};
	struct psci_domain domains[PSCI_POWER_LEVEL_COUNT];
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.config.enable_functions &= ~power_bit(PSCI_FN32_CPU_DEFAULT_SUSPEND);
	p.f.config.idle_states = states;
	p.f.config.idle_state_count = ARRAY_SIZE(states);
	fixture_make(&p.f);
	for (unsigned int level = PSCI_POWER_LEVEL_COUNT - 1; level > 0; level--) {
		struct psci_domain *above =
			level < PSCI_POWER_LEVEL_COUNT - 1 ? &domains[level + 1] : NULL;

		assert_int_equal(psci_domain_init(&domains[level], &p.f.machine, level, above),
				 PSCI_OK);
	}
	assert_int_equal(psci_vcpu_place(&p.f.vcpus[1], &domains[1]), PSCI_OK);
	psci_machine_boot(&p.f.vcpus[0], &entry);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);

	check_all_levels(&p, PSCI_NODE_HW_STATE_HW_OFF);
	fixture_start(&p.f, 1);
	check_all_levels(&p, PSCI_NODE_HW_STATE_HW_ON);
	power_suspend(&p, 1, states[0].power_state);
	check_all_levels(&p, PSCI_NODE_HW_STATE_HW_STANDBY);
	power_wake(&p, 1);
	check_all_levels(&p, PSCI_NODE_HW_STATE_HW_ON);
	power_suspend(&p, 1, states[1].power_state);
	check_all_levels(&p, PSCI_NODE_HW_STATE_HW_OFF);
	power_wake(&p, 1);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	check_all_levels(&p, PSCI_NODE_HW_STATE_HW_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_that_sleeps_from_depth_off_on_is_off_to_node_hw_state),
		cmocka_unit_test(default_suspend_finds_its_state_in_the_last_row_of_the_table),
		PSCI_TEST("PSCI-CPU_SUSPEND-34",
			  os_initiated_suspend_over_a_sibling_in_a_lesser_power_down_is_refused),
		PSCI_TEST("PSCI-CPU_SUSPEND-34",
			  os_initiated_suspend_searches_the_whole_table_for_what_is_deep_enough),
		cmocka_unit_test(core_that_was_off_is_counted_in_the_deepest_state_of_the_table),
		PSCI_TEST("PSCI-NODE_HW_STATE-30 PSCI-NODE_HW_STATE-31",
			  domains_of_all_levels_sleep_and_wake_with_their_only_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
