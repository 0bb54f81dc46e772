/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2 and SYSTEM_OFF2.
 */
#include "psci-fixture.h"
#include "psci-spec.h"

#include <psci/kvm.h>

static const uint32_t reset2_fids[] = { PSCI_FN32_SYSTEM_RESET2, PSCI_FN64_SYSTEM_RESET2 };
static const uint32_t off2_fids[] = { PSCI_FN32_SYSTEM_OFF2, PSCI_FN64_SYSTEM_OFF2 };

/* Expect that vCPU @i stops the machine with this call, and that the host learns of it. */
static void check_stop(unsigned int i, uint32_t fid, uint64_t x1, uint64_t x2,
		       struct psci_event expected)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	if (i > 0)
		fixture_start(&f, i);
	assert_int_equal(psci_machine_event(&f.machine).kind, PSCI_EVENT_NONE);
	assert_int_equal(fixture_leave(&f, i, fid, x1, x2), PSCI_NEXT_EXIT);

	const struct psci_event event = psci_machine_event(&f.machine);

	assert_int_equal(event.kind, expected.kind);
	assert_int_equal(event.type, expected.type);
	assert_int_equal(event.cookie, expected.cookie);
	assert_ptr_equal(event.vctx, &f.threads[i]);
	for (unsigned int v = 0; v < FIXTURE_VCPU_COUNT; v++) {
		assert_int_equal(fixture_kicks(&f, v), v != i);
		assert_int_equal(psci_vcpu_poll(&f.vcpus[v], &entry), PSCI_NEXT_EXIT);
	}
	assert_int_equal(entry.pc, 0xfeedf00d);
}

/* --- SYSTEM_RESET2 --- */

static void system_reset2_of_a_reserved_or_vendor_type_is_an_invalid_parameter(void **state)
{
	static const uint32_t types[] = {
		0x1, 0x2, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff
	};
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (size_t c = 0; c < ARRAY_SIZE(reset2_fids); c++)
			fixture_answers_only(&f, 0, fixture_regs(reset2_fids[c], types[i], 0, 0),
					     PSCI_RET_INVALID_PARAMETERS);
	}
}

/** What a host with vendor-specific resets observed and answers. */
struct vendor {
	struct fixture f;
	uint32_t type;
	uint64_t cookie;
	unsigned int asked;
	int32_t answer;
};

static int32_t vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	struct vendor *vendor = ctx; /* The fixture comes first. */

	assert_true(vendor->f.locked);
	vendor->type = type;
	vendor->cookie = cookie;
	vendor->asked++;

	return vendor->answer;
}

static void boot_vendor(struct vendor *vendor, int32_t answer)
{
	const struct psci_entry boot = { .pc = FIXTURE_BOOT_ENTRY };
	struct psci_entry entry;

	fixture_configure(&vendor->f, PSCI_VERSION_1_3);
	vendor->f.host.vendor_reset = vendor_reset;
	vendor->asked = 0;
	vendor->answer = answer;
	fixture_make(&vendor->f);
	psci_machine_boot(&vendor->f.vcpus[0], &boot);
	assert_int_equal(psci_vcpu_poll(&vendor->f.vcpus[0], &entry), PSCI_NEXT_START);
	fixture_forget(&vendor->f);
}

static void system_reset2_of_a_vendor_type_returns_the_answer_of_the_host(void **state)
{
	static const struct {
		int32_t answer; /* The host's ... */
		int32_t code; /* ... and the guest's. */
	} cases[] = {
		{ -2, -2 }, { -3, -3 }, { -9, -9 },  { -257, -257 }, { INT32_MIN, INT32_MIN },
		{ 1, -6 },  { -1, -6 }, { -10, -6 }, { -256, -6 },   { INT32_MAX, -6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t c = 0; c < ARRAY_SIZE(reset2_fids); c++) {
			struct vendor vendor;

			boot_vendor(&vendor, cases[i].answer);
			fixture_answers_only(&vendor.f, 0,
					     fixture_regs(reset2_fids[c], 0x8000feed, 0xf00d, 0),
					     cases[i].code);
			assert_int_equal(vendor.type, 0x8000feed);
			assert_int_equal(vendor.cookie, 0xf00d);
			assert_int_equal(vendor.asked, 1);
		}
	}
}

