/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent-survey.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/message.h"

#define SECOND 1000000000LL

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);

	return time.tv_sec * SECOND + time.tv_nsec;
}

void agent_survey_begin(struct agent_survey *survey)
{
	survey->step = AGENT_SURVEY_INFO;
	survey->lost = false;
	survey->file = 0;
}

bool agent_survey_is_over(const struct agent_survey *survey)
{
	return survey->step == AGENT_SURVEY_DONE && !survey->lost;
}

void agent_survey_recheck(struct agent_survey *survey)
{
	if (survey->step == AGENT_SURVEY_DONE && survey->stood)
		survey->step = AGENT_SURVEY_CLOCK;
}

static bool may(const struct agent_facts *facts, enum agent_command command)
{
	return facts->abilities[command] == AGENT_HAS;
}

/* Leave out what cannot be asked. */
static void skip(struct agent_survey *survey, const struct agent_facts *facts)
{
	if (survey->step == AGENT_SURVEY_OS && !may(facts, AGENT_COMMAND_OSINFO))
		survey->step = AGENT_SURVEY_OPEN;
	if (survey->step == AGENT_SURVEY_OPEN &&
	    (!may(facts, AGENT_COMMAND_FILE) || !agent_facts_files[survey->file]))
		survey->step = AGENT_SURVEY_CLOCK;
	if (survey->step == AGENT_SURVEY_CLOCK && !may(facts, AGENT_COMMAND_GET_TIME))
		survey->step = AGENT_SURVEY_DONE;
	if (survey->step == AGENT_SURVEY_DONE && survey->lost)
		survey->step = AGENT_SURVEY_PING;
}

/* Returns what asprintf() does. */
static int compose(const struct agent_survey *survey, char **command)
{
	switch (survey->step) {
	case AGENT_SURVEY_INFO:
		return asprintf(command, "{\"execute\": \"guest-info\"}\n");
	case AGENT_SURVEY_OS:
		return asprintf(command, "{\"execute\": \"guest-get-osinfo\"}\n");
	case AGENT_SURVEY_OPEN:
		return asprintf(
			command,
			"{\"execute\": \"guest-file-open\", \"arguments\": {\"path\": \"%s\"}}\n",
			agent_facts_files[survey->file]);
	case AGENT_SURVEY_READ:
		return asprintf(command,
				"{\"execute\": \"guest-file-read\", \"arguments\": {\"handle\": "
				"%lld, \"count\": 4096}}\n",
				(long long)survey->handle);
	case AGENT_SURVEY_CLOSE:
		return asprintf(command,
				"{\"execute\": \"guest-file-close\", \"arguments\": {\"handle\": "
				"%lld}}\n",
				(long long)survey->handle);
	case AGENT_SURVEY_CLOCK:
	case AGENT_SURVEY_CHECK_CLOCK:
		return asprintf(command, "{\"execute\": \"guest-get-time\"}\n");
	case AGENT_SURVEY_SET_CLOCK:
		/*
		 * The time, and not that of the guest's real-time clock: with ACPI,
		 * Linux 6.12 has no driver for it. The agent then writes the time
		 * there too, and where it cannot it reports an error although it has
		 * set the guest's clock: that is looked at.
		 */
		return asprintf(command,
				"{\"execute\": \"guest-set-time\", \"arguments\": {\"time\": "
				"%lld}}\n",
				(long long)now());
	case AGENT_SURVEY_PING:
		return asprintf(command, "{\"execute\": \"guest-ping\"}\n");
	case AGENT_SURVEY_DONE:
		break;
	}

	return -1;
}

char *agent_survey_command(struct agent_survey *survey, const struct agent_facts *facts)
{
	char *command = NULL;

	skip(survey, facts);
	survey->asked = now();

	return compose(survey, &command) < 0 ? NULL : command;
}

