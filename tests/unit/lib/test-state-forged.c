/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records whose checksum is right and whose bytes describe no possible machine: each rule
 * that restoring has is broken alone, and must be the one that refuses.
 *
 * Offsets are those of the format, see record_has_the_bytes_of_its_format().
 */
#include "psci-record.h"

#include <stdlib.h>
#include <string.h>

#define VERSION 12
#define OFFERED 16
#define FLAGS 36
#define OS_INITIATED 37
#define SUSPEND_CALLED 38
#define MEMORY_PROTECTED 39
#define TRUSTED_OS 40
#define EVENT_KIND 41
#define OVERWRITE 42
#define EVENT_TYPE 44
#define EVENT_COOKIE 48
#define EVENT_MPIDR 56
#define TRUSTED_OS_MPIDR 64
#define IDLE_STATE_COUNT 72
#define DOMAIN_COUNT 76
#define IDLE_STATES 84
#define DOMAINS (IDLE_STATES + 9 * POWER_STATE_COUNT)

#define DOMAIN_SIZE (18 + 16 * POWER_STATE_COUNT)
#define VCPU_SIZE (45 + 16 * POWER_STATE_COUNT)

/* Where vCPU i's part begins: they are saved backwards. */
#define VCPU(i) (DOMAINS + 4 * DOMAIN_SIZE + (FIXTURE_VCPU_COUNT - 1 - (i)) * VCPU_SIZE)
/* The offsets of its fields. */
#define REQUEST 4
#define COUNTED 8
#define ENTRY_FLAGS 41
#define STATE 42
#define MARK 43
#define DEFAULT_SUSPEND 44

/* Values of a state that the format has. */
#define STATE_OFF 0
#define STATE_ON_PENDING 1
#define STATE_FROZEN 4

/** A change of some bytes; @size 0 ends a list of them. */
struct change {
	size_t offset;
	unsigned int size;
	uint64_t value;
};

#define CHANGE_MAX 3

static void apply(struct record *r, const struct change *changes)
{
	for (size_t c = 0; c < CHANGE_MAX && changes[c].size; c++) {
		assert_in_range(changes[c].offset + changes[c].size, 1, r->size - 4);
		for (unsigned int i = 0; i < changes[c].size; i++)
			r->bytes[changes[c].offset + i] = (uint8_t)(changes[c].value >> 8 * i);
	}
	state_seal(r);
}

static struct record copy_of(const struct record *r)
{
	struct record copy = { .bytes = malloc(r->size), .size = r->size };

	assert_non_null(copy.bytes);
	memcpy(copy.bytes, r->bytes, r->size);

	return copy;
}

static void check_change(const struct record *good, const struct change *changes, int error)
{
	struct record r = copy_of(good);
	struct power b;

	state_make_fresh(&b, PSCI_VERSION_1_3);
	apply(&r, changes);
	if (error)
		state_check_refused(&b, r.bytes, r.size, error);
	else
		assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
}

/* vCPUs 0, 2 and 3 are on, 1 sleeps in power-down, 4 and 5 are off. */
static struct record record_of_a_busy_machine(void)
{
	struct record r;
	struct power a;

	power_boot_many(&a, 4);
	power_suspend(&a, 1, POWER_DOWN);
	r = psci_record_save(&a);
	assert_int_equal(r.size, VCPU(0) + VCPU_SIZE + 4);

	return r;
}

/* Each of these changes, made to that machine's record, gives this error. */
static void check_changes(const struct change (*changes)[CHANGE_MAX], size_t count, int error)
{
	struct record r = record_of_a_busy_machine();

	for (size_t i = 0; i < count; i++)
		check_change(&r, changes[i], error);
	free(r.bytes);
}

#define NO_FUNCTIONS(bits) (0x3fffff & ~UINT32_C(bits))
#define NO_FUNCTION(fid) (0x3fffff & ~(UINT32_C(1) << (0x1f & (fid))))
#define STAT_PAIR 0x030000
#define MEMORY_PAIR 0x180000

