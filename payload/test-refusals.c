/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What CPU_ON and AFFINITY_INFO answer for a CPU that cannot or must not be started, or
 * that takes its time. Only the machine knows which CPU that is, so each is tried. These
 * tests must be requested, since most machines have none (dormouse has --psci-test).
 */
#include <stddef.h>

#include "../arch/arm64/timer.h"
#include "test.h"

#define CONTEXT 0xfeedf00dcafe0500
/* On a busy host any CPU may be late; one that is held never comes. */
#define LOOK (3 * SECOND)

/* A CPU for which CPU_ON has this answer and no other, or NULL. */
static struct cpu *find_refused(int64_t answer)
{
	struct cpu *found = NULL;

	for (unsigned int i = 1; i < board.cpu_count && !found; i++) {
		const unsigned int before = atomic_load(&cpus[i].arrivals);
		const int64_t result = cpu_on(&cpus[i], CONTEXT);

		if (result == answer)
			found = &cpus[i];
		else if (result == PSCI_RET_SUCCESS && !cpu_arrived(&cpus[i], before))
			break;
	}

	return found;
}

/* It is refused whenever and however its start is requested, and keeps its state. */
static enum verdict check_refused(const struct cpu *cpu, int64_t answer, int64_t expected_info)
{
	const unsigned int before = atomic_load(&cpu->arrivals);
	int64_t result = cpu_on(cpu, CONTEXT);
	int64_t info;

	if (result != answer)
		return fail_result("CPU_ON once more", answer, result);
	if (target.version >= PSCI_VERSION_1_0 && !(cpu->affinity >> 32)) {
		result = call3(PSCI_FN32_CPU_ON, cpu->affinity, (uint32_t)secondary_address(), 0);
		if (result != answer)
			return fail_result("CPU_ON (SMC32)", answer, result);
	}
	info = affinity_info(cpu);
	if (info != expected_info)
		return fail_result("AFFINITY_INFO of it", expected_info, info);
	if (atomic_load(&cpu->arrivals) != before)
		return fail("the CPU that was refused has arrived");

	return pass();
}

/* Aim: firmware may forbid a core, and the answer since 1.2 says so. */
static enum verdict forbidden_is_denied(void)
{
	struct cpu *cpu;

	if (target.version < PSCI_VERSION_1_2)
		return skip("CPU_ON can be DENIED since 1.2");
	cpu = find_refused(PSCI_RET_DENIED);

	return cpu ? check_refused(cpu, PSCI_RET_DENIED, PSCI_AFFINITY_INFO_OFF)
		   : skip("no CPU is denied");
}

/* Aim: before 1.2 CPU_ON does not know that code. */
static enum verdict never_denied_before_1_2(void)
{
	if (target.version >= PSCI_VERSION_1_2)
		return skip("CPU_ON can be DENIED since 1.2");
	if (find_refused(PSCI_RET_DENIED))
		return fail("CPU_ON answers DENIED");
	if (!smp_settle())
		return fail("not all CPUs could be turned off");

	return find_refused(PSCI_RET_INTERNAL_FAILURE) ? pass() : skip("no CPU is refused");
}

/* Aim: one that is broken in a way that cannot be detected is OFF, and cannot be started. */
static enum verdict broken_is_internal_failure(void)
{
	struct cpu *broken = cpu_that_fails();

	return broken ? check_refused(broken, PSCI_RET_INTERNAL_FAILURE, PSCI_AFFINITY_INFO_OFF)
		      : skip("no CPU fails to start");
}

/* Aim: one that is known to be broken is DISABLED, and cannot be started. */
static enum verdict broken_is_disabled(void)
{
	for (unsigned int i = 1; i < board.cpu_count; i++) {
		if (affinity_info(&cpus[i]) == PSCI_RET_DISABLED)
			return check_refused(&cpus[i], PSCI_RET_INTERNAL_FAILURE,
					     PSCI_RET_DISABLED);
	}

