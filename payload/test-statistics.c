/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_STAT_COUNT and PSCI_STAT_RESIDENCY: how often a CPU was in a power state, and how
 * long. It is open whether a stay counts at its begin or at its end, and whether a
 * platform sleeps less deeply than requested, so no count is read while a CPU is away.
 */
#include <stddef.h>

#include "../arch/arm64/sysreg.h"
#include "sleep.h"

#define STATE_UNKNOWN 0x0001dead
#define ROUNDS 4

static uint64_t count_of(const struct cpu *cpu, uint32_t power_state)
{
	return (uint64_t)call2(PSCI_FN64_PSCI_STAT_COUNT, cpu->affinity, power_state);
}

static uint64_t residency_of(const struct cpu *cpu, uint32_t power_state)
{
	return (uint64_t)call2(PSCI_FN64_PSCI_STAT_RESIDENCY, cpu->affinity, power_state);
}

/* Stays in any state of a CPU that the device tree has. */
static uint64_t count_all(const struct cpu *cpu)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < board.idle_state_count; i++)
		sum += count_of(cpu, board.idle_states[i]);

	return sum;
}

static uint64_t microseconds(void)
{
	isb();

	return sysreg_read(cntvct_el0) / (sysreg_read(cntfrq_el0) / SECOND);
}

/* NULL, or why the test cannot run. */
static const char *cannot(void)
{
	if (!offers(PSCI_FN64_PSCI_STAT_COUNT))
		return "PSCI_STAT_COUNT is not there";
	if (!board.idle_state_count)
		return "no idle state is known";

	return cannot_suspend();
}

static enum verdict check_count(uint32_t power_state)
{
	const struct cpu *self = this_cpu();
	const uint64_t before = count_of(self, power_state);
	const uint64_t before_all = count_all(self);
	const struct sleep sleep = SLEEP_IN(power_state);
	uint64_t after;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const struct woken woken = sleep_for(&sleep, SLEEP_CONTEXT, 2 * MILLISECOND);

		take_interrupts();
		if (judge_woken(&woken, SLEEP_CONTEXT) != VERDICT_PASS)
			return VERDICT_FAIL;
	}
	after = count_of(self, power_state);
	if (after < before || after > before + ROUNDS)
		return fail("power_state %x: expected up to %u stays more than %lu, came %lu",
			    power_state, ROUNDS, before, after);
	/* A stay that was less deep than requested counts there, and not here as well. */
	if (count_all(self) - before_all > ROUNDS)
		return fail("%u stays in %x are %lu in all states", ROUNDS, power_state,
			    count_all(self) - before_all);

	return after > before ? pass()
			      : observe("%u stays in %x did not count", ROUNDS, power_state);
}

/* Aim: each stay in a state that this CPU requested counts, once. */
static enum verdict stays_count(void)
{
	const char *trouble = cannot();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		const enum verdict verdict = check_count(board.idle_states[i]);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* Aim: so do those that CPU_OFF began. The platform chooses the state that it is in. */
static enum verdict off_counts(void)
{
	const char *trouble = cannot();
	struct cpu *other = other_cpu(1);
	uint64_t before;
	uint64_t after;

	if (!other)
		return skip("one CPU only");
	if (trouble)
		return skip("%s", trouble);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	before = count_all(other);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (!cpu_stop(other) || !cpu_start(other))
			return fail("CPU 1 could not be stopped and started");
	}
	after = count_all(other);
	if (after < before || after > before + ROUNDS)
		return fail("expected up to %u stays more than %lu, came %lu", ROUNDS, before,
			    after);

	return after > before ? pass() : observe("CPU_OFF does not count in any state");
}

/* Aim: the SMC32 answer is equal, as far as 32 bits go. */
static enum verdict conventions_agree(void)
{
	const char *trouble = cannot();
	const struct cpu *self = this_cpu();

