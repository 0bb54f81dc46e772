/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine's configuration, its index of vCPUs, its power cycles. */
#include "psci-fixture.h"
#include "psci-spec.h"

#include <stdlib.h>
#include <string.h>

/* --- configuration --- */

/* Expect that @f's configuration is refused and the machine unchanged. */
static void check_invalid(struct fixture *f)
{
	struct psci_machine before;
	struct psci_vcpu *index[ARRAY_SIZE(f->index)];

	memcpy(&before, &f->machine, sizeof(before));
	memcpy(index, f->index, sizeof(index));
	assert_int_equal(psci_machine_init(&f->machine, &f->config), PSCI_ERR_INVALID);
	assert_memory_equal(&before, &f->machine, sizeof(before));
	assert_memory_equal(index, f->index, sizeof(index));
}

static void machine_of_an_unknown_version_is_refused(void **state)
{
	static const uint32_t versions[] = {
		0x00001, 0x00003, 0x0ffff, 0x10004, 0x20000, 0x80010003, 0xffffffff,
	};
	struct fixture f;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		fixture_configure(&f, versions[i]);
		check_invalid(&f);
	}
}

static void configuration_of_a_wrong_size_is_refused(void **state)
{
	struct fixture f;

	fixture_configure(&f, 0);
	f.config.size = 0;
	check_invalid(&f);
	f.config.size = sizeof(f.config) + 1;
	check_invalid(&f);
	f.config.size = sizeof(f.config);
	f.host.size--;
	check_invalid(&f);
	f.host.size += 2;
	check_invalid(&f);
}

static void host_without_kick_or_with_half_a_lock_is_refused(void **state)
{
	struct fixture f;

	fixture_configure(&f, 0);
	f.config.host = NULL;
	check_invalid(&f);
	fixture_configure(&f, 0);
	f.host.kick = NULL;
	check_invalid(&f);
	fixture_configure(&f, 0);
	f.host.lock = NULL;
	check_invalid(&f);
	fixture_configure(&f, 0);
	f.host.unlock = NULL;
	check_invalid(&f);
}

static void index_whose_size_is_no_power_of_two_is_refused(void **state)
{
	static const size_t sizes[] = { 0, 3, 6, 7, 12, 15 };
	struct fixture f;

	fixture_configure(&f, 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		f.config.index_size = sizes[i];
		check_invalid(&f);
	}
	fixture_configure(&f, 0);
	f.config.index = NULL;
	check_invalid(&f);
}

/* Each function number in each version: optional ones may be disabled, no others. */
static void disabling_a_mandatory_function_is_refused(void **state)
{
	struct fixture f;

	for (size_t v = 0; v < spec_version_count; v++) {
		for (uint32_t number = 0; number < 32; number++) {
			const struct spec_function *spec = spec_find(number);

			fixture_configure(&f, spec_versions[v]);
			f.config.disable_functions = 1U << number;
			if (spec && !spec->mandatory && spec->since <= spec_versions[v])
				assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
			else
				check_invalid(&f);
		}
	}
}

/* --- vCPUs by MPIDR --- */

static void vcpu_whose_mpidr_has_other_bits_than_affinity_is_refused(void **state)
{
	struct psci_vcpu vcpu;
	struct psci_vcpu before;
	struct fixture f;

	fixture_configure(&f, 0);
	fixture_make(&f);
	memset(&vcpu, 0x5a, sizeof(vcpu));
	memcpy(&before, &vcpu, sizeof(before));
	for (unsigned int bit = 24; bit < 64; bit++) {
		if (bit >= 32 && bit < 40)
			continue; /* Aff3 */
		assert_int_equal(psci_vcpu_init(&vcpu, &f.machine, UINT64_C(1) << bit | 2, NULL),
				 PSCI_ERR_INVALID);
	}
	assert_memory_equal(&before, &vcpu, sizeof(before));
}

static void second_vcpu_of_an_mpidr_is_refused(void **state)
{
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct psci_vcpu vcpu;
	struct fixture f;

	fixture_configure(&f, 0);
	fixture_make(&f);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(psci_vcpu_init(&vcpu, &f.machine, f.mpidrs[i], NULL),
				 PSCI_ERR_EXISTS);
	assert_false(f.locked);
	/* The first owner is still found. */
	assert_int_equal(psci_machine_boot(&f.vcpus[0], &entry), PSCI_OK);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(fixture_affinity_info(&f, 0), PSCI_AFFINITY_INFO_ON);
}

