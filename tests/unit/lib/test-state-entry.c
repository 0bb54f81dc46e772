/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records in which a vCPU would start or wake where none can, or where the host does not
 * let it; and records of a machine that has just been woken.
 *
 * Offsets are those of the format, see test-state.c.
 */
#include "psci-record.h"

#include <stdlib.h>
#include <string.h>

#define OFFERED 16
#define TRUSTED_OS_MPIDR 64
#define VCPUS (84 + 9 * POWER_STATE_COUNT + 4 * (18 + 16 * POWER_STATE_COUNT))
/* Where vCPU i's part begins: they are saved backwards. */
#define VCPU(i) (VCPUS + (FIXTURE_VCPU_COUNT - 1 - (i)) * (45 + 16 * POWER_STATE_COUNT))
#define REQUEST 4
#define PC 25
#define X0 33
#define FLAGS 41
#define STATE 42
#define DEFAULT_SUSPEND 44

#define PENDING 1
#define ON 2
#define FROZEN 4

#define AARCH32 1
#define T32 2
#define WAKE 8

#define REFUSED UINT64_C(0xdeadf000) /* The fixture's entry_ok() says so. */
#define ALL_BUT(fid) (0x3fffff & ~(UINT32_C(1) << ((fid)&0x1f)))

/** A change of some bytes; @size 0 ends a list of them. */
struct change {
	size_t offset;
	unsigned int size;
	uint64_t value;
};

#define CHANGE_MAX 4

/* The result of a record with these changes, in a machine that has not been booted. */
static void check(const struct record *good, const struct change *changes, int error)
{
	struct record r = { .bytes = malloc(good->size), .size = good->size };
	struct power b;

	assert_non_null(r.bytes);
	memcpy(r.bytes, good->bytes, r.size);
	for (size_t c = 0; c < CHANGE_MAX && changes[c].size; c++) {
		for (unsigned int i = 0; i < changes[c].size; i++)
			r.bytes[changes[c].offset + i] = (uint8_t)(changes[c].value >> 8 * i);
	}
	state_seal(&r);
	state_make_fresh(&b, PSCI_VERSION_1_3);
	if (error)
		state_check_refused(&b, r.bytes, r.size, error);
	else
		assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
}

/* vCPU 0 runs, 1 sleeps in power-down, 2 in standby, 3 has been started, 4 and 5 are off. */
static struct record record_of_a_machine(void)
{
	struct power a;

	power_boot_many(&a, 3);
	power_suspend(&a, 1, POWER_DOWN);
	power_suspend(&a, 2, POWER_STANDBY);
	assert_int_equal(fixture_call(&a.f, 0, PSCI_FN64_CPU_ON, a.f.mpidrs[3], FIXTURE_ENTRY, 7),
			 PSCI_RET_SUCCESS);

	return psci_record_save(&a);
}

static void restore_of_an_unaligned_entry_is_corrupt(void **state)
{
	struct record r = record_of_a_machine();

	for (unsigned int i = 1; i <= 3; i += 2) {
		const uint8_t wake = i == 1 ? WAKE : 0;
		const struct change bad[][CHANGE_MAX] = {
			{ { VCPU(i) + PC, 8, FIXTURE_ENTRY + 1 } },
			{ { VCPU(i) + PC, 8, FIXTURE_ENTRY + 2 } },
			{ { VCPU(i) + PC, 8, UINT64_C(0xffff000000000003) } },
			{ { VCPU(i) + PC, 8, FIXTURE_ENTRY + 2 },
			  { VCPU(i) + FLAGS, 1, wake | AARCH32 } },
			{ { VCPU(i) + PC, 8, FIXTURE_ENTRY + 1 },
			  { VCPU(i) + FLAGS, 1, wake | AARCH32 | T32 } },
			{ { VCPU(i) + FLAGS, 1, wake | T32 } },
			{ { VCPU(i) + PC, 8, UINT64_C(1) << 32 },
			  { VCPU(i) + FLAGS, 1, wake | AARCH32 } },
			{ { VCPU(i) + X0, 8, UINT64_C(1) << 32 },
			  { VCPU(i) + FLAGS, 1, wake | AARCH32 } },
		};
		const struct change good[][CHANGE_MAX] = {
			{ { VCPU(i) + PC, 8, UINT64_C(0xffff000000000004) } },
			{ { VCPU(i) + X0, 8, UINT64_MAX } },
			{ { VCPU(i) + PC, 8, FIXTURE_ENTRY + 2 },
			  { VCPU(i) + X0, 8, UINT32_MAX },
			  { VCPU(i) + FLAGS, 1, wake | AARCH32 | T32 } },
		};

		for (size_t c = 0; c < ARRAY_SIZE(bad); c++)
			check(&r, bad[c], PSCI_ERR_CORRUPT);
		for (size_t c = 0; c < ARRAY_SIZE(good); c++)
			check(&r, good[c], PSCI_OK);
	}
	free(r.bytes);
}

