/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests that end the machine, or may: one boot each, chosen by name. The payload prints
 * what it is about to do and reports if it comes back; the program that runs it judges
 * how the machine ended.
 */
#include <stddef.h>

#include "../arch/arm64/cache.h"
#include "../arch/arm64/console.h"
#include "../arch/arm64/mmu.h"
#include "../arch/arm64/sysreg.h"
#include "../arch/arm64/timer.h"
#include "test-end.h"

/* Below this a vendor defines its own failures (SYSTEM_RESET2). */
#define VENDOR_LIMIT (-256)
#define MARK_SIZE (MARK_WORDS * sizeof(uint64_t))
#define MARK(i) (0x9e3779b97f4a7c15 * ((uint64_t)(i) + 1))

/* --- the mark --- */

volatile uint64_t *mark(void)
{
	const uint64_t at = (board.memory.base + board.memory.size - MARK_SIZE) & ~UINT64_C(0xffff);

	if (board.memory.size < 16 * MARK_SIZE || !mmu_add_ram(at, MARK_SIZE))
		return NULL;

	return (volatile uint64_t *)(uintptr_t)at;
}

unsigned int mark_matches(const volatile uint64_t *words)
{
	unsigned int matches = 0;

	for (unsigned int i = 0; i < MARK_WORDS; i++)
		matches += words[i] == MARK(i);

	return matches;
}

void mark_write(volatile uint64_t *words, bool set)
{
	for (unsigned int i = 0; i < MARK_WORDS; i++)
		words[i] = set ? MARK(i) : 0;
	cache_flush((const void *)(uintptr_t)words, MARK_SIZE);
}

/* --- a call that must end the machine --- */

enum verdict ends(uint64_t x0, uint64_t x1, uint64_t x2)
{
	int64_t result;

	if (!offers((uint32_t)x0))
		return skip("the function %x is not there", (uint32_t)x0);
	print("# calls x0=%lx x1=%lx x2=%lx\n", x0, x1, x2);
	result = call2(x0, x1, x2);

	return fail("expected that it does not come back, came %ld %s", result,
		    result_name(result));
}

static void off_from_there(struct cpu *cpu)
{
	cpu->result = call3(PSCI_FN32_SYSTEM_OFF, UINT64_MAX, UINT64_MAX, UINT64_MAX);
}

/* Aim: SYSTEM_OFF works from every core, whatever the others do. */
static enum verdict off_from_another_cpu(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	print("# calls SYSTEM_OFF on CPU 1\n");
	cpu_give(other, off_from_there, 0);
	cpu_finished(other);

	return fail("expected that it does not come back, came %ld %s", other->result,
		    result_name(other->result));
}

static _Atomic unsigned int gate;

static void off_at_the_gate(struct cpu *cpu)
{
	atomic_store(&cpu->flag, 1);
	while (atomic_load(&gate) == 0)
		cpu_relax();
	cpu->result = call0(PSCI_FN32_SYSTEM_OFF);
	print("# CPU %u came back\n", cpu->index);
}

/* Aim: when all call at once, all stop. */
static enum verdict off_from_all_cpus(void)
{
	int64_t result;

	if (!other_cpu(1))
		return skip("one CPU only");
	for (unsigned int i = 1; i < board.cpu_count; i++) {
		if (!cpu_start(&cpus[i]))
			return fail("CPU %u could not be started", i);
		cpu_give(&cpus[i], off_at_the_gate, 0);
		if (!cpu_flagged(&cpus[i], 1))
			return fail("CPU %u is stuck", i);
	}
	print("# calls SYSTEM_OFF on all CPUs\n");
	atomic_store(&gate, 1);
	result = call0(PSCI_FN32_SYSTEM_OFF);

	return fail("expected that it does not come back, came %ld %s", result,
		    result_name(result));
}

/* Aim: type 0 is HIBERNATE_OFF, too (F.b); other CPUs may be on. */
static enum verdict off2_type_0(void)
{
	struct cpu *other = other_cpu(1);

	if (other && !cpu_start(other))
		return fail("CPU 1 could not be started");

	return ends(PSCI_FN64_SYSTEM_OFF2, 0, 0);
}

static enum verdict off2_type_1(void)
{
	return ends(PSCI_FN64_SYSTEM_OFF2, PSCI_OFF2_TYPE_HIBERNATE_OFF, 0);
}

/* Aim: in SMC32 the upper half is no part of the cookie. */
static enum verdict off2_smc32(void)
{
	return ends(PSCI_FN32_SYSTEM_OFF2, UPPER | PSCI_OFF2_TYPE_HIBERNATE_OFF, UPPER);
}

/* --- resets --- */

/*
 * Aim: SYSTEM_RESET begins a new power cycle. Whether memory outlives it is open; where
 * it does not, this boots again and again until the runner has seen enough.
 */
