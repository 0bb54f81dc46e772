/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MEM_PROTECT, MEM_PROTECT_CHECK_RANGE, and what the host learns of them when a power
 * cycle ends.
 */
#include "psci-power.h"

static const uint32_t range_fids[] = {
	PSCI_FN32_MEM_PROTECT_CHECK_RANGE,
	PSCI_FN64_MEM_PROTECT_CHECK_RANGE,
};

static int64_t protect(struct power *p, uint64_t enable)
{
	return fixture_call(&p->f, 0, PSCI_FN32_MEM_PROTECT, enable, 0, 0);
}

/* Any argument but 0 enables, in its low half; the answer is the previous setting. */
static void mem_protect_returns_the_former_setting(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_1);
	assert_false(psci_machine_memory_protected(&p.f.machine));
	assert_int_equal(protect(&p, 0), 0);
	assert_int_equal(protect(&p, 1), 0);
	assert_true(psci_machine_memory_protected(&p.f.machine));
	assert_int_equal(protect(&p, 0x80000000), 1);
	assert_true(psci_machine_memory_protected(&p.f.machine));
	assert_int_equal(protect(&p, UINT64_C(1) << 32), 1);
	assert_false(psci_machine_memory_protected(&p.f.machine));
	assert_int_equal(protect(&p, 2), 0);
	assert_int_equal(protect(&p, 1), 1);
}

static void mem_protect_is_off_after_the_machine_boots_anew(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	protect(&p, 1);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	assert_false(psci_machine_memory_protected(&p.f.machine));
	assert_int_equal(protect(&p, 0), 0);
}

static void check_range(struct power *p, uint64_t base, uint64_t length, int32_t answer)
{
	power_answers_only(p, 0, fixture_regs(PSCI_FN64_MEM_PROTECT_CHECK_RANGE, base, length, 0),
			   answer);
}

static void mem_protect_check_range_returns_the_answer_of_the_host(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	for (int enable = 0; enable < 2; enable++) {
		protect(&p, (uint64_t)enable);
		check_range(&p, 0, 1, PSCI_RET_SUCCESS);
		check_range(&p, 0x40000000, 0x1000, PSCI_RET_SUCCESS);
		check_range(&p, UINT64_MAX - 1, 1, PSCI_RET_SUCCESS);
		check_range(&p, 0, UINT64_MAX, PSCI_RET_SUCCESS);
		check_range(&p, UINT64_MAX, 1, PSCI_RET_DENIED);
		check_range(&p, 1, UINT64_MAX, PSCI_RET_DENIED);
	}
}

/* INVALID_PARAMETERS is no answer of this function. */
static void mem_protect_check_range_of_an_empty_or_wrapping_range_is_denied(void **state)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	for (size_t c = 0; c < ARRAY_SIZE(range_fids); c++)
		power_answers_only(&p, 0, fixture_regs(range_fids[c], 0x40000000, 0, 0),
				   PSCI_RET_DENIED);
	check_range(&p, 2, UINT64_MAX, PSCI_RET_DENIED);
	check_range(&p, UINT64_MAX, 2, PSCI_RET_DENIED);
	check_range(&p, UINT64_MAX, UINT64_MAX, PSCI_RET_DENIED);
	/* In 32 bits nothing wraps at 4 GiB. */
	power_answers_only(&p, 0,
			   fixture_regs(PSCI_FN32_MEM_PROTECT_CHECK_RANGE, 0xfffff000, 0x2000, 0),
			   PSCI_RET_SUCCESS);
}

static bool all_of_it(void *ctx, uint64_t base, uint64_t length)
{
	return true;
}

/* Memory may reach to the last address that there is. */
static void mem_protect_check_range_accepts_a_range_that_ends_with_the_last_byte(void **state)
{
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.host.memory_ok = all_of_it;
	power_make(&p);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	check_range(&p, UINT64_MAX, 1, PSCI_RET_SUCCESS);
	check_range(&p, UINT64_MAX - 0xfff, 0x1000, PSCI_RET_SUCCESS);
	check_range(&p, UINT64_MAX - 0xfff, 0x1001, PSCI_RET_DENIED);
	check_range(&p, 1, UINT64_MAX, PSCI_RET_SUCCESS);
}

static void check_end(uint32_t fid, uint64_t type, bool enabled, bool overwrite)
{
	struct power p;

	power_boot(&p, PSCI_VERSION_1_3);
	protect(&p, enabled);
	assert_int_equal(fixture_leave(&p.f, 0, fid, type, 0), PSCI_NEXT_EXIT);
	assert_int_equal(psci_machine_event(&p.f.machine).overwrite_memory, overwrite);
	assert_int_equal(psci_machine_memory_protected(&p.f.machine), enabled);
}

static void protected_memory_is_overwritten_at_every_end_but_a_warm_reset(void **state)
{
	for (int enabled = 0; enabled < 2; enabled++) {
		check_end(PSCI_FN32_SYSTEM_OFF, 0, enabled, enabled);
		check_end(PSCI_FN32_SYSTEM_RESET, 0, enabled, enabled);
		check_end(PSCI_FN64_SYSTEM_OFF2, 1, enabled, enabled);
		check_end(PSCI_FN64_SYSTEM_RESET2, PSCI_RESET2_TYPE_SYSTEM_WARM_RESET, enabled,
			  false);
	}
}

static int32_t take_any_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	return PSCI_RET_SUCCESS;
}

static void protected_memory_is_overwritten_at_a_vendor_reset(void **state)
{
	struct power p;

	power_configure(&p, PSCI_VERSION_1_3);
	p.f.host.vendor_reset = take_any_reset;
	power_make(&p);
	psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	protect(&p, 1);
	assert_int_equal(fixture_leave(&p.f, 0, PSCI_FN64_SYSTEM_RESET2, 0x80000000, 0),
			 PSCI_NEXT_EXIT);
	assert_true(psci_machine_event(&p.f.machine).overwrite_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-MEM_PROTECT-30", mem_protect_returns_the_former_setting),
		PSCI_TEST("PSCI-MEM_PROTECT-32", mem_protect_is_off_after_the_machine_boots_anew),
		PSCI_TEST("PSCI-MEM_PROTECT_CHECK_RANGE-30",
			  mem_protect_check_range_returns_the_answer_of_the_host),
		PSCI_TEST("PSCI-MEM_PROTECT_CHECK_RANGE-31",
			  mem_protect_check_range_of_an_empty_or_wrapping_range_is_denied),
		cmocka_unit_test(
			mem_protect_check_range_accepts_a_range_that_ends_with_the_last_byte),
		PSCI_TEST("PSCI-MEM_PROTECT-31",
			  protected_memory_is_overwritten_at_every_end_but_a_warm_reset),
		cmocka_unit_test(protected_memory_is_overwritten_at_a_vendor_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
