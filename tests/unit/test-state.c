/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's state saved and restored: what comes back, and what is refused.
 */
#include "psci-power.h"

#include <psci/state.h>

#include <stdlib.h>
#include <string.h>

/** A record in memory of exactly its size, so that ASan sees a step beyond it. */
struct record {
	uint8_t *bytes;
	size_t size;
};

static struct record save(struct power *p)
{
	struct record r = { .size = psci_machine_save_size(&p->f.machine) };

	r.bytes = malloc(r.size);
	assert_non_null(r.bytes);
	assert_int_equal(psci_machine_save(&p->f.machine, r.bytes, r.size), PSCI_OK);

	return r;
}

/* A machine that has been built, but never booted, on a clock of its own. */
static void make_fresh(struct power *p, uint32_t version)
{
	power_configure(p, version);
	p->f.config.index_size = 8;
	power_make(p);
	p->time = 1;
	fixture_forget(&p->f);
}

/* That the record is refused so, and the machine is what it was. */
static void check_refused(struct power *p, const uint8_t *bytes, size_t size, int expected)
{
	struct power before;

	memcpy(&before, p, sizeof(before));
	assert_int_equal(psci_machine_restore(&p->f.machine, bytes, size), expected);
	p->f.lock_count = before.f.lock_count;
	assert_memory_equal(&before, p, sizeof(before));
}

/* The checksum of Ethernet and zip, a second time. */
static uint32_t checksum(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xffffffff;

	while (size--) {
		crc ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}

	return crc ^ 0xffffffff;
}

/* Make a record right again whose bytes have been changed. */
static void seal(struct record *r)
{
	const uint32_t crc = checksum(r->bytes, r->size - 4);

	for (unsigned int i = 0; i < 4; i++)
		r->bytes[r->size - 4 + i] = (uint8_t)(crc >> 8 * i);
}

/* --- the format --- */

/* Written down byte by byte: a machine of one vCPU that never ran. */
static void the_bytes_are_those_of_the_format(void **state)
{
	static const uint8_t expected[] = {
		'P',  'S',  'C',  'I',	1,    0,    0,	  0,	142, 0, 0, 0, /* envelope */
		3,    0,    1,	  0, /* version 1.3 */
		0x5f, 0x07, 0x24, 0x00, /* offered */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0,
		0,    0,    0,	  0, /* no ids of 0.1 */
		0,    0,    0,	  0,	0,    0,    0,	  0, /* flags, trusted OS, event */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0, /* type, cookie */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0,
		0,    0,    0,	  0, /* caller, trusted OS */
		1,    0,    0,	  0,	0,    0,    0,	  0,	1,   0, 0, 0, /* counts */
		0,    0,    0,	  0,	1,    0,    0,	  0,	0, /* standby */
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* no domain, requests */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0, /* not counted */
		0x89, 0x67, 0x45, 0x00, 0x23, 0,    0,	  0, /* MPIDR */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0,
		0,    0,    0,	  0, /* entry */
		0,    0,    1,	  0, /* its flags, OFF, forbidden, no default suspend */
	};
	uint8_t record[sizeof(expected) + 4];
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&f.vcpus[0], &f.machine, f.mpidrs[5], NULL), PSCI_OK);
	psci_vcpu_mark(&f.vcpus[0], PSCI_VCPU_FORBIDDEN);
	assert_int_equal(psci_machine_save_size(&f.machine), sizeof(record));
	assert_int_equal(psci_machine_save(&f.machine, record, sizeof(record)), PSCI_OK);
	assert_memory_equal(record, expected, sizeof(expected));

	const uint32_t crc = checksum(record, sizeof(expected));

	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(record[sizeof(expected) + i], (uint8_t)(crc >> 8 * i));
}