static void system_reset2_of_a_vendor_type_that_the_host_takes_stops_the_machine(void **state)
{
	struct vendor vendor;

	boot_vendor(&vendor, 0);
	/* No architectural type is the vendor's. */
	fixture_answers_only(&vendor.f, 0, fixture_regs(PSCI_FN64_SYSTEM_RESET2, 1, 0, 0),
			     PSCI_RET_INVALID_PARAMETERS);
	assert_int_equal(vendor.asked, 0);
	assert_int_equal(fixture_leave(&vendor.f, 0, PSCI_FN64_SYSTEM_RESET2, 0x80000000, 0xf00d),
			 PSCI_NEXT_EXIT);

	const struct psci_event event = psci_machine_event(&vendor.f.machine);

	assert_int_equal(event.kind, PSCI_EVENT_RESET2);
	assert_int_equal(event.type, 0x80000000);
	assert_int_equal(event.cookie, 0xf00d);
}

/* Unlike SYSTEM_OFF2: a warm reset accepts any cookie. */
static void system_reset2_warm_takes_any_cookie_and_reports_it(void **state)
{
	const uint64_t cookie = UINT64_C(0xfeedf00d12345678);

	check_stop(0, PSCI_FN64_SYSTEM_RESET2, 0, cookie,
		   (struct psci_event){ .kind = PSCI_EVENT_RESET2, .cookie = cookie });
	check_stop(0, PSCI_FN32_SYSTEM_RESET2, 0, cookie,
		   (struct psci_event){ .kind = PSCI_EVENT_RESET2, .cookie = 0x12345678 });
}

static void system_reset2_ignores_the_upper_half_of_its_type_in_smc64(void **state)
{
	check_stop(0, PSCI_FN64_SYSTEM_RESET2, UINT64_C(0xfeedf00d) << 32, 0,
		   (struct psci_event){ .kind = PSCI_EVENT_RESET2 });
}

/* --- SYSTEM_OFF2 --- */

static void system_off2_of_another_type_is_an_invalid_parameter(void **state)
{
	static const uint32_t types[] = {
		0x2, 0x3, 0x40000000, 0x80000000, 0x80000001, 0xffffffff
	};
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (size_t c = 0; c < ARRAY_SIZE(off2_fids); c++)
			fixture_answers_only(&f, 0, fixture_regs(off2_fids[c], types[i], 0, 0),
					     PSCI_RET_INVALID_PARAMETERS);
	}
}

static void system_off2_with_a_cookie_is_an_invalid_parameter(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	for (uint64_t type = 0; type < 2; type++) {
		fixture_answers_only(&f, 0, fixture_regs(PSCI_FN64_SYSTEM_OFF2, type, 1, 0),
				     PSCI_RET_INVALID_PARAMETERS);
		fixture_answers_only(
			&f, 0, fixture_regs(PSCI_FN64_SYSTEM_OFF2, type, UINT64_C(1) << 63, 0),
			PSCI_RET_INVALID_PARAMETERS);
		fixture_answers_only(&f, 0,
				     fixture_regs(PSCI_FN32_SYSTEM_OFF2, type, 0x80000000, 0),
				     PSCI_RET_INVALID_PARAMETERS);
	}
}

static void system_off2_is_not_supported_before_1_3(void **state)
{
	struct fixture f;

	for (size_t v = 1; spec_versions[v] < PSCI_VERSION_1_3; v++) {
		fixture_boot(&f, spec_versions[v]);
		for (size_t c = 0; c < ARRAY_SIZE(off2_fids); c++)
			fixture_answers_only(&f, 0, fixture_regs(off2_fids[c], 0, 0, 0),
					     PSCI_RET_NOT_SUPPORTED);
	}
}

