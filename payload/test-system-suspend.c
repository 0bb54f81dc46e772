/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_SUSPEND: all other CPUs are off, memory is kept, and the caller comes back at
 * its entry point. This must be requested: a machine may not have the timer as a wake-up
 * source.
 */
#include <stddef.h>

#include "../arch/arm64/gic.h"
#include "runtime/rtc.h"
#include "sleep.h"

#define CONTEXT 0xfeedf00dcafe0200
#define ROUNDS 4

static const struct sleep suspend = { .fid = PSCI_FN64_SYSTEM_SUSPEND };

/* NULL, or why the test cannot run. */
static const char *cannot(void)
{
	if (!offers(PSCI_FN64_SYSTEM_SUSPEND))
		return "SYSTEM_SUSPEND is not there";

	return cannot_suspend();
}

/* It came back at its entry point with @context, or early with SUCCESS. */
static enum verdict judge(const struct woken *woken, uint64_t context)
{
	const enum verdict verdict = judge_woken(woken, context);

	return verdict == VERDICT_PASS && !woken->at_entry
		       ? observe("it returned SUCCESS, which callers may not expect")
		       : verdict;
}

static enum verdict suspend_until_timer(uint64_t context)
{
	const struct woken woken = sleep_for(&suspend, context, 20 * MILLISECOND);

	take_interrupts();

	return judge(&woken, context);
}

/* Aim: the caller comes back with its state when its timer fires, again and again. */
static enum verdict timer_wakes(void)
{
	const char *trouble = cannot();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const enum verdict verdict = suspend_until_timer(CONTEXT + i);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* Aim: an interrupt that is pending before the call ends it, too. */
static enum verdict pending_wakes(void)
{
	struct cpu *self = this_cpu();
	const char *trouble = cannot();
	struct woken woken;
	unsigned int irqs;

	if (trouble)
		return skip("%s", trouble);
	irqs = atomic_load(&self->irqs);
	woken = sleep_briefly(&suspend, CONTEXT);
	if (woken.timer_fired)
		return fail("the pending interrupt did not wake it");
	if (atomic_load(&self->irqs) == irqs)
		return fail("the interrupt was lost");

	return judge(&woken, CONTEXT);
}

/* Aim: the upper halves are not part of the SMC32 call. */
static enum verdict smc32_drops_upper_halves(void)
{
	const char *trouble = cannot();
	struct woken woken = { 0 };

	if (trouble)
		return skip("%s", trouble);
	if (secondary_address() >> 32)
		return skip("the payload's address does not fit in 32 bits");
	timer_arm(20 * MILLISECOND);
	woken.at_entry = call_and_arrive(PSCI_FN32_SYSTEM_SUSPEND, UPPER | secondary_address(),
					 UPPER | 0x600df00d, 0, &woken.result);
	timer_disarm();
	cpu_interrupts();
	take_interrupts();

	return judge(&woken, 0x600df00d);
}

/* Aim: another CPU can be started afterwards, and was off all the time. */
static enum verdict others_start_afterwards(void)
{
	struct cpu *other = other_cpu(1);
	const char *trouble = cannot();
	unsigned int arrivals;
	enum verdict verdict;

	if (!other)
		return skip("one CPU only");
	if (trouble)
		return skip("%s", trouble);
	arrivals = atomic_load(&other->arrivals);
	verdict = suspend_until_timer(CONTEXT);
	if (verdict != VERDICT_PASS)
		return verdict;
	if (affinity_info(other) != PSCI_AFFINITY_INFO_OFF ||
	    atomic_load(&other->arrivals) != arrivals)
		return fail("CPU 1 is not off any more");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");

	return pass();
}

/* Aim: a CPU in CPU_SUSPEND is not OFF: like one that runs, it prevents the suspend. */
static enum verdict denied_while_another_sleeps(void)
{
	const struct sleep standby = SLEEP_IN(standby_state());
	struct cpu *other = other_cpu(1);
	const char *trouble = cannot();
	struct woken woken;

	if (!other)
		return skip("one CPU only");
	if (trouble)
		return skip("%s", trouble);
	trouble = sleep_elsewhere(other, &standby);
	if (trouble)
		return fail("%s", trouble);
	woken = sleep_for(&suspend, CONTEXT, SECOND);
	take_interrupts();
	trouble = wake_elsewhere(other);
	if (trouble)
		return fail("%s", trouble);
	if (woken.at_entry)
		return fail("expected DENIED, but the system was suspended");

	return woken.result == PSCI_RET_DENIED
		       ? pass()
		       : fail_result("SYSTEM_SUSPEND with another CPU suspended", PSCI_RET_DENIED,
				     woken.result);
}

/* Aim: the real-time clock, which runs while all else sleeps, wakes it. */
static enum verdict rtc_wakes(void)
{
	const char *trouble = cannot();
	struct woken woken;
	bool raised;

	if (trouble)
		return skip("%s", trouble);
	if (!board.rtc.size)
		return skip("no real-time clock that we know");
	rtc_arm(2);
	woken = sleep_for(&suspend, CONTEXT, SLEEP_GUARD);
	raised = rtc_disarm();
	take_interrupts();
	if (woken.timer_fired)
		return fail("the clock's interrupt did not wake it");
	if (!raised)
		return observe("it came back before there was an interrupt");

	return judge(&woken, CONTEXT);
}

static const struct test tests[] = {
	{ "PSCI-SYSTEM_SUSPEND-02", "the timer wakes the caller at its entry point", timer_wakes },
	{ "PSCI-SYSTEM_SUSPEND-08", "the real-time clock wakes it", rtc_wakes },
	{ "PSCI-SYSTEM_SUSPEND-03", "an interrupt pending before wakes it", pending_wakes },
	{ "PSCI-SYSTEM_SUSPEND-04", "the SMC32 call drops upper halves", smc32_drops_upper_halves },
	{ "PSCI-SYSTEM_SUSPEND-05", "other CPUs stay off and can be started afterwards",
	  others_start_afterwards },
	{ "PSCI-SYSTEM_SUSPEND-06", "DENIED while another CPU is in CPU_SUSPEND",
	  denied_while_another_sleeps },
};

const struct group group_system_suspend = GROUP("system-suspend", tests);
