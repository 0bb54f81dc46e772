/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_ON, CPU_OFF, AFFINITY_INFO and psci_vcpu_poll().
 */
#include "psci-fixture.h"
#include "psci-spec.h"

#include <string.h>

static const uint32_t on_fids[] = { PSCI_FN32_CPU_ON, PSCI_FN64_CPU_ON };
static const uint32_t info_fids[] = { PSCI_FN32_AFFINITY_INFO, PSCI_FN64_AFFINITY_INFO };

/* --- CPU_ON --- */

static void cpu_on_of_an_absent_vcpu_is_an_invalid_parameter(void **state)
{
	static const uint64_t targets[] = {
		FIXTURE_ABSENT_MPIDR, 0x200, 0x20000, UINT64_C(0x200000000), 0xff, 0xffffff,
	};
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		fixture_answers_only(&f, 0,
				     fixture_regs(PSCI_FN64_CPU_ON, targets[i], FIXTURE_ENTRY, 0),
				     PSCI_RET_INVALID_PARAMETERS);
	fixture_answers_only(&f, 0,
			     fixture_regs(PSCI_FN32_CPU_ON, FIXTURE_ABSENT_MPIDR, FIXTURE_ENTRY, 0),
			     PSCI_RET_INVALID_PARAMETERS);
}

/* MT, U, RES1 and all the others: a caller clears them in its MPIDR_EL1. */
static void cpu_on_with_reserved_bits_in_its_target_is_an_invalid_parameter(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (unsigned int bit = 24; bit < 64; bit++) {
		const uint64_t target = f.mpidrs[1] | UINT64_C(1) << bit;

		if (bit >= 32 && bit < 40)
			continue; /* Aff3 */
		fixture_answers_only(&f, 0,
				     fixture_regs(PSCI_FN64_CPU_ON, target, FIXTURE_ENTRY, 0),
				     PSCI_RET_INVALID_PARAMETERS);
		if (bit < 32)
			fixture_answers_only(
				&f, 0, fixture_regs(PSCI_FN32_CPU_ON, target, FIXTURE_ENTRY, 0),
				PSCI_RET_INVALID_PARAMETERS);
	}
}

static void smc32_cpu_on_of_a_vcpu_with_an_aff3_is_an_invalid_parameter(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	/* vCPU 4 has only Aff3 set: without it its MPIDR names vCPU 0. */
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN32_CPU_ON, f.mpidrs[4], FIXTURE_ENTRY, 0),
			     PSCI_RET_ALREADY_ON);
}

static void cpu_on_at_an_address_that_the_host_refuses_is_an_invalid_address(void **state)
{
	struct fixture f;

	for (size_t v = 1; v < spec_version_count; v++) {
		fixture_boot(&f, spec_versions[v]);
		for (size_t c = 0; c < ARRAY_SIZE(on_fids); c++) {
			fixture_answers_only(&f, 0, fixture_regs(on_fids[c], 1, f.refused_entry, 0),
					     PSCI_RET_INVALID_ADDRESS);
			assert_int_equal(f.asked_entry, f.refused_entry);
		}
	}
}

static void cpu_on_at_an_unaligned_a64_address_is_an_invalid_address(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (uint64_t low = 1; low < 4; low++) {
		for (size_t c = 0; c < ARRAY_SIZE(on_fids); c++)
			fixture_answers_only(&f, 0,
					     fixture_regs(on_fids[c], 1, FIXTURE_ENTRY | low, 0),
					     PSCI_RET_INVALID_ADDRESS);
	}
}

/* INVALID_ADDRESS exists since 1.0. */
static void cpu_on_at_a_bad_address_is_an_invalid_parameter_in_0_2(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_0_2);
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_CPU_ON, 1, f.refused_entry, 0),
			     PSCI_RET_INVALID_PARAMETERS);
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY | 2, 0),
			     PSCI_RET_INVALID_PARAMETERS);
}

static void cpu_on_at_an_unaligned_a32_address_is_an_invalid_address(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN32_CPU_ON, 1, FIXTURE_ENTRY | 2, 0);
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	regs.aarch32 = true;
	fixture_answers_only(&f, 0, regs, PSCI_RET_INVALID_ADDRESS);
}

static void cpu_on_of_the_caller_itself_is_already_on(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t c = 0; c < ARRAY_SIZE(on_fids); c++)
		fixture_answers_only(&f, 0, fixture_regs(on_fids[c], f.mpidrs[0], FIXTURE_ENTRY, 0),
				     PSCI_RET_ALREADY_ON);
}

