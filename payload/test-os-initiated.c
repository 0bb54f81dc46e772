/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coordination of the CPUs of a power domain: by the platform, or, if the guest has
 * chosen so, by the last CPU that goes to sleep.
 *
 * To be run before any CPU has called CPU_SUSPEND, after which the mode cannot be
 * changed. Each test but the last leaves the machine platform-coordinated.
 */
#include <stddef.h>

#include "../arch/arm64/sysreg.h"
#include "sleep.h"

static int64_t set_mode(uint64_t mode)
{
	return call1(PSCI_FN32_PSCI_SET_SUSPEND_MODE, mode);
}

/* The deepest power state of the domain. */
static struct sleep domain_sleep(void)
{
	return SLEEP_IN(board.domain.states[board.domain.state_count - 1]);
}

/* Another CPU of the domain, or NULL. */
static struct cpu *sibling(void)
{
	for (unsigned int i = 1; i < board.cpu_count; i++) {
		for (unsigned int j = 0; j < board.domain.cpu_count; j++) {
			if (board.domain.affinities[j] == cpus[i].affinity)
				return &cpus[i];
		}
	}

	return NULL;
}

/* NULL, or why the test cannot run. */
static const char *cannot(void)
{
	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return "PSCI_SET_SUSPEND_MODE is not there";
	if (!board.domain.cpu_count)
		return "no power domain of several CPUs is known";
	if (!sibling())
		return "one CPU only";

	return cannot_suspend();
}

/* Back to platform-coordinated mode, for which the other CPU has to be off. */
static enum verdict leave(struct cpu *other, enum verdict verdict)
{
	if (atomic_load(&other->running) && !cpu_stop(other))
		return fail("the other CPU could not be turned off");

	const int64_t result = set_mode(PSCI_SUSPEND_MODE_PLATFORM_COORDINATED);

	if (verdict == VERDICT_PASS && result != PSCI_RET_SUCCESS)
		return fail_result("PSCI_SET_SUSPEND_MODE to platform-coordinated",
				   PSCI_RET_SUCCESS, result);

	return verdict;
}

/* --- the mode --- */

/* Aim: there are two modes. */
static enum verdict other_modes_are_invalid(void)
{
	static const uint32_t modes[] = { 2, 0x80000000, 0xffffffff };

	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return skip("PSCI_SET_SUSPEND_MODE is not there");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const int64_t result = set_mode(modes[i]);

		if (result != PSCI_RET_INVALID_PARAMETERS)
			return fail_result("PSCI_SET_SUSPEND_MODE of no mode",
					   PSCI_RET_INVALID_PARAMETERS, result);
	}

	return pass();
}

/* Aim: with all others off the mode can be changed both ways; upper halves are ignored. */
static enum verdict mode_changes(void)
{
	static const uint64_t modes[] = {
		PSCI_SUSPEND_MODE_OS_INITIATED,
		PSCI_SUSPEND_MODE_PLATFORM_COORDINATED,
		UPPER | PSCI_SUSPEND_MODE_OS_INITIATED,
		UPPER | PSCI_SUSPEND_MODE_PLATFORM_COORDINATED,
	};

	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return skip("PSCI_SET_SUSPEND_MODE is not there");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const int64_t result = set_mode(modes[i]);

		if (result != PSCI_RET_SUCCESS)
			return fail_result("PSCI_SET_SUSPEND_MODE", PSCI_RET_SUCCESS, result);
	}

	return pass();
}

/* Aim: a CPU that sleeps in CPU_DEFAULT_SUSPEND has not chosen a mode. */
static enum verdict default_sleeper_is_not_in_the_way(void)
{
	const struct sleep sleep = { .fid = PSCI_FN64_CPU_DEFAULT_SUSPEND };
	const uint64_t deadline = timer_deadline(SLEEP_LOOK);
	const char *trouble = cannot_suspend();
	struct cpu *other = other_cpu(1);
	int64_t result;

	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE) || !offers(sleep.fid))
		return skip("PSCI_SET_SUSPEND_MODE or CPU_DEFAULT_SUSPEND is not there");
	if (!other)
		return skip("one CPU only");
	if (!trouble)
		trouble = sleep_elsewhere(other, &sleep);
	if (trouble)
		return skip("%s", trouble);
	/* Nothing reports when it is inside the call; until then it runs, which is as good. */
	while (!timer_passed(deadline))
		cpu_relax();
	result = set_mode(PSCI_SUSPEND_MODE_OS_INITIATED);
	trouble = wake_elsewhere(other);
	if (trouble)
		return leave(other, fail("%s", trouble));

	return leave(other,
		     result == PSCI_RET_SUCCESS
			     ? pass()
			     : fail_result("PSCI_SET_SUSPEND_MODE beside CPU_DEFAULT_SUSPEND",
					   PSCI_RET_SUCCESS, result));
}

