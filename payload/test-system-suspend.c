/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_SUSPEND: all other CPUs are off, memory is kept, and the caller comes
 * back at its entry point. To be asked for: a machine may not have the timer as a
 * wake-up source.
 */
#include <stddef.h>

#include "../arch/arm64/sysreg.h"
#include "runtime/gic.h"
#include "runtime/rtc.h"
#include "runtime/timer.h"
#include "test.h"

#define SGI 5
#define ROUNDS 4
#define CONTEXT 0xfeedf00dcafe0200

/* NULL, or why there is nothing to try. */
static const char *cannot(void)
{
	if (!offers(PSCI_FN64_SYSTEM_SUSPEND))
		return "SYSTEM_SUSPEND is not there";

	return cannot_suspend();
}

/* It came back at its entry point with @context, or early with SUCCESS. */
static enum verdict judge(bool at_entry, int64_t result, uint64_t context)
{
	const struct arrival *arrival = &this_cpu()->arrival;
	const char *trouble;

	if (!at_entry)
		return result == PSCI_RET_SUCCESS
			       ? observe("it returned SUCCESS, which callers may not expect")
			       : fail_result("SYSTEM_SUSPEND", PSCI_RET_SUCCESS, result);
	if (arrival->x0 != context)
		return fail("expected x0 = %lx, came %lx", context, arrival->x0);
	trouble = wrong_at_entry(arrival);

	return trouble ? fail("%s: CurrentEL %lx, SPSel %lx, DAIF %lx, SCTLR %lx", trouble,
			      arrival->current_el, arrival->spsel, arrival->daif, arrival->sctlr)
		       : pass();
}

static enum verdict suspend(uint32_t fid, uint64_t upper, uint64_t context)
{
	int64_t result = 0;
	const bool at_entry =
		call_and_arrive(fid, upper | secondary_address(), upper | context, 0, &result);

	timer_disarm();
	cpu_interrupts();
	take_interrupts();

	return judge(at_entry, result, context);
}

/* Aim: the caller comes back whole when its timer fires, again and again. */
static enum verdict timer_wakes(void)
{
	const char *trouble = cannot();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		enum verdict verdict;

		timer_arm(20 * MILLISECOND);
		verdict = suspend(PSCI_FN64_SYSTEM_SUSPEND, 0, CONTEXT + i);
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
	unsigned int irqs;
	enum verdict verdict;

	if (trouble)
		return skip("%s", trouble);
	irqs = atomic_load(&self->irqs);
	gic_send(self->affinity, self->index, SGI);
	verdict = suspend(PSCI_FN64_SYSTEM_SUSPEND, 0, CONTEXT);
	if (verdict == VERDICT_PASS && atomic_load(&self->irqs) == irqs)
		return fail("the interrupt was lost");

	return verdict;
}

/* Aim: the upper halves are no part of the SMC32 call. */
static enum verdict smc32_drops_upper_halves(void)
{
	const char *trouble = cannot();

	if (trouble)
		return skip("%s", trouble);
	if (secondary_address() >> 32)
		return skip("the payload's address does not fit in 32 bits");
	timer_arm(20 * MILLISECOND);

	return suspend(PSCI_FN32_SYSTEM_SUSPEND, UPPER, 0x600df00d);
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
	timer_arm(20 * MILLISECOND);
	verdict = suspend(PSCI_FN64_SYSTEM_SUSPEND, 0, CONTEXT);
	if (verdict != VERDICT_PASS)
		return verdict;
	if (affinity_info(other) != PSCI_AFFINITY_INFO_OFF ||
	    atomic_load(&other->arrivals) != arrivals)
		return fail("CPU 1 is not off any more");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");

	return pass();
}

static void suspend_there(struct cpu *cpu)
{
	cpu_interrupts();
	timer_arm(10 * SECOND);
	atomic_store(&cpu->flag, 1);
	do {
		cpu->result = call3(PSCI_FN64_CPU_SUSPEND, standby_state(), 0, 0);
	} while (cpu->result == PSCI_RET_SUCCESS && !timer_fired() && !gic_pending(SGI));
	timer_disarm();
	take_interrupts();
}

/* Aim: a CPU in CPU_SUSPEND is not OFF: it is in the way like one that runs. */
static enum verdict denied_while_another_sleeps(void)
{
	struct cpu *other = other_cpu(1);
	const char *trouble = cannot();
	int64_t result = 0;
	bool at_entry;

	if (!other)
		return skip("one CPU only");
	if (trouble)
		return skip("%s", trouble);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	cpu_give(other, suspend_there, 0);
	if (!cpu_flagged(other, 1))
		return fail("CPU 1 is stuck");
	timer_arm(1 * SECOND);
	at_entry =
		call_and_arrive(PSCI_FN64_SYSTEM_SUSPEND, secondary_address(), CONTEXT, 0, &result);
	timer_disarm();
	cpu_interrupts();
	gic_send(other->affinity, other->index, SGI);
	if (!cpu_finished(other))
		return fail("CPU 1 did not come back from CPU_SUSPEND");
	if (at_entry)
		return fail("expected DENIED, but the system was suspended");

	return result == PSCI_RET_DENIED ? pass()
					 : fail_result("SYSTEM_SUSPEND with another CPU suspended",
						       PSCI_RET_DENIED, result);
}

/* Aim: the real-time clock, which goes on while all else sleeps, wakes it. */
static enum verdict rtc_wakes(void)
{
	const char *trouble = cannot();
	int64_t result = 0;
	bool at_entry;
	bool guarded;
	bool raised;

	if (trouble)
		return skip("%s", trouble);
	if (!board.rtc.size)
		return skip("no real-time clock that we know");
	timer_arm(20 * SECOND);
	rtc_arm(2);
	at_entry =
		call_and_arrive(PSCI_FN64_SYSTEM_SUSPEND, secondary_address(), CONTEXT, 0, &result);
	guarded = at_entry ? this_cpu()->timer_had_fired : timer_fired();
	timer_disarm();
	raised = rtc_disarm();
	cpu_interrupts();
	take_interrupts();
	if (guarded)
		return fail("the clock's interrupt did not wake it");
	if (!raised)
		return observe("it came back before there was an interrupt");

	return judge(at_entry, result, CONTEXT);
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