/* Times of later centuries could overflow. */
static bool is_time(const json_t *json)
{
	return json_is_integer(json) && json_integer_value(json) >= 0 &&
	       json_integer_value(json) < INT64_MAX / 2;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

/*
 * The guest's clock, of which it is known only that it was read between the question
 * and now. Returns by how much it is ahead, at least, in either direction.
 */
static int64_t measure(const struct agent_survey *survey, int64_t time)
{
	const int64_t since = now();

	if (time > since)
		return time - since;

	return time < survey->asked ? time - survey->asked : 0;
}

static void log_clock(const struct agent_survey *survey, const char *what)
{
	const int64_t half = survey->offset < 0 ? -SECOND / 2 : SECOND / 2;
	const long long seconds = (survey->offset + half) / SECOND;

	message_ratelimited("%s: its guest's clock is %lld second%s %s the host's%s", survey->name,
			    seconds < 0 ? -seconds : seconds,
			    seconds == 1 || seconds == -1 ? "" : "s",
			    seconds < 0 ? "behind" : "ahead of", what);
}

static enum agent_survey_step judge_clock(struct agent_survey *survey,
					  const struct agent_facts *facts, const json_t *value)
{
	/* What the guest's owner has set before is left as it was. */
	const int64_t before = survey->offset_known ? survey->offset : 0;
	const bool stood = survey->stood;

	if (!is_time(value))
		return AGENT_SURVEY_DONE;
	survey->offset = measure(survey, json_integer_value(value));
	survey->offset_known = true;
	survey->stood = false;
	if (!stood || distance(survey->offset, before) <= AGENT_CLOCK_TOLERANCE)
		return AGENT_SURVEY_DONE;
	if (!may(facts, AGENT_COMMAND_SET_TIME)) {
		log_clock(survey, ", and its agent cannot set it");

		return AGENT_SURVEY_DONE;
	}
	log_clock(survey, ": its agent sets it");

	return AGENT_SURVEY_SET_CLOCK;
}

static enum agent_survey_step check_clock(struct agent_survey *survey, const json_t *value)
{
	if (is_time(value))
		survey->offset = measure(survey, json_integer_value(value));
	if (distance(survey->offset, 0) > AGENT_CLOCK_TOLERANCE)
		log_clock(survey, ", and its agent has not set it");

	return AGENT_SURVEY_DONE;
}

void agent_survey_take(struct agent_survey *survey, struct agent_facts *facts, const json_t *answer)
{
	const json_t *value = json_object_get(answer, "return");

	switch (survey->step) {
	case AGENT_SURVEY_INFO:
		agent_facts_take_info(facts, value);
		survey->step = AGENT_SURVEY_OS;
		break;
	case AGENT_SURVEY_OS:
		agent_facts_take_os(facts, value);
		survey->step = AGENT_SURVEY_OPEN;
		break;
	case AGENT_SURVEY_OPEN:
		survey->handle = json_integer_value(value);
		survey->step = AGENT_SURVEY_READ;
		if (!json_is_integer(value)) {
			survey->file++;
			survey->step = AGENT_SURVEY_OPEN;
		}
		break;
	case AGENT_SURVEY_READ:
		agent_facts_take_file(facts, survey->file, value);
		survey->step = AGENT_SURVEY_CLOSE;
		break;
	case AGENT_SURVEY_CLOSE:
		survey->file++;
		survey->step = AGENT_SURVEY_OPEN;
		break;
	case AGENT_SURVEY_CLOCK:
		survey->step = judge_clock(survey, facts, value);
		break;
	case AGENT_SURVEY_SET_CLOCK:
		survey->step = AGENT_SURVEY_CHECK_CLOCK;
		break;
	case AGENT_SURVEY_CHECK_CLOCK:
		survey->step = check_clock(survey, value);
		break;
	case AGENT_SURVEY_PING:
		survey->step = survey->stood ? AGENT_SURVEY_CLOCK : AGENT_SURVEY_DONE;
		break;
	case AGENT_SURVEY_DONE:
		break;
	}
}

void agent_survey_lose(struct agent_survey *survey, struct agent_facts *facts, bool sent)
{
	if (sent && survey->step != AGENT_SURVEY_INFO)
		agent_survey_take(survey, facts, NULL);
	survey->lost = true;
}