static void a_buffer_that_is_too_small_is_left_alone(void **state)
{
	struct power p;

	power_boot_many(&p, 6);

	struct record r = save(&p);
	struct record before = save(&p);

	memset(r.bytes, 0x5a, r.size);
	memset(before.bytes, 0x5a, r.size);
	assert_int_equal(psci_machine_save(&p.f.machine, r.bytes, r.size - 1), PSCI_ERR_SPACE);
	assert_int_equal(psci_machine_save(&p.f.machine, NULL, 0), PSCI_ERR_SPACE);
	assert_memory_equal(r.bytes, before.bytes, r.size);
	free(r.bytes);
	free(before.bytes);
}

/* --- what comes back --- */

static void each_vcpu_is_what_it_was(void **state)
{
	struct psci_entry entry;
	struct power a;
	struct power b;

	power_boot_many(&a, 5);
	power_suspend(&a, 1, POWER_RETENTION);
	power_suspend(&a, 2, POWER_DOWN);
	assert_int_equal(fixture_leave(&a.f, 3, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_PARK);
	assert_int_equal(fixture_leave(&a.f, 4, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_PARK);
	assert_int_equal(fixture_call(&a.f, 0, PSCI_FN64_CPU_ON, a.f.mpidrs[5], FIXTURE_ENTRY, 77),
			 0);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(fixture_kicks(&b.f, i), 1);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[0], &entry), PSCI_NEXT_RESUME);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[1], &entry), PSCI_NEXT_SLEEP);
	assert_int_equal(psci_vcpu_wake(&b.f.vcpus[1], &entry), PSCI_NEXT_RESUME);
	assert_int_equal(psci_vcpu_wake(&b.f.vcpus[2], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY + 8);
	assert_int_equal(entry.x0, 2);
	assert_true(entry.wake);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[3], &entry), PSCI_NEXT_PARK);
	assert_int_equal(fixture_affinity_info(&b.f, 3), PSCI_AFFINITY_INFO_ON);
	assert_int_equal(fixture_affinity_info(&b.f, 4), PSCI_AFFINITY_INFO_OFF);
	assert_int_equal(fixture_affinity_info(&b.f, 5), PSCI_AFFINITY_INFO_ON_PENDING);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[5], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 77);
	assert_false(entry.wake);
}

static void a_suspended_machine_resumes_elsewhere(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 9, 0);
	struct psci_entry entry;
	struct power a;
	struct power b;

	power_boot(&a, PSCI_VERSION_1_3);
	fixture_start(&a.f, 3);
	assert_int_equal(fixture_leave(&a.f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_PARK);
	assert_int_equal(psci_call(&a.f.vcpus[3], &regs), PSCI_NEXT_SLEEP);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	assert_int_equal(psci_machine_event(&b.f.machine).kind, PSCI_EVENT_SUSPEND);
	assert_ptr_equal(psci_machine_event(&b.f.machine).vctx, &b.f.threads[3]);
	assert_true(psci_machine_resume(&b.f.machine));
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[3], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 9);
	assert_true(entry.wake);
}

static void the_event_is_still_there(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 2);
	fixture_call(&a.f, 0, PSCI_FN32_MEM_PROTECT, 1, 0, 0);
	assert_int_equal(fixture_leave(&a.f, 1, PSCI_FN64_SYSTEM_OFF2, 1, 0), PSCI_NEXT_EXIT);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);

	const struct psci_event event = psci_machine_event(&b.f.machine);

	assert_int_equal(event.kind, PSCI_EVENT_OFF2);
	assert_int_equal(event.type, 1);
	assert_true(event.overwrite_memory);
	assert_ptr_equal(event.vctx, &b.f.threads[1]);
	assert_true(psci_machine_memory_protected(&b.f.machine));
}