static void index_takes_as_many_vcpus_as_it_has_slots(void **state)
{
	struct psci_vcpu vcpus[9];
	struct psci_regs regs = fixture_regs(PSCI_FN64_AFFINITY_INFO, 0xfe, 0, 0);
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct fixture f;

	fixture_configure(&f, 0);
	f.config.index_size = 8;
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(psci_vcpu_init(&vcpus[i], &f.machine, i, &f.threads[0]), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&vcpus[8], &f.machine, 8, NULL), PSCI_ERR_FULL);
	assert_int_equal(psci_vcpu_init(&vcpus[8], &f.machine, 7, NULL), PSCI_ERR_EXISTS);

	/* A search for a vCPU that does not exist ends in a full index, too. */
	psci_machine_boot(&vcpus[0], &entry);
	assert_int_equal(psci_vcpu_poll(&vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(psci_call(&vcpus[0], &regs), PSCI_NEXT_RUN);
	assert_int_equal((int64_t)regs.x[0], PSCI_RET_INVALID_PARAMETERS);
}

/* Adding takes the host's lock, like every other call. */
static void vcpu_is_added_under_the_lock(void **state)
{
	struct fixture f;

	fixture_configure(&f, 0);
	fixture_make(&f);
	assert_int_equal(f.lock_count, FIXTURE_VCPU_COUNT);
}

#define MANY 512

/* The layouts that real machines have. */
static uint64_t kvm_mpidr(unsigned int i)
{
	return (i & 0xf) | (uint64_t)(i >> 4 & 0xff) << 8 | (uint64_t)(i >> 12) << 16;
}

static uint64_t flat_mpidr(unsigned int i)
{
	return (i & 0xff) | (uint64_t)(i >> 8) << 8;
}

static uint64_t threaded_mpidr(unsigned int i)
{
	return (uint64_t)(i & 0xff) << 8 | (uint64_t)(i >> 8) << 16;
}

static uint64_t aff3_mpidr(unsigned int i)
{
	return (uint64_t)(i & 0xff) << 32 | (uint64_t)(i >> 8) << 16;
}

struct crowd {
	struct psci_machine machine;
	struct psci_vcpu vcpus[MANY];
	struct psci_vcpu *index[2 * MANY];
};

static void ignore_kick(void *ctx, void *vctx)
{
}

/* How many slots a search for an MPIDR examines, according to the private index. */
static size_t longest_search(const struct crowd *crowd)
{
	size_t run = 0;
	size_t longest = 0;

	/* No search is longer than a run of occupied slots and the free one at its end. */
	for (size_t i = 0; i < 2 * ARRAY_SIZE(crowd->index); i++) {
		run = crowd->index[i % ARRAY_SIZE(crowd->index)] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}

	return longest + 1;
}

static void check_crowd(uint64_t (*mpidr)(unsigned int i))
{
	const struct psci_host host = { .size = sizeof(host), .kick = ignore_kick };
	struct crowd *crowd = malloc(sizeof(*crowd));
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };

	assert_non_null(crowd);

	const struct psci_config config = {
		.size = sizeof(config),
		.index = crowd->index,
		.index_size = ARRAY_SIZE(crowd->index),
		.host = &host,
	};

	assert_int_equal(psci_machine_init(&crowd->machine, &config), PSCI_OK);
	for (unsigned int i = 0; i < MANY; i++)
		assert_int_equal(psci_vcpu_init(&crowd->vcpus[i], &crowd->machine, mpidr(i), NULL),
				 PSCI_OK);
	psci_machine_boot(&crowd->vcpus[0], &entry);
	assert_int_equal(psci_vcpu_poll(&crowd->vcpus[0], &entry), PSCI_NEXT_START);
	for (unsigned int i = 1; i < MANY; i++) {
		struct psci_regs regs = fixture_regs(PSCI_FN64_CPU_ON, mpidr(i), FIXTURE_ENTRY, i);

		assert_int_equal(psci_call(&crowd->vcpus[i - 1], &regs), PSCI_NEXT_RUN);
		assert_int_equal(regs.x[0], PSCI_RET_SUCCESS);
		assert_int_equal(psci_vcpu_poll(&crowd->vcpus[i], &entry), PSCI_NEXT_START);
		assert_int_equal(entry.x0, i);
	}
	/*
	 * At half load linear probing is expected to stay within a few dozen
	 * slots; a layout that the hash does not spread makes runs of hundreds.
	 */
	assert_in_range(longest_search(crowd), 2, 64);
	free(crowd);
}

static void lookup_takes_few_steps_with_512_vcpus_in_any_usual_layout(void **state)
{
	check_crowd(kvm_mpidr);
	check_crowd(flat_mpidr);
	check_crowd(threaded_mpidr);
	check_crowd(aff3_mpidr);
}

/* --- power cycles --- */

