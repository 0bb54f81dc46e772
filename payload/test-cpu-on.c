/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU_ON: starting a core once, where and how the caller requests. */
#include <stddef.h>

#include "../arch/arm64/sysreg.h"
#include "../arch/arm64/timer.h"
#include "test.h"

#define CONTEXT 0xfeedf00dcafe0001
#define ROUNDS 12
#define PATIENCE (20 * SECOND)

/* Start CPU 1 with @context and wait for it. Returns NULL, or what went wrong. */
static const char *start_with(struct cpu *other, uint64_t context)
{
	const unsigned int before = atomic_load(&other->arrivals);

	if (cpu_on(other, context) != PSCI_RET_SUCCESS)
		return "CPU_ON did not answer SUCCESS";

	return cpu_arrived(other, before) ? NULL : "CPU_ON answered SUCCESS, but no CPU arrived";
}

/* Aim: every other CPU can be started, and receives its whole context id. */
static enum verdict starts_each_cpu(void)
{
	if (!other_cpu(1))
		return skip("one CPU only");
	for (unsigned int i = 1; i < board.cpu_count; i++) {
		const uint64_t context = CONTEXT + ((uint64_t)i << 48);
		const char *trouble = start_with(&cpus[i], context);

		if (trouble)
			return fail("CPU %u: %s", i, trouble);
		if (cpus[i].arrival.x0 != context)
			return fail("CPU %u: expected x0 = %lx, came %lx", i, context,
				    cpus[i].arrival.x0);
	}

	return pass();
}

/* Aim: the context id is the caller's choice: any value is right. */
static enum verdict any_context_is_kept(void)
{
	static const uint64_t contexts[] = { 0, UINT64_MAX, 0x8000000000000000,
					     0x00000000ffffffff };
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
		const char *trouble = start_with(other, contexts[i]);

		if (trouble)
			return fail("%s", trouble);
		if (other->arrival.x0 != contexts[i])
			return fail("expected x0 = %lx, came %lx", contexts[i], other->arrival.x0);
		if (!cpu_stop(other))
			return fail("CPU 1 could not be turned off");
	}

	return pass();
}

/* Aim: "Initial core configuration" (6.4), as far as a core can observe it. */
static enum verdict entry_state(void)
{
	struct cpu *other = other_cpu(1);
	const struct arrival *arrival;
	const char *trouble;

	if (!other)
		return skip("one CPU only");
	trouble = start_with(other, CONTEXT);
	if (trouble)
		return fail("%s", trouble);
	arrival = &other->arrival;
	trouble = wrong_at_entry(arrival);
	if (trouble)
		return fail("%s: CurrentEL %lx, SPSel %lx, DAIF %lx, SCTLR %lx", trouble,
			    arrival->current_el, arrival->spsel, arrival->daif, arrival->sctlr);

	return pass();
}

/* Aim: endianness is the caller's. */
static enum verdict big_endian_caller(void)
{
	struct cpu *other = other_cpu(1);
	unsigned int before;
	int64_t result;

	if (!other)
		return skip("one CPU only");
	if (!(sysreg_read(id_aa64mmfr0_el1) >> 8 & 0xf))
		return skip("the CPU has no mixed endianness");
	before = atomic_load(&other->arrivals);
	result = call_big_endian(PSCI_FN64_CPU_ON, other->affinity, secondary_address(), CONTEXT,
				 board.hvc);
	if (result != PSCI_RET_SUCCESS)
		return fail_result("CPU_ON by a big-endian caller", PSCI_RET_SUCCESS, result);
	if (!cpu_arrived(other, before) || other->arrival.x0 != CONTEXT)
		return fail("CPU 1 did not arrive as it was told");

	return other->arrival.sctlr & SCTLR_EE
		       ? pass()
		       : fail("CPU 1 starts little-endian: SCTLR %lx", other->arrival.sctlr);
}

/* Aim: a core does not start itself. */
static enum verdict self_is_already_on(void)
{
	const int64_t result = cpu_on(this_cpu(), CONTEXT);

