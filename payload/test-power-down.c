/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND to power-down, with a power_state of the device tree's idle states,
 * and CPU_DEFAULT_SUSPEND. A wake-up may come before all is lost: then the call
 * returns SUCCESS. Both ways back are right.
 */
#include <stddef.h>

#include "../arch/arm64/sysreg.h"
#include "runtime/gic.h"
#include "runtime/timer.h"
#include "test.h"

#define SGI 4
#define LOOK (20 * MILLISECOND)
#define GUARD (10 * SECOND)
#define ROUNDS 8
#define CONTEXT 0xfeedf00dcafe0100

/* A call that suspends, whose next two arguments are entry point and context id. */
struct request {
	uint32_t fid;
	bool has_state;
	uint32_t state;
};

/* What came of it. */
struct outcome {
	bool at_entry;
	bool guarded; /* The guard ended it, not what should. */
	int64_t result;
};

static struct outcome suspend(const struct request *request, uint64_t context)
{
	const uint64_t entry = secondary_address();
	struct cpu *self = this_cpu();
	struct outcome out = { 0 };

	timer_arm(GUARD);
	if (request->has_state)
		out.at_entry =
			call_and_arrive(request->fid, request->state, entry, context, &out.result);
	else
		out.at_entry = call_and_arrive(request->fid, entry, context, 0, &out.result);
	out.guarded = out.at_entry ? self->timer_had_fired : timer_fired();
	timer_disarm();
	cpu_interrupts();
	take_interrupts();

	return out;
}

static enum verdict judge(const struct outcome *out, uint64_t context)
{
	const struct arrival *arrival = &this_cpu()->arrival;
	const char *trouble;

	if (out->guarded)
		return fail("the interrupt did not end it");
	if (!out->at_entry)
		return out->result == PSCI_RET_SUCCESS
			       ? pass()
			       : fail_result("the suspend", PSCI_RET_SUCCESS, out->result);
	if (arrival->x0 != context)
		return fail("expected x0 = %lx, came %lx", context, arrival->x0);
	trouble = wrong_at_entry(arrival);

	return trouble ? fail("%s: CurrentEL %lx, SPSel %lx, DAIF %lx, SCTLR %lx", trouble,
			      arrival->current_el, arrival->spsel, arrival->daif, arrival->sctlr)
		       : pass();
}

/* An interrupt is pending before the call. */
static enum verdict check_pending(const struct request *request)
{
	struct cpu *self = this_cpu();
	const char *trouble = cannot_suspend();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const unsigned int irqs = atomic_load(&self->irqs);
		struct outcome out;
		enum verdict verdict;

		gic_send(self->affinity, self->index, SGI);
		out = suspend(request, CONTEXT + i);
		verdict = judge(&out, CONTEXT + i);
		if (verdict != VERDICT_PASS)
			return verdict;
		if (atomic_load(&self->irqs) == irqs)
			return fail("the interrupt was lost");
	}

	return pass();
}

/* The timer's interrupt comes during the call. */
static enum verdict check_timer(const struct request *request)
{
	struct cpu *self = this_cpu();
	const char *trouble = cannot_suspend();
	const uint64_t entry = secondary_address();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct outcome out = { 0 };
		enum verdict verdict;

		timer_arm(2 * MILLISECOND);
		if (request->has_state)
			out.at_entry = call_and_arrive(request->fid, request->state, entry,
						       CONTEXT + i, &out.result);
		else
			out.at_entry =
				call_and_arrive(request->fid, entry, CONTEXT + i, 0, &out.result);
		timer_disarm();
		cpu_interrupts();
		take_interrupts();
		verdict = judge(&out, CONTEXT + i);
		if (verdict != VERDICT_PASS)
			return verdict;
	}
	if (self->arrival.x0 == CONTEXT + ROUNDS - 1 && !self->timer_had_fired)
		return observe("it came back before there was an interrupt");

	return pass();
}