	if (trouble)
		return skip("%s", trouble);
	if (self->affinity >> 32)
		return skip("the caller's affinity does not fit in 32 bits");
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		const uint32_t state = board.idle_states[i];
		const uint32_t count = (uint32_t)call2(PSCI_FN32_PSCI_STAT_COUNT,
						       UPPER | self->affinity, UPPER | state);
		const uint32_t residency = (uint32_t)call2(PSCI_FN32_PSCI_STAT_RESIDENCY,
							   UPPER | self->affinity, UPPER | state);

		if (count != (uint32_t)count_of(self, state))
			return fail("PSCI_STAT_COUNT of %x: SMC32 answers %u, SMC64 %lu", state,
				    count, count_of(self, state));
		if (residency != (uint32_t)residency_of(self, state))
			return fail("PSCI_STAT_RESIDENCY of %x: SMC32 answers %u, SMC64 %lu", state,
				    residency, residency_of(self, state));
	}

	return pass();
}

/*
 * Aim: the time of a stay is counted in microseconds. No stay is longer than the time
 * that passes; a clock of the platform's own may be a little faster.
 */
static enum verdict check_residency(uint32_t power_state)
{
	const struct cpu *self = this_cpu();
	const struct sleep sleep = SLEEP_IN(power_state);
	const uint64_t count = count_of(self, power_state);
	const uint64_t before = residency_of(self, power_state);
	const uint64_t begin = microseconds();
	const struct woken woken = sleep_for(&sleep, SLEEP_CONTEXT, 20 * MILLISECOND);
	uint64_t stayed;
	uint64_t passed;

	take_interrupts();
	if (judge_woken(&woken, SLEEP_CONTEXT) != VERDICT_PASS)
		return VERDICT_FAIL;
	stayed = residency_of(self, power_state) - before;
	passed = microseconds() - begin;
	if (stayed > passed + passed / 4 + 2)
		return fail("power_state %x: expected at most %lu us, the time that has passed, "
			    "came %lu",
			    power_state, passed, stayed);
	if (count_of(self, power_state) == count)
		return observe("the stay in %x did not count", power_state);

	return stayed ? pass() : observe("the stay in %x took no time", power_state);
}

static enum verdict residency_grows(void)
{
	const char *trouble = cannot();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		const enum verdict verdict = check_residency(board.idle_states[i]);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* Aim: for a state that cannot have been used the answer is 0, and no error code. */
static enum verdict unknown_is_zero(void)
{
	static const uint32_t fids[] = { PSCI_FN32_PSCI_STAT_RESIDENCY,
					 PSCI_FN64_PSCI_STAT_RESIDENCY, PSCI_FN32_PSCI_STAT_COUNT,
					 PSCI_FN64_PSCI_STAT_COUNT };
	const uint64_t self = this_cpu()->affinity;

	if (!offers(PSCI_FN64_PSCI_STAT_RESIDENCY))
		return skip("PSCI_STAT_RESIDENCY is not there");
	for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
		int64_t answer = call2(fids[i], absent_affinity(), standby_state());

		if (answer != 0)
			return fail_result("a statistic of no core", 0, answer);
		answer = call2(fids[i], self, STATE_UNKNOWN);
		if (answer != 0)
			return fail_result("a statistic of no state", 0, answer);
	}

	return pass();
}

static const struct test tests[] = {
	{ "PSCI-PSCI_STAT_COUNT-30", "each stay counts once", stays_count },
	{ "PSCI-PSCI_STAT_COUNT-03", "CPU_OFF counts, too", off_counts },
	{ "PSCI-PSCI_STAT_COUNT-04", "the SMC32 calls tell the same and drop upper halves",
	  conventions_agree },
	{ "PSCI-PSCI_STAT_RESIDENCY-30", "the time of a stay is told in microseconds",
	  residency_grows },
	{ "PSCI-PSCI_STAT_RESIDENCY-31", "of no core and of no state it is 0", unknown_is_zero },
};

const struct group group_statistics = GROUP("statistics", tests);
