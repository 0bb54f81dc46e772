/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A relay and its CPUs: of which CPU a call is, which CPU starts it, and where it starts and
 * wakes, in any order of calls, answers and arrivals.
 */
#include "psci-relay.h"

#define POWER_DOWN_STATE 0x00010000

#define OTHER_ENTRY UINT64_C(0x41000000)
#define WAKE_ENTRY UINT64_C(0x42000000)

/* CPU @by turns CPU @target on and gets no answer yet. */
static struct psci_regs begin_on(struct relay_rig *rig, unsigned int by, unsigned int target,
				 uint64_t entry)
{
	const struct psci_regs regs =
		fixture_regs(PSCI_FN64_CPU_ON, rig->mpidrs[target], entry, entry + 1);

	relay_forward(rig, by, &regs);

	return regs;
}

/* CPU @i goes to sleep in a power-down state. */
static struct psci_regs begin_sleep(struct relay_rig *rig, unsigned int i)
{
	const struct psci_regs regs =
		fixture_regs(PSCI_FN64_CPU_SUSPEND, POWER_DOWN_STATE, WAKE_ENTRY, i);

	relay_forward(rig, i, &regs);

	return regs;
}

static int64_t affinity_info(struct relay_rig *rig, uint64_t target, uint64_t level, uint64_t x0)
{
	return relay_call(rig, 5, PSCI_FN64_AFFINITY_INFO, target, level, 0, x0);
}

static void check_started(struct relay_rig *rig, unsigned int i, uint64_t entry)
{
	const struct psci_entry started = relay_arrive(rig, i);

	assert_int_equal(started.pc, entry);
	assert_int_equal(started.x0, entry + 1);
	assert_false(started.wake);
}

static void check_woken(struct relay_rig *rig, unsigned int i)
{
	const struct psci_entry woken = relay_arrive(rig, i);

	assert_int_equal(woken.pc, WAKE_ENTRY);
	assert_int_equal(woken.x0, i);
	assert_true(woken.wake);
}

/* --- CPU_ON --- */

static void check_each_cpu_starts(struct relay_rig *rig)
{
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++) {
		const struct psci_regs regs = begin_on(rig, 0, i, FIXTURE_ENTRY + 0x100 * i);

		relay_assert_forwarded(rig, PSCI_FN64_CPU_ON, rig->mpidrs[i], RELAY_MONITOR,
				       rig->contexts[i]);
		assert_int_equal(relay_return(rig, 0, regs, 0), 0);
		check_started(rig, i, FIXTURE_ENTRY + 0x100 * i);
	}
}

static void cpu_on_finds_each_cpu_by_its_mpidr(void **state)
{
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	check_each_cpu_starts(&rig);
}

/* A number that is missing must not hide the CPUs behind it, whose places are lower. */
static void cpu_on_finds_each_cpu_where_numbers_are_missing(void **state)
{
	for (unsigned int missing = 0; missing < FIXTURE_VCPU_COUNT; missing++) {
		struct relay_rig rig;

		relay_configure(&rig, PSCI_VERSION_1_3);
		for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
			rig.mpidrs[i] = i < missing ? i : i + 1;
		relay_make(&rig);
		check_each_cpu_starts(&rig);
		assert_int_equal(relay_say(&rig, 0, PSCI_FN64_CPU_ON, missing, FIXTURE_ENTRY, 0),
				 PSCI_RET_INVALID_PARAMETERS);
	}
}

static void cpu_on_of_no_cpu_is_invalid_parameters(void **state)
{
	static const uint64_t absent[] = {
		FIXTURE_ABSENT_MPIDR,
		0x101,
		0x10001,
		UINT64_C(0x100000001),
		0x2345678a,
		UINT64_C(0x2300456788),
		0x80000000,
		0x40000001,
		0x01000000,
		UINT64_C(0x10000000000),
		UINT64_MAX,
		UINT64_C(0xff00ffffff),
	};
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		assert_int_equal(relay_say(&rig, 0, PSCI_FN64_CPU_ON, absent[i], FIXTURE_ENTRY, 0),
				 PSCI_RET_INVALID_PARAMETERS);
		assert_int_equal(relay_say(&rig, 0, PSCI_FN64_AFFINITY_INFO, absent[i], 0, 0),
				 PSCI_RET_INVALID_PARAMETERS);
	}
	assert_int_equal(rig.asked_count, 0);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		relay_arrive_unasked(&rig, i);
}

