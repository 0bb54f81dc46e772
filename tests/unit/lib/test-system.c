/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2 and SYSTEM_OFF2.
 */
#include "psci-fixture.h"
#include "psci-spec.h"

#include <psci/kvm.h>

static const uint32_t reset2_fids[] = { PSCI_FN32_SYSTEM_RESET2, PSCI_FN64_SYSTEM_RESET2 };
static const uint32_t off2_fids[] = { PSCI_FN32_SYSTEM_OFF2, PSCI_FN64_SYSTEM_OFF2 };

/* That vCPU @i stops the machine with this call, and how the host learns of it. */
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

/* PSCI-SYSTEM_RESET2-01 PSCI-SYSTEM_RESET2-02 PSCI-SYSTEM_RESET2-06 */
static void reserved_and_vendor_reset_types_are_invalid(void **state)
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

/** What a host with vendor-specific resets saw and says. */
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

/* PSCI-SYSTEM_RESET2-31 */
static void the_host_answers_vendor_reset_types(void **state)
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

static void a_vendor_reset_that_the_host_takes_stops_the_machine(void **state)
{
	struct vendor vendor;

	boot_vendor(&vendor, 0);
	/* Architectural types are none of the vendor's. */
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

/* The opposite of SYSTEM_OFF2: no cookie is wrong for a warm reset. */
/* PSCI-SYSTEM_RESET2-30 */
static void a_warm_reset_takes_any_cookie_and_reports_it(void **state)
{
	const uint64_t cookie = UINT64_C(0xfeedf00d12345678);

	check_stop(0, PSCI_FN64_SYSTEM_RESET2, 0, cookie,
		   (struct psci_event){ .kind = PSCI_EVENT_RESET2, .cookie = cookie });
	check_stop(0, PSCI_FN32_SYSTEM_RESET2, 0, cookie,
		   (struct psci_event){ .kind = PSCI_EVENT_RESET2, .cookie = 0x12345678 });
}

static void reset_type_is_32_bits_in_smc64(void **state)
{
	check_stop(0, PSCI_FN64_SYSTEM_RESET2, UINT64_C(0xfeedf00d) << 32, 0,
		   (struct psci_event){ .kind = PSCI_EVENT_RESET2 });
}

/* --- SYSTEM_OFF2 --- */

/* PSCI-SYSTEM_OFF2-01 PSCI-SYSTEM_OFF2-02 */
static void other_hibernate_types_are_invalid(void **state)
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

/* PSCI-SYSTEM_OFF2-03 */
static void the_cookie_of_system_off2_must_be_zero(void **state)
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

/* PSCI-SYSTEM_OFF2-06 */
static void system_off2_is_not_there_before_1_3(void **state)
{
	struct fixture f;

	for (size_t v = 1; spec_versions[v] < PSCI_VERSION_1_3; v++) {
		fixture_boot(&f, spec_versions[v]);
		for (size_t c = 0; c < ARRAY_SIZE(off2_fids); c++)
			fixture_answers_only(&f, 0, fixture_regs(off2_fids[c], 0, 0, 0),
					     PSCI_RET_NOT_SUPPORTED);
	}
}

/* 1 is HIBERNATE_OFF; 0 means the same, and the host is told which one it was. */
/* PSCI-SYSTEM_OFF2-07 PSCI-SYSTEM_OFF2-08 */
static void system_off2_takes_hibernate_off_as_0_and_as_1(void **state)
{
	for (uint32_t type = 0; type < 2; type++) {
		for (size_t c = 0; c < ARRAY_SIZE(off2_fids); c++)
			check_stop(0, off2_fids[c], type, 0,
				   (struct psci_event){ .kind = PSCI_EVENT_OFF2, .type = type });
	}
}

/* PSCI-SYSTEM_OFF2-09 */
static void type_is_32_bits_in_smc64_and_the_smc32_cookie_is_too(void **state)
{
	const uint64_t high = UINT64_C(0xfeedf00d) << 32;

	check_stop(0, PSCI_FN64_SYSTEM_OFF2, high | 1, 0,
		   (struct psci_event){ .kind = PSCI_EVENT_OFF2, .type = 1 });
	check_stop(0, PSCI_FN32_SYSTEM_OFF2, high, high,
		   (struct psci_event){ .kind = PSCI_EVENT_OFF2 });
}

/* --- all of them --- */

/* PSCI-SYSTEM_OFF-01 PSCI-SYSTEM_OFF-30 PSCI-SYSTEM_OFF2-04 */
static void every_vcpu_can_stop_the_machine(void **state)
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

static void the_first_event_wins(void **state)
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
	/* Everyone knows already. */
	assert_int_equal(fixture_all_kicks(&f), 0);
}

static void nothing_is_carried_out_once_the_machine_has_stopped(void **state)
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
		/* Nor of a vCPU that was off. */
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

static void kvm_events_that_are_not_ours_are_none(void **state)
{
	/* CRASH and WAKEUP are numbers 3 and 4. */
	assert_int_equal(psci_event_kind_from_kvm(3, 1), PSCI_EVENT_NONE);
	assert_int_equal(psci_event_kind_from_kvm(4, 1), PSCI_EVENT_NONE);
	assert_int_equal(psci_event_kind_from_kvm(6, 1), PSCI_EVENT_NONE);
	assert_int_equal(psci_event_kind_from_kvm(0, 0), PSCI_EVENT_NONE);
}

static void kvm_events_are_the_kernel_s_numbers(void **state)
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
		cmocka_unit_test(reserved_and_vendor_reset_types_are_invalid),
		cmocka_unit_test(a_warm_reset_takes_any_cookie_and_reports_it),
		cmocka_unit_test(reset_type_is_32_bits_in_smc64),
		cmocka_unit_test(other_hibernate_types_are_invalid),
		cmocka_unit_test(the_cookie_of_system_off2_must_be_zero),
		cmocka_unit_test(system_off2_is_not_there_before_1_3),
		cmocka_unit_test(system_off2_takes_hibernate_off_as_0_and_as_1),
		cmocka_unit_test(type_is_32_bits_in_smc64_and_the_smc32_cookie_is_too),
		cmocka_unit_test(every_vcpu_can_stop_the_machine),
		cmocka_unit_test(the_first_event_wins),
		cmocka_unit_test(nothing_is_carried_out_once_the_machine_has_stopped),
		cmocka_unit_test(the_host_answers_vendor_reset_types),
		cmocka_unit_test(a_vendor_reset_that_the_host_takes_stops_the_machine),
		cmocka_unit_test(kvm_events_that_are_not_ours_are_none),
		cmocka_unit_test(kvm_events_are_the_kernel_s_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
