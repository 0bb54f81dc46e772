/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci_call(): which function is meant, which caller may call it, which part of a
 * register counts, how the result comes back.
 */
#include "psci-fixture.h"
#include "psci-spec.h"

#include <psci/smccc.h>
#include <psci/table.h>

/* --- function ids --- */

static void function_id_outside_of_psci_is_not_supported(void **state)
{
	static const uint32_t fids[] = {
		0x00000000, /* nothing set */
		0x04000003, /* CPU_ON as a yielding call */
		0x80000000, /* SMCCC_VERSION: the host's */
		0x83000003, /* owner before */
		0x84000020, /* SDEI, the number after PSCI's last */
		0x84000103, /* number bit 8 */
		0x84020003, /* reserved bit 17 */
		0x84800003, /* reserved bit 23 */
		0x84a0000a, /* reserved bits, one of them the SVE hint's neighbour */
		0x85000003, /* owner after */
		0xc0000003, /* SMC64, owner 0 */
		0xc4000000, /* PSCI_VERSION has no SMC64 id */
		0xc4000002, /* nor has CPU_OFF */
		0xc4000020, 0xc400a011, 0xffffffff,
	};
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(fids); i++)
		fixture_answers_only(&f, 0, fixture_regs(fids[i], 1, FIXTURE_ENTRY, 7),
				     PSCI_RET_NOT_SUPPORTED);
}

static void unallocated_function_number_is_not_supported(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (uint32_t number = 0x16; number < PSCI_FN_COUNT; number++) {
		fixture_answers_only(&f, 0, fixture_regs(PSCI_FN32_BASE + number, 0, 0, 0),
				     PSCI_RET_NOT_SUPPORTED);
		fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_BASE + number, 0, 0, 0),
				     PSCI_RET_NOT_SUPPORTED);
	}
}

static void upper_half_of_x0_is_not_part_of_the_function_id(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN32_PSCI_VERSION, 0, 0, 0);
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_1);
	regs.x[0] |= UINT64_C(0xfeedf00d) << 32;
	assert_int_equal(psci_call(&f.vcpus[0], &regs), PSCI_NEXT_RUN);
	assert_int_equal(regs.x[0], PSCI_VERSION_1_1);
}

static void sve_hint_is_not_part_of_the_function_id(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_1);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN32_PSCI_VERSION | SMCCC_SVE_HINT_MASK, 0, 0, 0),
			 PSCI_VERSION_1_1);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON | SMCCC_SVE_HINT_MASK, f.mpidrs[5],
				      FIXTURE_ENTRY, 0),
			 PSCI_RET_SUCCESS);
}

/* --- arguments and results --- */

static void smc32_call_ignores_the_upper_halves_of_its_arguments(void **state)
{
	const uint64_t high = UINT64_C(0xfeedf00d) << 32;
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN32_CPU_ON, high | f.mpidrs[1],
				      high | FIXTURE_ENTRY, FIXTURE_CONTEXT),
			 PSCI_RET_SUCCESS);
	assert_int_equal(f.asked_entry, FIXTURE_ENTRY);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, (uint32_t)FIXTURE_CONTEXT);
}

static void smc64_call_uses_all_64_bits_of_its_arguments(void **state)
{
	const uint64_t pc = UINT64_C(0xfeedf00d) << 32 | FIXTURE_ENTRY;
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, f.mpidrs[4], pc, FIXTURE_CONTEXT),
			 PSCI_RET_SUCCESS);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[4], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, pc);
	assert_int_equal(entry.x0, FIXTURE_CONTEXT);
}

static void smc32_error_is_sign_extended_to_64_bits_for_aarch64(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(
		fixture_call(&f, 0, PSCI_FN32_CPU_ON, FIXTURE_ABSENT_MPIDR, FIXTURE_ENTRY, 0),
		INT64_C(-2));
}

static void error_is_32_bits_wide_for_aarch32(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call_aarch32(&f, 0, PSCI_FN32_CPU_ON, FIXTURE_ABSENT_MPIDR,
					      FIXTURE_ENTRY, 0),
			 0xfffffffe);
}

static void smc64_call_from_aarch32_is_not_supported(void **state)
{
	struct fixture f;

	for (size_t v = 1; v < spec_version_count; v++) {
		fixture_boot(&f, spec_versions[v]);
		for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
			struct psci_regs regs =
				fixture_regs(PSCI_FN64_BASE + number, 1, FIXTURE_ENTRY, 0);

			regs.aarch32 = true;
			fixture_answers_only(&f, 0, regs, PSCI_RET_NOT_SUPPORTED);
		}
	}
}

