/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ends of a machine's tables, and configurations that have only part of something:
 * the cases in which mutants of the library passed the other tests.
 */
#include "psci-power.h"

/* One slot is a power of two. */
static void index_of_one_slot_is_accepted(void **state)
{
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.config.index_size = 1;
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&f.vcpus[0], &f.machine, 0x100, &f.threads[0]), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&f.vcpus[1], &f.machine, 0x101, &f.threads[1]),
			 PSCI_ERR_FULL);
}

static uint64_t no_time(void *ctx)
{
	return 0;
}

static void library_does_not_write_past_the_end_of_the_index(void **state)
{
	static struct psci_vcpu guard;
	struct psci_vcpu *index[5];
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.config.index = index;
	f.config.index_size = 4;
	for (size_t i = 0; i < ARRAY_SIZE(index); i++)
		index[i] = &guard;
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	for (size_t i = 0; i < 4; i++)
		assert_null(index[i]);
	assert_ptr_equal(index[4], &guard);
}

/*
 * How far a search goes determines what a call costs: with half of the slots taken, as
 * KVM and as a flat board number their vCPUs, it is a step or two.
 */
static void vcpus_are_spread_evenly_over_the_index(void **state)
{
	enum { COUNT = 4096, SLOTS = 2 * COUNT };
	static struct psci_vcpu vcpus[COUNT];
	static struct psci_vcpu *index[SLOTS];
	/*
	 * The affinity field of the vCPU's number: 16 or 256 to a cluster, or clusters of
	 * one.
	 */
	static const unsigned int shifts[][2] = { { 4, 8 }, { 8, 8 }, { 0, 8 }, { 0, 32 } };

	for (size_t layout = 0; layout < ARRAY_SIZE(shifts); layout++) {
		const unsigned int low = shifts[layout][0];
		unsigned int runs = 0;
		struct fixture f;

		fixture_configure(&f, PSCI_VERSION_1_3);
		f.config.index = index;
		f.config.index_size = SLOTS;
		assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
		for (uint64_t i = 0; i < COUNT; i++) {
			const uint64_t above = i >> low;
			const uint64_t cluster = shifts[layout][1] == 32
							 ? (above & 0xff) << 32 | (above >> 8) << 8
							 : (above & 0xff) << 8 | (above >> 8) << 16;
			const uint64_t mpidr = cluster | (i & ((1U << low) - 1));

			assert_int_equal(psci_vcpu_init(&vcpus[i], &f.machine, mpidr, NULL),
					 PSCI_OK);
		}
		/* The longest run of taken slots is the longest search. */
		for (unsigned int i = 0, run = 0; i < 2 * SLOTS; i++) {
			run = index[i % SLOTS] ? run + 1 : 0;
			runs = run > runs ? run : runs;
		}
		/* At random it would be about 30. */
		assert_in_range(runs, 1, 40);
	}
}

/* One function of PSCI 0.1 is enough, whichever it is. */
static void any_single_function_id_is_enough_for_0_1(void **state)
{
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t ids[4] = { 0 };
		struct fixture f;

		ids[i] = 0x95c1ba5e;
		fixture_configure(&f, PSCI_VERSION_0_1);
		f.config.fids_0_1 = (struct psci_fids_0_1){ ids[0], ids[1], ids[2], ids[3] };
		assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	}
}

/* A machine that has a clock or a place for numbers, but not both, counts nothing. */
static void statistics_are_not_supported_without_a_clock_or_memory(void **state)
{
	for (unsigned int has_clock = 0; has_clock < 2; has_clock++) {
		struct power p;

		power_configure(&p, PSCI_VERSION_1_3);
		if (!has_clock)
			p.f.host.now = NULL;
		else
			p.f.config.stats = NULL;
		if (has_clock)
			p.f.config.stat_count = 0;
		power_make(&p);
		psci_machine_boot(&p.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
		assert_int_equal(psci_vcpu_poll(&p.f.vcpus[0], &(struct psci_entry){ 0 }),
				 PSCI_NEXT_START);
		assert_int_equal(fixture_call(&p.f, 0, PSCI_FN32_PSCI_FEATURES,
					      PSCI_FN64_PSCI_STAT_COUNT, 0, 0),
				 PSCI_RET_NOT_SUPPORTED);
		assert_int_equal(
			fixture_call(&p.f, 0, PSCI_FN64_PSCI_STAT_COUNT, 0, POWER_STANDBY, 0),
			PSCI_RET_NOT_SUPPORTED);
	}
}

static void library_does_not_write_past_the_end_of_the_statistics(void **state)
{
	struct psci_stat stats[3 + 1];
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	f.host.now = no_time;
	f.config.stats = stats;
	f.config.stat_count = 3;
	f.config.idle_states = power_states;
	f.config.idle_state_count = 3;
	stats[3] = (struct psci_stat){ .residency = 0xfeed, .count = 0xf00d };
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&f.vcpus[0], &f.machine, 0, &f.threads[0]), PSCI_OK);
	psci_machine_boot(&f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(stats[3].residency, 0xfeed);
	assert_int_equal(stats[3].count, 0xf00d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_of_one_slot_is_accepted),
		cmocka_unit_test(library_does_not_write_past_the_end_of_the_index),
		cmocka_unit_test(vcpus_are_spread_evenly_over_the_index),
		cmocka_unit_test(any_single_function_id_is_enough_for_0_1),
		cmocka_unit_test(statistics_are_not_supported_without_a_clock_or_memory),
		cmocka_unit_test(library_does_not_write_past_the_end_of_the_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
