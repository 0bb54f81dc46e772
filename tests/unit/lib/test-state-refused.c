/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records that are truncated, changed, forged, or of another machine.
 */
#include "psci-record.h"

#include <stdlib.h>
#include <string.h>

static void restore_of_a_record_truncated_anywhere_is_refused(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 6);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	for (size_t size = 0; size < r.size; size++) {
		uint8_t *part = malloc(size ? size : 1);

		assert_non_null(part);
		memcpy(part, r.bytes, size);
		state_check_refused(&b, part, size, PSCI_ERR_TRUNCATED);
		free(part);
	}
	free(r.bytes);
}

static void restore_of_a_record_with_trailing_bytes_is_refused(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 6);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	r.bytes = realloc(r.bytes, r.size + 1);
	assert_non_null(r.bytes);
	r.bytes[r.size] = 0;
	state_check_refused(&b, r.bytes, r.size + 1, PSCI_ERR_CORRUPT);
	free(r.bytes);
}

static void restore_of_a_record_with_any_byte_changed_is_refused(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 4);
	power_suspend(&a, 1, POWER_DOWN);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	for (size_t i = 0; i < r.size; i++) {
		for (unsigned int x = 1; x < 256; x += 11) {
			int err;

			r.bytes[i] ^= (uint8_t)x;
			err = psci_machine_restore(&b.f.machine, r.bytes, r.size);
			assert_true(err == PSCI_ERR_CORRUPT || err == PSCI_ERR_TRUNCATED);
			r.bytes[i] ^= (uint8_t)x;
		}
		r.bytes[i] ^= 0x80;
		/* A size that has grown promises more bytes than there are. */
		state_check_refused(&b, r.bytes, r.size,
				    i >= 8 && i < 12 && r.bytes[i] & 0x80 ? PSCI_ERR_TRUNCATED
									  : PSCI_ERR_CORRUPT);
		r.bytes[i] ^= 0x80;
	}
	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
}

/*
 * With the checksum corrected: whatever a byte becomes, the record is refused with
 * nothing changed, or makes a machine that works.
 */
static void restore_of_a_record_with_any_byte_forged_is_refused_or_harmless(void **state)
{
	static const uint8_t forged[] = { 0x01, 0x02, 0x03, 0x04, 0x08, 0x10, 0x40, 0x80, 0xff };
	struct power a;
	struct power b;
	unsigned int taken = 0;

	power_boot_many(&a, 4);
	power_suspend(&a, 1, POWER_DOWN);

	struct record r = psci_record_save(&a);

	for (size_t i = 0; i < (r.size - 4) * ARRAY_SIZE(forged); i++) {
		const uint8_t x = forged[i % ARRAY_SIZE(forged)];
		struct psci_entry entry;

		r.bytes[i / ARRAY_SIZE(forged)] ^= x;
		state_seal(&r);
		state_make_fresh(&b, PSCI_VERSION_1_3);

		const struct power before = b;
		const int err = psci_machine_restore(&b.f.machine, r.bytes, r.size);

		r.bytes[i / ARRAY_SIZE(forged)] ^= x;
		if (err) {
			state_forget_callbacks(&b, &before);
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
	/* Addresses, contexts and statistics can have any value. */
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
	state_seal(r);
	state_check_refused(b, r->bytes, r->size, error);
	memcpy(r->bytes + offset, before, 4);
}

/* Offsets of the machine's part; see record_has_the_bytes_of_its_format(). */
static void restore_of_something_that_a_later_library_has_says_newer(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 2);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	check_forged(&b, &r, 0, 0x49435351, PSCI_ERR_CORRUPT);
	check_forged(&b, &r, 4, 3, PSCI_ERR_NEWER);
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

static void restore_on_a_host_that_cannot_offer_a_function_is_refused(void **state)
{
	struct power a;

	power_boot_many(&a, 2);

	struct record r = psci_record_save(&a);

	for (uint32_t means = 1; means < SPEC_ALL_MEANS; means <<= 1) {
		struct power b;

		fixture_configure(&b.f, PSCI_VERSION_1_3);
		power_equip(&b, SPEC_ALL_MEANS & ~means);
		b.f.config.idle_states = power_states;
		b.f.config.idle_state_count = POWER_STATE_COUNT;
		power_make(&b);
		state_check_refused(&b, r.bytes, r.size, PSCI_ERR_UNSUPPORTED);
	}
	free(r.bytes);
}

static void restore_into_a_machine_that_is_built_otherwise_is_refused(void **state)
{
	struct psci_idle_state states[POWER_STATE_COUNT];
	struct power a;
	struct power b;

	power_boot_many(&a, 2);

	struct record r = psci_record_save(&a);

	/* Without domains. */
	power_configure(&b, PSCI_VERSION_1_3);
	fixture_make(&b.f);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* A vCPU that lies elsewhere. */
	state_make_fresh(&b, PSCI_VERSION_1_3);
	assert_int_equal(psci_vcpu_place(&b.f.vcpus[5], &b.clusters[2]), PSCI_OK);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* One domain more. */
	state_make_fresh(&b, PSCI_VERSION_1_3);
	assert_int_equal(
		psci_domain_init(&(struct psci_domain){ .awake = 0 }, &b.f.machine, 3, NULL),
		PSCI_OK);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* Another MPIDR. */
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.mpidrs[1] = 0x3;
	power_make(&b);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* Another depth. */
	memcpy(states, power_states, sizeof(states));
	states[1].depth[0] = 3;
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.config.idle_states = states;
	power_make(&b);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	/* Another trusted OS. */
	power_configure(&b, PSCI_VERSION_1_3);
	b.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED;
	power_make(&b);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_MISMATCH);
	free(r.bytes);
}

static void restore_of_a_record_with_a_vcpu_twice_is_refused(void **state)
{
	const size_t vcpu_size = 45 + POWER_STATE_COUNT * 16;
	struct power a;
	struct power b;

	power_boot_many(&a, 2);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	/* The last two parts are those of the first two vCPUs, which lie in one cluster. */
	memcpy(r.bytes + r.size - 4 - vcpu_size, r.bytes + r.size - 4 - 2 * vcpu_size, vcpu_size);
	state_seal(&r);
	state_check_refused(&b, r.bytes, r.size, PSCI_ERR_CORRUPT);
	free(r.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restore_of_a_record_truncated_anywhere_is_refused),
		cmocka_unit_test(restore_of_a_record_with_trailing_bytes_is_refused),
		cmocka_unit_test(restore_of_a_record_with_any_byte_changed_is_refused),
		cmocka_unit_test(restore_of_a_record_with_any_byte_forged_is_refused_or_harmless),
		cmocka_unit_test(restore_of_something_that_a_later_library_has_says_newer),
		cmocka_unit_test(restore_on_a_host_that_cannot_offer_a_function_is_refused),
		cmocka_unit_test(restore_into_a_machine_that_is_built_otherwise_is_refused),
		cmocka_unit_test(restore_of_a_record_with_a_vcpu_twice_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
