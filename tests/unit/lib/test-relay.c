/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A relay and which functions its OS has: exactly those that it announces, and none that
 * the firmware lacks.
 */
#include "psci-relay.h"

#include <psci/smccc.h>

#include <string.h>

/* --- psci_relay_init() --- */

/* The configuration of @rig is refused, and the relay is not touched. */
static void check_refused(struct relay_rig *rig, int error)
{
	struct psci_relay before;

	memset(&rig->relay, 0x5a, sizeof(rig->relay));
	memcpy(&before, &rig->relay, sizeof(before));
	assert_int_equal(psci_relay_init(&rig->relay, &rig->config), error);
	assert_memory_equal(&rig->relay, &before, sizeof(before));
}

static void relay_of_a_wrong_configuration_is_refused(void **state)
{
	struct relay_rig rig;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.size--;
	check_refused(&rig, PSCI_ERR_INVALID);
	rig.config.size += 2;
	check_refused(&rig, PSCI_ERR_INVALID);

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.firmware = NULL;
	check_refused(&rig, PSCI_ERR_INVALID);

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.index = NULL;
	check_refused(&rig, PSCI_ERR_INVALID);

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.lock = NULL;
	check_refused(&rig, PSCI_ERR_INVALID);

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.unlock = NULL;
	check_refused(&rig, PSCI_ERR_INVALID);
}

static void relay_that_disables_a_function_is_refused_unless_it_is_optional(void **state)
{
	for (uint32_t number = 0; number < 32; number++) {
		const struct spec_function *spec = spec_find(number);
		struct relay_rig rig;

		relay_configure(&rig, PSCI_VERSION_1_3);
		rig.config.disable_functions = UINT32_C(1) << number;
		if (spec && !spec->mandatory)
			assert_int_equal(psci_relay_init(&rig.relay, &rig.config), PSCI_OK);
		else
			check_refused(&rig, PSCI_ERR_INVALID);
	}
}

static void relay_above_firmware_of_an_unknown_major_version_is_refused(void **state)
{
	static const uint32_t versions[] = { 0, PSCI_VERSION_0_1, 0x20000, 0x20003, 0x7fff0000 };
	struct relay_rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		relay_configure(&rig, PSCI_VERSION_1_3);
		rig.firmware.version = versions[i];
		check_refused(&rig, PSCI_ERR_UNSUPPORTED);
	}
}

/* --- psci_relay_cpu_init() --- */

static void cpu_that_the_relay_has_already_is_refused(void **state)
{
	struct relay_rig rig;
	struct psci_relay_cpu *more[FIXTURE_VCPU_COUNT + 1];
	struct psci_relay_cpu cpu;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.index = more;
	rig.config.index_size = ARRAY_SIZE(more);
	relay_make(&rig);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++) {
		/* MPIDR_EL1 has RES1, U and MT there. */
		assert_int_equal(
			psci_relay_cpu_init(&cpu, &rig.relay, rig.mpidrs[i] | 0xc1000000, 0),
			PSCI_ERR_EXISTS);
	}
	assert_int_equal(psci_relay_cpu_init(&cpu, &rig.relay, FIXTURE_ABSENT_MPIDR, 0), PSCI_OK);
}

static void cpu_beyond_the_index_is_refused(void **state)
{
	struct relay_rig rig;
	struct psci_relay_cpu cpu;

	relay_boot(&rig, PSCI_VERSION_1_3);
	assert_int_equal(psci_relay_cpu_init(&cpu, &rig.relay, FIXTURE_ABSENT_MPIDR, 0),
			 PSCI_ERR_FULL);
	assert_int_equal(
		relay_say(&rig, 0, PSCI_FN64_CPU_ON, FIXTURE_ABSENT_MPIDR, FIXTURE_ENTRY, 0),
		PSCI_RET_INVALID_PARAMETERS);
}

/* A firmware that only a 32-bit monitor has above it, or a strange one. */
static void cpu_whose_context_the_firmware_cannot_pass_is_refused(void **state)
{
	struct relay_rig rig;
	struct psci_relay_cpu cpu;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.firmware.fn64 &= ~PSCI_FN_BIT(PSCI_FN64_SYSTEM_SUSPEND);
	rig.config.entry = UINT32_MAX - 3;
	assert_int_equal(psci_relay_init(&rig.relay, &rig.config), PSCI_OK);
	assert_int_equal(psci_relay_cpu_init(&cpu, &rig.relay, 0, UINT64_C(0x100000000)),
			 PSCI_ERR_INVALID);
	assert_int_equal(psci_relay_cpu_init(&cpu, &rig.relay, 0, UINT32_MAX), PSCI_OK);
}

/* --- what the OS has --- */