static void cpu_on_that_the_firmware_refuses_leaves_nothing(void **state)
{
	static const int32_t codes[] = { PSCI_RET_ALREADY_ON, PSCI_RET_ON_PENDING, PSCI_RET_DENIED,
					 PSCI_RET_INTERNAL_FAILURE, PSCI_RET_INVALID_ADDRESS };
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_int_equal(relay_call(&rig, 0, PSCI_FN64_CPU_ON, 0x1, FIXTURE_ENTRY, 0,
					    (uint64_t)codes[i]),
				 codes[i]);
		relay_arrive_unasked(&rig, 1);
	}
	/* The next caller's entry point counts. */
	assert_int_equal(relay_return(&rig, 2, begin_on(&rig, 2, 1, OTHER_ENTRY), 0), 0);
	check_started(&rig, 1, OTHER_ENTRY);
}

/* A CPU may arrive before its starter has the answer. */
static void cpu_that_arrives_at_once_can_be_turned_on_again_at_once(void **state)
{
	struct relay_rig rig;
	struct psci_regs first;
	struct psci_regs second;

	relay_boot(&rig, PSCI_VERSION_1_3);
	first = begin_on(&rig, 0, 1, FIXTURE_ENTRY);
	check_started(&rig, 1, FIXTURE_ENTRY);
	/* It turns itself off, and another turns it on. */
	second = begin_on(&rig, 2, 1, OTHER_ENTRY);
	relay_assert_forwarded(&rig, PSCI_FN64_CPU_ON, 1, RELAY_MONITOR, rig.contexts[1]);
	assert_int_equal(relay_return(&rig, 0, first, 0), 0);
	assert_int_equal(relay_return(&rig, 2, second, 0), 0);
	check_started(&rig, 1, OTHER_ENTRY);
}

/* A firmware that started a CPU and says that it did not must not undo another's call. */
static void refusal_that_comes_after_the_start_does_not_undo_the_next_start(void **state)
{
	struct relay_rig rig;
	struct psci_regs first;
	struct psci_regs second;

	relay_boot(&rig, PSCI_VERSION_1_3);
	first = begin_on(&rig, 0, 1, FIXTURE_ENTRY);
	check_started(&rig, 1, FIXTURE_ENTRY);
	second = begin_on(&rig, 2, 1, OTHER_ENTRY);
	assert_int_equal(relay_return(&rig, 0, first, (uint64_t)PSCI_RET_INTERNAL_FAILURE),
			 PSCI_RET_INTERNAL_FAILURE);
	assert_int_equal(relay_return(&rig, 2, second, 0), 0);
	check_started(&rig, 1, OTHER_ENTRY);
}

/* --- a second CPU_ON while the first is under way --- */

static void check_second_on(uint32_t fid, int64_t affinity_info, int32_t answer)
{
	struct relay_rig rig;
	struct psci_regs first;
	struct psci_regs second = fixture_regs(fid, 0x10000, OTHER_ENTRY, 7);

	relay_boot(&rig, PSCI_VERSION_1_3);
	first = begin_on(&rig, 0, 3, FIXTURE_ENTRY);
	relay_forward(&rig, 2, &second);
	/* It must not be made: the firmware may grant it, with the entry point of the first. */
	relay_assert_forwarded(&rig, PSCI_FN32_AFFINITY_INFO | (fid & 0x40000000), 0x10000, 0, 0);
	assert_int_equal(relay_return(&rig, 2, second, (uint64_t)affinity_info), (int64_t)answer);
	assert_int_equal(relay_return(&rig, 0, first, 0), 0);
	check_started(&rig, 3, FIXTURE_ENTRY);
}

static void second_cpu_on_is_pending_or_too_late_as_the_firmware_has_it(void **state)
{
	static const uint32_t fids[] = { PSCI_FN32_CPU_ON, PSCI_FN64_CPU_ON };

	for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
		check_second_on(fids[i], PSCI_AFFINITY_INFO_OFF, PSCI_RET_ON_PENDING);
		check_second_on(fids[i], PSCI_AFFINITY_INFO_ON_PENDING, PSCI_RET_ON_PENDING);
		check_second_on(fids[i], PSCI_AFFINITY_INFO_ON, PSCI_RET_ALREADY_ON);
		check_second_on(fids[i], PSCI_RET_DISABLED, PSCI_RET_ON_PENDING);
		check_second_on(fids[i], PSCI_RET_NOT_SUPPORTED, PSCI_RET_ON_PENDING);
	}
}

/* Only the target is taken: its starter can start others, and others can start others. */
static void cpu_on_of_another_cpu_is_not_held_up(void **state)
{
	struct relay_rig rig;
	struct psci_regs regs;

	relay_boot(&rig, PSCI_VERSION_1_3);
	assert_int_equal(relay_return(&rig, 0, begin_on(&rig, 0, 1, FIXTURE_ENTRY), 0), 0);
	regs = begin_on(&rig, 0, 2, OTHER_ENTRY);
	relay_assert_forwarded(&rig, PSCI_FN64_CPU_ON, 0x100, RELAY_MONITOR, rig.contexts[2]);
	assert_int_equal(relay_return(&rig, 0, regs, 0), 0);
	check_started(&rig, 2, OTHER_ENTRY);
	check_started(&rig, 1, FIXTURE_ENTRY);
}