	return skip("no CPU is disabled");
}

static bool is_in_group(const struct cpu *one, const struct cpu *other, unsigned int level)
{
	static const uint64_t fields[] = { 0xff00ffffff, 0xff00ffff00, 0xff00ff0000, 0xff00000000 };

	return !((one->affinity ^ other->affinity) & fields[level]);
}

/* Returns whether all of a CPU's group are DISABLED. */
static bool is_broken_group(const struct cpu *cpu, unsigned int level)
{
	for (unsigned int i = 0; i < board.cpu_count; i++) {
		if (is_in_group(&cpus[i], cpu, level) &&
		    affinity_info(&cpus[i]) != PSCI_RET_DISABLED)
			return false;
	}

	return true;
}

/* Aim: the answer for a group is that of its best core. */
static enum verdict broken_group_is_disabled(void)
{
	for (unsigned int i = 1; i < board.cpu_count; i++) {
		int64_t info;

		if (!is_broken_group(&cpus[i], 1))
			continue;
		info = call2(PSCI_FN64_AFFINITY_INFO, cpus[i].affinity, 1);
		if (target.version >= PSCI_VERSION_1_0 && info == PSCI_RET_INVALID_PARAMETERS)
			return observe("levels above 0 are refused, as they may be");

		return info == PSCI_RET_DISABLED
			       ? pass()
			       : fail_result("AFFINITY_INFO of its group", PSCI_RET_DISABLED, info);
	}

	return skip("there is no group of CPUs that are all disabled");
}

/* --- a CPU that is on its way --- */

/* What was observed of a CPU between CPU_ON and its arrival. */
static struct {
	bool looked;
	struct cpu *cpu; /* NULL if all arrived at once. */
	int64_t info;
	int64_t second;
	bool arrived;
	bool has_group;
	int64_t group;
	bool suspended;
	int64_t suspend;
} held;

/* The lowest level at which no CPU that is on is in the group of @cpu; or above all. */
static unsigned int lonely_level(const struct cpu *cpu)
{
	for (unsigned int level = 1; level <= PSCI_AFFINITY_LEVEL_MAX; level++) {
		bool lonely = true;

		for (unsigned int i = 0; i < board.cpu_count; i++) {
			if (atomic_load(&cpus[i].running) && is_in_group(&cpus[i], cpu, level))
				lonely = false;
		}
		if (lonely)
			return level;
	}

	return PSCI_AFFINITY_LEVEL_MAX + 1;
}

static void look_at(struct cpu *cpu, unsigned int before)
{
	const unsigned int level = lonely_level(cpu);

	held.cpu = cpu;
	held.info = affinity_info(cpu);
	held.has_group = level <= PSCI_AFFINITY_LEVEL_MAX;
	if (held.has_group)
		held.group = call2(PSCI_FN64_AFFINITY_INFO, cpu->affinity, level);
	if (offers(PSCI_FN64_SYSTEM_SUSPEND) && !cannot_suspend()) {
		timer_arm(SECOND);
		held.suspended = call_and_arrive(PSCI_FN64_SYSTEM_SUSPEND, secondary_address(),
						 CONTEXT, 0, &held.suspend);
		timer_disarm();
		cpu_interrupts();
		take_interrupts();
	}
	/* If it has arrived by itself, or counts as if it had, it was only late. */
	if (atomic_load(&cpu->arrivals) != before || held.info == PSCI_AFFINITY_INFO_ON)
		held.cpu = NULL;
	held.second = cpu_on(cpu, ~CONTEXT);
	held.arrived = cpu_arrived(cpu, before);
}

/*
 * Start one CPU after the other until one does not come. Once in a power cycle, and
 * before another test waits for a CPU.
 */