/** A call's arguments that no function refuses before it is forwarded. */
static struct psci_regs harmless(uint32_t fid)
{
	struct psci_regs regs = fixture_regs(fid, 0, 0, 0);

	if ((fid & 0x1f) == 0x0a)
		regs.x[1] = PSCI_FN32_PSCI_VERSION;

	return regs;
}

static bool is_carried_out(struct relay_rig *rig, uint32_t fid, bool aarch32)
{
	struct psci_regs regs = harmless(fid);
	uint64_t forward[4];

	regs.aarch32 = aarch32;
	switch (psci_relay_call(&rig->cpus[0], &regs, forward)) {
	case PSCI_RELAY_RETURN:
		/* That is for the wrong width, which there is in 0.2 only. */
		if ((int32_t)regs.x[0] == PSCI_RET_INVALID_PARAMETERS)
			assert_int_equal(relay_say(rig, 0, PSCI_FN32_PSCI_VERSION, 0, 0, 0),
					 PSCI_VERSION_0_2);
		return (int32_t)regs.x[0] != PSCI_RET_NOT_SUPPORTED;
	case PSCI_RELAY_FORWARD:
		psci_relay_return(&rig->cpus[0], &regs, 0);
		return true;
	case PSCI_RELAY_PASS:
		break;
	}
	fail_msg("%x is passed on", fid);

	return false;
}

static int32_t features(struct relay_rig *rig, uint32_t fid, bool aarch32)
{
	struct psci_regs regs = fixture_regs(PSCI_FN32_PSCI_FEATURES, fid, 0, 0);

	regs.aarch32 = aarch32;

	return (int32_t)relay_answer(rig, 0, regs);
}

/* The firmware has a function behind an id, which the OS may use. */
static bool is_expected(const struct relay_rig *rig, uint32_t version, uint32_t fid, bool aarch32)
{
	if (aarch32 && fid & SMCCC_SMC64_MASK && version >= PSCI_VERSION_1_0)
		return false;

	return spec_offers(version, fid, SPEC_ALL_MEANS) &&
	       !(rig->config.disable_functions >> (fid & 0x1f) & 1);
}

static void check_all_ids(uint32_t version, uint32_t disabled)
{
	struct relay_rig rig;

	relay_configure(&rig, version);
	rig.config.disable_functions = disabled;
	relay_make(&rig);
	for (uint32_t i = 0; i < PSCI_FN_COUNT * 8; i++) {
		const uint32_t fid = (i & 0x20 ? PSCI_FN64_BASE : PSCI_FN32_BASE) | (i & 0x1f) |
				     (i & 0x40 ? SMCCC_SVE_HINT_MASK : 0);
		const bool aarch32 = i & 0x80;
		const bool expected = is_expected(&rig, version, fid, aarch32);

		assert_int_equal(is_carried_out(&rig, fid, aarch32), expected);
		/* 0.2 has no PSCI_FEATURES to ask. */
		if (version < PSCI_VERSION_1_0 || !expected)
			assert_int_equal(features(&rig, fid, aarch32), PSCI_RET_NOT_SUPPORTED);
		else if ((fid & 0x1f) == 0x01)
			assert_int_equal(features(&rig, fid, aarch32), !(disabled >> 0x0f & 1));
		else
			assert_int_equal(features(&rig, fid, aarch32), (fid & 0x1f) == 0x15);
	}
}

static void os_has_exactly_the_functions_that_it_is_told_of(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		check_all_ids(spec_versions[v], 0);
		for (uint32_t number = 0; number < 32; number++) {
			const struct spec_function *spec = spec_find(number);

			if (spec && !spec->mandatory)
				check_all_ids(spec_versions[v], UINT32_C(1) << number);
		}
	}
}

static void check_lacks(uint32_t version)
{
	for (unsigned int i = 0; i < 64; i++) {
		const uint32_t number = i & 0x1f;
		const uint32_t fid = (i & 0x20 ? PSCI_FN64_BASE : PSCI_FN32_BASE) + number;
		struct relay_rig rig;

		/* The relay answers these two by itself. */
		if (fid == PSCI_FN32_PSCI_VERSION || fid == PSCI_FN32_PSCI_FEATURES)
			continue;
		relay_configure(&rig, version);
		if (i & 0x20)
			rig.firmware.fn64 &= ~PSCI_FN_BIT(number);
		else
			rig.firmware.fn32 &= ~PSCI_FN_BIT(number);
		relay_make(&rig);
		assert_int_equal(features(&rig, fid, false), PSCI_RET_NOT_SUPPORTED);
		assert_false(is_carried_out(&rig, fid, false));
	}
}

static void os_has_no_function_that_the_firmware_lacks(void **state)
{
	for (size_t v = 1; v < spec_version_count; v++)
		check_lacks(spec_versions[v]);
}