/* --- sleep --- */

static void cpu_on_of_a_cpu_that_sleeps_does_not_change_where_it_wakes(void **state)
{
	struct relay_rig rig;
	struct psci_regs regs;

	relay_boot(&rig, PSCI_VERSION_1_3);
	begin_sleep(&rig, 1);
	/* While the call is under way, and after it. */
	regs = begin_on(&rig, 0, 1, FIXTURE_ENTRY);
	check_woken(&rig, 1);
	begin_sleep(&rig, 1);
	assert_int_equal(relay_return(&rig, 0, regs, (uint64_t)PSCI_RET_ALREADY_ON),
			 PSCI_RET_ALREADY_ON);
	check_woken(&rig, 1);
	relay_arrive_unasked(&rig, 1);
}

static void sleep_that_is_cut_short_leaves_nothing(void **state)
{
	static const uint32_t fids[] = { PSCI_FN64_CPU_SUSPEND, PSCI_FN64_CPU_DEFAULT_SUSPEND,
					 PSCI_FN64_SYSTEM_SUSPEND };
	static const int32_t answers[] = { PSCI_RET_SUCCESS, PSCI_RET_DENIED,
					   PSCI_RET_INVALID_PARAMETERS };
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(fids) * ARRAY_SIZE(answers); i++) {
		const int32_t answer = answers[i % ARRAY_SIZE(answers)];

		assert_int_equal(relay_call(&rig, 1, fids[i / ARRAY_SIZE(answers)],
					    POWER_DOWN_STATE, WAKE_ENTRY, 0, (uint64_t)answer),
				 answer);
		relay_arrive_unasked(&rig, 1);
	}
	/* It is turned off then, and on. */
	assert_int_equal(relay_return(&rig, 0, begin_on(&rig, 0, 1, FIXTURE_ENTRY), 0), 0);
	check_started(&rig, 1, FIXTURE_ENTRY);
}

static void check_standby(uint32_t features, uint32_t power_state, bool is_standby)
{
	const struct psci_regs regs =
		fixture_regs(PSCI_FN64_CPU_SUSPEND, power_state, RELAY_REFUSED_ENTRY, 7);
	struct relay_rig rig;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.firmware.suspend_features = features;
	relay_make(&rig);
	if (!is_standby) {
		assert_int_equal(relay_answer(&rig, 0, regs), PSCI_RET_INVALID_ADDRESS);
		return;
	}
	/* No entry point of the OS is ever the firmware's, even if it does not matter. */
	assert_int_equal(relay_complete(&rig, 0, regs, 0), 0);
	relay_assert_forwarded(&rig, PSCI_FN64_CPU_SUSPEND, power_state, RELAY_MONITOR,
			       rig.contexts[0]);
	assert_int_equal(rig.asked_count, 0);
	relay_forward(&rig, 0, &regs);
	relay_arrive_unasked(&rig, 0);
}

static void standby_is_told_from_power_down_by_the_firmwares_format(void **state)
{
	static const uint32_t original[] = { 0, PSCI_FEATURES_CPU_SUSPEND_OS_INITIATED };
	static const uint32_t extended[] = { PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID, 3 };

	for (size_t i = 0; i < 2; i++) {
		check_standby(original[i], 0x00000000, true);
		check_standby(original[i], 0x40000000, true);
		check_standby(original[i], 0xfffeffff, true);
		check_standby(original[i], 0x00010000, false);
		check_standby(original[i], 0x01010001, false);
		check_standby(extended[i], 0x00000000, true);
		check_standby(extended[i], 0x00010000, true);
		check_standby(extended[i], 0xbfffffff, true);
		check_standby(extended[i], 0x40000000, false);
		check_standby(extended[i], 0x40000001, false);
	}
}

/* --- AFFINITY_INFO --- */

static void affinity_info_is_the_firmwares_where_no_start_is_under_way(void **state)
{
	static const int32_t answers[] = { 0, 1, 2, -2, -8, -1 };
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	for (uint64_t level = 0; level <= 3; level++) {
		for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
			assert_int_equal(affinity_info(&rig, 0x1, level, (uint64_t)answers[i]),
					 answers[i]);
	}
}

