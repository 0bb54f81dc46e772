/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MIGRATE, MIGRATE_INFO_TYPE, MIGRATE_INFO_UP_CPU, and a trusted OS that keeps its vCPU
 * from being turned off.
 */
#include "psci-power.h"

static const uint32_t fids[] = { PSCI_FN32_MIGRATE, PSCI_FN64_MIGRATE };

static void boot_with(struct power *p, enum psci_trusted_os kind, unsigned int home)
{
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY };
	struct psci_entry entry;

	power_configure(p, PSCI_VERSION_1_3);
	p->f.config.trusted_os = kind;
	p->f.config.trusted_os_mpidr = p->f.mpidrs[home];
	power_make(p);
	psci_machine_boot(&p->f.vcpus[0], &boot);
	assert_int_equal(psci_vcpu_poll(&p->f.vcpus[0], &entry), PSCI_NEXT_START);
	for (unsigned int i = 1; i < FIXTURE_VCPU_COUNT; i++)
		fixture_start(&p->f, i);
}

static int64_t where(struct power *p)
{
	return fixture_call(&p->f, 0, PSCI_FN64_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

static void incomplete_description_of_a_trusted_os_is_refused(void **state)
{
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.config.trusted_os_mpidr = 0x80000000;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_ERR_INVALID);
	p.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_ERR_INVALID);
	p.f.config.trusted_os = PSCI_TRUSTED_OS_NONE;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_OK);
	p.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED + 1;
	p.f.config.trusted_os_mpidr = 0;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_ERR_INVALID);
	p.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED;
	p.f.host.migrate = NULL;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_OK);
	p.f.config.trusted_os = PSCI_TRUSTED_OS_MIGRATABLE;
	assert_int_equal(psci_machine_init(&p.f.machine, &p.f.config), PSCI_ERR_INVALID);
}

static void migrate_info_type_without_a_trusted_os_says_so(void **state)
{
	struct fixture f;

	for (size_t v = 0; v < spec_version_count; v++) {
		fixture_boot(&f, spec_versions[v]);
		assert_int_equal(fixture_call(&f, 0, PSCI_FN32_MIGRATE_INFO_TYPE, 0, 0, 0),
				 PSCI_MIGRATE_INFO_NOT_REQUIRED);
	}
}

static void migrate_info_type_says_whether_the_trusted_os_can_move(void **state)
{
	struct power p;

	boot_with(&p, PSCI_TRUSTED_OS_NONE, 0);
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN32_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
	boot_with(&p, PSCI_TRUSTED_OS_MIGRATABLE, 0);
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN32_MIGRATE_INFO_TYPE, 0, 0, 0), 0);
	boot_with(&p, PSCI_TRUSTED_OS_FIXED, 0);
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN32_MIGRATE_INFO_TYPE, 0, 0, 0), 1);
}

static void migrate_moves_the_trusted_os_and_lets_its_former_vcpu_turn_off(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		struct power p;

		boot_with(&p, PSCI_TRUSTED_OS_MIGRATABLE, 1);
		assert_int_equal(where(&p), 0x1);
		power_answers_only(&p, 1, fixture_regs(PSCI_FN32_CPU_OFF, 0, 0, 0),
				   PSCI_RET_DENIED);
		power_answers_only(&p, 1, fixture_regs(PSCI_FN32_CPU_FREEZE, 0, 0, 0),
				   PSCI_RET_DENIED);
		assert_int_equal(fixture_call(&p.f, 1, fids[c], p.f.mpidrs[2], 0, 0), 0);
		assert_ptr_equal(p.migrated_to, &p.f.threads[2]);
		assert_int_equal(where(&p), 0x100);
		assert_int_equal(fixture_leave(&p.f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
		power_answers_only(&p, 2, fixture_regs(PSCI_FN32_CPU_OFF, 0, 0, 0),
				   PSCI_RET_DENIED);
		/* The next power cycle begins where the first did. */
		psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }),
				 PSCI_NEXT_START);
		assert_int_equal(where(&p), 0x1);
	}
}