/* Aim: only a CPU that alone is on can change the mode back. */
static enum verdict back_is_denied(void)
{
	struct cpu *other = other_cpu(1);
	enum verdict verdict;
	int64_t result;

	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return skip("PSCI_SET_SUSPEND_MODE is not there");
	if (!other)
		return skip("one CPU only");
	result = set_mode(PSCI_SUSPEND_MODE_OS_INITIATED);
	if (result != PSCI_RET_SUCCESS)
		return fail_result("PSCI_SET_SUSPEND_MODE to OS-initiated", PSCI_RET_SUCCESS,
				   result);
	if (!cpu_start(other))
		return fail("CPU 1 could not be started");
	result = set_mode(PSCI_SUSPEND_MODE_PLATFORM_COORDINATED);
	verdict = result == PSCI_RET_DENIED
			  ? pass()
			  : fail_result("PSCI_SET_SUSPEND_MODE back with another CPU on",
					PSCI_RET_DENIED, result);

	return leave(other, verdict);
}

/* --- OS-initiated --- */

/* Aim: a CPU that is not the last of a domain cannot request its states. */
static enum verdict domain_is_denied(void)
{
	const char *trouble = cannot();
	struct cpu *other = sibling();
	struct sleep sleep;
	struct woken woken;

	if (trouble)
		return skip("%s", trouble);
	if (set_mode(PSCI_SUSPEND_MODE_OS_INITIATED) != PSCI_RET_SUCCESS)
		return fail("OS-initiated mode could not be entered");
	if (!cpu_start(other))
		return fail("another CPU could not be started");
	sleep = domain_sleep();
	woken = sleep_briefly(&sleep, SLEEP_CONTEXT);
	if (woken.at_entry)
		return leave(other, fail("expected DENIED, came the entry point"));

	return leave(other, woken.result == PSCI_RET_DENIED
				    ? pass()
				    : fail_result("CPU_SUSPEND of a domain with a CPU that runs",
						  PSCI_RET_DENIED, woken.result));
}

/*
 * Request a state of the domain while another CPU of it sleeps, once that is there: until
 * then the answer is DENIED.
 */
static struct woken ask_beside(struct cpu *other, const struct sleep *others, unsigned int state,
			       const char **trouble)
{
	const struct sleep sleep = SLEEP_IN(board.domain.states[state]);
	const uint64_t deadline = timer_deadline(SLEEP_GUARD);
	const char *woken_trouble;
	struct woken woken = { 0 };

	*trouble = NULL;
	if (set_mode(PSCI_SUSPEND_MODE_OS_INITIATED) != PSCI_RET_SUCCESS) {
		*trouble = "OS-initiated mode could not be entered";

		return woken;
	}
	*trouble = sleep_elsewhere(other, others);
	if (*trouble)
		return woken;
	do {
		woken = sleep_briefly(&sleep, SLEEP_CONTEXT);
	} while (woken.result == PSCI_RET_DENIED && !timer_passed(deadline));
	woken_trouble = wake_elsewhere(other);
	*trouble = woken_trouble;

	return woken;
}

static enum verdict ask_beside_standby(unsigned int state)
{
	const struct sleep standby = SLEEP_IN(standby_state());
	struct cpu *other = sibling();
	const char *trouble;
	struct woken woken;

	woken = ask_beside(other, &standby, state, &trouble);
	if (trouble)
		return leave(other, fail("%s", trouble));
	if (woken.at_entry || woken.result == PSCI_RET_SUCCESS)
		return leave(other, observe("the domain may go deeper than a CPU in standby"));

	return leave(other, woken.result == PSCI_RET_INVALID_PARAMETERS
				    ? pass()
				    : fail_result("CPU_SUSPEND of a domain with a CPU in standby",
						  PSCI_RET_INVALID_PARAMETERS, woken.result));
}

/* Aim: a domain cannot sleep deeper than one of its CPUs allows. */
static enum verdict light_sleeper_is_invalid(void)
{
	const char *trouble = cannot();
	enum verdict verdict = VERDICT_PASS;

