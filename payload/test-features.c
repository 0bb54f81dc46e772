/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI_FEATURES, and whether exactly what it announces is there. */
#include <stddef.h>

#include "../arch/arm64/gic.h"
#include "../arch/arm64/timer.h"
#include "test.h"

/* How to call a function to find out whether it is there. */
enum probe {
	NO_PROBE, /* Not without ending something. */
	PROBE_PLAIN, /* All arguments zero. */
	PROBE_FID, /* x1 is a function id. */
	PROBE_TARGET, /* x1 names no core. */
	PROBE_SELF, /* x1 names the caller. */
	PROBE_TYPE, /* x1 is a type or mode that is reserved. */
	PROBE_ELSEWHERE, /* On another CPU, since it may be gone. */
	PROBE_WHERE_ABSENT, /* Plain, where FEATURES says that it is not there. */
};

#define SMC32 1
#define SMC64 2
#define BOTH 3

/* Each function as DEN0022F.b has it. */
static const struct function {
	const char *name;
	uint32_t since;
	unsigned char conventions;
	bool mandatory;
	enum probe probe;
	uint32_t features; /* The bits that may be set. */
} functions[] = {
	/* clang-format off */
	[0x00] = { "PSCI_VERSION",            PSCI_VERSION_0_2, SMC32, true,  PROBE_PLAIN,  0 },
	[0x01] = { "CPU_SUSPEND",             PSCI_VERSION_0_2, BOTH,  true,  NO_PROBE,     3 },
	[0x02] = { "CPU_OFF",                 PSCI_VERSION_0_2, SMC32, true,  PROBE_ELSEWHERE, 0 },
	[0x03] = { "CPU_ON",                  PSCI_VERSION_0_2, BOTH,  true,  PROBE_TARGET, 0 },
	[0x04] = { "AFFINITY_INFO",           PSCI_VERSION_0_2, BOTH,  true,  PROBE_SELF,   0 },
	[0x05] = { "MIGRATE",                 PSCI_VERSION_0_2, BOTH,  false, PROBE_WHERE_ABSENT, 0 },
	[0x06] = { "MIGRATE_INFO_TYPE",       PSCI_VERSION_0_2, SMC32, false, NO_PROBE,     0 },
	[0x07] = { "MIGRATE_INFO_UP_CPU",     PSCI_VERSION_0_2, BOTH,  false, PROBE_WHERE_ABSENT, 0 },
	[0x08] = { "SYSTEM_OFF",              PSCI_VERSION_0_2, SMC32, true,  NO_PROBE,     0 },
	[0x09] = { "SYSTEM_RESET",            PSCI_VERSION_0_2, SMC32, true,  NO_PROBE,     0 },
	[0x0a] = { "PSCI_FEATURES",           PSCI_VERSION_1_0, SMC32, true,  PROBE_FID,    0 },
	[0x0b] = { "CPU_FREEZE",              PSCI_VERSION_1_0, SMC32, false, PROBE_ELSEWHERE, 0 },
	[0x0c] = { "CPU_DEFAULT_SUSPEND",     PSCI_VERSION_1_0, BOTH,  false, PROBE_WHERE_ABSENT, 0 },
	[0x0d] = { "NODE_HW_STATE",           PSCI_VERSION_1_0, BOTH,  false, PROBE_SELF,   0 },
	[0x0e] = { "SYSTEM_SUSPEND",          PSCI_VERSION_1_0, BOTH,  false, PROBE_WHERE_ABSENT, 0 },
	[0x0f] = { "PSCI_SET_SUSPEND_MODE",   PSCI_VERSION_1_0, SMC32, false, PROBE_TYPE,   0 },
	/* If these functions are there, any number is an answer. */
	[0x10] = { "PSCI_STAT_RESIDENCY",     PSCI_VERSION_1_0, BOTH,  false, PROBE_WHERE_ABSENT, 0 },
	[0x11] = { "PSCI_STAT_COUNT",         PSCI_VERSION_1_0, BOTH,  false, PROBE_WHERE_ABSENT, 0 },
	[0x12] = { "SYSTEM_RESET2",           PSCI_VERSION_1_1, BOTH,  false, PROBE_TYPE,   0 },
	[0x13] = { "MEM_PROTECT",             PSCI_VERSION_1_1, SMC32, false, PROBE_PLAIN,  0 },
	[0x14] = { "MEM_PROTECT_CHECK_RANGE", PSCI_VERSION_1_1, BOTH,  false, PROBE_PLAIN,  0 },
	[0x15] = { "SYSTEM_OFF2",             PSCI_VERSION_1_3, BOTH,  false, PROBE_TYPE,   1 },
	/* clang-format on */
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))
#define TYPE_RESERVED 0x7ffffffe