	return result == PSCI_RET_ALREADY_ON
		       ? pass()
		       : fail_result("CPU_ON of the caller", PSCI_RET_ALREADY_ON, result);
}

/* Aim: a core that runs is not started again, and continues undisturbed. */
static enum verdict running_is_already_on(void)
{
	struct cpu *other = other_cpu(1);
	unsigned int arrivals;
	int64_t result;

	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	arrivals = atomic_load(&other->arrivals);
	result = cpu_on(other, CONTEXT);
	if (result != PSCI_RET_ALREADY_ON)
		return fail_result("CPU_ON of a CPU that runs", PSCI_RET_ALREADY_ON, result);
	if (!cpu_stop(other))
		return fail("CPU 1 could not be turned off");
	if (atomic_load(&other->arrivals) != arrivals)
		return fail("the refused CPU_ON started CPU 1 once more");

	return pass();
}

/*
 * Aim: of two calls in a row the first counts; the second answers that the core is on its
 * way or there, and its context id appears nowhere.
 */
static enum verdict second_call_loses(void)
{
	struct cpu *other = other_cpu(1);
	bool pending = false;

	if (!other)
		return skip("one CPU only");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const unsigned int before = atomic_load(&other->arrivals);
		const int64_t first = cpu_on(other, CONTEXT + i);
		const int64_t second = cpu_on(other, ~CONTEXT);
		const int64_t info = affinity_info(other);

		if (first != PSCI_RET_SUCCESS)
			return fail("expected SUCCESS of the first CPU_ON, came %ld %s", first,
				    result_name(first));
		if (!cpu_arrived(other, before))
			return fail("CPU 1 did not arrive");
		if (second != PSCI_RET_ON_PENDING && second != PSCI_RET_ALREADY_ON)
			return fail_result("the second CPU_ON", PSCI_RET_ON_PENDING, second);
		if (info == PSCI_AFFINITY_INFO_ON_PENDING && second != PSCI_RET_ON_PENDING)
			return fail("expected ON_PENDING, as AFFINITY_INFO says after it, came "
				    "%ld %s",
				    second, result_name(second));
		if (other->arrival.x0 != CONTEXT + i)
			return fail("expected x0 = %lx of the first call, came %lx", CONTEXT + i,
				    other->arrival.x0);
		pending = pending || second == PSCI_RET_ON_PENDING;
		if (!cpu_stop(other))
			return fail("CPU 1 could not be turned off");
	}

	return pending ? pass()
		       : observe("the second of two calls always got ALREADY_ON in %u rounds, "
				 "as with KVM",
				 ROUNDS);
}

/* --- races --- */

static _Atomic unsigned int race_gate;

/* Wait for the gate of this round, then call at the same time as all others. */
static void race_for_target(struct cpu *cpu)
{
	const struct cpu *contested = &cpus[board.cpu_count - 1];

	atomic_store(&cpu->flag, 1);
	while (atomic_load(&race_gate) == 0)
		cpu_relax();
	cpu->result = cpu_on(contested, CONTEXT + cpu->index);
}

static enum verdict judge_race(unsigned int callers, const struct cpu *contested)
{
	unsigned int winners = 0;

	for (unsigned int i = 0; i < callers; i++) {
		const int64_t result = cpus[i].result;

		if (result == PSCI_RET_SUCCESS) {
			winners++;
			if (contested->arrival.x0 != CONTEXT + i)
				return fail("CPU %u got SUCCESS, but x0 is %lx", i,
					    contested->arrival.x0);
		} else if (result != PSCI_RET_ON_PENDING && result != PSCI_RET_ALREADY_ON) {
			return fail("expected ON_PENDING or ALREADY_ON for CPU %u, which lost, "
				    "came %ld %s",
				    i, result, result_name(result));
		}
	}

	return winners == 1 ? pass() : fail("expected one SUCCESS, came %u", winners);
}