static void affinity_info_of_no_cpu_is_invalid_parameters_at_every_level(void **state)
{
	/* For each level: one that has no CPU, and one that has. */
	static const uint64_t targets[][2] = {
		{ UINT64_C(0x2300456788), UINT64_C(0x2300456789) },
		{ UINT64_C(0x2300456600), UINT64_C(0x23004567ff) },
		{ UINT64_C(0x2300440000), UINT64_C(0x230045ffff) },
		{ UINT64_C(0x2200456789), UINT64_C(0x2300000000) },
	};
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	for (uint64_t level = 0; level <= 3; level++) {
		assert_int_equal(
			relay_say(&rig, 5, PSCI_FN64_AFFINITY_INFO, targets[level][0], level, 0),
			PSCI_RET_INVALID_PARAMETERS);
		assert_int_equal(relay_say(&rig, 5, PSCI_FN64_AFFINITY_INFO,
					   targets[level][1] | 0x80000000, level, 0),
				 PSCI_RET_INVALID_PARAMETERS);
		assert_int_equal(relay_say(&rig, 5, PSCI_FN64_AFFINITY_INFO,
					   targets[level][1] | UINT64_C(1) << 40, level, 0),
				 PSCI_RET_INVALID_PARAMETERS);
		assert_int_equal(affinity_info(&rig, targets[level][1], level, 1), 1);
	}
	assert_int_equal(relay_say(&rig, 5, PSCI_FN64_AFFINITY_INFO, 0, 4, 0),
			 PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(relay_say(&rig, 5, PSCI_FN64_AFFINITY_INFO, 0, UINT32_MAX, 0),
			 PSCI_RET_INVALID_PARAMETERS);
}

static void affinity_info_finds_an_instance_behind_others(void **state)
{
	struct psci_relay_cpu *more[FIXTURE_VCPU_COUNT + 2];
	struct psci_relay_cpu cpus[2];
	struct relay_rig rig;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.index = more;
	rig.config.index_size = ARRAY_SIZE(more);
	relay_make(&rig);
	assert_int_equal(psci_relay_cpu_init(&cpus[0], &rig.relay, 0x18000, 0), PSCI_OK);
	assert_int_equal(psci_relay_cpu_init(&cpus[1], &rig.relay, 0x1800000000, 0), PSCI_OK);
	assert_int_equal(affinity_info(&rig, 0x18000, 1, 1), 1);
	assert_int_equal(affinity_info(&rig, 0x18000, 2, 1), 1);
	assert_int_equal(affinity_info(&rig, 0x1800000000, 3, 1), 1);
}

/* From the first CPU_ON on: the second one is answered so. */
static void affinity_info_is_on_pending_before_the_firmware_sees_cpu_on(void **state)
{
	/* For each CPU: at which levels CPU 0, of which all fields are zero, lies with it. */
	static const unsigned int shared_from[FIXTURE_VCPU_COUNT] = { 0, 1, 2, 3, 4, 4 };

	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++) {
		struct relay_rig rig;
		struct psci_regs regs;

		relay_boot(&rig, PSCI_VERSION_1_3);
		regs = begin_on(&rig, 0, i, FIXTURE_ENTRY);
		for (unsigned int level = 0; level <= 3; level++) {
			assert_int_equal(affinity_info(&rig, rig.mpidrs[i], level, 1), 2);
			assert_int_equal(affinity_info(&rig, rig.mpidrs[i], level, 0), 0);
			assert_int_equal(affinity_info(&rig, rig.mpidrs[i], level, 2), 2);
			assert_int_equal(affinity_info(&rig, 0, level, 1),
					 level >= shared_from[i] ? 2 : 1);
		}
		assert_int_equal(relay_return(&rig, 0, regs, (uint64_t)PSCI_RET_INTERNAL_FAILURE),
				 PSCI_RET_INTERNAL_FAILURE);
		assert_int_equal(affinity_info(&rig, rig.mpidrs[i], 0, 1), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_on_finds_each_cpu_by_its_mpidr),
		cmocka_unit_test(cpu_on_finds_each_cpu_where_numbers_are_missing),
		cmocka_unit_test(cpu_on_of_no_cpu_is_invalid_parameters),
		cmocka_unit_test(cpu_on_that_the_firmware_refuses_leaves_nothing),
		cmocka_unit_test(cpu_that_arrives_at_once_can_be_turned_on_again_at_once),
		cmocka_unit_test(refusal_that_comes_after_the_start_does_not_undo_the_next_start),
		cmocka_unit_test(second_cpu_on_is_pending_or_too_late_as_the_firmware_has_it),
		cmocka_unit_test(cpu_on_of_another_cpu_is_not_held_up),
		cmocka_unit_test(cpu_on_of_a_cpu_that_sleeps_does_not_change_where_it_wakes),
		cmocka_unit_test(sleep_that_is_cut_short_leaves_nothing),
		cmocka_unit_test(standby_is_told_from_power_down_by_the_firmwares_format),
		cmocka_unit_test(affinity_info_is_the_firmwares_where_no_start_is_under_way),
		cmocka_unit_test(affinity_info_of_no_cpu_is_invalid_parameters_at_every_level),
		cmocka_unit_test(affinity_info_finds_an_instance_behind_others),
		cmocka_unit_test(affinity_info_is_on_pending_before_the_firmware_sees_cpu_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
