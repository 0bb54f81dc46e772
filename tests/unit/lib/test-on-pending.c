/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci_config.hide_on_pending: what a guest finds between CPU_ON and the start of
 * the vCPU, if it must not see ON_PENDING. (tests/unit/lib/test-cpu.c has the default.)
 */
#include "psci-record.h"

#include <stdlib.h>

static const uint32_t on_fids[] = { PSCI_FN32_CPU_ON, PSCI_FN64_CPU_ON };

/* All means, vCPU 0 runs. */
static void boot_hidden(struct power *p, uint32_t version)
{
	struct psci_entry entry;

	power_configure(p, version);
	p->f.config.hide_on_pending = true;
	power_make(p);
	assert_int_equal(
		psci_machine_boot(&p->f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY }),
		PSCI_OK);
	assert_int_equal(psci_vcpu_poll(&p->f.vcpus[0], &entry), PSCI_NEXT_START);
	fixture_forget(&p->f);
}

static void start_without_poll(struct power *p, unsigned int i)
{
	assert_int_equal(fixture_call(&p->f, 0, PSCI_FN64_CPU_ON, p->f.mpidrs[i], FIXTURE_ENTRY,
				      FIXTURE_CONTEXT),
			 PSCI_RET_SUCCESS);
}

/* The first call's entry counts, as ever. */
static void second_cpu_on_is_already_on_if_on_pending_is_hidden(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		struct psci_entry entry;
		struct power p;

		boot_hidden(&p, spec_versions[v]);
		start_without_poll(&p, 1);
		for (size_t c = 0; c < ARRAY_SIZE(on_fids); c++) {
			if (spec_versions[v] == PSCI_VERSION_0_2 && on_fids[c] == PSCI_FN32_CPU_ON)
				continue; /* Of the wrong width there. */
			power_answers_only(&p, 0,
					   fixture_regs(on_fids[c], 1, 0xfeedf000, 0xfeedf00d),
					   PSCI_RET_ALREADY_ON);
		}
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[1], &entry), PSCI_NEXT_START);
		assert_int_equal(entry.pc, FIXTURE_ENTRY);
		assert_int_equal(entry.x0, FIXTURE_CONTEXT);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[1], &entry), PSCI_NEXT_RUN);
	}
}

/* vCPU 4 is alone in its group at each level from 1 to 3. */
static void affinity_info_of_a_starting_vcpu_is_on_if_on_pending_is_hidden(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		struct psci_entry entry;
		struct power p;

		boot_hidden(&p, spec_versions[v]);
		assert_int_equal(fixture_affinity_info(&p.f, 4), PSCI_AFFINITY_INFO_OFF);
		start_without_poll(&p, 4);
		for (uint32_t level = 0; level < 4; level++)
			assert_int_equal(fixture_call(&p.f, 0, PSCI_FN64_AFFINITY_INFO,
						      p.f.mpidrs[4], level, 0),
					 PSCI_AFFINITY_INFO_ON);
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[4], &entry), PSCI_NEXT_START);
		assert_int_equal(fixture_affinity_info(&p.f, 4), PSCI_AFFINITY_INFO_ON);
	}
}

/* It is neither off nor running: the other functions see no difference between the settings. */
static void hidden_on_pending_does_not_change_the_other_functions(void **state)
{
	struct power p;

	boot_hidden(&p, PSCI_VERSION_1_3);
	start_without_poll(&p, 1);
	power_answers_only(&p, 0, fixture_regs(PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 0, 0),
			   PSCI_RET_DENIED);
	assert_int_equal(power_hw_state(&p, 0, 1, 0), PSCI_NODE_HW_STATE_HW_OFF);
	power_set_mode(&p, 0, PSCI_SUSPEND_MODE_OS_INITIATED, PSCI_RET_SUCCESS);
	power_set_mode(&p, 0, PSCI_SUSPEND_MODE_PLATFORM_COORDINATED, PSCI_RET_DENIED);
	/* A call of code from before the start is not carried out. */
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_PSCI_VERSION, 0, 0), PSCI_NEXT_WAIT);
}

static void cpu_on_of_a_frozen_vcpu_shows_on_at_once_if_on_pending_is_hidden(void **state)
{
	struct power p;

	boot_hidden(&p, PSCI_VERSION_1_3);
	fixture_start(&p.f, 1);
	assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_WAIT);
	start_without_poll(&p, 1);
	power_answers_only(&p, 0, fixture_regs(PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0),
			   PSCI_RET_ALREADY_ON);
}

/* A guest keeps the behaviour that it saw: the record's setting counts, in both directions. */
static void restored_machine_shows_or_hides_on_pending_as_its_record_says(void **state)
{
	for (int hidden = 0; hidden < 2; hidden++) {
		struct power a;
		struct power b;

		if (hidden)
			boot_hidden(&a, PSCI_VERSION_1_3);
		else
			power_boot(&a, PSCI_VERSION_1_3);
		start_without_poll(&a, 1);
		power_configure(&b, PSCI_VERSION_1_3);
		b.f.config.hide_on_pending = !hidden;
		power_make(&b);

		struct record r = psci_record_save(&a);

		assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
		free(r.bytes);
		assert_int_equal(fixture_affinity_info(&b.f, 1),
				 hidden ? PSCI_AFFINITY_INFO_ON : PSCI_AFFINITY_INFO_ON_PENDING);
		power_answers_only(&b, 0, fixture_regs(PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0),
				   hidden ? PSCI_RET_ALREADY_ON : PSCI_RET_ON_PENDING);
	}
}

/* Format 1 did not have the setting: such a guest has seen ON_PENDING. */
static void machine_restored_from_format_1_shows_on_pending(void **state)
{
	struct power a;
	struct power b;

	power_boot(&a, PSCI_VERSION_1_3);
	start_without_poll(&a, 1);
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.config.hide_on_pending = true;
	power_make(&b);

	struct record r = psci_record_save(&a);

	r.bytes[4] = 1;
	state_seal(&r);
	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	assert_int_equal(fixture_affinity_info(&b.f, 1), PSCI_AFFINITY_INFO_ON_PENDING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_cpu_on_is_already_on_if_on_pending_is_hidden),
		cmocka_unit_test(affinity_info_of_a_starting_vcpu_is_on_if_on_pending_is_hidden),
		cmocka_unit_test(hidden_on_pending_does_not_change_the_other_functions),
		cmocka_unit_test(cpu_on_of_a_frozen_vcpu_shows_on_at_once_if_on_pending_is_hidden),
		cmocka_unit_test(restored_machine_shows_or_hides_on_pending_as_its_record_says),
		cmocka_unit_test(machine_restored_from_format_1_shows_on_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
