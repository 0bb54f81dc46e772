/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a host must not request of the library: each value that its headers exclude is
 * refused with PSCI_ERR_INVALID, and changes nothing.
 */
#include "psci-record.h"

#include <stdlib.h>
#include <string.h>

static const struct psci_entry good_entry = { .pc = FIXTURE_BOOT_ENTRY };

/* --- psci_vcpu_set_availability() --- */

static void unknown_availability_is_refused_and_the_former_one_stays(void **state)
{
	static const int values[] = { -1, 3, 9, 256, 0x10000 };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_DENIED), PSCI_OK);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_int_equal(psci_vcpu_set_availability(&f.vcpus[1],
							    (enum psci_vcpu_availability)values[i]),
				 PSCI_ERR_INVALID);
		fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0),
				     PSCI_RET_DENIED);
	}
	assert_int_equal(psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_DISABLED), PSCI_OK);
	assert_int_equal(psci_vcpu_set_availability(&f.vcpus[1], PSCI_VCPU_AVAILABLE), PSCI_OK);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
}

/* --- psci_machine_boot() --- */

static void boot_at_an_entry_without_an_instruction_is_refused(void **state)
{
	static const struct psci_entry bad[] = {
		{ .pc = FIXTURE_BOOT_ENTRY + 1 },
		{ .pc = FIXTURE_BOOT_ENTRY + 2 },
		{ .pc = FIXTURE_BOOT_ENTRY + 2, .aarch32 = true },
		{ .pc = FIXTURE_BOOT_ENTRY + 1, .aarch32 = true, .t32 = true },
		{ .pc = FIXTURE_BOOT_ENTRY, .t32 = true },
		{ .pc = UINT64_C(0x100000000), .aarch32 = true },
		{ .pc = FIXTURE_BOOT_ENTRY, .x0 = UINT64_C(0x100000000), .aarch32 = true },
	};
	static const struct psci_entry good[] = {
		{ .pc = UINT64_C(0xff00000000), .x0 = UINT64_MAX, .big_endian = true },
		{ .pc = 0xfffffffc, .x0 = UINT32_MAX, .aarch32 = true },
		{ .pc = 0xfffffffe, .x0 = UINT32_MAX, .aarch32 = true, .t32 = true },
		{ .pc = 0 },
	};
	struct psci_entry entry;
	struct fixture before;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memcpy(&before, &f, sizeof(before));
		assert_int_equal(psci_machine_boot(&f.vcpus[1], &bad[i]), PSCI_ERR_INVALID);
		assert_memory_equal(&before, &f, sizeof(before));
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(psci_machine_boot(&f.vcpus[1], &good[i]), PSCI_OK);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
		assert_int_equal(entry.pc, good[i].pc);
		assert_int_equal(entry.x0, good[i].x0);
	}
}

/* --- additions that are too late --- */

/* Once a machine has been booted, nothing can be added to it, whatever its vCPUs do. */
static void check_nothing_can_be_added(struct power *p)
{
	struct psci_domain domain;
	struct psci_vcpu vcpu;
	struct power before;

	memcpy(&before, p, sizeof(before));
	assert_int_equal(psci_vcpu_init(&vcpu, &p->f.machine, 0x77, NULL), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &p->f.machine, 1, NULL), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &p->f.machine, 1, &p->system), PSCI_ERR_INVALID);
	assert_int_equal(psci_vcpu_place(&p->f.vcpus[5], &p->clusters[2]), PSCI_ERR_INVALID);
	p->f.lock_count = before.f.lock_count;
	assert_memory_equal(&before, p, sizeof(before));
}

static void adding_a_vcpu_or_domain_after_the_first_boot_is_refused(void **state)
{
	struct psci_entry entry;
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	power_make(&p);
	assert_int_equal(psci_machine_boot(&p.f.vcpus[0], &good_entry), PSCI_OK);
	check_nothing_can_be_added(&p);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	check_nothing_can_be_added(&p);
	assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	check_nothing_can_be_added(&p);
	assert_int_equal(psci_machine_boot(&p.f.vcpus[0], &good_entry), PSCI_OK);
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN32_SYSTEM_RESET, 0, 0), PSCI_NEXT_EXIT);
	check_nothing_can_be_added(&p);
}

static void adding_a_vcpu_or_domain_after_a_restore_is_refused(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 2);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	check_nothing_can_be_added(&b);
}

/* A boot that was refused does not count. */
static void vcpu_can_be_added_after_a_refused_boot(void **state)
{
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	power_make(&p);
	assert_int_equal(psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = 2 }),
			 PSCI_ERR_INVALID);
	assert_int_equal(psci_vcpu_place(&p.f.vcpus[5], &p.clusters[2]), PSCI_OK);
}

/* --- parts of another machine --- */

static void domain_of_another_machine_is_refused(void **state)
{
	struct psci_domain domain;
	struct power a;
	struct power b;

	power_configure(&a, PSCI_VERSION_1_3);
	power_make(&a);
	power_configure(&b, PSCI_VERSION_1_3);
	power_make(&b);
	memset(&domain, 0x5a, sizeof(domain));
	assert_int_equal(psci_vcpu_place(&a.f.vcpus[5], &b.clusters[2]), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &a.f.machine, 1, &b.system), PSCI_ERR_INVALID);
	/* It is not accessed either, since there may be no memory. */
	assert_int_equal(psci_vcpu_place(&a.f.vcpus[5], &domain), PSCI_ERR_INVALID);
	assert_int_equal(psci_vcpu_place(&a.f.vcpus[5], NULL), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &a.f.machine, 1, &domain), PSCI_ERR_INVALID);
	assert_int_equal(psci_domain_init(&domain, &a.f.machine, 1, &a.system), PSCI_OK);
	assert_int_equal(psci_vcpu_place(&a.f.vcpus[5], &domain), PSCI_OK);
}

/* --- psci_machine_init() --- */

static void statistics_count_without_memory_is_refused(void **state)
{
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.config.stat_count = 1;
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_ERR_INVALID);
	f.config.stat_count = 0;
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_availability_is_refused_and_the_former_one_stays),
		cmocka_unit_test(boot_at_an_entry_without_an_instruction_is_refused),
		cmocka_unit_test(adding_a_vcpu_or_domain_after_the_first_boot_is_refused),
		cmocka_unit_test(adding_a_vcpu_or_domain_after_a_restore_is_refused),
		cmocka_unit_test(vcpu_can_be_added_after_a_refused_boot),
		cmocka_unit_test(domain_of_another_machine_is_refused),
		cmocka_unit_test(statistics_count_without_memory_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
