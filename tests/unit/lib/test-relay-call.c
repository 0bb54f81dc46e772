/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A relay and single calls: with what the firmware is called, what the OS gets of its
 * answer, what the monitor learns of the end of a life, and what is not PSCI.
 */
#include "psci-relay.h"

#include <psci/smccc.h>

/* Each register's halves are sentinels. */
#define X1 UINT64_C(0xa1a1a1a10b1b1b10)
#define X2 UINT64_C(0xa2a2a2a20b2b2b20)
#define X3 UINT64_C(0xa3a3a3a30b3b3b30)
#define LOW(x) ((x)&UINT32_MAX)

/* Argument 2 of CPU_SUSPEND's original format: a power-down. */
#define POWER_DOWN_STATE UINT64_C(0xa1a1a1a100010000)

/** How a function is forwarded. The MPIDR of a target is that of CPU 3, 0x10000. */
static const struct forwarded {
	uint32_t number;
	uint64_t x[3]; /**< What the OS gives. */
	uint64_t smc32[3]; /**< What the firmware gets of an SMC32 call ... */
	uint64_t smc64[3]; /**< ... and of an SMC64 call. */
} forwarded[] = {
	{ 0x02, { X1, X2, X3 }, { 0 }, { 0 } },
	{ 0x04,
	  { 0x10000, UINT64_C(0xa2a2a2a200000000), X3 },
	  { 0x10000, 0, 0 },
	  { 0x10000, 0, 0 } },
	{ 0x05, { X1, X2, X3 }, { LOW(X1), 0, 0 }, { X1, 0, 0 } },
	{ 0x06, { X1, X2, X3 }, { 0 }, { 0 } },
	{ 0x07, { X1, X2, X3 }, { 0 }, { 0 } },
	{ 0x08, { X1, X2, X3 }, { 0 }, { 0 } },
	{ 0x09, { X1, X2, X3 }, { 0 }, { 0 } },
	{ 0x0b, { X1, X2, X3 }, { 0 }, { 0 } },
	{ 0x0d, { X1, X2, X3 }, { LOW(X1), LOW(X2), 0 }, { X1, LOW(X2), 0 } },
	{ 0x0f, { X1, X2, X3 }, { LOW(X1), 0, 0 }, { 0 } },
	{ 0x10, { X1, X2, X3 }, { LOW(X1), LOW(X2), 0 }, { X1, LOW(X2), 0 } },
	{ 0x11, { X1, X2, X3 }, { LOW(X1), LOW(X2), 0 }, { X1, LOW(X2), 0 } },
	{ 0x12, { X1, X2, X3 }, { LOW(X1), LOW(X2), 0 }, { LOW(X1), X2, 0 } },
	{ 0x13, { X1, X2, X3 }, { LOW(X1), 0, 0 }, { 0 } },
	{ 0x14, { X1, X2, X3 }, { LOW(X1), LOW(X2), 0 }, { X1, X2, 0 } },
	{ 0x15, { X1, X2, X3 }, { LOW(X1), LOW(X2), 0 }, { LOW(X1), X2, 0 } },
};

/* These are answered, or forwarded in another way. */
#define OTHER_NUMBERS (1 << 0x00 | 1 << 0x01 | 1 << 0x03 | 1 << 0x0a | 1 << 0x0c | 1 << 0x0e)

static void check_forwarded(struct relay_rig *rig, const struct forwarded *f, uint32_t base)
{
	const uint64_t *expected = base == PSCI_FN64_BASE ? f->smc64 : f->smc32;
	struct psci_regs regs = fixture_regs(base + f->number, f->x[0], f->x[1], f->x[2]);

	/* The hint is no part of a function id, and not all firmware knows it. */
	regs.x[0] |= UINT64_C(0xffffffff00000000) | SMCCC_SVE_HINT_MASK;
	assert_int_equal(relay_complete(rig, 0, regs, (uint64_t)-3), (uint64_t)-3);
	relay_assert_forwarded(rig, base + f->number, expected[0], expected[1], expected[2]);
	if (base == PSCI_FN64_BASE)
		return;
	regs.aarch32 = true;
	assert_int_equal(relay_complete(rig, 0, regs, (uint64_t)-3), (uint32_t)-3);
	relay_assert_forwarded(rig, base + f->number, expected[0], expected[1], expected[2]);
}