/* Some firmware forgets PSCI_VERSION or PSCI_FEATURES in what PSCI_FEATURES announces. */
static void os_has_psci_version_and_psci_features_in_any_case(void **state)
{
	for (size_t v = 1; v < spec_version_count; v++) {
		struct relay_rig rig;

		relay_configure(&rig, spec_versions[v]);
		rig.firmware.fn32 &= ~(PSCI_FN_BIT(PSCI_FN32_PSCI_VERSION) |
				       PSCI_FN_BIT(PSCI_FN32_PSCI_FEATURES));
		relay_make(&rig);
		assert_int_equal(relay_say(&rig, 0, PSCI_FN32_PSCI_VERSION, 0, 0, 0),
				 spec_versions[v]);
		assert_int_equal(features(&rig, PSCI_FN32_PSCI_VERSION, false), 0);
		assert_int_equal(features(&rig, PSCI_FN32_PSCI_FEATURES, false), 0);
	}
}

static void functions_that_psci_1_3_does_not_have_never_reach_the_firmware(void **state)
{
	struct relay_rig rig;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.firmware.version = 0x10007;
	rig.firmware.fn32 = UINT32_MAX;
	rig.firmware.fn64 = UINT32_MAX;
	relay_make(&rig);
	for (uint32_t number = 0x16; number < PSCI_FN_COUNT; number++) {
		assert_false(is_carried_out(&rig, PSCI_FN32_BASE + number, false));
		assert_false(is_carried_out(&rig, PSCI_FN64_BASE + number, false));
		assert_int_equal(features(&rig, PSCI_FN32_BASE + number, false),
				 PSCI_RET_NOT_SUPPORTED);
		assert_int_equal(features(&rig, PSCI_FN64_BASE + number, false),
				 PSCI_RET_NOT_SUPPORTED);
	}
}

static void psci_version_is_the_firmwares_and_at_most_1_3(void **state)
{
	static const uint32_t versions[][2] = {
		{ PSCI_VERSION_0_2, PSCI_VERSION_0_2 }, { PSCI_VERSION_1_0, PSCI_VERSION_1_0 },
		{ PSCI_VERSION_1_1, PSCI_VERSION_1_1 }, { PSCI_VERSION_1_2, PSCI_VERSION_1_2 },
		{ PSCI_VERSION_1_3, PSCI_VERSION_1_3 }, { 0x10004, PSCI_VERSION_1_3 },
		{ 0x1ffff, PSCI_VERSION_1_3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct relay_rig rig;

		relay_configure(&rig, PSCI_VERSION_1_3);
		rig.firmware.version = versions[i][0];
		relay_make(&rig);
		assert_int_equal(relay_say(&rig, 0, PSCI_FN32_PSCI_VERSION, 7, 8, 9),
				 versions[i][1]);
	}
}

static void psci_features_has_the_firmwares_flags_of_cpu_suspend_and_system_off2(void **state)
{
	struct relay_rig rig;

	for (uint32_t flags = 0; flags < 4; flags++) {
		relay_configure(&rig, PSCI_VERSION_1_3);
		rig.firmware.suspend_features = flags;
		rig.firmware.off2_types = 0x40000001 + 2 * flags;
		relay_make(&rig);
		assert_int_equal(features(&rig, PSCI_FN32_CPU_SUSPEND, false), flags);
		assert_int_equal(features(&rig, PSCI_FN64_CPU_SUSPEND, false), flags);
		assert_int_equal(features(&rig, PSCI_FN32_SYSTEM_OFF2, false),
				 0x40000001 + 2 * flags);
		assert_int_equal(features(&rig, PSCI_FN64_SYSTEM_OFF2, false),
				 0x40000001 + 2 * flags);
	}
}

static void psci_features_has_no_flags_that_look_like_an_error_or_mean_nothing(void **state)
{
	struct relay_rig rig;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.firmware.suspend_features = UINT32_MAX;
	rig.firmware.off2_types = UINT32_MAX;
	relay_make(&rig);
	assert_int_equal(features(&rig, PSCI_FN64_CPU_SUSPEND, false), 3);
	assert_int_equal(features(&rig, PSCI_FN64_SYSTEM_OFF2, false), 0x7fffffff);
}

static void psci_features_announces_smccc_version_if_it_can_be_called(void **state)
{
	struct relay_rig rig;

	for (uint32_t version = SMCCC_VERSION_1_0; version <= SMCCC_VERSION_1_7; version++) {
		relay_configure(&rig, PSCI_VERSION_1_0);
		rig.firmware.smccc_version = version;
		relay_make(&rig);
		assert_int_equal(features(&rig, SMCCC_FN32_VERSION, false),
				 version == SMCCC_VERSION_1_0 ? PSCI_RET_NOT_SUPPORTED : 0);
		assert_int_equal(features(&rig, SMCCC_FN32_VERSION | SMCCC_SVE_HINT_MASK, true),
				 version == SMCCC_VERSION_1_0 ? PSCI_RET_NOT_SUPPORTED : 0);
		assert_int_equal(features(&rig, SMCCC_FN32_ARCH_FEATURES, false),
				 PSCI_RET_NOT_SUPPORTED);
		assert_int_equal(features(&rig, 0x84000050, false), PSCI_RET_NOT_SUPPORTED);
		assert_int_equal(features(&rig, 0, false), PSCI_RET_NOT_SUPPORTED);
	}
}

/* Above firmware that has only SMC32 twins, the monitor's entry point must fit. */
static void functions_with_an_entry_point_need_smc64_for_a_monitor_above_4_gib(void **state)
{
	static const uint32_t with_entry[] = { PSCI_FN32_CPU_SUSPEND, PSCI_FN32_CPU_ON,
					       PSCI_FN32_CPU_DEFAULT_SUSPEND,
					       PSCI_FN32_SYSTEM_SUSPEND };

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(with_entry); i++) {
		const uint32_t fid = with_entry[i / 2];
		const bool is_low = i % 2;
		struct relay_rig rig;

		relay_configure(&rig, PSCI_VERSION_1_3);
		rig.firmware.fn64 = 0;
		rig.config.entry = is_low ? UINT32_MAX : UINT64_C(0x100000000);
		for (unsigned int cpu = 0; cpu < FIXTURE_VCPU_COUNT && is_low; cpu++)
			rig.contexts[cpu] = cpu;
		relay_make(&rig);
		assert_int_equal(is_carried_out(&rig, fid, true), is_low);
		assert_int_equal(features(&rig, fid, true),
				 is_low ? fid == PSCI_FN32_CPU_SUSPEND : PSCI_RET_NOT_SUPPORTED);
		assert_true(is_carried_out(&rig, PSCI_FN32_AFFINITY_INFO, true));
		assert_true(is_carried_out(&rig, PSCI_FN32_CPU_OFF, true));
	}
}