static bool has_features(void)
{
	return target.version >= PSCI_VERSION_1_0;
}

#define SKIP_BEFORE_1_0                                             \
	do {                                                        \
		if (!has_features())                                \
			return skip("PSCI_FEATURES came with 1.0"); \
	} while (0)

static const struct function *find(uint32_t fid)
{
	const uint32_t number = fid & 0x1f;

	if (number >= FUNCTION_COUNT)
		return NULL;

	return functions[number].conventions & (fid & SMCCC_SMC64_MASK ? SMC64 : SMC32)
		       ? &functions[number]
		       : NULL;
}

static uint32_t fid_at(unsigned int index)
{
	return index < PSCI_FN_COUNT ? PSCI_FN32_BASE + index
				     : PSCI_FN64_BASE + index - PSCI_FN_COUNT;
}

/* Aim: what every implementation must have is announced. */
static enum verdict mandatory_is_there(void)
{
	SKIP_BEFORE_1_0;
	for (unsigned int i = 0; i < 2 * PSCI_FN_COUNT; i++) {
		const struct function *f = find(fid_at(i));

		if (!f || !f->mandatory)
			continue;

		const int64_t answer = features(fid_at(i));

		if (answer < 0)
			return fail("expected that %s (%x) is there, came %ld %s", f->name,
				    fid_at(i), answer, result_name(answer));
	}

	return pass();
}

/* Aim: unassigned numbers and conventions are not announced. */
static enum verdict unallocated_is_absent(void)
{
	static const uint32_t others[] = {
		0xc400a011, /* No number of PSCI's. */
		0x80008000, /* One of the architecture's, and not SMCCC_VERSION. */
		0x84a0000a, /* Reserved bits of a function id. */
		0x0400000a, /* A yielding call. */
		0x8500000a, /* Another owner. */
		0x00000000, 0xffffffff,
	};

	SKIP_BEFORE_1_0;
	for (unsigned int i = 0; i < 2 * PSCI_FN_COUNT; i++) {
		if (find(fid_at(i)))
			continue;

		const int64_t answer = features(fid_at(i));

		if (answer != PSCI_RET_NOT_SUPPORTED) {
			note("for the id %x", fid_at(i));

			return fail_result("PSCI_FEATURES", PSCI_RET_NOT_SUPPORTED, answer);
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const int64_t answer = features(others[i]);

		if (answer != PSCI_RET_NOT_SUPPORTED) {
			note("for the id %x", others[i]);

			return fail_result("PSCI_FEATURES", PSCI_RET_NOT_SUPPORTED, answer);
		}
	}

	return pass();
}

/* Aim: bits without a meaning are zero. */
static enum verdict flags_are_defined_ones(void)
{
	SKIP_BEFORE_1_0;
	for (unsigned int i = 0; i < 2 * PSCI_FN_COUNT; i++) {
		const struct function *f = find(fid_at(i));
		const int64_t answer = f ? features(fid_at(i)) : PSCI_RET_NOT_SUPPORTED;

		if (answer == PSCI_RET_NOT_SUPPORTED)
			continue;
		if (answer < 0 || answer & ~(int64_t)f->features)
			return fail("expected no bits of %s (%x) but %x, came %ld", f->name,
				    fid_at(i), f->features, answer);
	}

	return pass();
}

/* Aim: both conventions of a function are there, or neither, for an AArch64 caller. */
static enum verdict conventions_agree(void)
{
	SKIP_BEFORE_1_0;
	for (unsigned int i = 0; i < FUNCTION_COUNT; i++) {
		if (functions[i].conventions != BOTH)
			continue;

		const int64_t smc32 = features(PSCI_FN32_BASE + i);
		const int64_t smc64 = features(PSCI_FN64_BASE + i);

		if (smc32 != smc64)
			return observe("%s: SMC32 answers %ld, SMC64 %ld", functions[i].name, smc32,
				       smc64);
	}

	return pass();
}

/* Aim: what came with a later version is not there yet. */
static enum verdict nothing_from_the_future(void)
{
	SKIP_BEFORE_1_0;
	for (unsigned int i = 0; i < FUNCTION_COUNT; i++) {
		const uint32_t fid =
			functions[i].conventions & SMC64 ? PSCI_FN64_BASE + i : PSCI_FN32_BASE + i;

		if (functions[i].since > target.version && features(fid) >= 0)
			return observe("%s came with %u.%u, and is there", functions[i].name,
				       functions[i].since >> 16, functions[i].since & 0xffff);
	}