/* The guest goes on seeing what it saw, whatever the new machine would offer. */
static void version_and_functions_are_the_record_s(void **state)
{
	struct power a;
	struct power b;

	power_configure(&a, PSCI_VERSION_1_1);
	a.f.config.withheld = power_bit(PSCI_FN32_SYSTEM_RESET2);
	power_make(&a);
	psci_machine_boot(&a.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&a.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	assert_int_equal(fixture_call(&b.f, 0, PSCI_FN32_PSCI_VERSION, 0, 0, 0), PSCI_VERSION_1_1);
	fixture_answers_only(&b.f, 0, fixture_regs(PSCI_FN64_SYSTEM_OFF2, 0, 0, 0),
			     PSCI_RET_NOT_SUPPORTED);
	fixture_answers_only(&b.f, 0, fixture_regs(PSCI_FN64_SYSTEM_RESET2, 0, 0, 0),
			     PSCI_RET_NOT_SUPPORTED);
}

/* Clocks differ; what has passed on one goes on on the other. */
static void a_stay_goes_on_on_another_clock(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 6);
	power_suspend(&a, 1, POWER_STANDBY);
	a.time += 100;
	power_wake(&a, 1);
	power_suspend(&a, 1, POWER_STANDBY);
	a.time += 30;
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	b.time += 4;
	power_wake(&b, 1);
	assert_int_equal(fixture_call(&b.f, 0, PSCI_FN64_PSCI_STAT_COUNT, 1, POWER_STANDBY, 0), 2);
	assert_int_equal(fixture_call(&b.f, 0, PSCI_FN64_PSCI_STAT_RESIDENCY, 1, POWER_STANDBY, 0),
			 134);
}

static void a_0_1_keeps_its_ids(void **state)
{
	struct fixture f;
	struct power b;
	uint8_t record[1024];

	fixture_configure(&f, PSCI_VERSION_0_1);
	f.config.fids_0_1.cpu_on = 0x95c1ba60;
	fixture_make(&f);
	psci_machine_boot(&f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	assert_int_equal(psci_machine_save(&f.machine, record, sizeof(record)), PSCI_OK);
	fixture_configure(&b.f, 0);
	fixture_make(&b.f);
	assert_int_equal(
		psci_machine_restore(&b.f.machine, record, psci_machine_save_size(&f.machine)),
		PSCI_OK);
	assert_int_equal(fixture_call(&b.f, 0, 0x95c1ba60, 1, FIXTURE_ENTRY, 0), 0);
	fixture_answers_only(&b.f, 0, fixture_regs(PSCI_FN64_CPU_ON, 0x100, FIXTURE_ENTRY, 0),
			     PSCI_RET_NOT_SUPPORTED);
}

/* --- what is refused --- */

static void every_truncation_is_refused(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 6);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	for (size_t size = 0; size < r.size; size++) {
		uint8_t *part = malloc(size ? size : 1);

		assert_non_null(part);
		memcpy(part, r.bytes, size);
		check_refused(&b, part, size, PSCI_ERR_TRUNCATED);
		free(part);
	}
	free(r.bytes);
}

static void a_record_with_something_behind_it_is_refused(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 6);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	r.bytes = realloc(r.bytes, r.size + 1);
	assert_non_null(r.bytes);
	r.bytes[r.size] = 0;
	check_refused(&b, r.bytes, r.size + 1, PSCI_ERR_CORRUPT);
	free(r.bytes);
}

static void every_byte_that_is_changed_is_noticed(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 4);
	power_suspend(&a, 1, POWER_DOWN);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	for (size_t i = 0; i < r.size; i++) {
		for (unsigned int x = 1; x < 256; x += 11) {
			int err;

			r.bytes[i] ^= (uint8_t)x;
			err = psci_machine_restore(&b.f.machine, r.bytes, r.size);
			assert_true(err == PSCI_ERR_CORRUPT || err == PSCI_ERR_TRUNCATED);
			r.bytes[i] ^= (uint8_t)x;
		}
		r.bytes[i] ^= 0x80;
		/* A size that has grown promises more than there is. */
		check_refused(&b, r.bytes, r.size,
			      i >= 8 && i < 12 && r.bytes[i] & 0x80 ? PSCI_ERR_TRUNCATED
								    : PSCI_ERR_CORRUPT);
		r.bytes[i] ^= 0x80;
	}
	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
}