static void restore_of_an_impossible_machine_is_refused(void **state)
{
	static const struct change bad[][CHANGE_MAX] = {
		{ { FLAGS, 1, 4 } },
		{ { OS_INITIATED, 1, 2 } },
		{ { SUSPEND_CALLED, 1, 2 } },
		{ { MEMORY_PROTECTED, 1, 2 } },
		/* An event that does not exist. */
		{ { EVENT_KIND, 1, 6 } },
		/* Memory to be overwritten that is not protected. */
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF }, { OVERWRITE, 1, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF },
		  { OVERWRITE, 1, 2 },
		  { MEMORY_PROTECTED, 1, 1 } },
		/* Details of an event, without one. */
		{ { EVENT_TYPE, 4, 1 } },
		{ { EVENT_COOKIE, 8, 1 } },
		{ { EVENT_MPIDR, 8, 1 } },
		{ { OVERWRITE, 1, 1 }, { MEMORY_PROTECTED, 1, 1 } },
		/* An event of a vCPU that does not exist. */
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF }, { EVENT_MPIDR, 8, 0x777 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET }, { EVENT_MPIDR, 8, 0x777 } },
		/* Effects of functions that are not offered. */
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_PSCI_STAT_COUNT) } },
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_PSCI_SET_SUSPEND_MODE) },
		  { OS_INITIATED, 1, 1 } },
		{ { OFFERED, 4, NO_FUNCTIONS(MEMORY_PAIR) }, { MEMORY_PROTECTED, 1, 1 } },
		/* Statistics that are present, but not offered. */
		{ { OFFERED, 4, NO_FUNCTIONS(STAT_PAIR) } },
		/* One half of a pair. */
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_PSCI_STAT_RESIDENCY) } },
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_MEM_PROTECT) } },
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_MEM_PROTECT_CHECK_RANGE) } },
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_MIGRATE_INFO_UP_CPU) } },
	};
	static const struct change good[][CHANGE_MAX] = {
		{ { FLAGS, 1, 2 } }, /* ON_PENDING is hidden. */
		{ { OS_INITIATED, 1, 1 } },
		{ { SUSPEND_CALLED, 1, 0 } },
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_PSCI_SET_SUSPEND_MODE) } },
		{ { OFFERED, 4, NO_FUNCTIONS(MEMORY_PAIR) } },
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_MIGRATE) } },
	};

	check_changes(bad, ARRAY_SIZE(bad), PSCI_ERR_CORRUPT);
	check_changes(good, ARRAY_SIZE(good), PSCI_OK);
}

/* What no call of a guest can have caused. */
static void restore_of_an_impossible_event_is_refused(void **state)
{
	static const struct change bad[][CHANGE_MAX] = {
		/* Of a function that was not offered. */
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF2 },
		  { OFFERED, 4, NO_FUNCTION(PSCI_FN32_SYSTEM_OFF2) } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET2 },
		  { OFFERED, 4, NO_FUNCTION(PSCI_FN32_SYSTEM_RESET2) } },
		/* Types and cookies that such a call does not have, or must not have. */
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF }, { EVENT_TYPE, 4, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF }, { EVENT_COOKIE, 8, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET }, { EVENT_TYPE, 4, 0x80000000 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET }, { EVENT_COOKIE, 8, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF2 }, { EVENT_TYPE, 4, 2 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF2 }, { EVENT_COOKIE, 8, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET2 }, { EVENT_TYPE, 4, 1 } },
		/* Memory that need not be overwritten, or that must be. */
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET2 },
		  { OVERWRITE, 1, 1 },
		  { MEMORY_PROTECTED, 1, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET }, { MEMORY_PROTECTED, 1, 1 } },
	};
	static const struct change good[][CHANGE_MAX] = {
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF },
		  { OVERWRITE, 1, 1 },
		  { MEMORY_PROTECTED, 1, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET } },
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF2 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_OFF2 }, { EVENT_TYPE, 4, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET2 }, { EVENT_COOKIE, 8, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET2 }, { EVENT_TYPE, 4, 0x80000007 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_RESET2 }, { MEMORY_PROTECTED, 1, 1 } },
		{ { EVENT_KIND, 1, PSCI_EVENT_NONE }, { MEMORY_PROTECTED, 1, 1 } },
	};

	check_changes(bad, ARRAY_SIZE(bad), PSCI_ERR_CORRUPT);
	check_changes(good, ARRAY_SIZE(good), PSCI_OK);
}