/* The host's memory may have changed, or an attacker wants a vCPU to start elsewhere. */
static void restore_of_an_entry_that_the_host_refuses_is_a_mismatch(void **state)
{
	struct record r = record_of_a_machine();

	check(&r, (const struct change[CHANGE_MAX]){ { VCPU(1) + PC, 8, REFUSED } },
	      PSCI_ERR_MISMATCH);
	check(&r, (const struct change[CHANGE_MAX]){ { VCPU(3) + PC, 8, REFUSED } },
	      PSCI_ERR_MISMATCH);
	free(r.bytes);
}

/* The last entry does not matter to a vCPU that runs, is off, or sleeps in standby. */
static void restore_does_not_judge_an_entry_that_is_not_used(void **state)
{
	static const unsigned int vcpus[] = { 0, 2, 4 };
	struct record r = record_of_a_machine();

	for (size_t i = 0; i < ARRAY_SIZE(vcpus); i++) {
		check(&r, (const struct change[CHANGE_MAX]){ { VCPU(vcpus[i]) + PC, 8, 3 } },
		      PSCI_OK);
		check(&r, (const struct change[CHANGE_MAX]){ { VCPU(vcpus[i]) + PC, 8, REFUSED } },
		      PSCI_OK);
	}
	free(r.bytes);
}

/* From PSCI_DEPTH_OFF on a sleep ends at the entry; one less deep does not. */
static void restore_judges_the_entry_of_the_least_deep_power_down(void **state)
{
	static const struct psci_idle_state states[] = {
		{ .power_state = 0x00010000, .depth = { PSCI_DEPTH_OFF } },
		{ .power_state = 0x00000001, .depth = { PSCI_DEPTH_OFF - 1 } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(states); i++) {
		struct fixture a;
		uint8_t bytes[1024];
		struct record r = { .bytes = bytes };

		fixture_configure(&a, PSCI_VERSION_1_3);
		a.config.idle_states = states;
		a.config.idle_state_count = ARRAY_SIZE(states);
		fixture_make(&a);
		assert_int_equal(
			psci_machine_boot(&a.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_ENTRY }),
			PSCI_OK);
		assert_int_equal(psci_vcpu_poll(&a.vcpus[0], &(struct psci_entry){ 0 }),
				 PSCI_NEXT_START);
		assert_int_equal(
			psci_call(&a.vcpus[0], &(struct psci_regs){ .x = { PSCI_FN64_CPU_SUSPEND,
									   states[i].power_state,
									   FIXTURE_ENTRY, 0 } }),
			PSCI_NEXT_SLEEP);
		r.size = psci_machine_save_size(&a.machine);
		assert_in_range(r.size, 1, sizeof(bytes));
		assert_int_equal(psci_machine_save(&a.machine, r.bytes, r.size), PSCI_OK);
		/* vCPU 0 comes last. */
		r.bytes[r.size - 4 - 45 + PC] |= 2;
		state_seal(&r);
		assert_int_equal(psci_machine_restore(&a.machine, r.bytes, r.size),
				 i == 0 ? PSCI_ERR_CORRUPT : PSCI_OK);
	}
}

/* Without entry_ok() the guest may start at any address that can have an instruction. */
static void restore_on_a_host_without_entry_ok_accepts_any_aligned_entry(void **state)
{
	struct record r = record_of_a_machine();
	struct power b;

	for (unsigned int i = 0; i < 8; i++)
		r.bytes[VCPU(1) + PC + i] = (uint8_t)(REFUSED >> 8 * i);
	state_seal(&r);
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.host.entry_ok = NULL;
	power_make(&b);
	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	r.bytes[VCPU(1) + PC] |= 2;
	state_seal(&r);
	power_make(&b);
	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_ERR_CORRUPT);
	free(r.bytes);
}

/* This holds if the host itself set the entry, too: a record may have been changed. */
static void restore_asks_the_host_about_the_entry_of_a_boot(void **state)
{
	struct power a;

	power_configure(&a, PSCI_VERSION_1_3);
	power_make(&a);
	assert_int_equal(
		psci_machine_boot(&a.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY }),
		PSCI_OK);

	struct record r = psci_record_save(&a);

	check(&r, (const struct change[CHANGE_MAX]){ { 0 } }, PSCI_OK);
	check(&r, (const struct change[CHANGE_MAX]){ { VCPU(0) + PC, 8, REFUSED } },
	      PSCI_ERR_MISMATCH);
	free(r.bytes);
}