static enum verdict reset(void)
{
	volatile uint64_t *words = mark();
	unsigned int matches;

	if (!words)
		return skip("the device tree has no memory to leave a mark in");
	matches = mark_matches(words);
	if (matches == MARK_WORDS) {
		mark_write(words, false);

		return observe("memory was kept");
	}
	print("# the mark of an earlier life: %s\n", matches ? "damaged" : "absent");
	mark_write(words, true);

	return ends(PSCI_FN32_SYSTEM_RESET, UINT64_MAX, UINT64_MAX);
}

/* Aim: memory is preserved. */
static enum verdict warm_reset(uint32_t fid, uint64_t type, uint64_t cookie)
{
	volatile uint64_t *words = mark();
	unsigned int matches;

	if (!words)
		return skip("the device tree has no memory to leave a mark in");
	matches = mark_matches(words);
	if (matches == MARK_WORDS) {
		mark_write(words, false);

		return pass();
	}
	if (matches > MARK_WORDS / 2)
		return fail("expected %u words of memory preserved, came %u", MARK_WORDS, matches);
	print("# the mark of an earlier life: absent\n");
	mark_write(words, true);

	return ends(fid, type, cookie);
}

static enum verdict warm_reset_smc64(void)
{
	return warm_reset(PSCI_FN64_SYSTEM_RESET2, PSCI_RESET2_TYPE_SYSTEM_WARM_RESET, 0);
}

/* Aim: the cookie of a warm reset is ignored. */
static enum verdict warm_reset_with_cookie(void)
{
	return warm_reset(PSCI_FN64_SYSTEM_RESET2, PSCI_RESET2_TYPE_SYSTEM_WARM_RESET,
			  0xfeedf00dfeedf00d);
}

static enum verdict warm_reset_smc32(void)
{
	return warm_reset(PSCI_FN32_SYSTEM_RESET2, UPPER, UPPER);
}

/* Aim: a vendor-specific type gives any answer but NOT_SUPPORTED, or resets. */
static enum verdict vendor_reset(void)
{
	int64_t result;

	if (!offers(PSCI_FN64_SYSTEM_RESET2))
		return skip("SYSTEM_RESET2 is not there");
	print("# calls SYSTEM_RESET2 with type 80000000\n");
	result = call2(PSCI_FN64_SYSTEM_RESET2, PSCI_RESET2_TYPE_VENDOR_MASK, 0);
	if (result == PSCI_RET_NOT_SUPPORTED)
		return fail("expected any code but NOT_SUPPORTED");

	return observe("the vendor-specific type 80000000 answers %ld %s", result,
		       result_name(result));
}

/* Aim: a vendor's own codes differ from all of PSCI's. */
static enum verdict vendor_code(void)
{
	int64_t result;

	if (!offers(PSCI_FN64_SYSTEM_RESET2))
		return skip("SYSTEM_RESET2 is not there");
	print("# calls SYSTEM_RESET2 with type 80000000\n");
	result = call2(PSCI_FN64_SYSTEM_RESET2, PSCI_RESET2_TYPE_VENDOR_MASK, 0);
	if (result < VENDOR_LIMIT)
		return pass();
	if (result < PSCI_RET_INVALID_ADDRESS || result >= PSCI_RET_SUCCESS)
		return fail("expected an error of PSCI's or below %d, came %ld", VENDOR_LIMIT,
			    result);

	return skip("it answers with a code of PSCI's, %ld %s", result, result_name(result));
}

/* --- ids that are taken for others by mistake --- */

/* Aim: neither SYSTEM_OFF nor SYSTEM_RESET nor CPU_FREEZE has an SMC64 id. */
static enum verdict no_smc64_twins(void)
{
	static const uint32_t fids[] = { 0xc4000008, 0xc4000009, 0xc400000b };

	for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
		int64_t result;

		print("# calls %x\n", fids[i]);
		result = call0(fids[i]);
		if (result != PSCI_RET_NOT_SUPPORTED)
			return fail_result("an id that is nobody's", PSCI_RET_NOT_SUPPORTED,
					   result);
	}

	return pass();
}

/* Versions of clang-format disagree about this. */
/* clang-format off */
#define END(group_name, group_ending, test_id, test_sentence, function)                        \
	{                                                                                      \
		.name = (group_name),                                                          \
		.tests = &(const struct test){ test_id, test_sentence, function }, .count = 1, \
		.ending = (group_ending)                                                       \
	}
/* clang-format on */