/*
 * With the checksum made right again: whatever a byte becomes, the record is
 * refused with nothing changed, or makes a machine that lives on.
 */
static void every_byte_that_is_forged_is_refused_or_harmless(void **state)
{
	static const uint8_t forged[] = { 0x01, 0x02, 0x03, 0x04, 0x08, 0x10, 0x40, 0x80, 0xff };
	struct power a;
	struct power b;
	unsigned int taken = 0;

	power_boot_many(&a, 4);
	power_suspend(&a, 1, POWER_DOWN);

	struct record r = save(&a);

	for (size_t i = 0; i < (r.size - 4) * ARRAY_SIZE(forged); i++) {
		const uint8_t x = forged[i % ARRAY_SIZE(forged)];
		struct psci_entry entry;

		r.bytes[i / ARRAY_SIZE(forged)] ^= x;
		seal(&r);
		make_fresh(&b, PSCI_VERSION_1_3);

		const struct power before = b;
		const int err = psci_machine_restore(&b.f.machine, r.bytes, r.size);

		r.bytes[i / ARRAY_SIZE(forged)] ^= x;
		if (err) {
			b.f.lock_count = before.f.lock_count;
			assert_memory_equal(&before, &b, sizeof(b));
			continue;
		}
		taken++;
		for (unsigned int v = 0; v < FIXTURE_VCPU_COUNT; v++) {
			struct psci_regs regs = fixture_regs(PSCI_FN64_CPU_SUSPEND, 0, 0, 0);

			psci_vcpu_wake(&b.f.vcpus[v], &entry);
			psci_call(&b.f.vcpus[v], &regs);
		}
		psci_machine_boot(&b.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
		assert_int_equal(psci_vcpu_poll(&b.f.vcpus[0], &entry), PSCI_NEXT_START);
	}
	/* Addresses, contexts and statistics can be anything. */
	assert_in_range(taken, 100, (r.size - 4) * ARRAY_SIZE(forged));
	free(r.bytes);
}

/* Set the little-endian word at @offset, restore into @b, expect @error, undo. */
static void check_forged(struct power *b, struct record *r, size_t offset, uint32_t word, int error)
{
	uint8_t before[4];

	memcpy(before, r->bytes + offset, 4);
	for (unsigned int i = 0; i < 4; i++)
		r->bytes[offset + i] = (uint8_t)(word >> 8 * i);
	seal(r);
	check_refused(b, r->bytes, r->size, error);
	memcpy(r->bytes + offset, before, 4);
}

/* Offsets of the machine's part; see the_bytes_are_those_of_the_format(). */
static void what_this_library_does_not_have_is_named(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 2);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	check_forged(&b, &r, 0, 0x49435351, PSCI_ERR_CORRUPT);
	check_forged(&b, &r, 4, 2, PSCI_ERR_NEWER);
	check_forged(&b, &r, 4, 0xffffffff, PSCI_ERR_NEWER);
	check_forged(&b, &r, 4, 0, PSCI_ERR_CORRUPT);
	check_forged(&b, &r, 12, 0x10004, PSCI_ERR_UNSUPPORTED);
	check_forged(&b, &r, 12, 0, PSCI_ERR_UNSUPPORTED);
	check_forged(&b, &r, 12, PSCI_VERSION_1_2, PSCI_ERR_UNSUPPORTED); /* with SYSTEM_OFF2 */
	check_forged(&b, &r, 12, PSCI_VERSION_0_1, PSCI_ERR_UNSUPPORTED); /* without ids */
	check_forged(&b, &r, 16, 0x7fffff, PSCI_ERR_UNSUPPORTED);
	check_forged(&b, &r, 16, 0x3ffff7, PSCI_ERR_CORRUPT); /* without CPU_ON */
	check_forged(&b, &r, 72, POWER_STATE_COUNT + 1, PSCI_ERR_CORRUPT);
	check_forged(&b, &r, 76, 5, PSCI_ERR_CORRUPT);
	check_forged(&b, &r, 80, 7, PSCI_ERR_CORRUPT);
	check_forged(&b, &r, 84, 0xfeed, PSCI_ERR_MISMATCH); /* the first power state */
	free(r.bytes);
}