static bool look_for_held(void)
{
	for (unsigned int i = 1; i < board.cpu_count && !held.looked && !held.cpu; i++) {
		const unsigned int before = atomic_load(&cpus[i].arrivals);
		const uint64_t deadline = timer_deadline(LOOK);

		if (cpu_on(&cpus[i], CONTEXT + i) != PSCI_RET_SUCCESS)
			continue;
		while (atomic_load(&cpus[i].arrivals) == before && !timer_passed(deadline))
			;
		if (atomic_load(&cpus[i].arrivals) == before)
			look_at(&cpus[i], before);
		else
			cpu_stop(&cpus[i]);
	}
	held.looked = true;

	return held.cpu;
}

/* Aim: until it has arrived it is ON_PENDING, and its first CPU_ON is what counts. */
static enum verdict held_is_pending(void)
{
	if (!look_for_held())
		return skip("all CPUs arrive at once");
	if (held.info != PSCI_AFFINITY_INFO_ON_PENDING)
		return fail_result("AFFINITY_INFO before it has arrived",
				   PSCI_AFFINITY_INFO_ON_PENDING, held.info);
	if (held.second != PSCI_RET_ON_PENDING)
		return fail_result("the second CPU_ON", PSCI_RET_ON_PENDING, held.second);
	if (!held.arrived)
		return fail("the CPU did not arrive");

	return held.cpu->arrival.x0 == CONTEXT + held.cpu->index
		       ? pass()
		       : fail("expected x0 = %lx of the first call, came %lx",
			      CONTEXT + held.cpu->index, held.cpu->arrival.x0);
}

/* Aim: so is its group, if no other CPU in it is on. */
static enum verdict held_group_is_pending(void)
{
	if (!look_for_held())
		return skip("all CPUs arrive at once");
	if (!held.has_group)
		return skip("the caller is in the CPU's group");
	if (target.version >= PSCI_VERSION_1_0 && held.group == PSCI_RET_INVALID_PARAMETERS)
		return observe("levels above 0 are refused, as they may be");

	return held.group == PSCI_AFFINITY_INFO_ON_PENDING
		       ? pass()
		       : fail_result("AFFINITY_INFO of its group", PSCI_AFFINITY_INFO_ON_PENDING,
				     held.group);
}

/* Aim: it is not OFF, so it prevents a suspend. */
static enum verdict held_denies_suspend(void)
{
	if (!look_for_held())
		return skip("all CPUs arrive at once");
	if (!offers(PSCI_FN64_SYSTEM_SUSPEND) || cannot_suspend())
		return skip("SYSTEM_SUSPEND is not there");
	if (held.suspended)
		return fail("expected DENIED, but the system was suspended");

	return held.suspend == PSCI_RET_DENIED
		       ? pass()
		       : fail_result("SYSTEM_SUSPEND with another CPU pending", PSCI_RET_DENIED,
				     held.suspend);
}

static const struct test tests[] = {
	{ "PSCI-CPU_ON-17", "before it has arrived a CPU is ON_PENDING to all calls",
	  held_is_pending },
	{ "PSCI-AFFINITY_INFO-30", "so is a group in which no CPU is ON", held_group_is_pending },
	{ "PSCI-SYSTEM_SUSPEND-30", "SYSTEM_SUSPEND is DENIED while a CPU is ON_PENDING",
	  held_denies_suspend },
	{ "PSCI-CPU_ON-31", "a CPU that is forbidden is DENIED and stays OFF",
	  forbidden_is_denied },
	{ "PSCI-CPU_ON-32", "before 1.2 no CPU is DENIED", never_denied_before_1_2 },
	{ "PSCI-CPU_ON-33", "a CPU that cannot be started is INTERNAL_FAILURE and stays OFF",
	  broken_is_internal_failure },
	{ "PSCI-AFFINITY_INFO-31", "a CPU that is known to be broken is DISABLED",
	  broken_is_disabled },
	{ "PSCI-AFFINITY_INFO-33", "a group of nothing but such CPUs is DISABLED, too",
	  broken_group_is_disabled },
};

const struct group group_refusals = GROUP("refusals", tests);
