/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_SUSPEND: which vCPU may call it, which comes back, where, and what a host may do
 * about it.
 */
#include "psci-power.h"

static const uint32_t fids[] = { PSCI_FN32_SYSTEM_SUSPEND, PSCI_FN64_SYSTEM_SUSPEND };

static enum psci_event_kind event_of(struct power *p)
{
	return psci_machine_event(&p->f.machine).kind;
}

/* vCPU @i suspends the machine; x0 is DENIED until it wakes. */
static void suspend_by(struct power *p, unsigned int i, uint32_t fid)
{
	struct psci_regs regs = fixture_regs(fid, FIXTURE_ENTRY, 0x12345678, 0xfeedf00d);

	assert_int_equal(psci_call(&p->f.vcpus[i], &regs), PSCI_NEXT_SYSTEM_SUSPEND);
	assert_int_equal(regs.x[0], (uint64_t)PSCI_RET_DENIED);
	assert_int_equal(regs.x[1], FIXTURE_ENTRY);
	assert_int_equal(event_of(p), PSCI_EVENT_SUSPEND);
	assert_ptr_equal(psci_machine_event(&p->f.machine).vctx, &p->f.threads[i]);
}

static void check_entry(const struct psci_entry *entry)
{
	assert_int_equal(entry->pc, FIXTURE_ENTRY);
	assert_int_equal(entry->x0, 0x12345678);
	assert_true(entry->wake);
	assert_false(entry->aarch32);
}

static void system_suspend_is_resumed_at_its_entry_by_an_interrupt_of_the_caller(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		struct psci_entry entry = { .pc = 0xfeedf00d };
		struct power p;

		power_boot(&p, PSCI_VERSION_1_0);
		suspend_by(&p, 0, fids[c]);
		assert_int_equal(fixture_all_kicks(&p.f), 0);
		/* The poll reports it as long as it lasts, so that a kick does not hide it. */
		for (unsigned int i = 0; i < 3; i++)
			assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry),
					 PSCI_NEXT_SYSTEM_SUSPEND);
		assert_int_equal(event_of(&p), PSCI_EVENT_SUSPEND);
		assert_int_equal(entry.pc, 0xfeedf00d);
		assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
		check_entry(&entry);
		assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_RUN);
		assert_false(psci_machine_wake(&p.f.machine));
	}
}

static void system_suspend_is_resumed_at_its_entry_by_the_host(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		struct psci_entry entry;
		struct power p;

		power_boot(&p, PSCI_VERSION_1_3);
		suspend_by(&p, 0, fids[c]);
		assert_true(psci_machine_wake(&p.f.machine));
		assert_int_equal(fixture_kicks(&p.f, 0), 1);
		assert_int_equal(fixture_all_kicks(&p.f), 1);
		assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
		assert_false(psci_machine_wake(&p.f.machine));
		assert_false(psci_machine_deny(&p.f.machine));
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
		check_entry(&entry);
	}
}

/* The interrupt that comes with it must not lose the entry either. */
static void resume_and_wake_of_a_suspended_system_are_one_start(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_true(psci_machine_wake(&p.f.machine));
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	check_entry(&entry);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_RUN);
}

static void system_suspend_that_the_host_denies_returns_to_its_caller(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_true(psci_machine_deny(&p.f.machine));
	assert_int_equal(fixture_kicks(&p.f, 0), 1);
	assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
	assert_false(psci_machine_deny(&p.f.machine));
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_RUN);
	assert_int_equal(entry.pc, 0xfeedf00d);
	/* All its domains run again. */
	assert_int_equal(power_hw_state(&p, 0, 0, 2), PSCI_NODE_HW_STATE_HW_ON);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
}

static void resume_of_a_machine_that_is_not_suspended_changes_nothing(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	assert_false(psci_machine_wake(&p.f.machine));
	assert_false(psci_machine_deny(&p.f.machine));
	assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN32_SYSTEM_RESET, 0, 0), PSCI_NEXT_EXIT);
	assert_false(psci_machine_wake(&p.f.machine));
	assert_false(psci_machine_deny(&p.f.machine));
	assert_int_equal(event_of(&p), PSCI_EVENT_RESET);
	assert_int_equal(fixture_kicks(&p.f, 0), 0);
}

static void system_suspend_by_any_vcpu_that_is_alone_succeeds(void **state)
{
	for (unsigned int i = 1; i < FIXTURE_VCPU_COUNT; i++) {
		struct psci_entry entry;
		struct power p;

		power_boot(&p, PSCI_VERSION_1_3);
		fixture_start(&p.f, i);
		assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
		suspend_by(&p, i, PSCI_FN64_SYSTEM_SUSPEND);
		assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_WAIT);
		assert_int_equal(event_of(&p), PSCI_EVENT_SUSPEND);
		assert_true(psci_machine_wake(&p.f.machine));
		assert_int_equal(fixture_kicks(&p.f, i), 1);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_WAIT);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[i], &entry), PSCI_NEXT_START);
		check_entry(&entry);
	}
}