static void cpu_on_of_another_vcpu_that_is_on_is_already_on(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	for (size_t c = 0; c < ARRAY_SIZE(on_fids); c++) {
		fixture_answers_only(&f, 0, fixture_regs(on_fids[c], f.mpidrs[1], FIXTURE_ENTRY, 0),
				     PSCI_RET_ALREADY_ON);
		fixture_answers_only(&f, 1, fixture_regs(on_fids[c], f.mpidrs[0], FIXTURE_ENTRY, 0),
				     PSCI_RET_ALREADY_ON);
	}
}

/* The second caller's entry is not taken either. */
static void second_cpu_on_before_the_target_runs_is_on_pending(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, FIXTURE_CONTEXT),
			 PSCI_RET_SUCCESS);
	for (size_t c = 0; c < ARRAY_SIZE(on_fids); c++)
		fixture_answers_only(&f, 0, fixture_regs(on_fids[c], 1, 0xfeedf000, 0xfeedf00d),
				     PSCI_RET_ON_PENDING);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, FIXTURE_CONTEXT);
}

static void cpu_on_changes_and_kicks_only_its_target(void **state)
{
	for (unsigned int i = 1; i < FIXTURE_VCPU_COUNT; i++) {
		struct psci_vcpu before[FIXTURE_VCPU_COUNT];
		struct fixture f;

		fixture_boot(&f, PSCI_VERSION_1_3);
		memcpy(before, f.vcpus, sizeof(before));
		assert_int_equal(
			fixture_call(&f, 0, PSCI_FN64_CPU_ON, f.mpidrs[i], FIXTURE_ENTRY, 0),
			PSCI_RET_SUCCESS);
		assert_int_equal(fixture_kicks(&f, i), 1);
		assert_int_equal(fixture_all_kicks(&f), 1);
		for (unsigned int v = 0; v < FIXTURE_VCPU_COUNT; v++) {
			if (v != i)
				assert_memory_equal(&before[v], &f.vcpus[v], sizeof(before[v]));
		}
	}
}

/* The return of CPU_ON only means that it will start: OFF, ON_PENDING, ON, each observed. */
static void affinity_info_of_a_started_vcpu_is_on_pending_until_it_polls(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_OFF);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_ON_PENDING);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_ON);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_RUN);
}

/* Entry state: the caller's execution state and endianness, the context bit by bit. */
static void cpu_on_from_aarch64_starts_the_target_as_asked(void **state)
{
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		struct psci_regs regs =
			fixture_regs(PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, FIXTURE_CONTEXT);
		struct psci_entry entry = { .t32 = true };
		struct fixture f;

		fixture_boot(&f, PSCI_VERSION_1_3);
		regs.big_endian = big_endian;
		assert_int_equal(psci_call(&f.vcpus[0], &regs), PSCI_NEXT_RUN);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
		assert_int_equal(entry.pc, FIXTURE_ENTRY);
		assert_int_equal(entry.x0, FIXTURE_CONTEXT);
		assert_false(entry.aarch32);
		assert_false(entry.t32);
		assert_int_equal(entry.big_endian, big_endian);
	}
}

static void check_aarch32_start(uint64_t address, uint64_t pc, bool t32)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call_aarch32(&f, 0, PSCI_FN32_CPU_ON, 1, address, 0xfeedf00d), 0);
	assert_int_equal(f.asked_entry, pc);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, pc);
	assert_int_equal(entry.x0, 0xfeedf00d);
	assert_true(entry.aarch32);
	assert_int_equal(entry.t32, t32);
}

/* Bit 0 of the address selects T32 and is not part of it; T32 is halfword aligned. */
static void cpu_on_from_aarch32_starts_the_target_as_asked(void **state)
{
	check_aarch32_start(FIXTURE_ENTRY, FIXTURE_ENTRY, false);
	check_aarch32_start(FIXTURE_ENTRY | 1, FIXTURE_ENTRY, true);
	check_aarch32_start(FIXTURE_ENTRY | 3, FIXTURE_ENTRY | 2, true);
}

static void cpu_on_takes_any_context_id(void **state)
{
	static const uint64_t contexts[] = { 0, 1, UINT64_MAX, UINT64_C(1) << 63 };

	for (size_t i = 0; i < ARRAY_SIZE(contexts); i++) {
		struct psci_entry entry;
		struct fixture f;

		fixture_boot(&f, PSCI_VERSION_1_3);
		assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, 0, contexts[i]), 0);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
		assert_int_equal(entry.pc, 0);
		assert_int_equal(entry.x0, contexts[i]);
	}
}

/* --- CPU_OFF --- */