static void call_is_forwarded_with_its_id_and_its_arguments_as_wide_as_they_are(void **state)
{
	uint32_t seen = OTHER_NUMBERS;
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++) {
		seen |= UINT32_C(1) << forwarded[i].number;
		check_forwarded(&rig, &forwarded[i], PSCI_FN32_BASE);
		if (spec_find(forwarded[i].number)->smc64)
			check_forwarded(&rig, &forwarded[i], PSCI_FN64_BASE);
	}
	assert_int_equal(seen, 0x3fffff);
	assert_int_equal(rig.asked_count, 0);
	/* Only AFFINITY_INFO looks at what others do, each time. */
	assert_int_equal(rig.lock_count, 3);
}

static void os_sees_as_much_of_an_answer_as_its_call_has(void **state)
{
	const uint64_t wide = UINT64_C(0x1234567887654321);
	struct psci_regs regs = fixture_regs(PSCI_FN64_PSCI_STAT_COUNT, 0, 0, 0);
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	assert_int_equal(relay_complete(&rig, 0, regs, wide), wide);
	regs.x[0] = PSCI_FN32_PSCI_STAT_COUNT;
	assert_int_equal(relay_complete(&rig, 0, regs, wide), UINT64_C(0xffffffff87654321));
	assert_int_equal(relay_complete(&rig, 0, regs, wide >> 32), 0x12345678);
	regs.aarch32 = true;
	assert_int_equal(relay_complete(&rig, 0, regs, wide), 0x87654321);
	/* It is forwarded as SMC64, but it is not. */
	regs = fixture_regs(PSCI_FN32_CPU_SUSPEND, 0, 0, 0);
	assert_int_equal(relay_complete(&rig, 0, regs, UINT64_C(0x1234567800000000)), 0);
}

/* The firmware has one half of a function: the other is not offered, see test-relay.c. */
static void call_of_the_os_of_0_2_is_made_in_the_monitors_width(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN32_MIGRATE, X1, X2, X3);
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_0_2);
	regs.aarch32 = true;
	assert_int_equal(relay_complete(&rig, 0, regs, (uint64_t)-7), (uint32_t)-7);
	relay_assert_forwarded(&rig, PSCI_FN64_MIGRATE, LOW(X1), 0, 0);
}

/* --- where the OS is started --- */

/** The functions with an entry point, and the register in which it is. */
static const struct with_entry {
	uint32_t fn32;
	unsigned int entry;
	uint64_t x1; /**< Before it. */
} with_entry[] = {
	{ PSCI_FN32_CPU_ON, 2, 0x10000 },
	{ PSCI_FN32_CPU_SUSPEND, 2, POWER_DOWN_STATE },
	{ PSCI_FN32_CPU_DEFAULT_SUSPEND, 1, 0 },
	{ PSCI_FN32_SYSTEM_SUSPEND, 1, 0 },
};

static struct psci_regs call_with_entry(const struct with_entry *f, bool smc64, uint64_t entry,
					uint64_t context)
{
	struct psci_regs regs =
		fixture_regs(f->fn32 + (smc64 ? SMCCC_SMC64_MASK : 0), f->x1, X2, X3);

	regs.x[f->entry] = entry;
	regs.x[f->entry + 1] = context;

	return regs;
}

/* CPU_ON starts CPU 3, all others CPU 0, which calls. */
static unsigned int started_by(const struct with_entry *f)
{
	return f->fn32 == PSCI_FN32_CPU_ON ? 3 : 0;
}

static void check_start(const struct with_entry *f, struct psci_regs regs,
			const struct psci_entry *expected)
{
	const unsigned int i = started_by(f);
	struct relay_rig rig;
	struct psci_entry entry;

	relay_boot(&rig, PSCI_VERSION_1_3);
	relay_forward(&rig, 0, &regs);
	/* As SMC64, so that the monitor's own entry point fits. */
	assert_int_equal(rig.forward[0], f->fn32 + SMCCC_SMC64_MASK);
	if (f->entry == 2)
		assert_int_equal(rig.forward[1], (uint32_t)f->x1);
	assert_int_equal(rig.forward[f->entry], RELAY_MONITOR);
	assert_int_equal(rig.forward[f->entry + 1], rig.contexts[i]);
	if (f->entry == 1)
		assert_int_equal(rig.forward[3], 0);
	assert_int_equal(rig.asked_count, 1);
	assert_int_equal(rig.asked_entry, expected->pc);

	entry = relay_arrive(&rig, i);
	assert_int_equal(entry.pc, expected->pc);
	assert_int_equal(entry.x0, expected->x0);
	assert_int_equal(entry.aarch32, expected->aarch32);
	assert_int_equal(entry.t32, expected->t32);
	assert_int_equal(entry.big_endian, expected->big_endian);
	assert_int_equal(entry.wake, i == 0);
	relay_arrive_unasked(&rig, i);
}

