/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND to standby: wait for an interrupt and come back with all state unchanged.
 *
 * Each wait is guarded by the timer, which wakes a CPU that missed the interrupt that it
 * waited for.
 */
#include <stddef.h>

#include "../arch/arm64/gic.h"
#include "../arch/arm64/sysreg.h"
#include "sleep.h"

#define SGI 3
#define GUARD (10 * SECOND)
#define PERIOD (20 * MILLISECOND)
#define ROUNDS 24
#define GARBAGE_ENTRY 0xfffffffffffffff1

static int64_t suspend(uint64_t power_state)
{
	return call3(PSCI_FN64_CPU_SUSPEND, power_state, secondary_address(), CONTEXT_RUNTIME);
}

/* A pending interrupt, so that a CPU that waits for one does not wait long. */
static int64_t suspend_with_sgi_pending(uint32_t fid, uint64_t power_state, uint64_t entry)
{
	struct cpu *self = this_cpu();
	int64_t result;

	gic_send(self->affinity, self->index, SGI);
	timer_arm(GUARD);
	result = call3(fid, power_state, entry, CONTEXT_RUNTIME);
	timer_disarm();
	take_interrupts();

	return result;
}

/* The answer of the platform to what should be its standby. */
static enum verdict judge_standby(int64_t result)
{
	if (result == PSCI_RET_INVALID_PARAMETERS && board.idle_state_count == 0)
		return skip("no idle state is known, and standby as power_state 0 is none");

	return result == PSCI_RET_SUCCESS
		       ? pass()
		       : fail_result("CPU_SUSPEND to standby", PSCI_RET_SUCCESS, result);
}

#define RETURN_UNLESS_STANDBY(result)                                \
	do {                                                         \
		const enum verdict verdict_ = judge_standby(result); \
		if (verdict_ != VERDICT_PASS)                        \
			return verdict_;                             \
	} while (0)

/* Aim: the timer ends it though PSTATE masks interrupts; it is still pending then. */
static enum verdict timer_wakes_masked(void)
{
	const char *trouble = cannot_suspend();
	int64_t result;
	bool fired;

	if (trouble)
		return skip("%s", trouble);
	timer_arm(2 * MILLISECOND);
	result = suspend(standby_state());
	fired = timer_fired();
	timer_disarm();
	take_interrupts();
	RETURN_UNLESS_STANDBY(result);

	return fired ? pass() : observe("it came back before there was an interrupt");
}

/* Aim: an interrupt that is pending already ends it at once. */
static enum verdict pending_ends_it(void)
{
	struct cpu *self = this_cpu();
	const char *trouble = cannot_suspend();
	unsigned int irqs;
	int64_t result;
	bool guard;

	if (trouble)
		return skip("%s", trouble);
	irqs = atomic_load(&self->irqs);
	timer_arm(GUARD);
	gic_send(self->affinity, self->index, SGI);
	result = suspend(standby_state());
	guard = timer_fired();
	timer_disarm();
	take_interrupts();
	RETURN_UNLESS_STANDBY(result);
	if (guard)
		return fail("the pending interrupt did not end it");
	if (atomic_load(&self->irqs) != irqs + 1 || self->last_intid != SGI)
		return fail("expected the SGI afterwards, came %u interrupts, the last %u",
			    atomic_load(&self->irqs) - irqs, self->last_intid);

	return pass();
}

/*
 * Aim: not masked, the interrupt is taken, and the call comes back. The timer is set
 * again, since its first interrupt may come before the call.
 */
static enum verdict timer_wakes_unmasked(void)
{
	struct cpu *self = this_cpu();
	const char *trouble = cannot_suspend();
	unsigned int irqs;
	int64_t result;
	uint64_t deadline;

	if (trouble)
		return skip("%s", trouble);
	irqs = atomic_load(&self->irqs);
	deadline = timer_deadline(GUARD);
	self->timer_period = PERIOD;
	irq_unmask();
	timer_arm(PERIOD);
	result = suspend(standby_state());
	/* It may come back early, but the interrupt must not be lost. */
	while (atomic_load(&self->irqs) == irqs && !timer_passed(deadline))
		cpu_relax();
	irq_mask();
	self->timer_period = 0;
	timer_disarm();
	RETURN_UNLESS_STANDBY(result);
	if (atomic_load(&self->irqs) == irqs)
		return fail("the timer's interrupt was lost");

	return pass();
}

