/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What dormouse asks an agent by itself when it opens its port: the commands that it
 * has, its guest's system, its swap space, its clock; and setting that clock if the
 * guest has slept and its clock is wrong since.
 *
 * Linux on arm64 adds the time of a sleep by the counter of the generic timer. That
 * continues in SYSTEM_SUSPEND, and in a saved file, so its clock is right after both.
 * After a hibernation the counter is another: if it is lower than it was, Linux asks
 * its real-time clock, for which it has no driver with ACPI before 7.2; if it is
 * higher, the difference is taken for the time of the sleep. So what the clock needs
 * is found by looking at it.
 */
#ifndef VMM_AGENT_SURVEY_H
#define VMM_AGENT_SURVEY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/agent-facts.h"

/** The difference between clocks that is none, in nanoseconds. */
#define AGENT_CLOCK_TOLERANCE 2000000000LL

enum agent_survey_step {
	AGENT_SURVEY_INFO,
	AGENT_SURVEY_OS,
	AGENT_SURVEY_OPEN,
	AGENT_SURVEY_READ,
	AGENT_SURVEY_CLOSE,
	AGENT_SURVEY_CLOCK,
	AGENT_SURVEY_SET_CLOCK,
	AGENT_SURVEY_CHECK_CLOCK,
	AGENT_SURVEY_PING, /**< Whether it is back. */
	AGENT_SURVEY_DONE,
};

/** Private, except what says so. */
struct agent_survey {
	const char *name; /**< The VM's, for messages. */
	enum agent_survey_step step;
	bool lost; /**< To be cleared: the agent has not answered since agent_survey_lose(). */
	size_t file;
	int64_t handle;
	bool stood; /**< To be set: the guest has slept or was paused since its clock was looked at. */
	int64_t asked; /**< The host's clock when it was asked for the time, in nanoseconds. */
	bool offset_known;
	int64_t offset; /**< By how much the guest's clock was ahead of the host's. */
};

/** Begin at its first step. */
void agent_survey_begin(struct agent_survey *survey);

/**
 * The agent has not answered in time. @sent: what it was sent was the command of its
 * step, which is then left out: it may be what the agent hangs in. Not so guest-info, by
 * which others are judged. Some command follows, and be it guest-ping: the agent is back
 * once it answers the sync of that.
 */
void agent_survey_lose(struct agent_survey *survey, struct agent_facts *facts, bool sent);

/** Whether there is no command to be sent. */
bool agent_survey_is_over(const struct agent_survey *survey);

/** Only look at the clock, if it may have stood still. Not before it is DONE. */
void agent_survey_recheck(struct agent_survey *survey);

/**
 * The command of its step, to be freed, or NULL if memory ran out. Steps that the
 * agent cannot do are left out: so it may be DONE then, with NULL.
 */
char *agent_survey_command(struct agent_survey *survey, const struct agent_facts *facts);

/** @answer, an object, is the agent's to that; go to the next step. */
void agent_survey_take(struct agent_survey *survey, struct agent_facts *facts,
		       const json_t *answer);

#endif