static void firmware_starts_the_monitor_and_the_monitor_the_os(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_entry); i++) {
		const struct with_entry *f = &with_entry[i];
		struct psci_entry entry = { .pc = UINT64_C(0xabcd40fee000), .x0 = FIXTURE_CONTEXT };
		struct psci_regs regs = call_with_entry(f, true, entry.pc, entry.x0);

		check_start(f, regs, &entry);
		regs.big_endian = entry.big_endian = true;
		check_start(f, regs, &entry);
		/* SMC32: the upper halves are no part of the call. */
		regs.x[0] = f->fn32;
		entry.pc = LOW(entry.pc);
		entry.x0 = LOW(entry.x0);
		check_start(f, regs, &entry);
		regs.big_endian = entry.big_endian = false;
		regs.aarch32 = entry.aarch32 = true;
		check_start(f, regs, &entry);
		regs.x[f->entry] |= 1;
		entry.t32 = true;
		check_start(f, regs, &entry);
		regs.x[f->entry] |= 3;
		entry.pc |= 2;
		check_start(f, regs, &entry);
	}
}

/* Nothing is recorded and the firmware is not called. */
static void check_bad_entry(uint32_t version, const struct with_entry *f, uint64_t address,
			    bool aarch32)
{
	struct psci_regs regs = call_with_entry(f, !aarch32, address, 0);
	const int32_t code =
		version < PSCI_VERSION_1_0 ? PSCI_RET_INVALID_PARAMETERS : PSCI_RET_INVALID_ADDRESS;
	struct relay_rig rig;

	relay_boot(&rig, version);
	regs.aarch32 = aarch32;
	assert_int_equal((int32_t)relay_answer(&rig, 0, regs), code);
	relay_arrive_unasked(&rig, started_by(f));
}

static void entry_point_that_cannot_be_executed_is_an_invalid_address(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		for (size_t i = 0; i < ARRAY_SIZE(with_entry); i++) {
			const uint32_t version = spec_versions[v];
			const struct with_entry *f = &with_entry[i];

			if (!spec_offers(version, f->fn32, SPEC_ALL_MEANS))
				continue;
			check_bad_entry(version, f, FIXTURE_ENTRY + 1, false);
			check_bad_entry(version, f, FIXTURE_ENTRY + 2, false);
			check_bad_entry(version, f, FIXTURE_ENTRY + 3, false);
			check_bad_entry(version, f, RELAY_REFUSED_ENTRY, false);
			check_bad_entry(version, f, FIXTURE_ENTRY + 2, true);
			check_bad_entry(version, f, RELAY_REFUSED_ENTRY, true);
			check_bad_entry(version, f, RELAY_REFUSED_ENTRY + 1, true);
		}
	}
}

static void relay_without_callbacks_and_lock_accepts_any_entry_and_end(void **state)
{
	struct relay_rig rig;

	relay_configure(&rig, PSCI_VERSION_1_3);
	rig.config.entry_ok = NULL;
	rig.config.life_ends = NULL;
	rig.config.life_continues = NULL;
	rig.config.lock = NULL;
	rig.config.unlock = NULL;
	relay_make(&rig);
	assert_int_equal(relay_call(&rig, 0, PSCI_FN64_CPU_ON, 0x1, RELAY_REFUSED_ENTRY, 5, 0), 0);
	assert_int_equal(relay_arrive(&rig, 1).pc, RELAY_REFUSED_ENTRY);
	assert_int_equal(relay_call(&rig, 0, PSCI_FN32_SYSTEM_OFF, 0, 0, 0, 0), 0);
	assert_int_equal(rig.lock_count, 0);
}

/* Only these two are 32-bit fields of 64-bit registers that the relay itself reads. */
static void power_state_and_affinity_level_are_words(void **state)
{
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	assert_int_equal(
		relay_call(&rig, 0, PSCI_FN64_CPU_SUSPEND, UINT64_C(0x1000000000), 0, 0, 0), 0);
	relay_assert_forwarded(&rig, PSCI_FN64_CPU_SUSPEND, 0, RELAY_MONITOR, rig.contexts[0]);
	assert_int_equal(
		relay_call(&rig, 0, PSCI_FN64_AFFINITY_INFO, 0, UINT64_C(0x100000001), 0, 0), 0);
	relay_assert_forwarded(&rig, PSCI_FN64_AFFINITY_INFO, 0, 1, 0);
}

