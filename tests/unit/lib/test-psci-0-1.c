/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI 0.1: ids that the host chooses, registers instead of conventions, no context id,
 * three error codes.
 */
#include "psci-power.h"

/* KVM's choice; it looks like SMC32 ids of an owner that does not exist. */
#define SUSPEND 0x95c1ba5e
#define OFF 0x95c1ba5f
#define ON 0x95c1ba60
#define MIGRATE 0x95c1ba61

static bool never_start(void *ctx, void *vctx)
{
	return false;
}

static void configure(struct power *p)
{
	fixture_configure(&p->f, PSCI_VERSION_0_1);
	power_equip(p, SPEC_TRUSTED_OS);
	p->f.config.trusted_os_mpidr = 0x1;
	p->f.config.idle_states = power_states;
	p->f.config.idle_state_count = 3;
	p->f.config.fids_0_1 = (struct psci_fids_0_1){ SUSPEND, OFF, ON, MIGRATE };
}

static void boot(struct power *p)
{
	fixture_make(&p->f);
	psci_machine_boot(&p->f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p->f.vcpus[0], &(struct psci_entry){ 0 }),
			 PSCI_NEXT_START);
	fixture_forget(&p->f);
}

static void boot_0_1(struct power *p)
{
	configure(p);
	boot(p);
}

static void start(struct power *p, unsigned int i)
{
	assert_int_equal(fixture_call(&p->f, 0, ON, p->f.mpidrs[i], FIXTURE_ENTRY, 0), 0);
	assert_int_equal(psci_vcpu_poll(&p->f.vcpus[i], &(struct psci_entry){ 0 }),
			 PSCI_NEXT_START);
	fixture_forget(&p->f);
}

static int init_with(struct psci_fids_0_1 fids)
{
	struct power p;

	configure(&p);
	p.f.config.fids_0_1 = fids;

	return psci_machine_init(&p.f.machine, &p.f.config);
}

static void configuration_of_0_1_without_an_id_or_with_one_twice_is_refused(void **state)
{
	assert_int_equal(init_with((struct psci_fids_0_1){ 0 }), PSCI_ERR_INVALID);
	assert_int_equal(init_with((struct psci_fids_0_1){ 1, 2, 3, 1 }), PSCI_ERR_INVALID);
	assert_int_equal(init_with((struct psci_fids_0_1){ 1, 1, 3, 4 }), PSCI_ERR_INVALID);
	assert_int_equal(init_with((struct psci_fids_0_1){ 0, 0, 4, 4 }), PSCI_ERR_INVALID);
	assert_int_equal(init_with((struct psci_fids_0_1){ 0, 0, 4, 0 }), PSCI_OK);
	assert_int_equal(init_with((struct psci_fids_0_1){ .migrate = 4 }), PSCI_OK);
}

static void call_in_0_1_by_an_id_that_the_host_did_not_choose_is_not_supported(void **state)
{
	static const uint32_t fids[] = {
		0,
		PSCI_FN32_PSCI_VERSION,
		PSCI_FN64_CPU_ON,
		PSCI_FN32_CPU_OFF,
		PSCI_FN32_SYSTEM_OFF,
		SUSPEND - 1,
		MIGRATE + 1,
		ON ^ 0x10000, /* No hint before SMCCC 1.3. */
		ON | 0x40000000,
	};
	struct power p;

	boot_0_1(&p);
	for (size_t i = 0; i < ARRAY_SIZE(fids); i++)
		fixture_answers_only(&p.f, 0, fixture_regs(fids[i], 1, FIXTURE_ENTRY, 0),
				     PSCI_RET_NOT_SUPPORTED);
}

static void function_of_0_1_without_an_id_is_not_supported(void **state)
{
	struct power p;

	configure(&p);
	p.f.config.fids_0_1.cpu_off = 0;
	boot(&p);
	fixture_answers_only(&p.f, 0, fixture_regs(OFF, 0, 0, 0), PSCI_RET_NOT_SUPPORTED);
	fixture_answers_only(&p.f, 0, fixture_regs(0, 0, 0, 0), PSCI_RET_NOT_SUPPORTED);
	configure(&p);
	p.f.config.trusted_os = PSCI_TRUSTED_OS_NONE;
	boot(&p);
	fixture_answers_only(&p.f, 0, fixture_regs(MIGRATE, 0, 0, 0), PSCI_RET_NOT_SUPPORTED);
}

