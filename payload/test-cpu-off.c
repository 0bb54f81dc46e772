/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_OFF: the caller leaves and stays away.
 */
#include "../arch/arm64/gic.h"
#include "../arch/arm64/sysreg.h"
#include "../arch/arm64/timer.h"
#include "test.h"

/* CPU_OFF with all other argument registers full. */
static void turn_off(struct cpu *cpu)
{
	atomic_store(&cpu->running, false);
	cpu->off_result = call3(PSCI_FN32_CPU_OFF, cpu->argument, UINT64_MAX, UINT64_MAX);
	atomic_store(&cpu->off_returned, true);
	atomic_store(&cpu->running, true);
}

/* Aim: CPU_OFF does not come back, and AFFINITY_INFO tells. */
static enum verdict caller_is_gone(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	if (!cpu_stop(other)) {
		if (atomic_load(&other->off_returned))
			return fail("CPU_OFF came back with %ld %s", other->off_result,
				    result_name(other->off_result));

		return fail("AFFINITY_INFO does not say that CPU 1 is OFF");
	}

	return pass();
}

/* Aim: it has no arguments since 0.2; Linux leaves one of 0.1 in w1. */
static enum verdict registers_do_not_matter(void)
{
	static const uint64_t values[] = { 0x10000, UINT64_MAX };
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	for (unsigned int i = 0; i < 2; i++) {
		if (!cpu_start(other))
			return fail("CPU 1 could not be started");
		cpu_give(other, turn_off, values[i]);
		if (!cpu_is_off(other))
			return fail("with x1 = %lx CPU 1 is not OFF", values[i]);
	}

	return pass();
}

static void interrupts_then_off(struct cpu *cpu)
{
	cpu_interrupts();
	turn_off(cpu);
}

/*
 * Aim: an interrupt for a core that is off is lost on it, or resets the system.
 * What must not be is that it runs again.
 */
static enum verdict interrupt_does_not_wake(void)
{
	struct cpu *other = other_cpu(1);
	uint64_t deadline;

	if (!other)
		return skip("one CPU only");
	if (!board.gic.version)
		return skip("no interrupt controller that we know");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	cpu_give(other, interrupts_then_off, 0);
	if (!cpu_is_off(other))
		return fail("CPU 1 could not be turned off");
	deadline = timer_deadline(20 * MILLISECOND);
	gic_send(other->affinity, other->index, 1);
	while (!timer_passed(deadline)) {
		if (affinity_info(other) != PSCI_AFFINITY_INFO_OFF ||
		    atomic_load(&other->off_returned))
			return fail("the interrupt woke CPU 1 from CPU_OFF");
	}

	return pass();
}

/* Aim: AFFINITY_INFO reports OFF only once the core runs no code of ours. */
static enum verdict off_means_off(void)
{
	struct cpu *other = other_cpu(1);

	if (!other)
		return skip("one CPU only");
	for (unsigned int i = 0; i < 12; i++) {
		const unsigned int before = atomic_load(&other->arrivals);
		int64_t result;

		if (!cpu_start(other) || !cpu_stop(other))
			return fail("CPU 1 could not be started and stopped");
		/* A core that is still running would be ALREADY_ON. */
		result = cpu_on(other, i);
		if (result != PSCI_RET_SUCCESS)
			return fail_result("CPU_ON right after AFFINITY_INFO said OFF",
					   PSCI_RET_SUCCESS, result);
		if (!cpu_arrived(other, before + 1) || other->arrival.x0 != i)
			return fail("CPU 1 did not arrive as it was told");
		if (!cpu_stop(other))
			return fail("CPU 1 could not be turned off");
	}

	return pass();
}

#define CONTEXT_FIRST 0xfeedf00dcafe0600

/* CPU 1: once the first CPU is off, start it again; its result is CPU_ON's. */
static void start_first(struct cpu *cpu)
{
	cpu->result = PSCI_RET_DENIED;
	if (cpu_is_off(&cpus[0]))
		cpu->result = cpu_on(&cpus[0], CONTEXT_FIRST);
}

/* Either the first CPU has been off; or it has not, and CPU 1 waits until it is. */
static enum verdict judge_first(struct cpu *other, bool arrived, int64_t result)
{
	const char *trouble;

	if (!arrived) {
		/* It would wait for us in vain. */
		atomic_store(&cpus[0].off_returned, true);
		cpu_finished(other);
		atomic_store(&cpus[0].off_returned, false);
	} else if (!cpu_finished(other)) {
		return fail("CPU 1 did not come back from CPU_ON");
	}
	if (!arrived)
		return fail("CPU_OFF came back with %ld %s", result, result_name(result));
	if (other->result != PSCI_RET_SUCCESS)
		return fail_result("CPU_ON of the CPU that booted", PSCI_RET_SUCCESS,
				   other->result);
	if (this_cpu()->arrival.x0 != CONTEXT_FIRST)
		return fail("expected x0 = %lx, came %lx", (uint64_t)CONTEXT_FIRST,
			    this_cpu()->arrival.x0);

	trouble = wrong_at_entry(&this_cpu()->arrival);

	return trouble ? fail("%s", trouble) : pass();
}

/* Aim: the core that booted is like the others, unless a trusted OS is on it. */
static enum verdict first_is_like_others(void)
{
	struct cpu *other = other_cpu(1);
	int64_t result = PSCI_RET_SUCCESS;
	bool arrived;

	if (!other)
		return skip("one CPU only");
	if (call0(PSCI_FN32_MIGRATE_INFO_TYPE) == PSCI_MIGRATE_INFO_UP_MIGRATABLE ||
	    call0(PSCI_FN32_MIGRATE_INFO_TYPE) == PSCI_MIGRATE_INFO_UP_NOT_MIGRATABLE)
		return skip("a trusted OS may be on it");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	cpu_give(other, start_first, 0);
	arrived = call_and_arrive(PSCI_FN32_CPU_OFF, 0, 0, 0, &result);

	return judge_first(other, arrived, result);
}

static const struct test tests[] = {
	{ "PSCI-CPU_OFF-01", "the caller does not come back and is OFF", caller_is_gone },
	{ "PSCI-CPU_OFF-02", "what the other registers hold does not matter",
	  registers_do_not_matter },
	{ "PSCI-CPU_OFF-03", "an interrupt does not bring a CPU back", interrupt_does_not_wake },
	{ "PSCI-CPU_OFF-04", "a CPU that is OFF can be started at once", off_means_off },
	{ "PSCI-CPU_OFF-05", "the CPU that booted can be turned off, and started by another one",
	  first_is_like_others },
};

const struct group group_cpu_off = GROUP("cpu-off", tests);