/* CPU 1: send the first CPU an SGI each time its flag goes up, a little later. */
static void send_interrupts(struct cpu *cpu)
{
	const struct cpu *sleeper = &cpus[0];

	for (unsigned int i = 1; i <= cpu->argument; i++) {
		while (atomic_load(&sleeper->flag) != i)
			cpu_relax();
		/* From before the call to well inside it. */
		for (unsigned int wait = 0; wait < i * 40; wait++)
			cpu_relax();
		gic_send(sleeper->affinity, sleeper->index, SGI);
		atomic_store(&cpu->flag, i);
	}
}

/* Aim: an SGI from another CPU ends it, at whatever moment it comes. */
static enum verdict sgi_wakes(void)
{
	struct cpu *self = this_cpu();
	struct cpu *other = other_cpu(1);
	const char *trouble = cannot_suspend();

	if (!other)
		return skip("one CPU only");
	if (trouble)
		return skip("%s", trouble);
	RETURN_UNLESS_STANDBY(suspend_with_sgi_pending(PSCI_FN64_CPU_SUSPEND, standby_state(), 0));
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	atomic_store(&self->flag, 0);
	cpu_give(other, send_interrupts, ROUNDS);
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		const unsigned int irqs = atomic_load(&self->irqs);
		int64_t result;
		bool guard;

		timer_arm(GUARD);
		atomic_store(&self->flag, i);
		do {
			result = suspend(standby_state());
			guard = timer_fired();
		} while (result == PSCI_RET_SUCCESS && !guard && !gic_pending(SGI));
		timer_disarm();
		take_interrupts();
		if (result != PSCI_RET_SUCCESS)
			return fail_result("CPU_SUSPEND to standby", PSCI_RET_SUCCESS, result);
		if (guard)
			return fail("round %u: the SGI did not end it", i);
		if (!cpu_flagged(other, i))
			return fail("round %u: CPU 1 is stuck", i);
		if (atomic_load(&self->irqs) != irqs + 1)
			return fail("round %u: expected one interrupt, came %u", i,
				    atomic_load(&self->irqs) - irqs);
	}

	return pass();
}

/* Aim: a CPU that sleeps is ON for AFFINITY_INFO and CPU_ON, and neither wakes it. */
static enum verdict suspended_is_on(void)
{
	const struct sleep sleep = SLEEP_IN(standby_state());
	const char *trouble = cannot_suspend();

	if (!other_cpu(1))
		return skip("one CPU only");
	if (trouble)
		return skip("%s", trouble);
	RETURN_UNLESS_STANDBY(suspend_with_sgi_pending(PSCI_FN64_CPU_SUSPEND, standby_state(), 0));

	return judge_others_view(&sleep);
}

/* --- arguments --- */

/* Aim: entry point and context id belong to power-down and are ignored here. */
static enum verdict entry_is_ignored(void)
{
	const char *trouble = cannot_suspend();

	if (trouble)
		return skip("%s", trouble);

	return judge_standby(
		suspend_with_sgi_pending(PSCI_FN64_CPU_SUSPEND, standby_state(), GARBAGE_ENTRY));
}

/* Aim: since 1.0 an AArch64 caller may use SMC32, of which upper halves are not part. */
static enum verdict smc32_drops_upper_halves(void)
{
	const char *trouble = cannot_suspend();

	if (trouble)
		return skip("%s", trouble);
	if (target.version < PSCI_VERSION_1_0)
		return skip("PSCI 0.2 has no SMC32 call for an AArch64 caller");

	return judge_standby(
		suspend_with_sgi_pending(PSCI_FN32_CPU_SUSPEND, UPPER | standby_state(), UPPER));
}

/* Aim: power_state is a uint32 in the SMC64 call, too. */
static enum verdict power_state_is_32_bits(void)
{
	const char *trouble = cannot_suspend();
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	RETURN_UNLESS_STANDBY(suspend_with_sgi_pending(PSCI_FN64_CPU_SUSPEND, standby_state(), 0));
	result = suspend_with_sgi_pending(PSCI_FN64_CPU_SUSPEND, UPPER | standby_state(), 0);

	return result == PSCI_RET_SUCCESS
		       ? pass()
		       : observe("a power_state with garbage above bit 31 answers %ld %s", result,
				 result_name(result));
}