	if (trouble)
		return skip("%s", trouble);
	if (!board.idle_state_count || is_powerdown(standby_state()))
		return skip("no standby state is known");
	for (unsigned int i = 0; i < board.domain.state_count && verdict == VERDICT_PASS; i++)
		verdict = ask_beside_standby(i);

	return verdict;
}

/* Aim: the last CPU of a domain gets the state that it requests. */
static enum verdict last_gets_the_domain(void)
{
	const char *trouble = cannot();
	struct sleep sleep = SLEEP_IN(0);
	struct cpu *other = sibling();
	struct woken woken;

	if (trouble)
		return skip("%s", trouble);
	if (!powerdown_state(&sleep.state))
		return skip("no power-down state is known");
	woken = ask_beside(other, &sleep, board.domain.state_count - 1, &trouble);
	if (trouble)
		return leave(other, fail("%s", trouble));

	return leave(other, judge_woken(&woken, SLEEP_CONTEXT));
}

/* --- how often the domain was in its states, as the device tree has them: the deepest last --- */

struct stays {
	uint64_t in[BOARD_DOMAIN_STATES_MAX];
};

static struct stays count_stays(void)
{
	struct stays stays = { { 0 } };

	for (unsigned int i = 0; i < board.domain.state_count; i++)
		stays.in[i] = (uint64_t)call2(PSCI_FN64_PSCI_STAT_COUNT, this_cpu()->affinity,
					      board.domain.states[i]);

	return stays;
}

/* One stay in @state may have been since @before, or in one less deep; none in a deeper one. */
static enum verdict judge_stay(const struct stays *before, unsigned int state)
{
	const struct stays after = count_stays();
	uint64_t sum = 0;

	for (unsigned int i = 0; i < board.domain.state_count; i++) {
		const uint64_t more = after.in[i] - before->in[i];

		if (i > state && more)
			return fail("asked for %x the domain was in %x", board.domain.states[state],
				    board.domain.states[i]);
		sum += more;
	}
	if (sum > 1)
		return fail("expected one stay of the domain at most, came %lu", sum);

	return after.in[state] > before->in[state]
		       ? pass()
		       : observe("a stay of the domain in %x did not count",
				 board.domain.states[state]);
}

static const char *cannot_count(void)
{
	return offers(PSCI_FN64_PSCI_STAT_COUNT) ? cannot() : "PSCI_STAT_COUNT is not there";
}

/* Aim: the last CPU takes the domain along, however little the others requested. */
static enum verdict last_one_counts(void)
{
	const char *trouble = cannot_count();
	struct sleep sleep = SLEEP_IN(0);
	struct cpu *other = sibling();
	struct stays before;
	struct woken woken;
	enum verdict verdict;

	if (trouble)
		return skip("%s", trouble);
	if (!powerdown_state(&sleep.state))
		return skip("no power-down state is known");
	before = count_stays();
	woken = ask_beside(other, &sleep, board.domain.state_count - 1, &trouble);
	if (trouble)
		return leave(other, fail("%s", trouble));
	verdict = judge_woken(&woken, SLEEP_CONTEXT);

	return leave(other, verdict == VERDICT_PASS
				    ? judge_stay(&before, board.domain.state_count - 1)
				    : verdict);
}

/* --- platform-coordinated --- */

/* Aim: with all others off the domain sleeps as deeply as the one requests, and no deeper. */
static enum verdict domain_is_no_deeper(void)
{
	const char *trouble = cannot_count();