static void restore_of_an_impossible_vcpu_is_refused(void **state)
{
	static const struct change bad[][CHANGE_MAX] = {
		{ { VCPU(5) + ENTRY_FLAGS, 1, 16 } },
		{ { VCPU(5) + STATE, 1, 5 } },
		{ { VCPU(5) + MARK, 1, 3 } },
		{ { VCPU(5) + COUNTED, 1, 2 } },
		{ { VCPU(5) + DEFAULT_SUSPEND, 1, 1 } },
		{ { VCPU(1) + DEFAULT_SUSPEND, 1, 2 } },
		/* Asleep without an entry at which to wake. */
		{ { VCPU(1) + ENTRY_FLAGS, 1, 0 } },
		/* Asleep in a state that does not exist, in its first depth or another. */
		{ { VCPU(1) + REQUEST, 4, 5 } },
		{ { VCPU(1) + REQUEST, 4, 0x02000000 | 200 } },
		/* On, with fields of one that is not on. */
		{ { VCPU(0) + COUNTED, 1, 1 } },
		{ { VCPU(0) + REQUEST, 4, 1 } },
		/* Off, with fields of one that is not off. */
		{ { VCPU(5) + REQUEST, 4, 0x00ffffff } },
		/* Frozen by a call that is not offered. */
		{ { VCPU(5) + STATE, 1, STATE_FROZEN },
		  { OFFERED, 4, NO_FUNCTION(PSCI_FN32_CPU_FREEZE) } },
	};
	static const struct change good[][CHANGE_MAX] = {
		{ { VCPU(5) + ENTRY_FLAGS, 1, 15 }, { VCPU(5) + MARK, 1, PSCI_VCPU_DISABLED } },
		{ { VCPU(5) + STATE, 1, STATE_FROZEN } },
		{ { VCPU(5) + STATE, 1, STATE_ON_PENDING }, { VCPU(5) + COUNTED, 1, 1 } },
		{ { VCPU(1) + DEFAULT_SUSPEND, 1, 1 } },
		{ { VCPU(1) + REQUEST, 4, 1 } },
	};

	check_changes(bad, ARRAY_SIZE(bad), PSCI_ERR_CORRUPT);
	check_changes(good, ARRAY_SIZE(good), PSCI_OK);
}

static void restore_of_an_impossible_domain_is_refused(void **state)
{
	struct record r = record_of_a_busy_machine();

	check_change(&r, (const struct change[CHANGE_MAX]){ { DOMAINS, 1, 2 } }, PSCI_ERR_MISMATCH);
	check_change(&r, (const struct change[CHANGE_MAX]){ { DOMAINS + 1, 4, 1 } },
		     PSCI_ERR_MISMATCH);
	check_change(&r, (const struct change[CHANGE_MAX]){ { DOMAINS + 9, 1, 2 } },
		     PSCI_ERR_CORRUPT);
	free(r.bytes);
}

/* A state whose depths differ in one place, whichever level that is. */
static void restore_compares_every_depth_of_a_power_state(void **state)
{
	struct record r = record_of_a_busy_machine();

	for (size_t level = 0; level < PSCI_POWER_LEVEL_COUNT; level++) {
		const size_t offset = IDLE_STATES + 9 + 4 + level;

		check_change(&r, (const struct change[CHANGE_MAX]){ { offset, 1, 77 } },
			     PSCI_ERR_MISMATCH);
	}
	check_change(&r, (const struct change[CHANGE_MAX]){ { IDLE_STATES + 8, 1, 1 } },
		     PSCI_ERR_MISMATCH);
	free(r.bytes);
}

