/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NODE_HW_STATE: what the power controller reports of a CPU. It may be late, so the tests
 * wait for each expected answer.
 */
#include "sleep.h"

#define LEVEL_NONE 0xffffffff

static int64_t hw_state(const struct cpu *cpu)
{
	return call2(PSCI_FN64_NODE_HW_STATE, cpu->affinity, PSCI_NODE_HW_STATE_LEVEL_CORE);
}

/* Ask until the answer is this, or for a while. */
static int64_t await_hw_state(const struct cpu *cpu, int64_t expected)
{
	const uint64_t deadline = timer_deadline(SLEEP_GUARD / 2);
	int64_t state;

	do {
		state = hw_state(cpu);
	} while (state != expected && !timer_passed(deadline));

	return state;
}

static enum verdict judge(int64_t expected, int64_t came, const char *what)
{
	if (came == expected)
		return pass();
	if (came < PSCI_NODE_HW_STATE_HW_ON || came > PSCI_NODE_HW_STATE_HW_STANDBY)
		return fail_result("NODE_HW_STATE", expected, came);

	return observe("%s is %ld to NODE_HW_STATE, not %ld", what, came, expected);
}

/* Aim: a CPU is off before and after it runs, and on while it does. */
static enum verdict off_and_on(void)
{
	struct cpu *other = other_cpu(1);
	enum verdict verdict;

	if (!offers(PSCI_FN64_NODE_HW_STATE))
		return skip("NODE_HW_STATE is not there");
	if (!other)
		return skip("one CPU only");
	verdict = judge(PSCI_NODE_HW_STATE_HW_OFF, await_hw_state(other, PSCI_NODE_HW_STATE_HW_OFF),
			"a CPU that is off");
	if (verdict != VERDICT_PASS)
		return verdict;
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	verdict = judge(PSCI_NODE_HW_STATE_HW_ON, await_hw_state(other, PSCI_NODE_HW_STATE_HW_ON),
			"a CPU that runs");
	if (verdict != VERDICT_PASS)
		return verdict;
	if (!cpu_stop(other))
		return fail("CPU 1 could not be turned off");

	return judge(PSCI_NODE_HW_STATE_HW_OFF, await_hw_state(other, PSCI_NODE_HW_STATE_HW_OFF),
		     "a CPU that is off again");
}

static enum verdict check_sleeper(uint32_t power_state, int64_t expected, const char *what)
{
	const struct sleep sleep = SLEEP_IN(power_state);
	struct cpu *other = other_cpu(1);
	const char *trouble;
	int64_t came;

	if (!other)
		return skip("one CPU only");
	trouble = sleep_elsewhere(other, &sleep);
	if (trouble)
		return fail("%s", trouble);
	came = await_hw_state(other, expected);
	trouble = wake_elsewhere(other);

	return trouble ? fail("%s", trouble) : judge(expected, came, what);
}

/* NULL, or why the test cannot run. */
static const char *cannot(void)
{
	if (!offers(PSCI_FN64_NODE_HW_STATE))
		return "NODE_HW_STATE is not there";
	if (!board.idle_state_count)
		return "no idle state is known";

	return cannot_suspend();
}

/* Aim: a CPU that keeps its registers while it sleeps is in standby. */
static enum verdict standby_is_standby(void)
{
	const char *trouble = cannot();

	if (trouble)
		return skip("%s", trouble);
	if (is_powerdown(standby_state()))
		return skip("no standby state is known");

	return check_sleeper(standby_state(), PSCI_NODE_HW_STATE_HW_STANDBY, "a CPU in standby");
}

/* Aim: a CPU that does not keep them is off. */
static enum verdict power_down_is_off(void)
{
	const char *trouble = cannot();
	uint32_t power_state;

	if (trouble)
		return skip("%s", trouble);
	if (!powerdown_state(&power_state))
		return skip("no power-down state is known");

	return check_sleeper(power_state, PSCI_NODE_HW_STATE_HW_OFF, "a CPU in power-down");
}

/* Aim: a core or level that does not exist has no state. */
static enum verdict absent_is_invalid(void)
{
	int64_t result;

	if (!offers(PSCI_FN64_NODE_HW_STATE))
		return skip("NODE_HW_STATE is not there");
	result = call2(PSCI_FN64_NODE_HW_STATE, absent_affinity(), PSCI_NODE_HW_STATE_LEVEL_CORE);
	if (result != PSCI_RET_INVALID_PARAMETERS)
		return fail_result("NODE_HW_STATE of no core", PSCI_RET_INVALID_PARAMETERS, result);
	result = call2(PSCI_FN64_NODE_HW_STATE, this_cpu()->affinity, LEVEL_NONE);

	return result == PSCI_RET_INVALID_PARAMETERS
		       ? pass()
		       : fail_result("NODE_HW_STATE at no level", PSCI_RET_INVALID_PARAMETERS,
				     result);
}

/* Aim: the upper halves are not part of the SMC32 call. */
static enum verdict smc32_drops_upper_halves(void)
{
	const uint64_t self = this_cpu()->affinity;
	int64_t result;

	if (!offers(PSCI_FN32_NODE_HW_STATE))
		return skip("NODE_HW_STATE is not there");
	if (self >> 32)
		return skip("the caller's affinity does not fit in 32 bits");
	result =
		call2(PSCI_FN32_NODE_HW_STATE, UPPER | self, UPPER | PSCI_NODE_HW_STATE_LEVEL_CORE);

	return result == PSCI_NODE_HW_STATE_HW_ON
		       ? pass()
		       : fail_result("NODE_HW_STATE (SMC32) of the caller",
				     PSCI_NODE_HW_STATE_HW_ON, result);
}

static const struct test tests[] = {
	{ "PSCI-NODE_HW_STATE-02", "a CPU is on while it runs and off before and after",
	  off_and_on },
	{ "PSCI-NODE_HW_STATE-30", "a CPU in power-down is HW_OFF", power_down_is_off },
	{ "PSCI-NODE_HW_STATE-31", "a CPU in standby is HW_STANDBY", standby_is_standby },
	{ "PSCI-NODE_HW_STATE-32", "what does not exist is INVALID_PARAMETERS", absent_is_invalid },
	{ "PSCI-NODE_HW_STATE-03", "the SMC32 call drops upper halves", smc32_drops_upper_halves },
};

const struct group group_hw_state = GROUP("hw-state", tests);
