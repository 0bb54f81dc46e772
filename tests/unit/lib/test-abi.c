/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The numbers of psci/abi.h against Linux's, which were written independently, and
 * against the names that the library gives them. The test also shows that both headers
 * can be included together.
 */
#include "psci-fixture.h"

#include <psci/abi.h>
#include <psci/smccc.h>

#include <linux/psci.h>

/* Linux 6.13 has SYSTEM_OFF2; older headers do not, and nothing is compared then. */
#ifndef PSCI_1_3_FN_SYSTEM_OFF2
#define PSCI_1_3_FN_SYSTEM_OFF2 PSCI_FN32_SYSTEM_OFF2
#define PSCI_1_3_FN64_SYSTEM_OFF2 PSCI_FN64_SYSTEM_OFF2
#endif

static const struct {
	uint32_t fid;
	uint32_t linux_fid;
	const char *name;
} functions[] = {
	/* clang-format off */
	{ PSCI_FN32_PSCI_VERSION, PSCI_0_2_FN_PSCI_VERSION, "PSCI_VERSION" },
	{ PSCI_FN32_CPU_SUSPEND, PSCI_0_2_FN_CPU_SUSPEND, "CPU_SUSPEND" },
	{ PSCI_FN64_CPU_SUSPEND, PSCI_0_2_FN64_CPU_SUSPEND, "CPU_SUSPEND" },
	{ PSCI_FN32_CPU_OFF, PSCI_0_2_FN_CPU_OFF, "CPU_OFF" },
	{ PSCI_FN32_CPU_ON, PSCI_0_2_FN_CPU_ON, "CPU_ON" },
	{ PSCI_FN64_CPU_ON, PSCI_0_2_FN64_CPU_ON, "CPU_ON" },
	{ PSCI_FN32_AFFINITY_INFO, PSCI_0_2_FN_AFFINITY_INFO, "AFFINITY_INFO" },
	{ PSCI_FN64_AFFINITY_INFO, PSCI_0_2_FN64_AFFINITY_INFO, "AFFINITY_INFO" },
	{ PSCI_FN32_MIGRATE, PSCI_0_2_FN_MIGRATE, "MIGRATE" },
	{ PSCI_FN64_MIGRATE, PSCI_0_2_FN64_MIGRATE, "MIGRATE" },
	{ PSCI_FN32_MIGRATE_INFO_TYPE, PSCI_0_2_FN_MIGRATE_INFO_TYPE, "MIGRATE_INFO_TYPE" },
	{ PSCI_FN32_MIGRATE_INFO_UP_CPU, PSCI_0_2_FN_MIGRATE_INFO_UP_CPU, "MIGRATE_INFO_UP_CPU" },
	{ PSCI_FN64_MIGRATE_INFO_UP_CPU, PSCI_0_2_FN64_MIGRATE_INFO_UP_CPU, "MIGRATE_INFO_UP_CPU" },
	{ PSCI_FN32_SYSTEM_OFF, PSCI_0_2_FN_SYSTEM_OFF, "SYSTEM_OFF" },
	{ PSCI_FN32_SYSTEM_RESET, PSCI_0_2_FN_SYSTEM_RESET, "SYSTEM_RESET" },
	{ PSCI_FN32_PSCI_FEATURES, PSCI_1_0_FN_PSCI_FEATURES, "PSCI_FEATURES" },
	{ PSCI_FN32_CPU_FREEZE, PSCI_1_0_FN_CPU_FREEZE, "CPU_FREEZE" },
	{ PSCI_FN32_CPU_DEFAULT_SUSPEND, PSCI_1_0_FN_CPU_DEFAULT_SUSPEND, "CPU_DEFAULT_SUSPEND" },
	{ PSCI_FN64_CPU_DEFAULT_SUSPEND, PSCI_1_0_FN64_CPU_DEFAULT_SUSPEND, "CPU_DEFAULT_SUSPEND" },
	{ PSCI_FN32_NODE_HW_STATE, PSCI_1_0_FN_NODE_HW_STATE, "NODE_HW_STATE" },
	{ PSCI_FN64_NODE_HW_STATE, PSCI_1_0_FN64_NODE_HW_STATE, "NODE_HW_STATE" },
	{ PSCI_FN32_SYSTEM_SUSPEND, PSCI_1_0_FN_SYSTEM_SUSPEND, "SYSTEM_SUSPEND" },
	{ PSCI_FN64_SYSTEM_SUSPEND, PSCI_1_0_FN64_SYSTEM_SUSPEND, "SYSTEM_SUSPEND" },
	{ PSCI_FN32_PSCI_SET_SUSPEND_MODE, PSCI_1_0_FN_SET_SUSPEND_MODE, "PSCI_SET_SUSPEND_MODE" },
	{ PSCI_FN32_PSCI_STAT_RESIDENCY, PSCI_1_0_FN_STAT_RESIDENCY, "PSCI_STAT_RESIDENCY" },
	{ PSCI_FN64_PSCI_STAT_RESIDENCY, PSCI_1_0_FN64_STAT_RESIDENCY, "PSCI_STAT_RESIDENCY" },
	{ PSCI_FN32_PSCI_STAT_COUNT, PSCI_1_0_FN_STAT_COUNT, "PSCI_STAT_COUNT" },
	{ PSCI_FN64_PSCI_STAT_COUNT, PSCI_1_0_FN64_STAT_COUNT, "PSCI_STAT_COUNT" },
	{ PSCI_FN32_SYSTEM_RESET2, PSCI_1_1_FN_SYSTEM_RESET2, "SYSTEM_RESET2" },
	{ PSCI_FN64_SYSTEM_RESET2, PSCI_1_1_FN64_SYSTEM_RESET2, "SYSTEM_RESET2" },
	{ PSCI_FN32_MEM_PROTECT, PSCI_1_1_FN_MEM_PROTECT, "MEM_PROTECT" },
	{ PSCI_FN32_MEM_PROTECT_CHECK_RANGE, PSCI_1_1_FN_MEM_PROTECT_CHECK_RANGE,
	  "MEM_PROTECT_CHECK_RANGE" },
	{ PSCI_FN64_MEM_PROTECT_CHECK_RANGE, PSCI_1_1_FN64_MEM_PROTECT_CHECK_RANGE,
	  "MEM_PROTECT_CHECK_RANGE" },
	{ PSCI_FN32_SYSTEM_OFF2, PSCI_1_3_FN_SYSTEM_OFF2, "SYSTEM_OFF2" },
	{ PSCI_FN64_SYSTEM_OFF2, PSCI_1_3_FN64_SYSTEM_OFF2, "SYSTEM_OFF2" },
	/* clang-format on */
};

