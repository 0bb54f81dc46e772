/* SPDX-License-Identifier: BSD-3-Clause */
/* SMCCC_VERSION and SMCCC_ARCH_FEATURES of a host that serves them itself. */
#include "psci-fixture.h"

#include <psci/smccc-arch.h>
#include <psci/smccc.h>

#include <string.h>

/* The host lists the first two: the memory behind them must not be read. */
static const struct psci_smccc_feature features[] = {
	{ SMCCC_FN32_ARCH_WORKAROUND_1, 1 },
	{ SMCCC_FN32_ARCH_WORKAROUND_2, SMCCC_RET_NOT_REQUIRED },
	{ SMCCC_FN32_ARCH_WORKAROUND_3, 1 },
};

static uint64_t call(const struct psci_smccc *arch, uint32_t fid, uint64_t x1, bool aarch32)
{
	struct psci_regs regs = fixture_regs(fid, x1, 0xfeed, 0xf00d);

	regs.aarch32 = aarch32;
	assert_true(psci_smccc_call(arch, &regs));
	assert_int_equal(regs.x[1], x1);
	assert_int_equal(regs.x[2], 0xfeed);
	assert_int_equal(regs.x[3], 0xf00d);

	return regs.x[0];
}

static void smccc_version_returns_the_configured_version(void **state)
{
	const struct psci_smccc plain = { 0 };
	const struct psci_smccc newer = { .version = SMCCC_VERSION_1_4 };

	assert_int_equal(call(&plain, SMCCC_FN32_VERSION, 0, false), 0x10001);
	assert_int_equal(call(&newer, SMCCC_FN32_VERSION, 0, false), 0x10004);
	assert_int_equal(call(&newer, SMCCC_FN32_VERSION | SMCCC_SVE_HINT_MASK, 0, true), 0x10004);
}

static void smccc_1_0_has_neither_smccc_version_nor_arch_features(void **state)
{
	const struct psci_smccc old = { .version = SMCCC_VERSION_1_0 };

	assert_int_equal(call(&old, SMCCC_FN32_VERSION, 0, false), UINT64_MAX);
	assert_int_equal(call(&old, SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_VERSION, true),
			 UINT32_MAX);
}

static void arch_features_returns_what_the_host_lists(void **state)
{
	const struct psci_smccc arch = { .features = features, .feature_count = 2 };
	const uint32_t fid = SMCCC_FN32_ARCH_FEATURES;

	assert_int_equal(call(&arch, fid, SMCCC_FN32_VERSION, false), 0);
	assert_int_equal(call(&arch, fid, SMCCC_FN32_ARCH_FEATURES, false), 0);
	assert_int_equal(call(&arch, fid, SMCCC_FN32_ARCH_WORKAROUND_1, false), 1);
	assert_int_equal(call(&arch, fid, SMCCC_FN32_ARCH_WORKAROUND_2, false), (uint64_t)-2);
	assert_int_equal(call(&arch, fid, SMCCC_FN32_ARCH_WORKAROUND_2, true), 0xfffffffe);
	assert_int_equal(call(&arch, fid, SMCCC_FN32_ARCH_WORKAROUND_3, false), UINT64_MAX);
	assert_int_equal(call(&arch, fid, PSCI_FN32_PSCI_VERSION, false), UINT64_MAX);
	/* The upper half of the argument, and the hint in it, do not count. */
	assert_int_equal(call(&arch, fid,
			      UINT64_C(0xfeedf00d) << 32 | SMCCC_SVE_HINT_MASK |
				      SMCCC_FN32_ARCH_WORKAROUND_1,
			      false),
			 1);
}

static void calls_outside_of_the_smccc_arch_service_are_left_to_the_host(void **state)
{
	static const uint32_t fids[] = {
		0x80000002, 0xc0000000, 0xc0000001, 0x84000000, 0x00000000, 0x80020000, 0xffffffff,
	};
	const struct psci_smccc arch = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
		struct psci_regs regs = fixture_regs(fids[i], 1, 2, 3);
		const struct psci_regs before = regs;

		assert_false(psci_smccc_call(&arch, &regs));
		assert_memory_equal(&regs.x, &before.x, sizeof(regs.x));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smccc_version_returns_the_configured_version),
		cmocka_unit_test(smccc_1_0_has_neither_smccc_version_nor_arch_features),
		cmocka_unit_test(arch_features_returns_what_the_host_lists),
		cmocka_unit_test(calls_outside_of_the_smccc_arch_service_are_left_to_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