static void smc32_call_from_aarch64_is_served_since_1_0(void **state)
{
	struct fixture f;

	for (size_t v = 1; v < spec_version_count; v++) {
		fixture_boot(&f, spec_versions[v]);
		assert_int_equal(fixture_call(&f, 0, PSCI_FN32_CPU_ON, 1, FIXTURE_ENTRY, 0),
				 PSCI_RET_SUCCESS);
	}
}

/* Before 1.0 a function with both conventions had to be called in the caller's own. */
static void call_of_the_other_width_is_an_invalid_parameter_in_0_2(void **state)
{
	struct psci_regs narrow = fixture_regs(PSCI_FN32_CPU_ON, 1, FIXTURE_ENTRY, 0);
	struct psci_regs wide = fixture_regs(PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0);
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_0_2);
	fixture_answers_only(&f, 0, narrow, PSCI_RET_INVALID_PARAMETERS);
	wide.aarch32 = true;
	fixture_answers_only(&f, 0, wide, PSCI_RET_INVALID_PARAMETERS);
	/* A function with one convention only has no width to mismatch. */
	assert_int_equal(fixture_call(&f, 0, PSCI_FN32_PSCI_VERSION, 0, 0, 0), PSCI_VERSION_0_2);

	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0),
			 PSCI_RET_SUCCESS);
	assert_int_equal(fixture_call_aarch32(&f, 0, PSCI_FN32_CPU_ON, 0x100, FIXTURE_ENTRY, 0),
			 PSCI_RET_SUCCESS);
}

/* --- queries --- */

static void psci_version_returns_the_configured_version(void **state)
{
	struct fixture f;

	for (size_t v = 0; v < spec_version_count; v++) {
		fixture_boot(&f, spec_versions[v]);
		assert_int_equal(fixture_call(&f, 0, PSCI_FN32_PSCI_VERSION, 0xfeedf00d, 0, 0),
				 spec_versions[v]);
		assert_int_equal(fixture_call_aarch32(&f, 0, PSCI_FN32_PSCI_VERSION, 0, 0, 0),
				 spec_versions[v]);
	}
	fixture_boot(&f, 0);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN32_PSCI_VERSION, 0, 0, 0), 0x10003);
}

static void names_and_argument_counts_equal_those_of_the_specification(void **state)
{
	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		const struct spec_function *spec = spec_find(number);
		const uint32_t fn32 = PSCI_FN32_BASE + number;
		const uint32_t fn64 = PSCI_FN64_BASE + number;

		if (!spec) {
			assert_null(psci_function_name(fn32));
			assert_null(psci_function_name(fn64));
			assert_int_equal(psci_arg_count(fn32), 0);
			continue;
		}
		assert_int_equal(spec->number, number);
		assert_string_equal(psci_function_name(fn32), spec->name);
		assert_int_equal(psci_arg_count(fn32), spec->arg_count);
		if (spec->smc64) {
			assert_string_equal(psci_function_name(fn64), spec->name);
			assert_int_equal(psci_arg_count(fn64), spec->arg_count);
		} else {
			assert_null(psci_function_name(fn64));
			assert_int_equal(psci_arg_count(fn64), 0);
		}
	}
	assert_null(psci_function_name(SMCCC_FN32_VERSION));
	assert_null(psci_function_name(0x04000003));
	assert_int_equal(psci_arg_count(0x04000003), 0);
	assert_string_equal(psci_function_name(PSCI_FN64_CPU_ON | SMCCC_SVE_HINT_MASK), "CPU_ON");
	assert_int_equal(psci_arg_count(PSCI_FN64_CPU_ON | SMCCC_SVE_HINT_MASK), 3);
}

/* Four functions are older than the oldest version of the specification's table. */
static uint32_t first_version(const struct spec_function *spec)
{
	const bool in_0_1 =
		spec->number == 1 || spec->number == 2 || spec->number == 3 || spec->number == 5;

	return in_0_1 ? PSCI_VERSION_0_1 : spec->since;
}

static enum psci_need need_of(const struct spec_function *spec)
{
	switch ((int)spec->means) {
	case SPEC_NOTHING:
		return PSCI_NEED_NOTHING;
	case SPEC_STATS:
		return PSCI_NEED_STATS;
	case SPEC_TRUSTED_OS:
		return PSCI_NEED_TRUSTED_OS;
	case SPEC_MEMORY:
		return PSCI_NEED_MEMORY;
	default:
		return PSCI_NEED_ENABLE;
	}
}