static void function_ids_equal_those_of_linux_and_have_its_names(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		assert_int_equal(functions[i].fid, functions[i].linux_fid);
		assert_non_null(psci_function_name(functions[i].fid));
		assert_string_equal(psci_function_name(functions[i].fid), functions[i].name);
	}
}

static void every_function_that_the_library_names_is_checked_against_linux(void **state)
{
	size_t named = 0;

	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		named += psci_function_name(PSCI_FN32_BASE + number) != NULL;
		named += psci_function_name(PSCI_FN64_BASE + number) != NULL;
	}
	assert_int_equal(named, ARRAY_SIZE(functions));
}

static void a_function_has_one_bit_for_both_of_its_ids(void **state)
{
	assert_int_equal(PSCI_FN_BIT(PSCI_FN32_PSCI_VERSION), 0x1);
	assert_int_equal(PSCI_FN_BIT(PSCI_FN32_CPU_OFF), 0x4);
	assert_int_equal(PSCI_FN_BIT(PSCI_FN64_SYSTEM_SUSPEND), 0x4000);
	assert_int_equal(PSCI_FN_BIT(PSCI_FN32_SYSTEM_OFF2), 0x200000);
	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		assert_int_equal(PSCI_FN_BIT(number), (uint64_t)1 << number);
		assert_int_equal(PSCI_FN_BIT(PSCI_FN32_BASE + number), PSCI_FN_BIT(number));
		assert_int_equal(PSCI_FN_BIT(PSCI_FN64_BASE + number), PSCI_FN_BIT(number));
	}
}