	return pass();
}

/* --- reality --- */

static void call_elsewhere(struct cpu *cpu)
{
	atomic_store(&cpu->running, false);
	cpu->result = call0(cpu->argument);
	atomic_store(&cpu->running, true);
}

/* Returns whether the function answered like one that is not there. */
static bool is_absent_elsewhere(uint32_t fid, struct cpu *other)
{
	const uint64_t deadline = timer_deadline(2 * SECOND);

	if (!cpu_start(other))
		return false;
	cpu_give(other, call_elsewhere, fid);
	while (atomic_load(&other->jobs_done) == 0) {
		if (affinity_info(other) == PSCI_AFFINITY_INFO_OFF || timer_passed(deadline))
			return false;
	}

	return other->result == PSCI_RET_NOT_SUPPORTED;
}

static bool is_absent(uint32_t fid, enum probe probe)
{
	switch (probe) {
	case PROBE_FID:
		return call1(fid, PSCI_FN32_PSCI_VERSION) == PSCI_RET_NOT_SUPPORTED;
	case PROBE_TARGET:
		return call3(fid, absent_affinity(), secondary_address(), 0) ==
		       PSCI_RET_NOT_SUPPORTED;
	case PROBE_SELF:
		return call2(fid, this_cpu()->affinity, 0) == PSCI_RET_NOT_SUPPORTED;
	case PROBE_TYPE:
		return call2(fid, TYPE_RESERVED, 0) == PSCI_RET_NOT_SUPPORTED;
	case PROBE_ELSEWHERE:
		return is_absent_elsewhere(fid, other_cpu(1));
	case NO_PROBE:
	case PROBE_PLAIN:
	case PROBE_WHERE_ABSENT:
		break;
	}

	return call0(fid) == PSCI_RET_NOT_SUPPORTED;
}

/* Returns whether a call can show it, given what FEATURES announces. */
static bool can_probe(const struct function *f, bool announced)
{
	switch (f->probe) {
	case NO_PROBE:
		return false;
	case PROBE_WHERE_ABSENT:
		return !announced;
	case PROBE_ELSEWHERE:
		return other_cpu(1);
	case PROBE_PLAIN:
	case PROBE_FID:
	case PROBE_TARGET:
	case PROBE_SELF:
	case PROBE_TYPE:
		break;
	}

	return true;
}

/* Aim: each function is there exactly if it is announced. */
static enum verdict announced_is_real(void)
{
	SKIP_BEFORE_1_0;
	for (unsigned int i = 0; i < 2 * PSCI_FN_COUNT; i++) {
		const uint32_t fid = fid_at(i);
		const struct function *f = find(fid);
		const bool announced = f && features(fid) >= 0;

		if (!f || !can_probe(f, announced))
			continue;
		if (is_absent(fid, f->probe) == announced)
			return fail("%s (%x) is %sannounced, and the call says otherwise", f->name,
				    fid, announced ? "" : "not ");
		if (!smp_settle())
			return fail("%s (%x) left a CPU running", f->name, fid);
	}

	return pass();
}

/* Returns whether a call of a function that may be there comes back and changes nothing. */
static bool is_harmless(const struct function *f)
{
	switch (f->probe) {
	case PROBE_PLAIN:
	case PROBE_FID:
	case PROBE_SELF:
	case PROBE_TYPE:
		return true;
	case NO_PROBE:
	case PROBE_TARGET:
	case PROBE_ELSEWHERE:
	case PROBE_WHERE_ABSENT:
		break;
	}

	return false;
}

/* Aim: what came with a later version cannot be called either. */
static enum verdict later_functions_are_absent(void)
{
	for (unsigned int i = 0; i < 2 * PSCI_FN_COUNT; i++) {
		const uint32_t fid = fid_at(i);
		const struct function *f = find(fid);

		if (!f || f->since <= target.version || !is_harmless(f))
			continue;
		if (!is_absent(fid, f->probe))
			return observe("%s (%x) came with %u.%u, and can be called", f->name, fid,
				       f->since >> 16, f->since & 0xffff);
	}

	return target.version < PSCI_VERSION_1_3 ? pass() : skip("there is no later version");
}

/* Aim: the flags of CPU_SUSPEND describe what callers find. */
static enum verdict suspend_flags_are_real(void)
{
	int64_t flags;
	bool modes;

	SKIP_BEFORE_1_0;
	flags = features(PSCI_FN64_CPU_SUSPEND);
	modes = features(PSCI_FN32_PSCI_SET_SUSPEND_MODE) >= 0;
	if (!(flags & PSCI_FEATURES_CPU_SUSPEND_OS_INITIATED) == modes)
		return fail("OS-initiated mode is %sannounced, PSCI_SET_SUSPEND_MODE is %sthere",
			    modes ? "not " : "", modes ? "" : "not ");
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		const bool extended = flags & PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID;