	if (trouble)
		return skip("%s", trouble);
	for (unsigned int i = 0; i < board.domain.state_count; i++) {
		const struct sleep sleep = SLEEP_IN(board.domain.states[i]);
		const struct stays before = count_stays();
		const struct woken woken = sleep_briefly(&sleep, SLEEP_CONTEXT + i);
		enum verdict verdict = judge_woken(&woken, SLEEP_CONTEXT + i);

		if (verdict == VERDICT_PASS)
			verdict = judge_stay(&before, i);
		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* Aim: a domain does not sleep while a core of it sleeps alone, however deeply. */
static enum verdict domain_waits_for_all(void)
{
	const char *trouble = cannot_count();
	struct sleep others = SLEEP_IN(0);
	struct sleep sleep;
	struct cpu *other = sibling();
	struct stays before;
	struct stays after;

	if (trouble)
		return skip("%s", trouble);
	if (!powerdown_state(&others.state))
		return skip("no power-down state is known");
	sleep = domain_sleep();
	before = count_stays();
	trouble = sleep_elsewhere(other, &others);
	if (trouble)
		return fail("%s", trouble);
	for (unsigned int i = 0; i < SLEEP_ROUNDS; i++)
		sleep_briefly(&sleep, SLEEP_CONTEXT);
	trouble = wake_elsewhere(other);
	if (trouble)
		return fail("%s", trouble);
	after = count_stays();
	for (unsigned int i = 0; i < board.domain.state_count; i++) {
		if (after.in[i] != before.in[i])
			return fail("the domain was in %x, for which one CPU has not asked",
				    board.domain.states[i]);
	}

	return pass();
}

/* Aim: every CPU may request the domain at any time, and none is DENIED. */
static enum verdict platform_never_denies(void)
{
	const char *trouble = cannot();
	struct cpu *other = sibling();

	if (trouble)
		return skip("%s", trouble);
	if (!cpu_start(other))
		return fail("another CPU could not be started");
	for (unsigned int i = 0; i < board.domain.state_count; i++) {
		const struct sleep sleep = SLEEP_IN(board.domain.states[i]);
		const struct woken woken = sleep_briefly(&sleep, SLEEP_CONTEXT + i);
		const enum verdict verdict = judge_woken(&woken, SLEEP_CONTEXT + i);

		if (verdict != VERDICT_PASS)
			return verdict;
	}

	return pass();
}

/* Aim: after a CPU_SUSPEND in one mode it is too late for the other. */
static enum verdict too_late_is_denied(void)
{
	const struct sleep sleep = SLEEP_IN(standby_state());
	const char *trouble = cannot_suspend();
	struct woken woken;
	int64_t result;

	if (!offers(PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		return skip("PSCI_SET_SUSPEND_MODE is not there");
	if (trouble)
		return skip("%s", trouble);
	woken = sleep_briefly(&sleep, SLEEP_CONTEXT);
	if (judge_woken(&woken, SLEEP_CONTEXT) != VERDICT_PASS)
		return VERDICT_FAIL;
	result = set_mode(PSCI_SUSPEND_MODE_OS_INITIATED);
	if (result == PSCI_RET_SUCCESS) {
		set_mode(PSCI_SUSPEND_MODE_PLATFORM_COORDINATED);

		return fail_result("PSCI_SET_SUSPEND_MODE after a CPU_SUSPEND", PSCI_RET_DENIED,
				   result);
	}

	return result == PSCI_RET_DENIED ? pass()
					 : fail_result("PSCI_SET_SUSPEND_MODE after a CPU_SUSPEND",
						       PSCI_RET_DENIED, result);
}

static const struct test tests[] = {
	{ "PSCI-PSCI_SET_SUSPEND_MODE-30", "other modes are INVALID_PARAMETERS",
	  other_modes_are_invalid },
	{ "PSCI-PSCI_SET_SUSPEND_MODE-33", "the mode can be changed and changed back",
	  mode_changes },
	{ "PSCI-PSCI_SET_SUSPEND_MODE-36", "a CPU in CPU_DEFAULT_SUSPEND is not in the way",
	  default_sleeper_is_not_in_the_way },
	{ "PSCI-PSCI_SET_SUSPEND_MODE-32", "back is DENIED while another CPU is on",
	  back_is_denied },
	{ "PSCI-CPU_SUSPEND-33", "OS-initiated: a domain is DENIED while another CPU of it runs",
	  domain_is_denied },
	{ "PSCI-CPU_SUSPEND-34",
	  "OS-initiated: a domain beside a CPU in standby is INVALID_PARAMETERS",
	  light_sleeper_is_invalid },
	{ "PSCI-CPU_SUSPEND-13", "OS-initiated: the last CPU of a domain may ask for it",
	  last_gets_the_domain },
	{ "PSCI-PSCI_STAT_COUNT-06", "OS-initiated: the last CPU takes the domain along",
	  last_one_counts },
	{ "PSCI-PSCI_STAT_COUNT-05", "platform-coordinated: a domain goes no deeper than is asked",
	  domain_is_no_deeper },
	{ "PSCI-PSCI_STAT_COUNT-07",
	  "platform-coordinated: it does not sleep if one CPU did not ask", domain_waits_for_all },
	{ "PSCI-CPU_SUSPEND-35", "platform-coordinated: asking for a domain is never DENIED",
	  platform_never_denies },
	{ "PSCI-PSCI_SET_SUSPEND_MODE-31", "OS-initiated mode is DENIED after a CPU_SUSPEND",
	  too_late_is_denied },
};

const struct group group_os_initiated = GROUP("os-initiated", tests);