static void cpu_off_parks_its_caller_and_nothing_else(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	/* Linux leaves 0x10000 in w1. */
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_CPU_OFF, 0x10000, 0xfeedf00d),
			 PSCI_NEXT_WAIT);
	assert_int_equal(fixture_affinity_info(&f, 1), PSCI_AFFINITY_INFO_OFF);
	assert_int_equal(fixture_affinity_info(&f, 0), PSCI_AFFINITY_INFO_ON);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[1], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(entry.pc, 0xfeedf00d);
	assert_int_equal(fixture_all_kicks(&f), 0);
}

static void cpu_on_after_cpu_off_starts_the_vcpu_at_its_new_entry(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (uint64_t turn = 0; turn < 3; turn++) {
		fixture_start(&f, 1);
		assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	}
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, 0x50000000, 0xfeedf00d), 0);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, 0x50000000);
	assert_int_equal(entry.x0, 0xfeedf00d);
}

static void boot_vcpu_may_turn_itself_off_and_be_started_by_another(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 5);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_call(&f, 5, PSCI_FN64_CPU_ON, 0, FIXTURE_ENTRY, 0), 0);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_START);
}

/* No clause forbids it. */
static void the_last_vcpu_may_turn_itself_off(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_NONE);
}

/* --- AFFINITY_INFO --- */

static void affinity_info_above_level_3_is_an_invalid_parameter(void **state)
{
	static const uint64_t levels[] = { 4, 5, 0x80000000, 0xffffffff };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		for (size_t c = 0; c < ARRAY_SIZE(info_fids); c++)
			fixture_answers_only(&f, 0, fixture_regs(info_fids[c], 0, levels[i], 0),
					     PSCI_RET_INVALID_PARAMETERS);
	}
}

static void affinity_info_with_reserved_bits_in_its_target_is_an_invalid_parameter(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (uint64_t level = 0; level < 4; level++) {
		for (unsigned int bit = 24; bit < 64; bit++) {
			const uint64_t target = UINT64_C(1) << bit;

			if (bit >= 32 && bit < 40)
				continue; /* Aff3 */
			fixture_answers_only(
				&f, 0, fixture_regs(PSCI_FN64_AFFINITY_INFO, target, level, 0),
				PSCI_RET_INVALID_PARAMETERS);
		}
	}
}

static void affinity_info_of_an_absent_target_is_an_invalid_parameter(void **state)
{
	/* In each, a field that counts at this level has a value that no vCPU has. */
	static const uint64_t targets[] = {
		FIXTURE_ABSENT_MPIDR,
		0x200,
		0x20000,
		UINT64_C(0x200000000),
	};
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (uint64_t level = 0; level < 4; level++) {
		for (uint64_t field = level; field < 4; field++)
			fixture_answers_only(
				&f, 0,
				fixture_regs(PSCI_FN64_AFFINITY_INFO, targets[field], level, 0),
				PSCI_RET_INVALID_PARAMETERS);
	}
}

/* A field below the level is ignored, whatever its value. */
static void affinity_info_ignores_the_fields_below_its_level(void **state)
{
	static const uint64_t ignored[] = { 0, 0xee, 0xeeee, 0xeeeeee };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (uint64_t level = 1; level < 4; level++)
		assert_int_equal(
			fixture_call(&f, 0, PSCI_FN64_AFFINITY_INFO, ignored[level], level, 0),
			PSCI_AFFINITY_INFO_ON);
	/* vCPU 5 is alone in its Aff3. */
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_AFFINITY_INFO, UINT64_C(0x2300eeeeee), 3, 0),
			 PSCI_AFFINITY_INFO_OFF);
}

static void affinity_info_ignores_the_upper_half_of_the_level_in_smc64(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(
		fixture_call(&f, 0, PSCI_FN64_AFFINITY_INFO, 1, UINT64_C(0xfeedf00d) << 32, 0),
		PSCI_AFFINITY_INFO_OFF);
}

/* Of the vCPUs 0, 1, 2 and 3 of one Aff3: any ON, else any ON_PENDING, else OFF. */
static void affinity_info_of_a_cluster_is_on_before_on_pending_before_off(void **state)
{
	const uint64_t cluster = UINT64_C(0xff);
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 4);
	/* Aff1 to Aff3 zero: vCPUs 0 and 1. */
	assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, cluster, 1, 0),
			 PSCI_AFFINITY_INFO_ON);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, cluster, 1, 0),
			 PSCI_AFFINITY_INFO_OFF);

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_CPU_ON, f.mpidrs[i], 0, 0), 0);
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, cluster, 1, 0),
				 PSCI_AFFINITY_INFO_ON_PENDING);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[i], &entry), PSCI_NEXT_START);
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, cluster, 1, 0),
				 PSCI_AFFINITY_INFO_ON);
		/* A second one that is pending does not hide the one that is on. */
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_CPU_ON, f.mpidrs[1 - i], 0, 0), 0);
		assert_int_equal(fixture_call(&f, 4, PSCI_FN64_AFFINITY_INFO, cluster, 1, 0),
				 PSCI_AFFINITY_INFO_ON);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[1 - i], &entry), PSCI_NEXT_START);
		assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
		assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	}
}