static void fields_and_values_equal_those_of_linux(void **state)
{
	assert_int_equal(PSCI_FN32_BASE, PSCI_0_2_FN_BASE);
	assert_int_equal(PSCI_FN64_BASE, PSCI_0_2_FN64_BASE);
	assert_int_equal(SMCCC_SMC64_MASK, PSCI_0_2_64BIT);
	assert_int_equal(PSCI_POWER_STATE_ID_MASK, PSCI_0_2_POWER_STATE_ID_MASK);
	assert_int_equal(PSCI_POWER_STATE_TYPE_MASK, PSCI_0_2_POWER_STATE_TYPE_MASK);
	assert_int_equal(PSCI_POWER_STATE_LEVEL_SHIFT, PSCI_0_2_POWER_STATE_AFFL_SHIFT);
	assert_int_equal(PSCI_POWER_STATE_LEVEL_MASK, PSCI_0_2_POWER_STATE_AFFL_MASK);
	assert_int_equal(PSCI_POWER_STATE_EXT_ID_MASK, PSCI_1_0_EXT_POWER_STATE_ID_MASK);
	assert_int_equal(PSCI_POWER_STATE_EXT_TYPE_MASK, PSCI_1_0_EXT_POWER_STATE_TYPE_MASK);
	assert_int_equal(PSCI_AFFINITY_INFO_ON, PSCI_0_2_AFFINITY_LEVEL_ON);
	assert_int_equal(PSCI_AFFINITY_INFO_OFF, PSCI_0_2_AFFINITY_LEVEL_OFF);
	assert_int_equal(PSCI_AFFINITY_INFO_ON_PENDING, PSCI_0_2_AFFINITY_LEVEL_ON_PENDING);
	assert_int_equal(PSCI_MIGRATE_INFO_UP_MIGRATABLE, PSCI_0_2_TOS_UP_MIGRATE);
	assert_int_equal(PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE, PSCI_0_2_TOS_UP_NO_MIGRATE);
	assert_int_equal(PSCI_MIGRATE_INFO_NOT_REQUIRED, PSCI_0_2_TOS_MP);
	assert_int_equal(PSCI_RESET2_TYPE_SYSTEM_WARM_RESET, PSCI_1_1_RESET_TYPE_SYSTEM_WARM_RESET);
	assert_int_equal(PSCI_RESET2_TYPE_VENDOR_MASK, PSCI_1_1_RESET_TYPE_VENDOR_START);
	assert_int_equal(PSCI_SUSPEND_MODE_PLATFORM_COORDINATED, PSCI_1_0_SUSPEND_MODE_PC);
	assert_int_equal(PSCI_SUSPEND_MODE_OS_INITIATED, PSCI_1_0_SUSPEND_MODE_OSI);
	assert_int_equal(PSCI_RET_INVALID_PARAMETERS, PSCI_RET_INVALID_PARAMS);
	assert_int_equal(PSCI_VERSION_0_2, PSCI_VERSION(0, 2));
	assert_int_equal(PSCI_VERSION_1_0, PSCI_VERSION(1, 0));
	assert_int_equal(PSCI_VERSION_1_3, PSCI_VERSION(1, 3));
}

/* The masks that Linux has no word for: the remaining bits of the formats. */
static void power_state_fields_do_not_overlap_and_cover_all_bits(void **state)
{
	assert_int_equal(PSCI_POWER_STATE_ID_MASK ^ PSCI_POWER_STATE_TYPE_MASK ^
				 PSCI_POWER_STATE_LEVEL_MASK ^ PSCI_POWER_STATE_MBZ_MASK,
			 0xffffffff);
	assert_int_equal(PSCI_POWER_STATE_EXT_ID_MASK ^ PSCI_POWER_STATE_EXT_TYPE_MASK ^
				 PSCI_POWER_STATE_EXT_MBZ_MASK,
			 0xffffffff);
	assert_int_equal(PSCI_TARGET_AFF0_MASK ^ PSCI_TARGET_AFF1_MASK ^ PSCI_TARGET_AFF2_MASK ^
				 PSCI_TARGET_AFF3_MASK,
			 PSCI_TARGET_MASK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function_ids_equal_those_of_linux_and_have_its_names),
		cmocka_unit_test(every_function_that_the_library_names_is_checked_against_linux),
		cmocka_unit_test(a_function_has_one_bit_for_both_of_its_ids),
		cmocka_unit_test(fields_and_values_equal_those_of_linux),
		cmocka_unit_test(power_state_fields_do_not_overlap_and_cover_all_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