static void check_denied(struct power *p)
{
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		power_answers_only(p, 0, fixture_regs(fids[c], FIXTURE_ENTRY, 0, 0),
				   PSCI_RET_DENIED);
		/* Two faults: this one comes first. */
		power_answers_only(p, 0, fixture_regs(fids[c], p->f.refused_entry, 0, 0),
				   PSCI_RET_DENIED);
	}
}

/* The prototype says ALREADY_ON; the text of the clause says DENIED. */
static void system_suspend_is_denied_while_another_vcpu_is_not_off(void **state)
{
	struct power p;

	for (unsigned int i = 1; i < FIXTURE_VCPU_COUNT; i++) {
		power_boot(&p, PSCI_VERSION_1_3);
		assert_int_equal(
			fixture_call(&p.f, 0, PSCI_FN64_CPU_ON, p.f.mpidrs[i], FIXTURE_ENTRY, 0),
			0);
		check_denied(&p);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[i], &(struct psci_entry){ 0 }),
				 PSCI_NEXT_START);
		check_denied(&p);
		power_suspend(&p, i, POWER_DOWN);
		check_denied(&p);
		power_wake(&p, i);
		assert_int_equal(fixture_leave(&p.f, i, PSCI_FN32_CPU_FREEZE, 0, 0),
				 PSCI_NEXT_WAIT);
		check_denied(&p);
		assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
	}
}

static void system_suspend_at_a_bad_entry_is_an_invalid_address(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		power_answers_only(&p, 0, fixture_regs(fids[c], p.f.refused_entry, 0, 0),
				   PSCI_RET_INVALID_ADDRESS);
		for (uint64_t low = 1; low < 4; low++)
			power_answers_only(&p, 0, fixture_regs(fids[c], FIXTURE_ENTRY | low, 0, 0),
					   PSCI_RET_INVALID_ADDRESS);
	}
}

/* The others come back by CPU_ON, as from any CPU_OFF. */
static void cpu_on_starts_the_other_vcpus_after_a_system_suspend(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	fixture_start(&p.f, 1);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(power_hw_state(&p, 0, 0, 2), PSCI_NODE_HW_STATE_HW_ON);
	fixture_start(&p.f, 1);
	check_denied(&p);
}

static void suspended_machine_can_be_booted_anew(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
	assert_false(psci_machine_wake(&p.f.machine));
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_BOOT_ENTRY);
	assert_false(entry.wake);
}

/* It is no CPU_SUSPEND: the mode can still be chosen, and is kept. */
static void system_suspend_does_not_change_the_suspend_mode(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	power_set_mode(&p, 0, 1, PSCI_RET_SUCCESS);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	fixture_start(&p.f, 1);
	power_answers_only(
		&p, 0, fixture_regs(PSCI_FN64_CPU_SUSPEND, POWER_CLUSTER_DOWN, FIXTURE_ENTRY, 0),
		PSCI_RET_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-SYSTEM_SUSPEND-02",
			  system_suspend_is_resumed_at_its_entry_by_an_interrupt_of_the_caller),
		cmocka_unit_test(system_suspend_is_resumed_at_its_entry_by_the_host),
		cmocka_unit_test(resume_and_wake_of_a_suspended_system_are_one_start),
		PSCI_TEST("PSCI-SYSTEM_SUSPEND-32",
			  system_suspend_that_the_host_denies_returns_to_its_caller),
		cmocka_unit_test(resume_of_a_machine_that_is_not_suspended_changes_nothing),
		cmocka_unit_test(system_suspend_by_any_vcpu_that_is_alone_succeeds),
		PSCI_TEST("PSCI-SYSTEM_SUSPEND-01 PSCI-SYSTEM_SUSPEND-06 PSCI-SYSTEM_SUSPEND-30",
			  system_suspend_is_denied_while_another_vcpu_is_not_off),
		PSCI_TEST("PSCI-SYSTEM_SUSPEND-31",
			  system_suspend_at_a_bad_entry_is_an_invalid_address),
		PSCI_TEST("PSCI-SYSTEM_SUSPEND-05",
			  cpu_on_starts_the_other_vcpus_after_a_system_suspend),
		cmocka_unit_test(suspended_machine_can_be_booted_anew),
		cmocka_unit_test(system_suspend_does_not_change_the_suspend_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