/* 1 is HIBERNATE_OFF; 0 has its meaning, and the event says which one it was. */
static void system_off2_takes_hibernate_off_as_0_and_as_1(void **state)
{
	for (uint32_t type = 0; type < 2; type++) {
		for (size_t c = 0; c < ARRAY_SIZE(off2_fids); c++)
			check_stop(0, off2_fids[c], type, 0,
				   (struct psci_event){ .kind = PSCI_EVENT_OFF2, .type = type });
	}
}

static void system_off2_ignores_the_upper_halves_of_32_bit_arguments(void **state)
{
	const uint64_t high = UINT64_C(0xfeedf00d) << 32;

	check_stop(0, PSCI_FN64_SYSTEM_OFF2, high | 1, 0,
		   (struct psci_event){ .kind = PSCI_EVENT_OFF2, .type = 1 });
	check_stop(0, PSCI_FN32_SYSTEM_OFF2, high, high,
		   (struct psci_event){ .kind = PSCI_EVENT_OFF2 });
}

/* --- all of them --- */

static void system_call_from_any_vcpu_stops_the_machine(void **state)
{
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++) {
		check_stop(i, PSCI_FN32_SYSTEM_OFF, 0xfeedf00d, 0xfeedf00d,
			   (struct psci_event){ .kind = PSCI_EVENT_OFF });
		check_stop(i, PSCI_FN32_SYSTEM_RESET, 0xfeedf00d, 0xfeedf00d,
			   (struct psci_event){ .kind = PSCI_EVENT_RESET });
		check_stop(i, PSCI_FN64_SYSTEM_RESET2, 0, 0,
			   (struct psci_event){ .kind = PSCI_EVENT_RESET2 });
		check_stop(i, PSCI_FN64_SYSTEM_OFF2, 0, 0,
			   (struct psci_event){ .kind = PSCI_EVENT_OFF2 });
	}
}

static void second_event_does_not_replace_the_first(void **state)
{
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN64_SYSTEM_OFF2, 1, 0), PSCI_NEXT_EXIT);
	fixture_forget(&f);
	assert_int_equal(fixture_leave(&f, 0, PSCI_FN32_SYSTEM_RESET, 0, 0), PSCI_NEXT_EXIT);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_SYSTEM_OFF, 0, 0), PSCI_NEXT_EXIT);

	const struct psci_event event = psci_machine_event(&f.machine);

	assert_int_equal(event.kind, PSCI_EVENT_OFF2);
	assert_int_equal(event.type, 1);
	assert_ptr_equal(event.vctx, &f.threads[1]);
	/* All have noticed already. */
	assert_int_equal(fixture_all_kicks(&f), 0);
}

static void call_after_the_machine_has_stopped_is_not_carried_out(void **state)
{
	struct psci_entry entry = { .pc = 0xfeedf00d };
	struct fixture f;

	fixture_boot(&f, PSCI_VERSION_1_3);
	fixture_start(&f, 1);
	assert_int_equal(fixture_call(&f, 0, PSCI_FN64_CPU_ON, f.mpidrs[2], FIXTURE_ENTRY, 0), 0);
	assert_int_equal(fixture_leave(&f, 1, PSCI_FN32_SYSTEM_RESET, 0, 0), PSCI_NEXT_EXIT);
	fixture_forget(&f);

	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		assert_int_equal(
			fixture_leave(&f, 0, PSCI_FN32_BASE + number, f.mpidrs[3], FIXTURE_ENTRY),
			PSCI_NEXT_EXIT);
		/* A vCPU that was off is not kicked either. */
		assert_int_equal(
			fixture_leave(&f, 4, PSCI_FN32_BASE + number, f.mpidrs[3], FIXTURE_ENTRY),
			PSCI_NEXT_EXIT);
	}
	/* The CPU_ON that was accepted before comes too late as well. */
	assert_int_equal(psci_vcpu_poll(&f.vcpus[2], &entry), PSCI_NEXT_EXIT);
	assert_int_equal(psci_vcpu_wake(&f.vcpus[2], &entry), PSCI_NEXT_EXIT);
	assert_int_equal(entry.pc, 0xfeedf00d);
	assert_int_equal(fixture_all_kicks(&f), 0);
}