static void restore_of_a_default_suspend_that_is_not_offered_is_corrupt(void **state)
{
	struct record r = record_of_a_machine();

	check(&r, (const struct change[CHANGE_MAX]){ { VCPU(2) + DEFAULT_SUSPEND, 1, 1 } },
	      PSCI_OK);
	check(&r,
	      (const struct change[CHANGE_MAX]){
		      { VCPU(2) + DEFAULT_SUSPEND, 1, 1 },
		      { OFFERED, 4, ALL_BUT(PSCI_FN32_CPU_DEFAULT_SUSPEND) } },
	      PSCI_ERR_CORRUPT);
	free(r.bytes);
}

/* Until it polls, all others are off: only it can start them. */
static void refuse_a_second_vcpu_on(unsigned int sleeper, unsigned int other)
{
	const struct change bad[][CHANGE_MAX] = {
		{ { OFFERED, 4, ALL_BUT(PSCI_FN32_SYSTEM_SUSPEND) } },
		{ { VCPU(other) + STATE, 1, PENDING } },
		{ { VCPU(other) + STATE, 1, FROZEN } },
		{ { VCPU(other) + STATE, 1, ON }, { VCPU(other) + REQUEST, 4, 0 } },
		{ { VCPU(other) + STATE, 1, PENDING }, { VCPU(other) + FLAGS, 1, WAKE } },
	};
	struct psci_regs off = fixture_regs(PSCI_FN32_CPU_OFF, 0, 0, 0);
	struct psci_regs regs = fixture_regs(PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 0, 0);
	struct power a;

	power_boot_many(&a, sleeper + 1);
	for (unsigned int i = 0; i < sleeper; i++)
		assert_int_equal(psci_call(&a.f.vcpus[i], &off), PSCI_NEXT_WAIT);
	assert_int_equal(psci_call(&a.f.vcpus[sleeper], &regs), PSCI_NEXT_SYSTEM_SUSPEND);

	struct record suspended = psci_record_save(&a);

	assert_true(psci_machine_wake(&a.f.machine));

	struct record r = psci_record_save(&a);

	check(&suspended, (const struct change[CHANGE_MAX]){ { VCPU(sleeper) + PC, 8, REFUSED } },
	      PSCI_ERR_MISMATCH);
	check(&suspended, (const struct change[CHANGE_MAX]){ { VCPU(sleeper) + PC, 8, 2 } },
	      PSCI_ERR_CORRUPT);
	check(&r, (const struct change[CHANGE_MAX]){ { 0 } }, PSCI_OK);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check(&r, bad[i], PSCI_ERR_CORRUPT);
	free(suspended.bytes);
	free(r.bytes);
}

/* Wherever in the record the two are. */
static void restore_of_a_resumed_machine_with_a_second_vcpu_on_is_corrupt(void **state)
{
	refuse_a_second_vcpu_on(0, 1);
	refuse_a_second_vcpu_on(1, 0);
}

/* A trusted OS that cannot move is where it was. */
static void restore_of_a_fixed_trusted_os_that_moved_is_a_mismatch(void **state)
{
	struct power a;
	struct power b;

	power_configure(&a, PSCI_VERSION_1_3);
	a.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED;
	power_make(&a);
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED;
	power_make(&b);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	r.bytes[TRUSTED_OS_MPIDR] = 0;
	r.bytes[TRUSTED_OS_MPIDR + 1] = 1;
	state_seal(&r);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	free(r.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restore_of_an_unaligned_entry_is_corrupt),
		cmocka_unit_test(restore_of_an_entry_that_the_host_refuses_is_a_mismatch),
		cmocka_unit_test(restore_does_not_judge_an_entry_that_is_not_used),
		cmocka_unit_test(restore_judges_the_entry_of_the_least_deep_power_down),
		cmocka_unit_test(restore_on_a_host_without_entry_ok_accepts_any_aligned_entry),
		cmocka_unit_test(restore_asks_the_host_about_the_entry_of_a_boot),
		cmocka_unit_test(restore_of_a_default_suspend_that_is_not_offered_is_corrupt),
		cmocka_unit_test(restore_of_a_resumed_machine_with_a_second_vcpu_on_is_corrupt),
		cmocka_unit_test(restore_of_a_fixed_trusted_os_that_moved_is_a_mismatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
