/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that few implementations have: which of them come together, and the answers
 * that can be had without changing anything.
 */
#include "test.h"

#define STATE_UNKNOWN 0x0001dead

/* Aim: STAT_RESIDENCY and STAT_COUNT are both there or neither. */
static enum verdict statistics_come_together(void)
{
	const bool residency = offers(PSCI_FN64_PSCI_STAT_RESIDENCY);
	const bool count = offers(PSCI_FN64_PSCI_STAT_COUNT);

	if (residency != count)
		return fail("PSCI_STAT_RESIDENCY is %sthere, PSCI_STAT_COUNT is %sthere",
			    residency ? "" : "not ", count ? "" : "not ");

	return residency ? pass() : skip("neither is there");
}

/* Aim: no time was ever spent in a state that does not exist. */
static enum verdict unknown_state_counts_zero(void)
{
	int64_t answer;

	if (!offers(PSCI_FN64_PSCI_STAT_COUNT))
		return skip("PSCI_STAT_COUNT is not there");
	answer = call2(PSCI_FN64_PSCI_STAT_COUNT, this_cpu()->affinity, STATE_UNKNOWN);

	return answer == 0 ? pass() : fail_result("PSCI_STAT_COUNT of no state", 0, answer);
}

/* Aim: MEM_PROTECT and MEM_PROTECT_CHECK_RANGE are both there or neither. */
static enum verdict protection_comes_together(void)
{
	const bool protect = offers(PSCI_FN32_MEM_PROTECT);
	const bool check = offers(PSCI_FN64_MEM_PROTECT_CHECK_RANGE);

	if (protect != check)
		return fail("MEM_PROTECT is %sthere, MEM_PROTECT_CHECK_RANGE is %sthere",
			    protect ? "" : "not ", check ? "" : "not ");

	return protect ? pass() : skip("neither is there");
}

/* Aim: a core that asks for its own node finds it on. */
static enum verdict own_node_is_on(void)
{
	int64_t state;

	if (!offers(PSCI_FN64_NODE_HW_STATE))
		return skip("NODE_HW_STATE is not there");
	state = call2(PSCI_FN64_NODE_HW_STATE, this_cpu()->affinity, PSCI_NODE_HW_STATE_LEVEL_CORE);

	return state == PSCI_NODE_HW_STATE_HW_ON ? pass()
						 : fail_result("NODE_HW_STATE of the caller",
							       PSCI_NODE_HW_STATE_HW_ON, state);
}

/* Aim: without OS-initiated mode the mode cannot be changed; with it there are two modes. */
static enum verdict modes_fit_features(void)
{
	int64_t flags;
	int64_t result;

	if (target.version < PSCI_VERSION_1_0)
		return skip("there are modes since 1.0");
	flags = features(PSCI_FN64_CPU_SUSPEND);
	if (flags >= 0 && flags & PSCI_FEATURES_CPU_SUSPEND_OS_INITIATED) {
		result = call1(PSCI_FN32_PSCI_SET_SUSPEND_MODE, 2);

		return result == PSCI_RET_INVALID_PARAMETERS
			       ? pass()
			       : fail_result("PSCI_SET_SUSPEND_MODE of no mode",
					     PSCI_RET_INVALID_PARAMETERS, result);
	}
	result = call1(PSCI_FN32_PSCI_SET_SUSPEND_MODE, PSCI_SUSPEND_MODE_OS_INITIATED);

	return result == PSCI_RET_NOT_SUPPORTED
		       ? pass()
		       : fail_result("PSCI_SET_SUSPEND_MODE without OS-initiated mode",
				     PSCI_RET_NOT_SUPPORTED, result);
}

/* Aim: the mode that is set is a valid argument. */
static enum verdict same_mode_is_there(void)
{
	int64_t result;

	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return skip("PSCI_SET_SUSPEND_MODE is not there");
	result = call1(PSCI_FN32_PSCI_SET_SUSPEND_MODE, PSCI_SUSPEND_MODE_PLATFORM_COORDINATED);
	if (result == PSCI_RET_DENIED)
		return observe("the mode that there is already is DENIED");

	return result == PSCI_RET_SUCCESS
		       ? pass()
		       : fail_result("PSCI_SET_SUSPEND_MODE of the mode that there is",
				     PSCI_RET_SUCCESS, result);
}

/* Aim: SYSTEM_SUSPEND is refused while another core is on. */
static enum verdict suspend_is_denied(void)
{
	struct cpu *other = other_cpu(1);
	int64_t result;

	if (!offers(PSCI_FN64_SYSTEM_SUSPEND))
		return skip("SYSTEM_SUSPEND is not there");
	if (!other)
		return skip("one CPU only");
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	result = call2(PSCI_FN64_SYSTEM_SUSPEND, secondary_address(), CONTEXT_RUNTIME);

	return result == PSCI_RET_DENIED
		       ? pass()
		       : fail_result("SYSTEM_SUSPEND with another CPU on", PSCI_RET_DENIED, result);
}

static const struct test tests[] = {
	{ "PSCI-PSCI_STAT_COUNT-01", "both statistics are there, or neither",
	  statistics_come_together },
	{ "PSCI-PSCI_STAT_COUNT-02", "an unknown state counts 0", unknown_state_counts_zero },
	{ "PSCI-MEM_PROTECT-01", "both functions are there, or neither",
	  protection_comes_together },
	{ "PSCI-NODE_HW_STATE-01", "the caller's own node is on", own_node_is_on },
	{ "PSCI-PSCI_SET_SUSPEND_MODE-01", "modes fit what FEATURES announces",
	  modes_fit_features },
	{ "PSCI-PSCI_SET_SUSPEND_MODE-35", "the mode that there is already can be asked for",
	  same_mode_is_there },
	{ "PSCI-SYSTEM_SUSPEND-01", "DENIED while another CPU is on", suspend_is_denied },
};

const struct group group_optional = GROUP("optional", tests);
