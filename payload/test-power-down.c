/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND to power-down, with a power_state of the device tree's idle states, and
 * CPU_DEFAULT_SUSPEND. A wake-up may come before all is lost: then the call returns
 * SUCCESS. Both ways back are right.
 */
#include <stddef.h>

#include "sleep.h"

/* An interrupt is pending before the call. */
static enum verdict check_pending(const struct sleep *sleep)
{
	struct cpu *self = this_cpu();

	for (unsigned int i = 0; i < SLEEP_ROUNDS; i++) {
		const unsigned int irqs = atomic_load(&self->irqs);
		const struct woken woken = sleep_briefly(sleep, SLEEP_CONTEXT + i);
		const enum verdict verdict = judge_woken(&woken, SLEEP_CONTEXT + i);

		if (verdict != VERDICT_PASS)
			return verdict;
		if (woken.timer_fired)
			return fail("the interrupt did not end it");
		if (atomic_load(&self->irqs) == irqs)
			return fail("the interrupt was lost");
	}

	return pass();
}

/* The timer's interrupt comes during the call. */
static enum verdict check_timer(const struct sleep *sleep)
{
	bool fired = false;

	for (unsigned int i = 0; i < SLEEP_ROUNDS; i++) {
		const struct woken woken = sleep_for(sleep, SLEEP_CONTEXT + i, 2 * MILLISECOND);
		enum verdict verdict;

		take_interrupts();
		verdict = judge_woken(&woken, SLEEP_CONTEXT + i);
		if (verdict != VERDICT_PASS)
			return verdict;
		fired = woken.timer_fired;
	}

	return fired ? pass() : observe("it came back before there was an interrupt");
}

/* --- for each of the calls --- */

typedef enum verdict check_fn(const struct sleep *sleep);

static enum verdict power_down(check_fn *check)
{
	const char *trouble = cannot_suspend();
	struct sleep sleep = SLEEP_IN(0);

	if (trouble)
		return skip("%s", trouble);

	return powerdown_state(&sleep.state) ? check(&sleep) : skip("no power-down state is known");
}

static enum verdict default_suspend(check_fn *check)
{
	const char *trouble = cannot_suspend();
	const struct sleep sleep = { .fid = PSCI_FN64_CPU_DEFAULT_SUSPEND };

	if (trouble)
		return skip("%s", trouble);

	return offers(sleep.fid) ? check(&sleep) : skip("CPU_DEFAULT_SUSPEND is not there");
}

/* Aim: whichever way it comes back, context id and initial state are right. */
static enum verdict pending_ends_power_down(void)
{
	return power_down(check_pending);
}

static enum verdict timer_ends_power_down(void)
{
	return power_down(check_timer);
}

/* Aim: a CPU that is powered down in CPU_SUSPEND is ON for the others. */
static enum verdict powered_down_is_on(void)
{
	return power_down(judge_others_view);
}

static enum verdict pending_ends_default(void)
{
	return default_suspend(check_pending);
}

static enum verdict timer_ends_default(void)
{
	return default_suspend(check_timer);
}

static enum verdict default_suspended_is_on(void)
{
	return default_suspend(judge_others_view);
}

static const struct test tests[] = {
	{ "PSCI-CPU_SUSPEND-10", "power-down with an interrupt pending comes back",
	  pending_ends_power_down },
	{ "PSCI-CPU_SUSPEND-11", "the timer ends power-down", timer_ends_power_down },
	{ "PSCI-CPU_SUSPEND-12", "a CPU in power-down is ON and ALREADY_ON", powered_down_is_on },
	{ "PSCI-CPU_DEFAULT_SUSPEND-01", "with an interrupt pending it comes back",
	  pending_ends_default },
	{ "PSCI-CPU_DEFAULT_SUSPEND-02", "the timer ends it", timer_ends_default },
	{ "PSCI-CPU_DEFAULT_SUSPEND-03", "a CPU in it is ON and ALREADY_ON",
	  default_suspended_is_on },
};

const struct group group_power_down = GROUP("power-down", tests);
