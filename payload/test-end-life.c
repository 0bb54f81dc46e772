/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one power cycle of the machine leaves to the next: all settings of the first are
 * gone in the second. This uses a warm reset, since the second recognises the first by
 * the memory that such a reset preserves.
 */
#include "../arch/arm64/console.h"
#include "../arch/arm64/sysreg.h"
#include "sleep.h"
#include "test-end.h"

typedef enum verdict half_fn(void);

/* @first in the power cycle that ends with the reset, if it passes; @second in the next. */
static enum verdict across_warm_reset(half_fn *first, half_fn *second)
{
	volatile uint64_t *words = mark();
	enum verdict verdict;

	if (!words)
		return skip("the device tree has no memory to leave a mark in");
	if (!offers(PSCI_FN64_SYSTEM_RESET2))
		return skip("SYSTEM_RESET2 is not there");
	if (mark_matches(words) == MARK_WORDS) {
		mark_write(words, false);

		return second();
	}
	print("# the mark of an earlier life: absent\n");
	verdict = first();
	if (verdict != VERDICT_PASS)
		return verdict;
	mark_write(words, true);

	return ends(PSCI_FN64_SYSTEM_RESET2, PSCI_RESET2_TYPE_SYSTEM_WARM_RESET, 0);
}

/* --- MEM_PROTECT --- */

/*
 * Aim: a cold reset leaves nothing of protected memory. Where it leaves nothing this
 * boots again and again until the runner has seen enough.
 */
enum verdict protected_memory_is_overwritten(void)
{
	volatile uint64_t *words = mark();
	unsigned int matches;
	int64_t before;

	if (!words)
		return skip("the device tree has no memory to leave a mark in");
	if (!offers(PSCI_FN32_MEM_PROTECT))
		return skip("MEM_PROTECT is not there");
	matches = mark_matches(words);
	mark_write(words, false);
	if (matches)
		return fail("expected no word of the former life, came %u", matches);
	print("# the mark of an earlier life: absent\n");
	before = call1(PSCI_FN32_MEM_PROTECT, 1);
	if (before != 0)
		return fail_result("MEM_PROTECT at the begin of a life", 0, before);
	mark_write(words, true);

	return ends(PSCI_FN32_SYSTEM_RESET, 0, 0);
}

static enum verdict protect(void)
{
	if (!offers(PSCI_FN32_MEM_PROTECT))
		return skip("MEM_PROTECT is not there");
	call1(PSCI_FN32_MEM_PROTECT, 1);

	return call1(PSCI_FN32_MEM_PROTECT, 1) == 1 ? pass() : fail("MEM_PROTECT does not enable");
}

static enum verdict is_not_protected(void)
{
	const int64_t before = call1(PSCI_FN32_MEM_PROTECT, 0);

	return before == 0 ? pass() : fail_result("MEM_PROTECT at the begin of a life", 0, before);
}

/* Aim: a warm reset preserves memory though it is protected, and protection ends. */
enum verdict protection_ends_with_a_life(void)
{
	return across_warm_reset(protect, is_not_protected);
}

/* --- statistics --- */

/* All counts, of all CPUs. */
static uint64_t count_all(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < board.cpu_count; i++) {
		for (unsigned int j = 0; j < board.idle_state_count; j++) {
			sum += (uint64_t)call2(PSCI_FN64_PSCI_STAT_COUNT, cpus[i].affinity,
					       board.idle_states[j]);
			sum += (uint64_t)call2(PSCI_FN64_PSCI_STAT_RESIDENCY, cpus[i].affinity,
					       board.idle_states[j]);
		}
	}

	return sum;
}

static enum verdict sleep_in_all(void)
{
	const char *trouble = cannot_suspend();

	if (trouble)
		return skip("%s", trouble);
	if (!offers(PSCI_FN64_PSCI_STAT_COUNT) || !board.idle_state_count)
		return skip("PSCI_STAT_COUNT is not there, or no idle state is known");
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		const struct sleep sleep = SLEEP_IN(board.idle_states[i]);
		const struct woken woken = sleep_for(&sleep, SLEEP_CONTEXT, 2 * MILLISECOND);

		take_interrupts();
		if (judge_woken(&woken, SLEEP_CONTEXT) != VERDICT_PASS)
			return VERDICT_FAIL;
	}

	return count_all() ? pass() : observe("nothing was counted");
}

static enum verdict nothing_is_counted(void)
{
	const uint64_t count = count_all();

	return count == 0 ? pass() : fail("expected 0 in all statistics, came a sum of %lu", count);
}

/* Aim: a power cycle begins with nothing counted. */
enum verdict statistics_end_with_a_life(void)
{
	return across_warm_reset(sleep_in_all, nothing_is_counted);
}

/* --- OS-initiated mode --- */

static enum verdict choose_os_initiated(void)
{
	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return skip("PSCI_SET_SUSPEND_MODE is not there");

	const int64_t result =
		call1(PSCI_FN32_PSCI_SET_SUSPEND_MODE, PSCI_SUSPEND_MODE_OS_INITIATED);

	return result == PSCI_RET_SUCCESS
		       ? pass()
		       : fail_result("PSCI_SET_SUSPEND_MODE", PSCI_RET_SUCCESS, result);
}

/* In OS-initiated mode a domain in which another CPU runs would be DENIED. */
static enum verdict is_platform_coordinated(void)
{
	struct cpu *other = other_cpu(1);
	struct sleep sleep;
	struct woken woken;

	if (!other || !board.domain.state_count || cannot_suspend())
		return observe("no power domain is known that could tell the mode");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	sleep = SLEEP_IN(board.domain.states[0]);
	woken = sleep_briefly(&sleep, SLEEP_CONTEXT);

	return judge_woken(&woken, SLEEP_CONTEXT);
}

/* Aim: each power cycle begins platform-coordinated. */
enum verdict mode_ends_with_a_life(void)
{
	return across_warm_reset(choose_os_initiated, is_platform_coordinated);
}

/* --- a CPU that has not noticed the reset --- */

static void start_without_end(struct cpu *cpu)
{
	atomic_store(&cpu->flag, 1);
	for (;;)
		cpu_on(&cpus[2], CONTEXT_RUNTIME);
}

static enum verdict keep_starting(void)
{
	struct cpu *other = other_cpu(1);

	if (!other_cpu(2))
		return skip("fewer than three CPUs");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	cpu_give(other, start_without_end, 0);

	return cpu_flagged(other, 1) ? pass() : fail("CPU 1 is stuck");
}

static enum verdict nobody_was_started(void)
{
	const uint64_t deadline = timer_deadline(SLEEP_LOOK);

	do {
		for (unsigned int i = 1; i < board.cpu_count; i++) {
			const int64_t info = affinity_info(&cpus[i]);

			if (info != PSCI_AFFINITY_INFO_OFF || atomic_load(&cpus[i].arrivals))
				return fail_result("AFFINITY_INFO of a CPU that nobody started",
						   PSCI_AFFINITY_INFO_OFF, info);
		}
	} while (!timer_passed(deadline));

	return pass();
}

/* Aim: a CPU that calls CPU_ON while another one resets the machine starts no CPU. */
enum verdict calls_end_with_a_life(void)
{
	return across_warm_reset(keep_starting, nobody_was_started);
}