const struct group groups_end[] = {
	END("end-system-off", ENDS_OFF, "PSCI-SYSTEM_OFF-01", "it works from another CPU",
	    off_from_another_cpu),
	END("end-system-off2-0", ENDS_HIBERNATED, "PSCI-SYSTEM_OFF2-07", "type 0 turns off",
	    off2_type_0),
	END("end-system-off2-1", ENDS_HIBERNATED, "PSCI-SYSTEM_OFF2-08", "HIBERNATE_OFF turns off",
	    off2_type_1),
	END("end-system-off2-smc32", ENDS_HIBERNATED, "PSCI-SYSTEM_OFF2-09",
	    "the SMC32 call drops upper halves", off2_smc32),
	END("end-system-reset", ENDS_RESET, "PSCI-SYSTEM_RESET-01", "the machine starts again",
	    reset),
	END("end-system-reset2-warm", ENDS_WARM_RESET, "PSCI-SYSTEM_RESET2-04",
	    "a warm reset preserves memory", warm_reset_smc64),
	END("end-system-reset2-smc32", ENDS_WARM_RESET, "PSCI-SYSTEM_RESET2-05",
	    "the SMC32 call drops upper halves and preserves memory", warm_reset_smc32),
	END("end-system-reset2-vendor", ENDS_ANYHOW, "PSCI-SYSTEM_RESET2-06",
	    "a vendor-specific type is not NOT_SUPPORTED", vendor_reset),
	END("end-smc64-twins", ENDS_NOT, "PSCI-PSCI_FEATURES-12",
	    "SYSTEM_OFF, SYSTEM_RESET and CPU_FREEZE have no SMC64 ids", no_smc64_twins),
	END("end-entry-outside-ram", ENDS_ANYHOW, "PSCI-CPU_ON-14",
	    "an entry point without memory is INVALID_ADDRESS", on_outside_ram),
	END("end-entry-outside-ram-0.2", ENDS_ANYHOW, "PSCI-CPU_ON-30",
	    "in 0.2 an entry point without memory is INVALID_PARAMETERS", on_outside_ram_in_0_2),
	END("end-entry-misaligned", ENDS_ANYHOW, "PSCI-CPU_ON-15",
	    "a misaligned entry point is INVALID_ADDRESS", on_misaligned),
	END("end-suspend-outside-ram", ENDS_ANYHOW, "PSCI-CPU_SUSPEND-31",
	    "an entry point without memory is INVALID_ADDRESS", suspend_outside_ram),
	END("end-suspend-outside-ram-0.2", ENDS_ANYHOW, "PSCI-CPU_SUSPEND-32",
	    "in 0.2 an entry point without memory is INVALID_PARAMETERS",
	    suspend_outside_ram_in_0_2),
	END("end-default-suspend-outside-ram", ENDS_ANYHOW, "PSCI-CPU_DEFAULT_SUSPEND-30",
	    "an entry point without memory is INVALID_ADDRESS", default_suspend_outside_ram),
	END("end-system-suspend-outside-ram", ENDS_ANYHOW, "PSCI-SYSTEM_SUSPEND-31",
	    "an entry point without memory is INVALID_ADDRESS", system_suspend_outside_ram),
	END("end-system-suspend", ENDS_ASLEEP, "PSCI-SYSTEM_SUSPEND-33",
	    "where nothing can wake it the machine sleeps", sleeps_without_source),
	END("end-system-off-all", ENDS_OFF, "PSCI-SYSTEM_OFF-30", "it works from all CPUs at once",
	    off_from_all_cpus),
	END("end-system-reset-race", ENDS_WARM_RESET, "PSCI-SYSTEM_RESET-30",
	    "a CPU_ON of the former life starts nobody in the next", calls_end_with_a_life),
	END("end-system-reset2-cookie", ENDS_WARM_RESET, "PSCI-SYSTEM_RESET2-30",
	    "a warm reset takes any cookie", warm_reset_with_cookie),
	END("end-system-reset2-code", ENDS_ANYHOW, "PSCI-SYSTEM_RESET2-31",
	    "a vendor's own codes are below -256", vendor_code),
	END("end-mem-protect", ENDS_RESET, "PSCI-MEM_PROTECT-31",
	    "protected memory is overwritten by a cold reset", protected_memory_is_overwritten),
	END("end-mem-protect-warm", ENDS_WARM_RESET, "PSCI-MEM_PROTECT-32",
	    "a warm reset preserves memory and ends its protection", protection_ends_with_a_life),
	END("end-statistics", ENDS_WARM_RESET, "PSCI-PSCI_STAT_COUNT-31",
	    "a life begins with nothing counted", statistics_end_with_a_life),
	END("end-os-initiated", ENDS_WARM_RESET, "PSCI-PSCI_SET_SUSPEND_MODE-34",
	    "a life begins platform-coordinated", mode_ends_with_a_life),
};

const unsigned int groups_end_count = sizeof(groups_end) / sizeof(groups_end[0]);