/* The vCPU that suspended the machine sleeps as deeply as possible, and all others are off. */
static void restore_of_a_suspended_machine_without_one_sleeper_is_refused(void **state)
{
	static const struct change bad[][CHANGE_MAX] = {
		{ { VCPU(1) + STATE, 1, STATE_ON_PENDING } },
		{ { VCPU(0) + STATE, 1, STATE_OFF } },
		{ { EVENT_MPIDR, 8, 1 } },
		{ { EVENT_TYPE, 4, 1 } },
		{ { OVERWRITE, 1, 1 }, { MEMORY_PROTECTED, 1, 1 } },
		{ { VCPU(0) + REQUEST, 4, 200 } },
		{ { OFFERED, 4, NO_FUNCTION(PSCI_FN32_SYSTEM_SUSPEND) } },
	};
	struct psci_regs regs = fixture_regs(PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 0, 0);
	struct power a;

	power_boot_many(&a, 1);
	assert_int_equal(psci_call(&a.f.vcpus[0], &regs), PSCI_NEXT_SYSTEM_SUSPEND);

	struct record r = psci_record_save(&a);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_change(&r, bad[i], PSCI_ERR_CORRUPT);
	check_change(&r, (const struct change[CHANGE_MAX]){ { 0 } }, PSCI_OK);
	check_change(&r, (const struct change[CHANGE_MAX]){ { MEMORY_PROTECTED, 1, 1 } }, PSCI_OK);
	free(r.bytes);
}