static void affinity_info_answers_alike_in_smc32_and_smc64_and_aarch32(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (unsigned int i = 0; i < 4; i++) {
		const uint64_t expected = i == 0 ? PSCI_AFFINITY_INFO_ON : PSCI_AFFINITY_INFO_OFF;

		for (size_t c = 0; c < ARRAY_SIZE(info_fids); c++)
			assert_int_equal(fixture_call(&f, 0, info_fids[c], f.mpidrs[i], 0, 0),
					 expected);
		assert_int_equal(
			fixture_call_aarch32(&f, 0, PSCI_FN32_AFFINITY_INFO, f.mpidrs[i], 0, 0),
			expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-CPU_ON-10", cpu_on_of_an_absent_vcpu_is_an_invalid_parameter),
		PSCI_TEST("PSCI-CPU_ON-11",
			  cpu_on_with_reserved_bits_in_its_target_is_an_invalid_parameter),
		cmocka_unit_test(smc32_cpu_on_of_a_vcpu_with_an_aff3_is_an_invalid_parameter),
		PSCI_TEST("PSCI-CPU_ON-14",
			  cpu_on_at_an_address_that_the_host_refuses_is_an_invalid_address),
		PSCI_TEST("PSCI-CPU_ON-15",
			  cpu_on_at_an_unaligned_a64_address_is_an_invalid_address),
		PSCI_TEST("PSCI-CPU_ON-30", cpu_on_at_a_bad_address_is_an_invalid_parameter_in_0_2),
		cmocka_unit_test(cpu_on_at_an_unaligned_a32_address_is_an_invalid_address),
		PSCI_TEST("PSCI-CPU_ON-04", cpu_on_of_the_caller_itself_is_already_on),
		PSCI_TEST("PSCI-CPU_ON-05", cpu_on_of_another_vcpu_that_is_on_is_already_on),
		PSCI_TEST("PSCI-CPU_ON-06", second_cpu_on_before_the_target_runs_is_on_pending),
		cmocka_unit_test(cpu_on_changes_and_kicks_only_its_target),
		PSCI_TEST("PSCI-AFFINITY_INFO-04",
			  affinity_info_of_a_started_vcpu_is_on_pending_until_it_polls),
		PSCI_TEST("PSCI-CPU_ON-03", cpu_on_from_aarch64_starts_the_target_as_asked),
		PSCI_TEST("PSCI-CPU_ON-34", cpu_on_from_aarch32_starts_the_target_as_asked),
		PSCI_TEST("PSCI-CPU_ON-02", cpu_on_takes_any_context_id),
		PSCI_TEST("PSCI-CPU_OFF-01", cpu_off_parks_its_caller_and_nothing_else),
		PSCI_TEST("PSCI-CPU_ON-09 PSCI-CPU_OFF-04",
			  cpu_on_after_cpu_off_starts_the_vcpu_at_its_new_entry),
		cmocka_unit_test(boot_vcpu_may_turn_itself_off_and_be_started_by_another),
		cmocka_unit_test(the_last_vcpu_may_turn_itself_off),
		PSCI_TEST("PSCI-AFFINITY_INFO-07",
			  affinity_info_above_level_3_is_an_invalid_parameter),
		PSCI_TEST("PSCI-AFFINITY_INFO-06 PSCI-AFFINITY_INFO-12",
			  affinity_info_with_reserved_bits_in_its_target_is_an_invalid_parameter),
		PSCI_TEST("PSCI-AFFINITY_INFO-05 PSCI-AFFINITY_INFO-09",
			  affinity_info_of_an_absent_target_is_an_invalid_parameter),
		PSCI_TEST("PSCI-AFFINITY_INFO-08 PSCI-AFFINITY_INFO-13",
			  affinity_info_ignores_the_fields_below_its_level),
		PSCI_TEST("PSCI-AFFINITY_INFO-11",
			  affinity_info_ignores_the_upper_half_of_the_level_in_smc64),
		PSCI_TEST("PSCI-AFFINITY_INFO-30",
			  affinity_info_of_a_cluster_is_on_before_on_pending_before_off),
		cmocka_unit_test(affinity_info_answers_alike_in_smc32_and_smc64_and_aarch32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