static void migrate_from_a_vcpu_without_the_trusted_os_is_not_present(void **state)
{
	struct power p;

	boot_with(&p, PSCI_TRUSTED_OS_MIGRATABLE, 1);
	for (size_t c = 0; c < ARRAY_SIZE(fids); c++) {
		power_answers_only(&p, 0, fixture_regs(fids[c], p.f.mpidrs[2], 0, 0),
				   PSCI_RET_NOT_PRESENT);
		power_answers_only(&p, 0, fixture_regs(fids[c], FIXTURE_ABSENT_MPIDR, 0, 0),
				   PSCI_RET_NOT_PRESENT);
	}
	assert_null(p.migrated_to);
}

static void migrate_to_an_absent_vcpu_is_an_invalid_parameter(void **state)
{
	static const uint64_t targets[] = { FIXTURE_ABSENT_MPIDR, 0x80000000, 0x1000000 };
	struct power p;

	boot_with(&p, PSCI_TRUSTED_OS_MIGRATABLE, 1);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		power_answers_only(&p, 1, fixture_regs(PSCI_FN64_MIGRATE, targets[i], 0, 0),
				   PSCI_RET_INVALID_PARAMETERS);
	assert_null(p.migrated_to);
}

static void migrate_that_fails_leaves_the_trusted_os_where_it_was(void **state)
{
	struct power p;

	boot_with(&p, PSCI_TRUSTED_OS_MIGRATABLE, 1);
	p.refuses_to_migrate = true;
	power_answers_only(&p, 1, fixture_regs(PSCI_FN64_MIGRATE, p.f.mpidrs[2], 0, 0),
			   PSCI_RET_INTERNAL_FAILURE);
	assert_ptr_equal(p.migrated_to, &p.f.threads[2]);
	assert_int_equal(where(&p), 0x1);
}

static void migrate_of_a_fixed_trusted_os_is_denied(void **state)
{
	struct power p;

	boot_with(&p, PSCI_TRUSTED_OS_FIXED, 5);
	power_answers_only(&p, 5, fixture_regs(PSCI_FN64_MIGRATE, 0, 0, 0), PSCI_RET_DENIED);
	power_answers_only(&p, 0, fixture_regs(PSCI_FN64_MIGRATE, 0, 0, 0), PSCI_RET_DENIED);
	power_answers_only(&p, 5, fixture_regs(PSCI_FN32_CPU_OFF, 0, 0, 0), PSCI_RET_DENIED);
	assert_null(p.migrated_to);
	/* All four affinity fields; SMC32 has no room for the highest. */
	assert_int_equal(where(&p), UINT64_C(0x2300456789));
	assert_int_equal(fixture_call(&p.f, 0, PSCI_FN32_MIGRATE_INFO_UP_CPU, 0, 0, 0), 0x456789);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(incomplete_description_of_a_trusted_os_is_refused),
		PSCI_TEST("PSCI-MIGRATE_INFO_TYPE-32",
			  migrate_info_type_without_a_trusted_os_says_so),
		PSCI_TEST("PSCI-MIGRATE_INFO_TYPE-30 PSCI-MIGRATE_INFO_TYPE-31",
			  migrate_info_type_says_whether_the_trusted_os_can_move),
		PSCI_TEST(
			"PSCI-MIGRATE-30 PSCI-MIGRATE_INFO_UP_CPU-30 PSCI-CPU_OFF-30 PSCI-CPU_FREEZE-30",
			migrate_moves_the_trusted_os_and_lets_its_former_vcpu_turn_off),
		PSCI_TEST("PSCI-MIGRATE-32",
			  migrate_from_a_vcpu_without_the_trusted_os_is_not_present),
		PSCI_TEST("PSCI-MIGRATE-33", migrate_to_an_absent_vcpu_is_an_invalid_parameter),
		PSCI_TEST("PSCI-MIGRATE-34", migrate_that_fails_leaves_the_trusted_os_where_it_was),
		PSCI_TEST("PSCI-MIGRATE-31", migrate_of_a_fixed_trusted_os_is_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