static void caller_of_0_2_must_use_the_ids_of_its_own_width(void **state)
{
	struct relay_rig rig;
	struct psci_regs regs = fixture_regs(PSCI_FN64_AFFINITY_INFO, 0, 0, 0);

	relay_boot(&rig, PSCI_VERSION_0_2);
	assert_int_equal(relay_say(&rig, 0, PSCI_FN32_AFFINITY_INFO, 0, 0, 0),
			 PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(relay_call(&rig, 0, PSCI_FN64_AFFINITY_INFO, 0, 0, 0, 0), 0);
	assert_int_equal(relay_call(&rig, 0, PSCI_FN32_CPU_OFF, 0, 0, 0, UINT64_MAX - 2), -3);
	regs.aarch32 = true;
	assert_int_equal(relay_answer(&rig, 0, regs), (uint32_t)PSCI_RET_INVALID_PARAMETERS);
	regs.x[0] = PSCI_FN32_AFFINITY_INFO;
	assert_int_equal(relay_complete(&rig, 0, regs, 0), 0);
	/* The 64-bit monitor is the caller now. */
	relay_assert_forwarded(&rig, PSCI_FN64_AFFINITY_INFO, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relay_of_a_wrong_configuration_is_refused),
		cmocka_unit_test(relay_that_disables_a_function_is_refused_unless_it_is_optional),
		cmocka_unit_test(relay_above_firmware_of_an_unknown_major_version_is_refused),
		cmocka_unit_test(cpu_that_the_relay_has_already_is_refused),
		cmocka_unit_test(cpu_beyond_the_index_is_refused),
		cmocka_unit_test(cpu_whose_context_the_firmware_cannot_pass_is_refused),
		cmocka_unit_test(os_has_exactly_the_functions_that_it_is_told_of),
		cmocka_unit_test(os_has_no_function_that_the_firmware_lacks),
		cmocka_unit_test(os_has_psci_version_and_psci_features_in_any_case),
		cmocka_unit_test(functions_that_psci_1_3_does_not_have_never_reach_the_firmware),
		cmocka_unit_test(psci_version_is_the_firmwares_and_at_most_1_3),
		cmocka_unit_test(
			psci_features_has_the_firmwares_flags_of_cpu_suspend_and_system_off2),
		cmocka_unit_test(
			psci_features_has_no_flags_that_look_like_an_error_or_mean_nothing),
		cmocka_unit_test(psci_features_announces_smccc_version_if_it_can_be_called),
		cmocka_unit_test(
			functions_with_an_entry_point_need_smc64_for_a_monitor_above_4_gib),
		cmocka_unit_test(caller_of_0_2_must_use_the_ids_of_its_own_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