static void a_host_that_cannot_offer_it_refuses(void **state)
{
	struct power a;

	power_boot_many(&a, 2);

	struct record r = save(&a);

	for (uint32_t means = 1; means < SPEC_ALL_MEANS; means <<= 1) {
		struct power b;

		fixture_configure(&b.f, PSCI_VERSION_1_3);
		power_equip(&b, SPEC_ALL_MEANS & ~means);
		b.f.config.idle_states = power_states;
		b.f.config.idle_state_count = POWER_STATE_COUNT;
		power_make(&b);
		check_refused(&b, r.bytes, r.size, PSCI_ERR_UNSUPPORTED);
	}
	free(r.bytes);
}

static void a_machine_that_is_built_otherwise_refuses(void **state)
{
	struct psci_idle_state states[POWER_STATE_COUNT];
	struct power a;
	struct power b;

	power_boot_many(&a, 2);

	struct record r = save(&a);

	/* Without domains. */
	power_configure(&b, PSCI_VERSION_1_3);
	fixture_make(&b.f);
	check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* A vCPU that lies elsewhere. */
	make_fresh(&b, PSCI_VERSION_1_3);
	assert_int_equal(psci_vcpu_place(&b.f.vcpus[5], &b.clusters[2]), PSCI_OK);
	check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* A domain more. */
	make_fresh(&b, PSCI_VERSION_1_3);
	assert_int_equal(
		psci_domain_init(&(struct psci_domain){ .awake = 0 }, &b.f.machine, 3, NULL),
		PSCI_OK);
	check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* Another MPIDR. */
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.mpidrs[1] = 0x3;
	power_make(&b);
	check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* Another depth. */
	memcpy(states, power_states, sizeof(states));
	states[1].depth[0] = 3;
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.config.idle_states = states;
	power_make(&b);
	check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* Another trusted OS. */
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED;
	power_make(&b);
	check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	free(r.bytes);
}

static void a_vcpu_cannot_be_there_twice(void **state)
{
	const size_t vcpu_size = 45 + POWER_STATE_COUNT * 16;
	struct power a;
	struct power b;

	power_boot_many(&a, 2);
	make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = save(&a);

	/* The last two parts are those of the first two vCPUs, which lie in one cluster. */
	memcpy(r.bytes + r.size - 4 - vcpu_size, r.bytes + r.size - 4 - 2 * vcpu_size, vcpu_size);
	seal(&r);
	check_refused(&b, r.bytes, r.size, PSCI_ERR_CORRUPT);
	free(r.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_format),
		cmocka_unit_test(a_buffer_that_is_too_small_is_left_alone),
		cmocka_unit_test(each_vcpu_is_what_it_was),
		cmocka_unit_test(a_suspended_machine_resumes_elsewhere),
		cmocka_unit_test(the_event_is_still_there),
		cmocka_unit_test(version_and_functions_are_the_record_s),
		cmocka_unit_test(a_stay_goes_on_on_another_clock),
		cmocka_unit_test(a_0_1_keeps_its_ids),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_record_with_something_behind_it_is_refused),
		cmocka_unit_test(every_byte_that_is_changed_is_noticed),
		cmocka_unit_test(every_byte_that_is_forged_is_refused_or_harmless),
		cmocka_unit_test(what_this_library_does_not_have_is_named),
		cmocka_unit_test(a_host_that_cannot_offer_it_refuses),
		cmocka_unit_test(a_machine_that_is_built_otherwise_refuses),
		cmocka_unit_test(a_vcpu_cannot_be_there_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