/* --- the end of a life --- */

/** The functions that end it. */
static const struct ending {
	uint32_t fid;
	enum psci_event_kind kind;
	uint32_t type;
	uint64_t cookie;
} endings[] = {
	{ PSCI_FN32_SYSTEM_OFF, PSCI_EVENT_OFF, 0, 0 },
	{ PSCI_FN32_SYSTEM_RESET, PSCI_EVENT_RESET, 0, 0 },
	{ PSCI_FN32_SYSTEM_RESET2, PSCI_EVENT_RESET2, LOW(X1), LOW(X2) },
	{ PSCI_FN64_SYSTEM_RESET2, PSCI_EVENT_RESET2, LOW(X1), X2 },
	{ PSCI_FN32_SYSTEM_OFF2, PSCI_EVENT_OFF2, LOW(X1), LOW(X2) },
	{ PSCI_FN64_SYSTEM_OFF2, PSCI_EVENT_OFF2, LOW(X1), X2 },
};

static const struct ending *find_ending(uint32_t fid)
{
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		if (endings[i].fid == fid)
			return &endings[i];
	}

	return NULL;
}

/* Makes a call, whatever becomes of it. */
static enum psci_relay_next try_call(struct relay_rig *rig, uint32_t fid)
{
	struct psci_regs regs = fixture_regs(fid, X1, X2, X3);

	return psci_relay_call(&rig->cpus[2], &regs, rig->forward);
}

static void monitor_learns_of_each_call_that_ends_a_life_and_of_no_other(void **state)
{
	for (uint32_t i = 0; i < 2 * PSCI_FN_COUNT; i++) {
		const uint32_t fid = (i & 0x20 ? PSCI_FN64_BASE : PSCI_FN32_BASE) + (i & 0x1f);
		const struct ending *ending = find_ending(fid);
		struct relay_rig rig;

		relay_boot(&rig, PSCI_VERSION_1_3);
		if (!ending) {
			try_call(&rig, fid);
			assert_int_equal(rig.end_count, 0);
			continue;
		}
		assert_int_equal(try_call(&rig, fid), PSCI_RELAY_FORWARD);
		assert_int_equal(rig.forward[0], fid);
		assert_int_equal(rig.end_count, 1);
		assert_int_equal(rig.event.kind, ending->kind);
		assert_int_equal(rig.event.type, ending->type);
		assert_int_equal(rig.event.cookie, ending->cookie);
		assert_ptr_equal(rig.event.vctx, &rig.cpus[2]);
		assert_false(rig.event.overwrite_memory);
		assert_int_equal(rig.continue_count, 0);
	}
}

static void monitor_learns_that_the_firmware_did_not_end_a_life(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		struct relay_rig rig;

		relay_boot(&rig, PSCI_VERSION_1_3);
		assert_int_equal(relay_call(&rig, 4, endings[i].fid, X1, X2, X3,
					    (uint64_t)PSCI_RET_INVALID_PARAMETERS),
				 PSCI_RET_INVALID_PARAMETERS);
		assert_int_equal(rig.continue_count, 1);
		assert_ptr_equal(rig.continued, &rig.cpus[4]);
		assert_int_equal(rig.continue_result, PSCI_RET_INVALID_PARAMETERS);
		/* Any other call that returns is no such thing. */
		relay_call(&rig, 4, PSCI_FN32_CPU_OFF, 0, 0, 0, (uint64_t)PSCI_RET_DENIED);
		assert_int_equal(rig.continue_count, 1);
	}
}

static void monitor_does_not_learn_of_an_end_that_the_os_does_not_have(void **state)
{
	for (size_t v = 0; v < spec_version_count; v++) {
		for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
			const bool has =
				spec_offers(spec_versions[v], endings[i].fid, SPEC_ALL_MEANS);
			struct relay_rig rig;

			relay_boot(&rig, spec_versions[v]);
			assert_int_equal(try_call(&rig, endings[i].fid),
					 has ? PSCI_RELAY_FORWARD : PSCI_RELAY_RETURN);
			assert_int_equal(rig.end_count, has);
		}
	}
}

/* --- what is not PSCI --- */