static void cpu_on_in_0_1_passes_no_context_id(void **state)
{
	const uint64_t pc = UINT64_C(0xfeedf00d) << 32 | FIXTURE_ENTRY;
	struct psci_entry entry;
	struct power p;

	boot_0_1(&p);
	/* All of an AArch64 caller's registers count, Aff3 too. */
	assert_int_equal(fixture_call(&p.f, 0, ON, p.f.mpidrs[4], pc, FIXTURE_CONTEXT), 0);
	assert_int_equal(fixture_kicks(&p.f, 4), 1);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[4], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, pc);
	assert_int_equal(entry.x0, 0);
	/* Of an AArch32 caller's registers the half that it has counts. */
	assert_int_equal(fixture_call_aarch32(&p.f, 0, ON, UINT64_C(1) << 32 | 0x100, pc, 7), 0);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[2], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 0);
	assert_true(entry.aarch32);
}

static void cpu_off_and_cpu_suspend_are_served_in_0_1(void **state)
{
	struct psci_regs regs = fixture_regs(SUSPEND, POWER_DOWN, FIXTURE_ENTRY, FIXTURE_CONTEXT);
	struct psci_entry entry;
	struct power p;

	boot_0_1(&p);
	start(&p, 2);
	assert_int_equal(psci_call(&p.f.vcpus[2], &regs), PSCI_NEXT_SLEEP);
	assert_int_equal(psci_vcpu_wake(&p.f.vcpus[2], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 0);
	assert_true(entry.wake);
	assert_int_equal(fixture_leave(&p.f, 2, OFF, 0x10000, 0), PSCI_NEXT_WAIT);
	start(&p, 2);
}

static void migrate_in_0_1_is_served_without_migrate_info_type(void **state)
{
	struct power p;

	boot_0_1(&p);
	start(&p, 1);
	fixture_answers_only(&p.f, 1, fixture_regs(OFF, 0, 0, 0), PSCI_RET_DENIED);
	assert_int_equal(fixture_call(&p.f, 1, MIGRATE, 0, 0, 0), 0);
	assert_int_equal(fixture_leave(&p.f, 1, OFF, 0, 0), PSCI_NEXT_WAIT);
}

/* NOT_SUPPORTED, INVALID_PARAMETERS and DENIED are all the codes of 0.1. */
static void errors_in_0_1_use_only_its_own_codes(void **state)
{
	struct power p;

	boot_0_1(&p);
	fixture_answers_only(&p.f, 0, fixture_regs(ON, 0, FIXTURE_ENTRY, 0),
			     PSCI_RET_INVALID_PARAMETERS); /* ALREADY_ON */
	assert_int_equal(fixture_call(&p.f, 0, ON, 1, FIXTURE_ENTRY, 0), 0);
	fixture_answers_only(&p.f, 0, fixture_regs(ON, 1, FIXTURE_ENTRY, 0),
			     PSCI_RET_INVALID_PARAMETERS); /* ON_PENDING */
	fixture_answers_only(&p.f, 0, fixture_regs(ON, 0x100, p.f.refused_entry, 0),
			     PSCI_RET_INVALID_PARAMETERS); /* INVALID_ADDRESS */
	fixture_answers_only(&p.f, 0, fixture_regs(SUSPEND, POWER_DOWN, FIXTURE_ENTRY | 2, 0),
			     PSCI_RET_INVALID_PARAMETERS); /* INVALID_ADDRESS */
	fixture_answers_only(&p.f, 0, fixture_regs(SUSPEND, 0xfeed, 0, 0),
			     PSCI_RET_INVALID_PARAMETERS);
	fixture_answers_only(&p.f, 0, fixture_regs(MIGRATE, 0x100, 0, 0),
			     PSCI_RET_DENIED); /* NOT_PRESENT */
	psci_vcpu_set_availability(&p.f.vcpus[2], PSCI_VCPU_DENIED);
	fixture_answers_only(&p.f, 0, fixture_regs(ON, 0x100, FIXTURE_ENTRY, 0),
			     PSCI_RET_DENIED); /* INTERNAL_FAILURE before 1.2 */
	configure(&p);
	p.f.host.start_ok = never_start;
	boot(&p);
	fixture_answers_only(&p.f, 0, fixture_regs(ON, 1, FIXTURE_ENTRY, 0),
			     PSCI_RET_DENIED); /* INTERNAL_FAILURE */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration_of_0_1_without_an_id_or_with_one_twice_is_refused),
		PSCI_TEST("PSCI-PSCI_0_1-30",
			  call_in_0_1_by_an_id_that_the_host_did_not_choose_is_not_supported),
		cmocka_unit_test(function_of_0_1_without_an_id_is_not_supported),
		PSCI_TEST("PSCI-PSCI_0_1-31", cpu_on_in_0_1_passes_no_context_id),
		cmocka_unit_test(cpu_off_and_cpu_suspend_are_served_in_0_1),
		cmocka_unit_test(migrate_in_0_1_is_served_without_migrate_info_type),
		PSCI_TEST("PSCI-PSCI_0_1-32", errors_in_0_1_use_only_its_own_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
