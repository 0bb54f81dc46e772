/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_FREEZE: like CPU_OFF, but the core counts as one that has not called it.
 */
#include "../arch/arm64/gic.h"
#include "../arch/arm64/sysreg.h"
#include "../arch/arm64/timer.h"
#include "test.h"

#define SGI 6
#define CONTEXT 0xfeedf00dcafe0300

static void freeze(struct cpu *cpu)
{
	cpu_interrupts();
	atomic_store(&cpu->flag, 1);
	cpu->result = call0(PSCI_FN32_CPU_FREEZE);
	atomic_store(&cpu->flag, 2);
}

/* NULL, or why the test cannot run; CPU 1 is frozen, or about to be. */
static const char *freeze_other(struct cpu **other)
{
	*other = other_cpu(1);
	if (!offers(PSCI_FN32_CPU_FREEZE))
		return "CPU_FREEZE is not there";
	if (!*other)
		return "one CPU only";
	if (!cpu_start(*other))
		return "CPU 1 could not be started";
	cpu_give(*other, freeze, 0);

	return cpu_flagged(*other, 1) ? NULL : "CPU 1 is stuck";
}

/* CPU_ON of a frozen CPU, which may answer ALREADY_ON until it is frozen. */
static int64_t thaw(const struct cpu *other)
{
	const uint64_t deadline = timer_deadline(20 * SECOND);
	int64_t result;

	do {
		result = cpu_on(other, CONTEXT);
	} while (result == PSCI_RET_ALREADY_ON && !timer_passed(deadline));

	return result;
}

/* Aim: it comes back only through CPU_ON, and then at its entry point. */
static enum verdict cpu_on_thaws(void)
{
	struct cpu *other;
	const char *trouble = freeze_other(&other);
	unsigned int before;
	int64_t result;

	if (trouble)
		return skip("%s", trouble);
	before = atomic_load(&other->arrivals);
	result = thaw(other);
	if (atomic_load(&other->flag) == 2)
		return other->result == PSCI_RET_DENIED
			       ? skip("CPU 1 is DENIED to freeze")
			       : fail("CPU_FREEZE came back with %ld %s", other->result,
				      result_name(other->result));
	if (result != PSCI_RET_SUCCESS)
		return fail_result("CPU_ON of a frozen CPU", PSCI_RET_SUCCESS, result);
	if (!cpu_arrived(other, before) || other->arrival.x0 != CONTEXT)
		return fail("CPU 1 did not arrive as it was told");
	trouble = wrong_at_entry(&other->arrival);

	return trouble ? fail("%s", trouble) : pass();
}

/* Aim: interrupts become pending, and do not wake it. */
static enum verdict interrupt_does_not_thaw(void)
{
	struct cpu *other;
	const char *trouble = freeze_other(&other);
	unsigned int before;
	uint64_t deadline;

	if (trouble)
		return skip("%s", trouble);
	if (!board.gic.version)
		return skip("no interrupt controller that we know");
	before = atomic_load(&other->arrivals);
	deadline = timer_deadline(20 * MILLISECOND);
	while (!timer_passed(deadline)) {
		gic_send(other->affinity, other->index, SGI);
		if (atomic_load(&other->flag) == 2)
			return other->result == PSCI_RET_DENIED
				       ? skip("CPU 1 is DENIED to freeze")
				       : fail("an interrupt brought CPU 1 back from CPU_FREEZE");
	}
	if (thaw(other) != PSCI_RET_SUCCESS || !cpu_arrived(other, before))
		return fail("CPU 1 could not be started again");

	return pass();
}

/* What AFFINITY_INFO reports for a CPU that is frozen, once or during a time. */
static enum verdict check_info(uint64_t microseconds)
{
	struct cpu *other;
	const char *trouble = freeze_other(&other);
	unsigned int before;
	uint64_t deadline;
	int64_t info;