static enum verdict race_once(unsigned int callers, struct cpu *contested)
{
	const unsigned int before = atomic_load(&contested->arrivals);

	atomic_store(&race_gate, 0);
	for (unsigned int i = 1; i < callers; i++) {
		cpu_give(&cpus[i], race_for_target, 0);
		if (!cpu_flagged(&cpus[i], 1))
			return fail("CPU %u does not take part", i);
	}
	atomic_store(&race_gate, 1);
	this_cpu()->result = cpu_on(contested, CONTEXT);
	for (unsigned int i = 1; i < callers; i++) {
		if (!cpu_finished(&cpus[i]))
			return fail("CPU %u did not come back from CPU_ON", i);
	}
	if (!cpu_arrived(contested, before))
		return fail("nobody started the CPU");

	return judge_race(callers, contested);
}

/* Aim: when all CPUs start one at once, one of them wins, and the target has its context id. */
static enum verdict one_caller_wins(void)
{
	const unsigned int callers = board.cpu_count - 1;
	struct cpu *contested = &cpus[callers];

	if (board.cpu_count < 3)
		return skip("fewer than three CPUs");
	for (unsigned int i = 1; i < callers; i++) {
		if (!cpu_start(&cpus[i]))
			return fail("CPU %u could not be started", i);
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const enum verdict verdict = race_once(callers, contested);

		if (verdict != VERDICT_PASS)
			return verdict;
		if (!cpu_stop(contested))
			return fail("CPU %u could not be turned off", callers);
	}

	return pass();
}

/*
 * Aim: CPU_ON against a CPU_OFF that is on its way: ALREADY_ON until the core is
 * off, and then a SUCCESS that is not lost.
 */
static enum verdict on_follows_off(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const unsigned int before = atomic_load(&other->arrivals);
		const uint64_t deadline = timer_deadline(PATIENCE);
		int64_t result;

		atomic_store(&other->off_wanted, true);
		sev();
		do {
			result = cpu_on(other, CONTEXT + i);
		} while (result == PSCI_RET_ALREADY_ON && !timer_passed(deadline));
		if (result != PSCI_RET_SUCCESS)
			return fail_result("CPU_ON after CPU_OFF", PSCI_RET_SUCCESS, result);
		if (!cpu_arrived(other, before))
			return fail("CPU_ON answered SUCCESS, but no CPU arrived");
		if (other->arrival.x0 != CONTEXT + i)
			return fail("expected x0 = %lx, came %lx", CONTEXT + i, other->arrival.x0);
	}

	return pass();
}

/* Aim: cores can be turned on and off any number of times. */
static enum verdict again_and_again(void)
{
	if (!other_cpu(1))
		return skip("one CPU only");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct cpu *other = &cpus[1 + i % (board.cpu_count - 1)];
		const char *trouble = start_with(other, CONTEXT + i);

		if (trouble)
			return fail("round %u: %s", i, trouble);
		if (other->arrival.x0 != CONTEXT + i)
			return fail("expected x0 = %lx, came %lx", CONTEXT + i, other->arrival.x0);
		if (!cpu_stop(other))
			return fail("round %u: the CPU could not be turned off", i);
	}

	return pass();
}

/* --- arguments --- */

static enum verdict absent_is_invalid(void)
{
	const int64_t result =
		call3(PSCI_FN64_CPU_ON, absent_affinity(), secondary_address(), CONTEXT);

	return result == PSCI_RET_INVALID_PARAMETERS
		       ? pass()
		       : fail_result("CPU_ON of no core", PSCI_RET_INVALID_PARAMETERS, result);
}