/* The place of a trusted OS means something only if there is one. */
static void restore_of_a_trusted_os_on_an_absent_vcpu_is_refused(void **state)
{
	const struct change nowhere[CHANGE_MAX] = { { TRUSTED_OS_MPIDR, 8, 0x777 } };
	const struct change at_home[CHANGE_MAX] = { { TRUSTED_OS_MPIDR, 8,
						      POWER_TRUSTED_OS_MPIDR } };
	const struct change moved[CHANGE_MAX] = { { TRUSTED_OS_MPIDR, 8, 0x100 } };
	struct record r = record_of_a_busy_machine();
	struct fixture a;
	struct fixture b;
	size_t size;

	check_change(&r, nowhere, PSCI_ERR_MISMATCH);
	check_change(&r, at_home, PSCI_OK);
	check_change(&r, moved, PSCI_OK);
	free(r.bytes);

	fixture_boot(&a, PSCI_VERSION_1_3);
	fixture_configure(&b, PSCI_VERSION_1_3);
	fixture_make(&b);
	size = psci_machine_save_size(&a.machine);
	r = (struct record){ .bytes = malloc(size), .size = size };
	assert_non_null(r.bytes);
	assert_int_equal(psci_machine_save(&a.machine, r.bytes, size), PSCI_OK);
	apply(&r, nowhere);
	assert_int_equal(psci_machine_restore(&b.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
}

/* --- counts --- */

/* A machine without statistics: even a little too much in a record is found. */
static void make_without_stats(struct power *p)
{
	power_configure(p, PSCI_VERSION_1_3);
	p->f.host.now = NULL;
	power_make(p);
}

/*
 * One more in the count at @count, and @size bytes more at @offset: a reader that does
 * not compare the count finds invalid data there.
 */
static void check_one_more(size_t count, size_t offset, size_t size)
{
	const size_t vcpus = DOMAINS + 4 * 18;
	struct power a;
	struct power b;

	make_without_stats(&a);
	make_without_stats(&b);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	make_without_stats(&b);
	r.bytes = realloc(r.bytes, r.size + size);
	assert_non_null(r.bytes);
	memmove(r.bytes + offset + size, r.bytes + offset, r.size - offset);
	if (count == DOMAIN_COUNT) {
		/* The begin of vCPU 0's part, whose MPIDR is 0, and which is counted twice. */
		memcpy(r.bytes + offset, r.bytes + vcpus + size + 5 * 45, size);
		memset(r.bytes + offset + size, 0, 7);
		r.bytes[offset + COUNTED] = 2;
	} else {
		/* A domain's begin, and then its level where it says that it is counted. */
		memcpy(r.bytes + offset, r.bytes + offset + size, size);
	}
	r.bytes[count]++;
	r.size += size;
	for (unsigned int i = 0; i < 4; i++)
		r.bytes[8 + i] = (uint8_t)(r.size >> 8 * i);
	state_seal(&r);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	free(r.bytes);
}

/* A record with other counts is of another machine, whatever else it has. */
static void restore_compares_a_count_before_what_it_counts(void **state)
{
	check_one_more(IDLE_STATE_COUNT, DOMAINS, 9);
	check_one_more(DOMAIN_COUNT, DOMAINS + 4 * 18, 18);
}

/*
 * A record of nothing but an envelope, and one of a machine without any parts. If it is
 * shorter than the part that has the version, that is not read: the version is unknown.
 */
static void restore_of_the_shortest_records_returns_the_error_of_each(void **state)
{
	struct record r = record_of_a_busy_machine();
	static const struct {
		size_t size;
		int error;
	} shortest[] = {
		{ 15, PSCI_ERR_TRUNCATED },
		{ 16, PSCI_ERR_CORRUPT },
		{ 87, PSCI_ERR_CORRUPT },
		{ 88, PSCI_ERR_MISMATCH },
	};
	struct power b;

	state_make_fresh(&b, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(shortest); i++) {
		const size_t size = shortest[i].size;
		struct record part = { .bytes = malloc(size), .size = size };

		assert_non_null(part.bytes);
		memcpy(part.bytes, r.bytes, size - 4);
		if (size >= 88)
			memset(part.bytes + IDLE_STATE_COUNT, 0, 12);
		else if (size > VERSION)
			part.bytes[VERSION] = 0x77;
		memcpy(part.bytes + 8, (uint8_t[]){ (uint8_t)size, 0, 0, 0 }, 4);
		if (size >= 16)
			state_seal(&part);
		state_check_refused(&b, part.bytes, part.size, shortest[i].error);
		free(part.bytes);
	}
	free(r.bytes);
}

/* A host's table of power states may have more rows than the library knows of. */
static void restore_looks_a_sleep_up_within_the_table_only(void **state)
{
	struct psci_idle_state states[POWER_STATE_COUNT + 1];
	const struct change deeper[CHANGE_MAX] = { { VCPU(1) + REQUEST, 4, 199 } };
	struct record r = record_of_a_busy_machine();
	struct power b;

	memcpy(states, power_states, sizeof(power_states));
	states[POWER_STATE_COUNT] =
		(struct psci_idle_state){ .power_state = 0x00010004, .depth = { 199 } };
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.config.idle_states = states;
	power_make(&b);
	apply(&r, deeper);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_CORRUPT);
	free(r.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restore_of_an_impossible_machine_is_refused),
		cmocka_unit_test(restore_of_an_impossible_event_is_refused),
		cmocka_unit_test(restore_of_an_impossible_vcpu_is_refused),
		cmocka_unit_test(restore_of_an_impossible_domain_is_refused),
		cmocka_unit_test(restore_compares_every_depth_of_a_power_state),
		cmocka_unit_test(restore_of_a_suspended_machine_without_one_sleeper_is_refused),
		cmocka_unit_test(restore_of_a_trusted_os_on_an_absent_vcpu_is_refused),
		cmocka_unit_test(restore_compares_a_count_before_what_it_counts),
		cmocka_unit_test(restore_of_the_shortest_records_returns_the_error_of_each),
		cmocka_unit_test(restore_looks_a_sleep_up_within_the_table_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
