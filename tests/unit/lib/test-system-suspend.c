/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_SUSPEND: who may, who comes back, where, and what a host may do about it.
 */
#include "psci-power.h"

static const uint32_t fids[] = { PSCI_FN32_SYSTEM_SUSPEND, PSCI_FN64_SYSTEM_SUSPEND };

static enum psci_event_kind event_of(struct power *p)
{
	return psci_machine_event(&p->f.machine).kind;
}

/* vCPU @i suspends the machine; what it finds in x0 until it wakes is DENIED. */
static void suspend_by(struct power *p, unsigned int i, uint32_t fid)
{
	struct psci_regs regs = fixture_regs(fid, FIXTURE_ENTRY, 0x12345678, 0xfeedf00d);

	assert_int_equal(psci_call(&p->f.vcpus[i], &regs), PSCI_NEXT_SLEEP);
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

/* PSCI-SYSTEM_SUSPEND-02 */
static void an_interrupt_of_the_caller_resumes_it_at_its_entry(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		struct psci_entry entry = { .pc = 0xfeedf00d };
		struct power p;

		power_boot(&p, PSCI_VERSION_1_0);
		suspend_by(&p, 0, fids[c]);
		assert_int_equal(fixture_all_kicks(&p.f), 0);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_SLEEP);
		assert_int_equal(event_of(&p), PSCI_EVENT_SUSPEND);
		assert_int_equal(entry.pc, 0xfeedf00d);
		assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
		check_entry(&entry);
		assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_RESUME);
		assert_false(psci_machine_resume(&p.f.machine));
	}
}

static void the_host_resumes_the_caller_at_its_entry(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		struct psci_entry entry;
		struct power p;

		power_boot(&p, PSCI_VERSION_1_3);
		suspend_by(&p, 0, fids[c]);
		assert_true(psci_machine_resume(&p.f.machine));
		assert_int_equal(fixture_kicks(&p.f, 0), 1);
		assert_int_equal(fixture_all_kicks(&p.f), 1);
		assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
		assert_false(psci_machine_resume(&p.f.machine));
		assert_false(psci_machine_deny(&p.f.machine));
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
		check_entry(&entry);
	}
}

/* The interrupt that comes with it must not lose the entry either. */
static void a_resume_and_a_wake_are_one_start(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_true(psci_machine_resume(&p.f.machine));
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	check_entry(&entry);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_RESUME);
}

/* PSCI-SYSTEM_SUSPEND-32 */
static void the_host_can_refuse(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_true(psci_machine_deny(&p.f.machine));
	assert_int_equal(fixture_kicks(&p.f, 0), 1);
	assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
	assert_false(psci_machine_deny(&p.f.machine));
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_RESUME);
	assert_int_equal(entry.pc, 0xfeedf00d);
	/* All its domains run again. */
	assert_int_equal(power_hw_state(&p, 0, 0, 2), PSCI_NODE_HW_STATE_HW_ON);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
}

static void a_machine_that_is_not_suspended_is_left_alone(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	assert_false(psci_machine_resume(&p.f.machine));
	assert_false(psci_machine_deny(&p.f.machine));
	assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN32_SYSTEM_RESET, 0, 0), PSCI_NEXT_EXIT);
	assert_false(psci_machine_resume(&p.f.machine));
	assert_false(psci_machine_deny(&p.f.machine));
	assert_int_equal(event_of(&p), PSCI_EVENT_RESET);
	assert_int_equal(fixture_kicks(&p.f, 0), 0);
}

static void any_vcpu_that_is_alone_may(void **state)
{
	for (unsigned int i = 1; i < FIXTURE_VCPU_COUNT; i++) {
		struct psci_entry entry;
		struct power p;

		power_boot(&p, PSCI_VERSION_1_3);
		fixture_start(&p.f, i);
		assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_PARK);
		suspend_by(&p, i, PSCI_FN64_SYSTEM_SUSPEND);
		assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_PARK);
		assert_int_equal(event_of(&p), PSCI_EVENT_SUSPEND);
		assert_true(psci_machine_resume(&p.f.machine));
		assert_int_equal(fixture_kicks(&p.f, i), 1);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_PARK);
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
/* PSCI-SYSTEM_SUSPEND-01 PSCI-SYSTEM_SUSPEND-06 PSCI-SYSTEM_SUSPEND-30 */
static void anybody_who_is_not_off_stands_in_the_way(void **state)
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
				 PSCI_NEXT_PARK);
		check_denied(&p);
		assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
	}
}

/* PSCI-SYSTEM_SUSPEND-31 */
static void a_bad_entry_is_an_invalid_address(void **state)
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

/* The others come back with CPU_ON, as from any CPU_OFF. */
/* PSCI-SYSTEM_SUSPEND-05 */
static void the_caller_brings_the_others_back(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	fixture_start(&p.f, 1);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_PARK);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(power_hw_state(&p, 0, 0, 2), PSCI_NODE_HW_STATE_HW_ON);
	fixture_start(&p.f, 1);
	check_denied(&p);
}

static void a_suspended_machine_can_be_booted_anew(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	suspend_by(&p, 0, PSCI_FN64_SYSTEM_SUSPEND);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(event_of(&p), PSCI_EVENT_NONE);
	assert_false(psci_machine_resume(&p.f.machine));
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_BOOT_ENTRY);
	assert_false(entry.wake);
}

/* It is no CPU_SUSPEND: the mode can still be chosen, and survives. */
static void it_leaves_the_suspend_mode_alone(void **state)
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
		cmocka_unit_test(an_interrupt_of_the_caller_resumes_it_at_its_entry),
		cmocka_unit_test(the_host_resumes_the_caller_at_its_entry),
		cmocka_unit_test(a_resume_and_a_wake_are_one_start),
		cmocka_unit_test(the_host_can_refuse),
		cmocka_unit_test(a_machine_that_is_not_suspended_is_left_alone),
		cmocka_unit_test(any_vcpu_that_is_alone_may),
		cmocka_unit_test(anybody_who_is_not_off_stands_in_the_way),
		cmocka_unit_test(a_bad_entry_is_an_invalid_address),
		cmocka_unit_test(the_caller_brings_the_others_back),
		cmocka_unit_test(a_suspended_machine_can_be_booted_anew),
		cmocka_unit_test(it_leaves_the_suspend_mode_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