/* Aim: reserved bits must be zero in the format that FEATURES announces. */
static enum verdict reserved_bits_are_invalid(void)
{
	static const unsigned char original[] = { 17, 23, 26, 31 };
	static const unsigned char extended[] = { 28, 29, 31 };
	const char *trouble = cannot_suspend();
	const bool is_extended =
		target.version >= PSCI_VERSION_1_0 &&
		features(PSCI_FN64_CPU_SUSPEND) & PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID;
	const unsigned char *bits = is_extended ? extended : original;
	const size_t count = is_extended ? sizeof(extended) : sizeof(original);

	if (trouble)
		return skip("%s", trouble);
	for (size_t i = 0; i < count; i++) {
		const int64_t result = suspend_with_sgi_pending(
			PSCI_FN64_CPU_SUSPEND, standby_state() | UINT32_C(1) << bits[i], 0);

		if (result != PSCI_RET_INVALID_PARAMETERS)
			return fail_result("CPU_SUSPEND with a reserved bit",
					   PSCI_RET_INVALID_PARAMETERS, result);
	}

	return pass();
}

static bool is_described(uint32_t power_state)
{
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		if (board.idle_states[i] == power_state)
			return true;
	}
	for (unsigned int i = 0; i < board.domain.state_count; i++) {
		if (board.domain.states[i] == power_state)
			return true;
	}

	return false;
}

/* Aim: a well-formed state must also exist. A platform may know more states. */
static enum verdict unknown_state_is_invalid(void)
{
	const char *trouble = cannot_suspend();
	uint32_t state = standby_state() ^ 0x5a5a;
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	while (is_described(state))
		state ^= 0x0101;
	result = suspend_with_sgi_pending(PSCI_FN64_CPU_SUSPEND, state, 0);
	if (result == PSCI_RET_SUCCESS)
		return observe("the power_state %x, which nobody described, is one", state);

	return result == PSCI_RET_INVALID_PARAMETERS
		       ? pass()
		       : fail_result("CPU_SUSPEND to no state", PSCI_RET_INVALID_PARAMETERS,
				     result);
}

/* Aim: with the extended format the platform carries out all described states. */
static enum verdict extended_states_work(void)
{
	const char *trouble = cannot_suspend();

	if (trouble)
		return skip("%s", trouble);
	if (target.version < PSCI_VERSION_1_0 ||
	    !(features(PSCI_FN64_CPU_SUSPEND) & PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID))
		return skip("the platform has the original format");
	if (!board.idle_state_count)
		return skip("no idle state is known");
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		const struct sleep sleep = SLEEP_IN(board.idle_states[i]);
		const struct woken woken = sleep_briefly(&sleep, SLEEP_CONTEXT + i);
		const enum verdict verdict = judge_woken(&woken, SLEEP_CONTEXT + i);

		if (verdict != VERDICT_PASS)
			return verdict;
		if (woken.at_entry && !(sleep.state & PSCI_POWER_STATE_EXT_TYPE_MASK))
			return fail("%x is standby, and came back at the entry point", sleep.state);
	}

	return pass();
}

static const struct test tests[] = {
	{ "PSCI-CPU_SUSPEND-01", "the timer ends standby though masked", timer_wakes_masked },
	{ "PSCI-CPU_SUSPEND-02", "an interrupt pending before ends standby and is not lost",
	  pending_ends_it },
	{ "PSCI-CPU_SUSPEND-03", "the timer's interrupt is taken when not masked",
	  timer_wakes_unmasked },
	{ "PSCI-CPU_SUSPEND-04", "an SGI ends standby at whatever moment it comes", sgi_wakes },
	{ "PSCI-CPU_SUSPEND-05", "a suspended CPU is ON and ALREADY_ON", suspended_is_on },
	{ "PSCI-CPU_SUSPEND-06", "standby does not look at the entry point", entry_is_ignored },
	{ "PSCI-CPU_SUSPEND-07", "the SMC32 call drops upper halves", smc32_drops_upper_halves },
	{ "PSCI-CPU_SUSPEND-08", "power_state is 32 bits wide in the SMC64 call",
	  power_state_is_32_bits },
	{ "PSCI-CPU_SUSPEND-09", "reserved bits in power_state are INVALID_PARAMETERS",
	  reserved_bits_are_invalid },
	{ "PSCI-CPU_SUSPEND-30", "a power_state that means nothing is INVALID_PARAMETERS",
	  unknown_state_is_invalid },
	{ "PSCI-CPU_SUSPEND-36", "power states of the extended format are carried out",
	  extended_states_work },
};

const struct group group_cpu_suspend = GROUP("cpu-suspend", tests);