static void vcpus_of_a_machine_that_never_booted_wait(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct fixture f;

	fixture_configure(&f, 0);
	fixture_make(&f);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(psci_vcpu_poll(&f.vcpus[i], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(entry.pc, 0xfeedf00d);
	assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_NONE);
	assert_int_equal(fixture_all_kicks(&f), 0);
}

static void boot_starts_one_vcpu_and_kicks_all_of_them(void **state)
{
	const struct psci_entry boot = {
		.pc = FIXTURE_BOOT_ENTRY,
		.x0 = FIXTURE_BOOT_CONTEXT,
		.aarch32 = true,
		.t32 = true,
		.big_endian = true,
	};
	struct psci_entry entry;
	struct fixture f;

	fixture_configure(&f, 0);
	fixture_make(&f);
	psci_machine_boot(&f.vcpus[3], &boot);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(fixture_kicks(&f, i), 1);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(psci_vcpu_poll(&f.vcpus[i], &entry),
				 i == 3 ? PSCI_NEXT_START : PSCI_NEXT_WAIT);
	assert_int_equal(entry.pc, FIXTURE_BOOT_ENTRY);
	assert_int_equal(entry.x0, FIXTURE_BOOT_CONTEXT);
	assert_true(entry.aarch32);
	assert_true(entry.t32);
	assert_true(entry.big_endian);
}

static void boot_turns_every_vcpu_off_and_clears_the_event(void **state)
{
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY };
	struct psci_regs suspend = fixture_regs(PSCI_FN64_CPU_SUSPEND, 0, 0, 0);
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	fixture_start(&f, 2);
	assert_int_equal(psci_call(&f.vcpus[1], &suspend), PSCI_NEXT_SLEEP);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, f.mpidrs[3], FIXTURE_ENTRY, 0), 0);
	assert_int_equal(fixture_leave(&f, 2, PSCI_FN64_SYSTEM_RESET2, 0, 0xfeedf00d),
			 PSCI_NEXT_EXIT);

	psci_machine_boot(&f.vcpus[4], &boot);

	const struct psci_event event = psci_machine_event(&f.machine);

	assert_int_equal(event.kind, PSCI_EVENT_NONE);
	assert_int_equal(event.cookie, 0);
	assert_null(event.vctx);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(psci_vcpu_poll(&f.vcpus[i], &entry),
				 i == 4 ? PSCI_NEXT_START : PSCI_NEXT_WAIT);
	assert_int_equal(entry.pc, FIXTURE_BOOT_ENTRY);
	/* The new power cycle ends as the former did. */
	assert_int_equal(fixture_leave(&f, 4, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_EXIT);
	assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_OFF);
}

/* vCPU 1 has not noticed that the machine was booted anew. */
static void call_of_a_vcpu_from_before_the_boot_is_not_carried_out(void **state)
{
	static const uint32_t fids[] = {
		PSCI_FN64_CPU_ON,	PSCI_FN32_CPU_OFF,	 PSCI_FN32_SYSTEM_OFF,
		PSCI_FN32_SYSTEM_RESET, PSCI_FN64_SYSTEM_RESET2, PSCI_FN64_SYSTEM_OFF2,
		PSCI_FN64_CPU_SUSPEND,	PSCI_FN32_PSCI_VERSION,
	};
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY };
	struct psci_entry entry;
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	psci_machine_boot(&f.vcpus[0], &boot);
	fixture_forget(&f);
	for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
		assert_int_equal(fixture_leave(&f, 1, fids[i], 0, 0), PSCI_NEXT_WAIT);
		assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_NONE);
	}
	/*
	 * Its calls are refused even once the new power cycle has started it: it must
	 * poll first.
	 */
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, 1, FIXTURE_ENTRY, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fids); i++)
		assert_int_equal(fixture_leave(&f, 1, fids[i], 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[1], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
}

/* The vCPU that boots runs old code too, until it polls. */
static void call_of_the_boot_vcpu_from_before_its_poll_is_not_carried_out(void **state)
{
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	psci_machine_boot(&f.vcpus[0], &entry);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_NONE);
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &entry), PSCI_NEXT_START);
}

/* --- errors --- */

static void every_error_code_has_its_own_phrase(void **state)
{
	for (int a = PSCI_ERR_MISMATCH - 1; a <= 1; a++) {
		assert_non_null(psci_strerror(a));
		assert_true(strlen(psci_strerror(a)) > 0);
	}
	for (int a = PSCI_ERR_MISMATCH - 1; a <= PSCI_OK; a++) {
		for (int b = a + 1; b <= PSCI_OK; b++)
			assert_string_not_equal(psci_strerror(a), psci_strerror(b));
	}
	assert_string_equal(psci_strerror(1), psci_strerror(-1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_of_an_unknown_version_is_refused),
		cmocka_unit_test(configuration_of_a_wrong_size_is_refused),
		cmocka_unit_test(host_without_kick_or_with_half_a_lock_is_refused),
		cmocka_unit_test(index_whose_size_is_no_power_of_two_is_refused),
		cmocka_unit_test(disabling_a_mandatory_function_is_refused),
		cmocka_unit_test(vcpu_whose_mpidr_has_other_bits_than_affinity_is_refused),
		cmocka_unit_test(second_vcpu_of_an_mpidr_is_refused),
		cmocka_unit_test(index_takes_as_many_vcpus_as_it_has_slots),
		cmocka_unit_test(vcpu_is_added_under_the_lock),
		cmocka_unit_test(lookup_takes_few_steps_with_512_vcpus_in_any_usual_layout),
		cmocka_unit_test(vcpus_of_a_machine_that_never_booted_wait),
		cmocka_unit_test(boot_starts_one_vcpu_and_kicks_all_of_them),
		cmocka_unit_test(boot_turns_every_vcpu_off_and_clears_the_event),
		cmocka_unit_test(call_of_a_vcpu_from_before_the_boot_is_not_carried_out),
		cmocka_unit_test(call_of_the_boot_vcpu_from_before_its_poll_is_not_carried_out),
		cmocka_unit_test(every_error_code_has_its_own_phrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