		if (board.idle_states[i] &
		    (extended ? PSCI_POWER_STATE_EXT_MBZ_MASK : PSCI_POWER_STATE_MBZ_MASK))
			return fail("the device tree has the power_state %x, which the announced "
				    "format has not",
				    board.idle_states[i]);
	}

	return pass();
}

/* Aim: unassigned ids in PSCI's range answer NOT_SUPPORTED when called. */
static enum verdict unallocated_is_not_supported(void)
{
	for (unsigned int i = 0; i < 2 * PSCI_FN_COUNT; i++) {
		const uint32_t fid = fid_at(i);
		const struct function *f = find(fid);
		int64_t result;

		/* The made-up SMC64 twins that might end the machine have their own tests. */
		if (f || fid == 0xc4000002 || fid == 0xc4000008 || fid == 0xc4000009 ||
		    fid == 0xc400000b)
			continue;
		result = call0(fid);
		if (result != PSCI_RET_NOT_SUPPORTED)
			return fail_result("an id that is nobody's", PSCI_RET_NOT_SUPPORTED,
					   result);
	}

	return pass();
}

/* Aim: there is no SMC64 CPU_OFF: its caller is still there afterwards. */
static enum verdict no_smc64_cpu_off(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	if (!is_absent_elsewhere(0xc4000002, other))
		return fail("expected NOT_SUPPORTED from c4000002, CPU 1 got %ld or is gone",
			    other->result);

	return pass();
}

/* Aim: FEATURES is an SMC32 call: the upper half of its argument is ignored. */
static enum verdict smc32_drops_upper_halves(void)
{
	int64_t answer;

	SKIP_BEFORE_1_0;
	answer = call1(PSCI_FN32_PSCI_FEATURES, UPPER | PSCI_FN64_CPU_ON);

	return answer == 0 ? pass() : fail_result("PSCI_FEATURES of CPU_ON", 0, answer);
}

/* Aim: a caller can find out here whether SMCCC_VERSION may be called. */
static enum verdict smccc_version_is_announced(void)
{
	int64_t answer;
	int64_t version;

	SKIP_BEFORE_1_0;
	answer = features(SMCCC_FN32_VERSION);
	if (answer == PSCI_RET_NOT_SUPPORTED)
		return observe("SMCCC_VERSION is not announced: SMCCC 1.0");
	if (answer != 0)
		return fail_result("PSCI_FEATURES of SMCCC_VERSION", 0, answer);
	version = call0(SMCCC_FN32_VERSION);
	if (version < SMCCC_VERSION_1_0)
		return fail("SMCCC_VERSION is announced and answers %lx", (uint64_t)version);

	return pass();
}

/* Aim: a 0.2 implementation has no PSCI_FEATURES. */
static enum verdict absent_in_0_2(void)
{
	int64_t answer;

	if (has_features())
		return skip("there is PSCI_FEATURES since 1.0");
	answer = features(PSCI_FN32_PSCI_VERSION);

	return answer == PSCI_RET_NOT_SUPPORTED
		       ? pass()
		       : observe("PSCI_FEATURES answers %ld in 0.2", answer);
}

static const struct test tests[] = {
	{ "PSCI-PSCI_FEATURES-01", "what is mandatory is announced", mandatory_is_there },
	{ "PSCI-PSCI_FEATURES-02", "what is not allocated is not announced",
	  unallocated_is_absent },
	{ "PSCI-PSCI_FEATURES-03", "flags without a meaning are zero", flags_are_defined_ones },
	{ "PSCI-PSCI_FEATURES-04", "both conventions of a function agree", conventions_agree },
	{ "PSCI-PSCI_FEATURES-05", "functions of later versions are absent",
	  nothing_from_the_future },
	{ "PSCI-PSCI_FEATURES-06", "what is announced is real, and nothing else",
	  announced_is_real },
	{ "PSCI-PSCI_FEATURES-07", "ids that are not allocated are NOT_SUPPORTED",
	  unallocated_is_not_supported },
	{ "PSCI-PSCI_FEATURES-08", "there is no SMC64 CPU_OFF", no_smc64_cpu_off },
	{ "PSCI-PSCI_FEATURES-09", "the call drops the upper half of its argument",
	  smc32_drops_upper_halves },
	{ "PSCI-PSCI_FEATURES-10", "SMCCC_VERSION is announced if it can be called",
	  smccc_version_is_announced },
	{ "PSCI-PSCI_FEATURES-13", "functions of later versions are NOT_SUPPORTED",
	  later_functions_are_absent },
	{ "PSCI-PSCI_FEATURES-30", "CPU_SUSPEND's flags are what there is",
	  suspend_flags_are_real },
	{ "PSCI-PSCI_FEATURES-11", "PSCI 0.2 has no PSCI_FEATURES", absent_in_0_2 },
};

const struct group group_features = GROUP("features", tests);