/* --- as another CPU sees it --- */

static const struct request *request_there;

static void suspend_there(struct cpu *cpu)
{
	struct outcome out;

	cpu_interrupts();
	atomic_store(&cpu->flag, 1);
	out = suspend(request_there, CONTEXT);
	cpu->result = out.at_entry ? PSCI_RET_SUCCESS : out.result;
	atomic_store(&cpu->flag, out.guarded ? 2 : 3);
}

static enum verdict check_others_view(const struct request *request)
{
	struct cpu *other = other_cpu(1);
	int64_t info;
	int64_t result;
	uint64_t deadline;

	if (!other)
		return skip("one CPU only");
	if (!board.gic_version)
		return skip("no interrupt controller that we know");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	request_there = request;
	cpu_give(other, suspend_there, 0);
	if (!cpu_flagged(other, 1))
		return fail("CPU 1 is stuck");
	/* Nothing tells when it is inside the call: it is, some time soon. */
	deadline = timer_deadline(LOOK);
	while (!timer_passed(deadline)) {
		info = affinity_info(other);
		if (info != PSCI_AFFINITY_INFO_ON)
			return fail_result("AFFINITY_INFO of a suspended CPU",
					   PSCI_AFFINITY_INFO_ON, info);
		result = cpu_on(other, CONTEXT_RUNTIME);
		if (result != PSCI_RET_ALREADY_ON)
			return fail_result("CPU_ON of a suspended CPU", PSCI_RET_ALREADY_ON,
					   result);
	}
	gic_send(other->affinity, other->index, SGI);
	if (!cpu_finished(other))
		return fail("CPU 1 did not come back");
	if (atomic_load(&other->flag) != 3)
		return fail("the SGI did not wake CPU 1");
	if (other->result != PSCI_RET_SUCCESS)
		return fail("expected SUCCESS on CPU 1, came %ld %s", other->result,
			    result_name(other->result));

	return pass();
}

/* --- for each of the calls --- */

static bool power_down(struct request *request, uint32_t fid)
{
	*request = (struct request){ .fid = fid, .has_state = true };

	return powerdown_state(&request->state);
}

static bool default_suspend(struct request *request, uint32_t fid)
{
	*request = (struct request){ .fid = fid };

	return offers(fid);
}

/* Aim: whichever way it comes back, context id and initial state are right. */
static enum verdict pending_ends_power_down(void)
{
	struct request request;

	return power_down(&request, PSCI_FN64_CPU_SUSPEND) ? check_pending(&request)
							   : skip("no power-down state is known");
}

static enum verdict timer_ends_power_down(void)
{
	struct request request;

	return power_down(&request, PSCI_FN64_CPU_SUSPEND) ? check_timer(&request)
							   : skip("no power-down state is known");
}

/* Aim: a CPU that is powered down in CPU_SUSPEND is ON for the others. */
static enum verdict powered_down_is_on(void)
{
	struct request request;

	return power_down(&request, PSCI_FN64_CPU_SUSPEND) ? check_others_view(&request)
							   : skip("no power-down state is known");
}

static enum verdict pending_ends_default(void)
{
	struct request request;

	return default_suspend(&request, PSCI_FN64_CPU_DEFAULT_SUSPEND)
		       ? check_pending(&request)
		       : skip("CPU_DEFAULT_SUSPEND is not there");
}

static enum verdict timer_ends_default(void)
{
	struct request request;

	return default_suspend(&request, PSCI_FN64_CPU_DEFAULT_SUSPEND)
		       ? check_timer(&request)
		       : skip("CPU_DEFAULT_SUSPEND is not there");
}

static enum verdict default_suspended_is_on(void)
{
	struct request request;

	return default_suspend(&request, PSCI_FN64_CPU_DEFAULT_SUSPEND)
		       ? check_others_view(&request)
		       : skip("CPU_DEFAULT_SUSPEND is not there");
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