static void function_table_equals_that_of_the_specification(void **state)
{
	for (uint32_t number = 0; number < 64; number++) {
		const struct spec_function *spec = spec_find(number);
		struct psci_function f;

		assert_int_equal(psci_function_at(number, &f), spec != NULL);
		if (!spec)
			continue;
		assert_string_equal(f.name, spec->name);
		assert_int_equal(f.fn32, PSCI_FN32_BASE + number);
		assert_int_equal(f.fn64, spec->smc64 ? PSCI_FN64_BASE + number : 0);
		assert_int_equal(f.since, first_version(spec));
		assert_int_equal(f.arg_count, spec->arg_count);
		assert_int_equal(f.optional, !spec->mandatory);
		assert_int_equal(f.need, need_of(spec));
	}
}

static void query_changes_nothing_in_the_machine(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN32_PSCI_VERSION, 0, 0, 0),
			     PSCI_VERSION_1_3);
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN32_MIGRATE_INFO_TYPE, 0, 0, 0),
			     PSCI_MIGRATE_INFO_NOT_REQUIRED);
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_AFFINITY_INFO, f.mpidrs[5], 0, 0),
			     PSCI_AFFINITY_INFO_OFF);
	fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_AFFINITY_INFO, f.mpidrs[5], 3, 0),
			     PSCI_AFFINITY_INFO_OFF);
	for (uint32_t number = 0; number < spec_function_count; number++) {
		const struct spec_function *spec = spec_find(number);

		fixture_answers_only(
			&f, 0, fixture_regs(PSCI_FN32_PSCI_FEATURES, PSCI_FN32_BASE + number, 0, 0),
			spec->means == SPEC_NOTHING ? spec->features : PSCI_RET_NOT_SUPPORTED);
	}
}

/* Each register beyond psci_arg_count() is poisoned, which has no effect. */
static void registers_beyond_the_argument_count_are_ignored(void **state)
{
	const uint64_t poison = UINT64_C(0xfeedf00dfeedf00d);

	for (uint32_t number = 0; number < spec_function_count; number++) {
		for (int smc64 = 0; smc64 < 2; smc64++) {
			const uint32_t fid = (smc64 ? PSCI_FN64_BASE : PSCI_FN32_BASE) + number;
			struct psci_regs clean = fixture_regs(fid, 0, 0, 0);
			struct psci_regs dirty = clean;
			struct fixture a;
			struct fixture b;

			for (unsigned int i = 1 + psci_arg_count(fid); i < 4; i++)
				dirty.x[i] = poison;
			fixture_boot(&a, PSCI_VERSION_1_3);
			fixture_boot(&b, PSCI_VERSION_1_3);
			assert_int_equal(psci_call(&a.vcpus[0], &clean),
					 psci_call(&b.vcpus[0], &dirty));
			assert_int_equal(clean.x[0], dirty.x[0]);
		}
	}
}

/* --- which vCPU may call --- */

static void call_from_a_vcpu_that_is_off_is_not_carried_out(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN64_CPU_ON, f.mpidrs[2], FIXTURE_ENTRY),
			 PSCI_NEXT_WAIT);
	assert_int_equal(fixture_affinity_info(&f, 2), PSCI_AFFINITY_INFO_OFF);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_NONE);
	/* This holds even for a call that would be answered without looking at the machine. */
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_PSCI_VERSION, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_leave(&f, 1, 0xffffffff, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_all_kicks(&f), 0);
}

static void call_from_a_vcpu_that_is_on_pending_is_not_carried_out(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, f.mpidrs[1], FIXTURE_ENTRY, 0), 0);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
}

/* A host that runs a vCPU without psci_vcpu_wake() has to wait again. */
static void call_from_a_vcpu_that_is_suspended_is_not_carried_out(void **state)
{
	struct psci_regs suspend = fixture_regs(PSCI_FN64_CPU_SUSPEND, 0, 0, 0);
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	assert_int_equal(psci_call(&f.vcpus[0], &suspend), PSCI_NEXT_SLEEP);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_SLEEP);
	assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_NONE);
}

static void host_without_locks_is_served(void **state)
{
	struct psci_entry entry;
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.host.lock = NULL;
	f.host.unlock = NULL;
	f.host.entry_ok = NULL;
	fixture_make(&f);
	psci_machine_boot(&f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
	assert_int_equal(f.lock_count, 0);
}

/* --- random calls --- */

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);

	return *seed >> 32;
}

