/* SPDX-License-Identifier: BSD-3-Clause */
#include "sleep.h"

#include "../arch/arm64/gic.h"

/* What a CPU that sleeps elsewhere reports in its flag. */
enum {
	SLEEPS = 1,
	WOKEN_BY_GUARD,
	WOKEN,
};

struct woken sleep_for(const struct sleep *sleep, uint64_t context, uint64_t microseconds)
{
	const uint64_t entry = secondary_address();
	struct woken woken = { .result = PSCI_RET_SUCCESS };

	timer_arm(microseconds);
	if (sleep->has_state)
		woken.at_entry =
			call_and_arrive(sleep->fid, sleep->state, entry, context, &woken.result);
	else
		woken.at_entry = call_and_arrive(sleep->fid, entry, context, 0, &woken.result);
	woken.timer_fired = woken.at_entry ? this_cpu()->timer_had_fired : timer_fired();
	timer_disarm();
	cpu_interrupts();

	return woken;
}

struct woken sleep_briefly(const struct sleep *sleep, uint64_t context)
{
	struct cpu *self = this_cpu();
	struct woken woken;

	gic_send(self->affinity, self->index, SLEEP_SGI);
	woken = sleep_for(sleep, context, SLEEP_GUARD);
	take_interrupts();

	return woken;
}

enum verdict judge_woken(const struct woken *woken, uint64_t context)
{
	const struct arrival *arrival = &this_cpu()->arrival;
	const char *trouble;

	if (!woken->at_entry)
		return woken->result == PSCI_RET_SUCCESS
			       ? pass()
			       : fail_result("the suspend", PSCI_RET_SUCCESS, woken->result);
	if (arrival->x0 != context)
		return fail("expected x0 = %lx, came %lx", context, arrival->x0);
	trouble = wrong_at_entry(arrival);

	return trouble ? fail("%s: CurrentEL %lx, SPSel %lx, DAIF %lx, SCTLR %lx", trouble,
			      arrival->current_el, arrival->spsel, arrival->daif, arrival->sctlr)
		       : pass();
}

/* --- elsewhere --- */

static const struct sleep *sleep_there;

/* A CPU may come back early from any of these calls: then it sleeps again. */
static void sleep_until_woken(struct cpu *cpu)
{
	struct woken woken;

	cpu_interrupts();
	atomic_store(&cpu->flag, SLEEPS);
	do {
		woken = sleep_for(sleep_there, SLEEP_CONTEXT, SLEEP_GUARD);
	} while (woken.result == PSCI_RET_SUCCESS && !woken.timer_fired && !gic_pending(SLEEP_SGI));
	take_interrupts();
	cpu->result = woken.result;
	atomic_store(&cpu->flag, woken.timer_fired ? WOKEN_BY_GUARD : WOKEN);
}

const char *sleep_elsewhere(struct cpu *other, const struct sleep *sleep)
{
	if (!cpu_start(other))
		return "CPU 1 could not be started";
	sleep_there = sleep;
	cpu_give(other, sleep_until_woken, 0);

	return cpu_flagged(other, SLEEPS) ? NULL : "CPU 1 is stuck";
}

const char *wake_elsewhere(struct cpu *other)
{
	gic_send(other->affinity, other->index, SLEEP_SGI);
	if (!cpu_finished(other))
		return "CPU 1 did not come back";
	if (atomic_load(&other->flag) != WOKEN)
		return "the SGI did not wake CPU 1";
	if (other->result == PSCI_RET_SUCCESS)
		return NULL;
	note("CPU 1 got %ld %s", other->result, result_name(other->result));

	return "the call of CPU 1 did not answer SUCCESS";
}

static enum verdict look_at(const struct cpu *other)
{
	const int64_t info = affinity_info(other);
	int64_t result;

	if (info != PSCI_AFFINITY_INFO_ON)
		return fail_result("AFFINITY_INFO of a suspended CPU", PSCI_AFFINITY_INFO_ON, info);
	result = cpu_on(other, CONTEXT_RUNTIME);

	return result == PSCI_RET_ALREADY_ON
		       ? pass()
		       : fail_result("CPU_ON of a suspended CPU", PSCI_RET_ALREADY_ON, result);
}

enum verdict judge_others_view(const struct sleep *sleep)
{
	struct cpu *other = other_cpu(1);
	enum verdict verdict = VERDICT_PASS;
	const char *trouble;
	uint64_t deadline;

	if (!other)
		return skip("one CPU only");
	trouble = sleep_elsewhere(other, sleep);
	if (trouble)
		return fail("%s", trouble);
	/* Nothing reports when it is inside the call, but it will be soon. */
	deadline = timer_deadline(SLEEP_LOOK);
	while (verdict == VERDICT_PASS && !timer_passed(deadline))
		verdict = look_at(other);
	trouble = wake_elsewhere(other);
	if (verdict == VERDICT_PASS && trouble)
		return fail("%s", trouble);

	return verdict;
}