/* --- psci/kvm.h --- */

static void unknown_kvm_event_is_not_taken_for_one_of_psci(void **state)
{
	/* CRASH and WAKEUP are numbers 3 and 4. */
	assert_int_equal(psci_event_kind_from_kvm(3, 1), PSCI_EVENT_NONE);
	assert_int_equal(psci_event_kind_from_kvm(4, 1), PSCI_EVENT_NONE);
	assert_int_equal(psci_event_kind_from_kvm(6, 1), PSCI_EVENT_NONE);
	assert_int_equal(psci_event_kind_from_kvm(0, 0), PSCI_EVENT_NONE);
}

static void kvm_event_numbers_equal_those_of_linux(void **state)
{
	static const struct {
		enum psci_event_kind kind;
		uint32_t type;
		uint64_t flags;
	} pairs[] = {
		{ PSCI_EVENT_NONE, 0, 0 },   { PSCI_EVENT_OFF, 1, 0 },
		{ PSCI_EVENT_OFF2, 1, 1 },   { PSCI_EVENT_RESET, 2, 0 },
		{ PSCI_EVENT_RESET2, 2, 1 }, { PSCI_EVENT_SUSPEND, 5, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		uint64_t flags = 0xfeedf00d;

		assert_int_equal(psci_event_kind_to_kvm(pairs[i].kind, &flags), pairs[i].type);
		assert_int_equal(flags, pairs[i].flags);
		assert_int_equal(psci_event_kind_from_kvm(pairs[i].type, flags), pairs[i].kind);
		/* Flags that came later than this library change nothing. */
		assert_int_equal(psci_event_kind_from_kvm(pairs[i].type, flags | 0xf0),
				 pairs[i].kind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PSCI_TEST("PSCI-SYSTEM_RESET2-01 PSCI-SYSTEM_RESET2-02 PSCI-SYSTEM_RESET2-06",
			  system_reset2_of_a_reserved_or_vendor_type_is_an_invalid_parameter),
		PSCI_TEST("PSCI-SYSTEM_RESET2-30",
			  system_reset2_warm_takes_any_cookie_and_reports_it),
		cmocka_unit_test(system_reset2_ignores_the_upper_half_of_its_type_in_smc64),
		PSCI_TEST("PSCI-SYSTEM_OFF2-01 PSCI-SYSTEM_OFF2-02",
			  system_off2_of_another_type_is_an_invalid_parameter),
		PSCI_TEST("PSCI-SYSTEM_OFF2-03", system_off2_with_a_cookie_is_an_invalid_parameter),
		PSCI_TEST("PSCI-SYSTEM_OFF2-06", system_off2_is_not_supported_before_1_3),
		PSCI_TEST("PSCI-SYSTEM_OFF2-07 PSCI-SYSTEM_OFF2-08",
			  system_off2_takes_hibernate_off_as_0_and_as_1),
		PSCI_TEST("PSCI-SYSTEM_OFF2-09",
			  system_off2_ignores_the_upper_halves_of_32_bit_arguments),
		PSCI_TEST("PSCI-SYSTEM_OFF-01 PSCI-SYSTEM_OFF-30 PSCI-SYSTEM_OFF2-04",
			  system_call_from_any_vcpu_stops_the_machine),
		cmocka_unit_test(second_event_does_not_replace_the_first),
		cmocka_unit_test(call_after_the_machine_has_stopped_is_not_carried_out),
		PSCI_TEST("PSCI-SYSTEM_RESET2-31",
			  system_reset2_of_a_vendor_type_returns_the_answer_of_the_host),
		cmocka_unit_test(
			system_reset2_of_a_vendor_type_that_the_host_takes_stops_the_machine),
		cmocka_unit_test(unknown_kvm_event_is_not_taken_for_one_of_psci),
		cmocka_unit_test(kvm_event_numbers_equal_those_of_linux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