/* A value near those that the library compares with, or any other. */
static uint64_t random_argument(uint64_t *seed, const struct fixture *f)
{
	switch (next_random(seed) % 6) {
	case 0:
		return f->mpidrs[next_random(seed) % FIXTURE_VCPU_COUNT];
	case 1:
		return FIXTURE_ENTRY + next_random(seed) % 4;
	case 2:
		return next_random(seed) % 5;
	case 3:
		return UINT64_C(1) << next_random(seed) % 64;
	case 4:
		return f->refused_entry;
	default:
		return next_random(seed) << 32 | next_random(seed);
	}
}

/* Expect that a vCPU which continues has an answer that the specification allows. */
static void check_answer(uint32_t fid, const struct psci_regs *regs)
{
	const struct spec_function *spec = spec_find(fid & 0x1f);
	const int32_t x0 = (int32_t)regs->x[0];

	assert_int_equal(regs->x[0], regs->aarch32 ? (uint32_t)x0 : (uint64_t)x0);
	if (x0 >= 0 || x0 == PSCI_RET_NOT_SUPPORTED)
		return;
	assert_non_null(spec);
	assert_true(-x0 < 10 && spec->errors >> -x0 & 1);
}

static void call_with_any_register_values_is_answered(void **state)
{
	uint64_t seed = 0xd0e5;
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct fixture f;
	size_t results = 0;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (unsigned int turn = 0; turn < 100000; turn++) {
		const unsigned int i = (unsigned int)(next_random(&seed) % FIXTURE_VCPU_COUNT);
		const uint32_t number = (uint32_t)next_random(&seed) % PSCI_FN_COUNT;
		const uint32_t noise = turn % 16 ? 0 : 1U << turn / 16 % 32;
		const uint32_t base = next_random(&seed) % 2 ? PSCI_FN64_BASE : PSCI_FN32_BASE;
		const uint32_t fid = (base + number) ^ noise;
		struct psci_regs regs =
			fixture_regs(fid, random_argument(&seed, &f), random_argument(&seed, &f),
				     random_argument(&seed, &f));

		regs.aarch32 = next_random(&seed) % 4 == 0;
		/* Begin again often enough: some calls stop the machine or leave no vCPU on. */
		if (turn % 50 == 0)
			psci_machine_boot(&f.vcpus[i], &entry);
		psci_vcpu_wake(&f.vcpus[i], &entry);
		if (psci_call(&f.vcpus[i], &regs) == PSCI_NEXT_RUN) {
			check_answer(fid, &regs);
			results++;
		}
		assert_false(f.locked);
	}
	/* The vCPUs were on often enough for the loop above to have tested something. */
	assert_true(results > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-SMCCC-03", function_id_outside_of_psci_is_not_supported),
		PSCI_TEST("PSCI-PSCI_FEATURES-07", unallocated_function_number_is_not_supported),
		PSCI_TEST("PSCI-SMCCC-01", upper_half_of_x0_is_not_part_of_the_function_id),
		PSCI_TEST("PSCI-SMCCC-02", sve_hint_is_not_part_of_the_function_id),
		PSCI_TEST("PSCI-CPU_ON-12", smc32_call_ignores_the_upper_halves_of_its_arguments),
		cmocka_unit_test(smc64_call_uses_all_64_bits_of_its_arguments),
		PSCI_TEST("PSCI-SMCCC-04", smc32_error_is_sign_extended_to_64_bits_for_aarch64),
		cmocka_unit_test(error_is_32_bits_wide_for_aarch32),
		PSCI_TEST("PSCI-PSCI_FEATURES-31", smc64_call_from_aarch32_is_not_supported),
		cmocka_unit_test(smc32_call_from_aarch64_is_served_since_1_0),
		PSCI_TEST("PSCI-CPU_ON-13 PSCI-CPU_ON-36",
			  call_of_the_other_width_is_an_invalid_parameter_in_0_2),
		PSCI_TEST("PSCI-PSCI_VERSION-01 PSCI-PSCI_VERSION-30",
			  psci_version_returns_the_configured_version),
		cmocka_unit_test(names_and_argument_counts_equal_those_of_the_specification),
		cmocka_unit_test(function_table_equals_that_of_the_specification),
		cmocka_unit_test(query_changes_nothing_in_the_machine),
		PSCI_TEST("PSCI-PSCI_VERSION-02 PSCI-CPU_OFF-02",
			  registers_beyond_the_argument_count_are_ignored),
		cmocka_unit_test(call_from_a_vcpu_that_is_off_is_not_carried_out),
		cmocka_unit_test(call_from_a_vcpu_that_is_on_pending_is_not_carried_out),
		cmocka_unit_test(call_from_a_vcpu_that_is_suspended_is_not_carried_out),
		cmocka_unit_test(host_without_locks_is_served),
		cmocka_unit_test(call_with_any_register_values_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