/* Aim: bits of target_cpu outside its fields must be zero; no core is started. */
static enum verdict reserved_bits_are_invalid(void)
{
	static const unsigned char bits[] = { 24, 30, 31, 40, 63 };
	const struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	for (size_t i = 0; i < sizeof(bits); i++) {
		const int64_t result =
			call3(PSCI_FN64_CPU_ON, other->affinity | UINT64_C(1) << bits[i],
			      secondary_address(), CONTEXT);

		if (result != PSCI_RET_INVALID_PARAMETERS)
			return fail_result("CPU_ON with a reserved bit",
					   PSCI_RET_INVALID_PARAMETERS, result);
	}
	if (affinity_info(other) != PSCI_AFFINITY_INFO_OFF)
		return fail("a refused CPU_ON changed AFFINITY_INFO");

	return pass();
}

/* Aim: since 1.0 an AArch64 caller may use SMC32, of which upper halves are not part. */
static enum verdict smc32_drops_upper_halves(void)
{
	struct cpu *other = other_cpu(1);
	unsigned int before;
	int64_t result;

	if (!other)
		return skip("one CPU only");
	if (target.version < PSCI_VERSION_1_0)
		return skip("PSCI 0.2 has no SMC32 call for an AArch64 caller");
	if (other->affinity >> 32 || secondary_address() >> 32)
		return skip("an affinity or the payload's address does not fit in 32 bits");
	before = atomic_load(&other->arrivals);
	result = call3(PSCI_FN32_CPU_ON, UPPER | other->affinity, UPPER | secondary_address(),
		       UPPER | 0x600df00d);
	if (result != PSCI_RET_SUCCESS)
		return fail_result("CPU_ON (SMC32)", PSCI_RET_SUCCESS, result);
	if (!cpu_arrived(other, before))
		return fail("CPU_ON answered SUCCESS, but no CPU arrived");
	if (other->arrival.x0 != 0x600df00d)
		return fail("expected x0 = 600df00d, came %lx", other->arrival.x0);

	return pass();
}

/* Aim: 0.2 requires the convention of the caller's register width. */
static enum verdict old_version_checks_width(void)
{
	int64_t result;

	if (target.version >= PSCI_VERSION_1_0)
		return skip("since 1.0 either convention is right");
	result = call3(PSCI_FN32_CPU_ON, (uint32_t)this_cpu()->affinity, secondary_address(), 0);

	return result == PSCI_RET_INVALID_PARAMETERS
		       ? pass()
		       : observe("the SMC32 call from AArch64 answers %ld %s", result,
				 result_name(result));
}

static const struct test tests[] = {
	{ "PSCI-CPU_ON-01", "each CPU starts and gets its context id", starts_each_cpu },
	{ "PSCI-CPU_ON-02", "any context id arrives as it was given", any_context_is_kept },
	{ "PSCI-CPU_ON-03", "the entry state is as section 6.4 says", entry_state },
	{ "PSCI-CPU_ON-16", "a big-endian caller starts a big-endian CPU", big_endian_caller },
	{ "PSCI-CPU_ON-04", "the caller itself is ALREADY_ON", self_is_already_on },
	{ "PSCI-CPU_ON-05", "a CPU that runs is ALREADY_ON and stays undisturbed",
	  running_is_already_on },
	{ "PSCI-CPU_ON-06", "of two calls in a row the first counts", second_call_loses },
	{ "PSCI-CPU_ON-07", "of all CPUs calling at once one wins", one_caller_wins },
	{ "PSCI-CPU_ON-08", "CPU_ON during CPU_OFF is ALREADY_ON until it succeeds",
	  on_follows_off },
	{ "PSCI-CPU_ON-09", "CPUs can be turned on and off again and again", again_and_again },
	{ "PSCI-CPU_ON-10", "a core that does not exist is INVALID_PARAMETERS", absent_is_invalid },
	{ "PSCI-CPU_ON-11", "reserved bits in the target are INVALID_PARAMETERS",
	  reserved_bits_are_invalid },
	{ "PSCI-CPU_ON-12", "the SMC32 call drops upper halves", smc32_drops_upper_halves },
	{ "PSCI-CPU_ON-13", "in 0.2 the SMC32 call is INVALID_PARAMETERS",
	  old_version_checks_width },
};

const struct group group_cpu_on = GROUP("cpu-on", tests);