static void check_passed(uint64_t x0, bool aarch32, bool expected)
{
	struct psci_regs regs = fixture_regs(0, X1, X2, X3);
	struct psci_regs before;
	struct relay_rig rig;

	relay_boot(&rig, PSCI_VERSION_1_3);
	regs.x[0] = x0;
	regs.aarch32 = aarch32;
	before = regs;
	if (expected) {
		assert_int_equal(psci_relay_call(&rig.cpus[0], &regs, rig.forward),
				 PSCI_RELAY_PASS);
		assert_memory_equal(regs.x, before.x, sizeof(regs.x));
	} else {
		assert_int_equal(relay_answer(&rig, 0, regs), aarch32 ? UINT32_MAX : UINT64_MAX);
	}
}

static void calls_that_smccc_gives_to_others_are_passed_on(void **state)
{
	static const uint32_t fids[] = {
		SMCCC_FN32_VERSION,
		SMCCC_FN32_ARCH_FEATURES,
		SMCCC_FN32_ARCH_WORKAROUND_1,
		SMCCC_FN32_ARCH_WORKAROUND_3,
		0x81000000, /* the CPU's */
		0x82000000, /* of the chip */
		0x83000000, /* of the board */
		0x8400ffff,
		0x84000040,
		0x84000050, /* TRNG */
		0x84000060, /* FF-A */
		0x85000020,
		0x8600ff01,
		0x8700ffff, /* the firmware's own */
		0xb0000000, /* a trusted application's */
		0xbf00ff01, /* a trusted OS's */
		0x00000000, /* yielding */
		0x3fffffff,
		0x1fe00000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
		const uint64_t wide = fids[i] | SMCCC_SMC64_MASK;

		check_passed(fids[i], false, true);
		check_passed(fids[i], true, true);
		check_passed(wide | UINT64_C(0xfedcba9800000000), false, true);
		check_passed(wide, true, !(wide & SMCCC_FAST_CALL_MASK));
		check_passed(wide | SMCCC_SVE_HINT_MASK, false, true);
	}
}

static void calls_that_smccc_reserves_never_reach_the_firmware(void **state)
{
	for (uint32_t owner = 8; owner < 48; owner++) {
		check_passed(0x80000000 | owner << SMCCC_OWNER_SHIFT, false, false);
		check_passed(0xc000ffff | owner << SMCCC_OWNER_SHIFT, false, false);
	}
	/* KVM's and QEMU's PSCI 0.1. */
	for (uint32_t fid = 0x95c1ba5e; fid <= 0x95c1ba61; fid++)
		check_passed(fid, true, false);
	/* Reserved bits, which some firmware does not look at before it finds PSCI. */
	for (unsigned int bit = 17; bit < 24; bit++) {
		check_passed(PSCI_FN64_CPU_ON | UINT32_C(1) << bit, false, false);
		check_passed(SMCCC_FN32_VERSION | UINT32_C(1) << bit, false, false);
	}
}

static void sdei_never_reaches_the_firmware(void **state)
{
	for (uint32_t number = 0x20; number < 0x40; number++) {
		check_passed(PSCI_FN32_BASE + number, false, false);
		check_passed(PSCI_FN64_BASE + number, false, false);
		check_passed((PSCI_FN64_BASE + number) | SMCCC_SVE_HINT_MASK, false, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			call_is_forwarded_with_its_id_and_its_arguments_as_wide_as_they_are),
		cmocka_unit_test(os_sees_as_much_of_an_answer_as_its_call_has),
		cmocka_unit_test(call_of_the_os_of_0_2_is_made_in_the_monitors_width),
		cmocka_unit_test(firmware_starts_the_monitor_and_the_monitor_the_os),
		cmocka_unit_test(entry_point_that_cannot_be_executed_is_an_invalid_address),
		cmocka_unit_test(relay_without_callbacks_and_lock_accepts_any_entry_and_end),
		cmocka_unit_test(power_state_and_affinity_level_are_words),
		cmocka_unit_test(monitor_learns_of_each_call_that_ends_a_life_and_of_no_other),
		cmocka_unit_test(monitor_learns_that_the_firmware_did_not_end_a_life),
		cmocka_unit_test(monitor_does_not_learn_of_an_end_that_the_os_does_not_have),
		cmocka_unit_test(calls_that_smccc_gives_to_others_are_passed_on),
		cmocka_unit_test(calls_that_smccc_reserves_never_reach_the_firmware),
		cmocka_unit_test(sdei_never_reaches_the_firmware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