	if (trouble)
		return skip("%s", trouble);
	before = atomic_load(&other->arrivals);
	deadline = timer_deadline(microseconds);
	do {
		info = affinity_info(other);
	} while (info == PSCI_AFFINITY_INFO_ON && !timer_passed(deadline));
	if (thaw(other) != PSCI_RET_SUCCESS || !cpu_arrived(other, before))
		return fail("CPU 1 could not be started again");

	return info == PSCI_AFFINITY_INFO_ON
		       ? pass()
		       : observe("AFFINITY_INFO of a frozen CPU answers %ld", info);
}

/* Aim: it has not called CPU_OFF, so it is not OFF. */
static enum verdict frozen_is_not_off(void)
{
	return check_info(0);
}

/* Aim: it stays so, however long it is frozen. */
static enum verdict frozen_stays_on(void)
{
	return check_info(20 * MILLISECOND);
}

/* Aim: as a CPU that is OFF, it is started once: the second call comes too late. */
static enum verdict thaws_once(void)
{
	struct cpu *other;
	const char *trouble = freeze_other(&other);
	unsigned int before;
	int64_t first;
	int64_t second;

	if (trouble)
		return skip("%s", trouble);
	before = atomic_load(&other->arrivals);
	first = thaw(other);
	second = cpu_on(other, ~CONTEXT);
	if (first != PSCI_RET_SUCCESS)
		return fail_result("CPU_ON of a frozen CPU", PSCI_RET_SUCCESS, first);
	if (second != PSCI_RET_ON_PENDING && second != PSCI_RET_ALREADY_ON)
		return fail_result("CPU_ON of a CPU that is started from FROZEN",
				   PSCI_RET_ON_PENDING, second);
	if (!cpu_arrived(other, before))
		return fail("CPU 1 did not arrive");

	return other->arrival.x0 == CONTEXT ? pass()
					    : fail("expected x0 = %lx of the first call, came %lx",
						   CONTEXT, other->arrival.x0);
}

/* Aim: it is not OFF either for SYSTEM_SUSPEND. */
static enum verdict frozen_denies_suspend(void)
{
	struct cpu *other;
	const char *trouble = cannot_suspend();
	unsigned int before;
	int64_t result = 0;
	bool at_entry;

	if (trouble)
		return skip("%s", trouble);
	if (!offers(PSCI_FN64_SYSTEM_SUSPEND))
		return skip("SYSTEM_SUSPEND is not there");
	trouble = freeze_other(&other);
	if (trouble)
		return skip("%s", trouble);
	before = atomic_load(&other->arrivals);
	timer_arm(SECOND);
	at_entry =
		call_and_arrive(PSCI_FN64_SYSTEM_SUSPEND, secondary_address(), CONTEXT, 0, &result);
	timer_disarm();
	cpu_interrupts();
	take_interrupts();
	if (thaw(other) != PSCI_RET_SUCCESS || !cpu_arrived(other, before))
		return fail("CPU 1 could not be started again");
	if (at_entry)
		return fail("expected DENIED, but the system was suspended");

	return result == PSCI_RET_DENIED ? pass()
					 : fail_result("SYSTEM_SUSPEND with another CPU frozen",
						       PSCI_RET_DENIED, result);
}

static const struct test tests[] = {
	{ "PSCI-CPU_FREEZE-01", "a frozen CPU starts again through CPU_ON", cpu_on_thaws },
	{ "PSCI-CPU_FREEZE-02", "an interrupt does not bring it back", interrupt_does_not_thaw },
	{ "PSCI-CPU_FREEZE-03", "a frozen CPU is ON to AFFINITY_INFO", frozen_is_not_off },
	{ "PSCI-CPU_ON-35", "of two calls that start a frozen CPU the first counts", thaws_once },
	{ "PSCI-AFFINITY_INFO-32", "a frozen CPU stays ON", frozen_stays_on },
	{ "PSCI-SYSTEM_SUSPEND-07", "SYSTEM_SUSPEND is DENIED while a CPU is frozen",
	  frozen_denies_suspend },
};

const struct group group_cpu_freeze = GROUP("cpu-freeze", tests);
