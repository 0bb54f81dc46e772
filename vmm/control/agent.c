/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/main-loop.h"
#include "control/agent-facts.h"
#include "control/agent-link.h"
#include "control/agent-survey.h"
#include "host/channel.h"

#define SECOND 1000000ULL

/* How long the agent has for an answer that it can give at once, in seconds. */
#define SURVEY_TIMEOUT 10

/* The least time between two reports of the port. */
#define REPORT_INTERVAL SECOND

/* A request of others', one at a time. */
struct job {
	enum { JOB_NONE, JOB_WAITS, JOB_RUNS } stage;
	char *command; /* Until it runs. */
	bool silent; /* A success has no answer. */
	bool thaws; /* It enables commands that are disabled while file systems are frozen. */
	struct agent_user user; /* Of agent_ask(), else no functions, */
	struct agent_caller caller; /* and of agent_execute(). */
};

struct agent {
	const char *name;
	struct channel *channel;
	struct agent_host host;
	struct agent_facts facts;
	struct agent_facts former; /* Of the agent that answered last. */
	bool away; /* It did until its guest's driver stopped, and is expected back. */
	struct agent_survey survey;
	struct job job;
	uint64_t opening; /* Of the port, as it was last looked at. */
	bool answers; /* It has answered a sync since it opened the port. */
	bool tried; /* What it sends is of no use: it is not surveyed by itself until it answers. */
	struct error problem; /* Why it does not answer, if it was tried. */
	bool reported; /* The port is reported as open. */
	uint64_t next_report;
	struct agent_link link; /* Last: its buffer is large. */
};

/* --- why there is no answer --- */

/* What an agent says for a failure. */
static void quote(const json_t *answer, struct error *error)
{
	char text[AGENT_TEXT_SIZE];

	agent_text(text, json_object_get(json_object_get(answer, "error"), "desc"));
	error_set(error, 0, "its agent answered: %s",
		  *text ? text : "an error without a description");
}

/* --- requests --- */

/* Afterwards there is none: its user may make another one. */
static void finish(struct agent *agent, const json_t *answer, const char *reason)
{
	const struct job job = agent->job;
	struct error error;

	free(job.command);
	agent->job = (struct job){ .stage = JOB_NONE };
	if (job.thaws && answer)
		agent_survey_begin(&agent->survey);
	if (job.caller.answered) {
		job.caller.answered(job.caller.context, answer, reason);
	} else if (reason) {
		job.user.refused(job.user.context, reason);
	} else if (json_object_get(answer, "error")) {
		quote(answer, &error);
		job.user.refused(job.user.context, error.text);
	}
}

/*
 * The port was closed while a request ran. One that was sent, and whose success has
 * no answer, may have been carried out: a guest that suspends itself closes it.
 */
static void finish_gone(struct agent *agent)
{
	json_t *nothing;
	struct error error;

	if (agent->job.stage == JOB_RUNS && agent->job.silent && agent_link_is_sent(&agent->link)) {
		nothing = json_object();
		finish(agent, nothing, NULL);
		json_decref(nothing);

		return;
	}
	agent_link_explain(AGENT_LINK_GONE, &error);
	finish(agent, NULL, error.text);
}

static int submit(struct agent *agent, const struct job *job, struct error *error)
{
	int err = 0;

	if (channel_opening(agent->channel) == 0)
		err = error_set(error, -ENOTCONN, "its guest has no agent that has its port open");
	else if (agent->job.stage != JOB_NONE)
		err = error_set(error, -EBUSY, "its agent has not answered an earlier request yet");
	else if (!job->command)
		err = error_set(error, -ENOMEM, "out of memory");
	if (err) {
		free(job->command);

		return err;
	}
	agent->job = *job;
	agent->job.stage = JOB_WAITS;
	/* That of the survey, which may have been sent long ago, and has its turn later. */
	if (agent->link.stage == AGENT_LINK_SYNC)
		agent_link_stop(&agent->link);

	return 0;
}

static const struct {
	enum agent_command command;
	const char *text;
	const char *verb;
} requests[] = {
	[AGENT_SUSPEND_RAM] = { AGENT_COMMAND_SUSPEND_RAM, "{\"execute\": \"guest-suspend-ram\"}\n",
				"suspend" },
	[AGENT_SUSPEND_DISK] = { AGENT_COMMAND_SUSPEND_DISK,
				 "{\"execute\": \"guest-suspend-disk\"}\n", "hibernate" },
	[AGENT_SHUTDOWN] = { AGENT_COMMAND_SHUTDOWN,
			     "{\"execute\": \"guest-shutdown\", \"arguments\": {\"mode\": "
			     "\"powerdown\"}}\n",
			     "power off" },
};

static const char no_agent[] = "its guest has no agent that answers";

int agent_check(const struct agent *agent, enum agent_request request, struct error *error)
{
	if (!agent || !agent_is_there(agent))
		return error_set(error, -ENOTCONN, "%s", no_agent);

	return agent_facts_check(&agent->facts, requests[request].command, error);
}

static bool is_away(const struct agent *agent)
{
	if (agent->opening == 0 || channel_opening(agent->channel) != 0)
		return agent->away;

	/* A program that has closed its port by itself may not open it again. */
	return (agent->away || agent->answers) && !channel_has_driver(agent->channel);
}

int agent_check_return(const struct agent *agent, enum agent_request request, struct error *error)
{
	const struct agent_facts *facts;

	if (!agent || !is_away(agent))
		return error_set(error, -ENOTCONN, "%s", no_agent);
	/* That the port was closed may not have been noticed yet. */
	facts = agent->answers ? &agent->facts : &agent->former;
	if (request == AGENT_SUSPEND_DISK)
		return agent_facts_hibernation(facts, agent->host.buttons, error) ? -EOPNOTSUPP : 0;

	return agent_facts_check(facts, requests[request].command, error);
}

/* A command that was passed on has no deadline, and the life cycle does not wait for it. */
static void displace_caller(struct agent *agent, enum agent_request request)
{
	struct error error;

	if (!agent->job.caller.answered || channel_opening(agent->channel) == 0)
		return;
	if (agent->job.stage == JOB_RUNS)
		agent_link_stop(&agent->link);
	error_set(&error, 0,
		  "its agent had not answered when its guest was asked to %s, and its answer is "
		  "discarded",
		  requests[request].verb);
	finish(agent, NULL, error.text);
}

int agent_ask(struct agent *agent, enum agent_request request, const struct agent_user *user,
	      struct error *error)
{
	struct job made = { .silent = true, .user = *user };
	const int err = agent_facts_check(&agent->facts, requests[request].command, error);

	if (err)
		return err;
	made.command = strdup(requests[request].text);
	if (made.command)
		displace_caller(agent, request);

	return submit(agent, &made, error);
}

static bool is_silent(const char *name)
{
	return strcmp(name, "guest-shutdown") == 0 || strcmp(name, "guest-suspend-ram") == 0 ||
	       strcmp(name, "guest-suspend-disk") == 0 || strcmp(name, "guest-suspend-hybrid") == 0;
}

int agent_execute(struct agent *agent, const json_t *command, const struct agent_caller *caller,
		  struct error *error)
{
	const char *name = json_string_value(json_object_get(command, "execute"));
	struct job made = { .caller = *caller };
	char *text;

	if (!name)
		return error_set(error, -EINVAL,
				 "a command for an agent is a JSON object with a member "
				 "\"execute\", a string");
	made.silent = is_silent(name);
	made.thaws = strcmp(name, "guest-fsfreeze-thaw") == 0;
	/* In one line, whatever line ends the caller has used. */
	text = json_dumps(command, JSON_ENSURE_ASCII);
	if (text && asprintf(&made.command, "%s\n", text) < 0)
		made.command = NULL;
	free(text);

	return submit(agent, &made, error);
}

static void forget(struct agent *agent)
{
	if (agent->job.stage == JOB_RUNS)
		agent_link_stop(&agent->link);
	free(agent->job.command);
	agent->job = (struct job){ .stage = JOB_NONE };
}

void agent_forget(struct agent *agent)
{
	if (agent->job.user.refused)
		forget(agent);
}

void agent_forget_caller(struct agent *agent, const void *context)
{
	if (agent->job.caller.answered && agent->job.caller.context == context)
		forget(agent);
}

/* --- the port --- */

static void follow_port(struct agent *agent)
{
	const uint64_t opening = channel_opening(agent->channel);

	if (opening == agent->opening)
		return;
	agent->away = is_away(agent);
	agent->opening = opening;
	if (agent->answers)
		agent->former = agent->facts;
	agent->answers = false;
	agent->tried = false;
	agent->problem.text[0] = '\0';
	/* Another agent, perhaps of another version. */
	agent->facts = (struct agent_facts){ 0 };
	agent_survey_begin(&agent->survey);
	if (agent->job.stage != JOB_NONE)
		finish_gone(agent);
	agent_link_stop(&agent->link);
}

static void report_port(struct agent *agent, uint64_t now)
{
	const bool open = agent->opening != 0;

	if (open == agent->reported || now < agent->next_report)
		return;
	agent->reported = open;
	agent->next_report = now + REPORT_INTERVAL;
	agent->host.opened(agent->host.context, open);
}

/* --- all of it --- */

static bool has_next(const struct agent *agent)
{
	return agent->opening != 0 && agent->link.stage == AGENT_LINK_IDLE &&
	       (agent->job.stage == JOB_WAITS ||
		(!agent->tried && !agent_survey_is_over(&agent->survey)));
}

/* Give the link its next work, if it has none. */
static void begin_next(struct agent *agent)
{
	struct job *job = &agent->job;
	char *command;

	if (!has_next(agent))
		return;
	if (job->stage == JOB_WAITS) {
		command = job->command;
		job->command = NULL;
		job->stage = JOB_RUNS;
		if (agent_link_begin(&agent->link, command, false, 0) < 0)
			finish(agent, NULL, "dormouse has no memory for a request to its agent");

		return;
	}
	command = agent_survey_command(&agent->survey, &agent->facts);
	if (!command || agent_link_begin(&agent->link, command, !agent->answers, SURVEY_TIMEOUT)) {
		agent->survey.step = AGENT_SURVEY_DONE;
		agent->survey.lost = false;
	}
}

static bool is_bad_answer(enum agent_link_failure failure)
{
	return failure == AGENT_LINK_LONG || failure == AGENT_LINK_NOT_JSON;
}

static void on_failure(struct agent *agent, enum agent_link_failure failure)
{
	const bool runs = agent->job.stage == JOB_RUNS;
	struct error error;

	if (failure == AGENT_LINK_GONE)
		return;
	agent_link_explain(failure, &error);
	/* It answers, and what it answers to others may be of use. */
	if (is_bad_answer(failure) && runs) {
		finish(agent, NULL, error.text);
		return;
	}
	/* One that is merely slow answers a sync in the end, which is waited for. */
	if (failure == AGENT_LINK_SLOW)
		agent_survey_lose(&agent->survey, &agent->facts,
				  !runs && agent_link_is_sent(&agent->link));
	agent->tried = failure != AGENT_LINK_SLOW;
	agent->answers = false;
	agent->away = false;
	agent->problem = error;
	if (agent->job.stage != JOB_NONE && !is_bad_answer(failure))
		finish(agent, NULL, error.text);
}

static void on_answer(struct agent *agent, json_t *answer)
{
	if (agent->job.stage == JOB_RUNS)
		finish(agent, answer, NULL);
	else
		agent_survey_take(&agent->survey, &agent->facts, answer);
	json_decref(answer);
}

/* Returns whether something has happened. */
static bool step(struct agent *agent, uint64_t now)
{
	struct agent_link_news news;

	begin_next(agent);
	news = agent_link_run(&agent->link, now);
	switch (news.event) {
	case AGENT_LINK_NOTHING:
		return false;
	case AGENT_LINK_SYNCED:
		agent->answers = true;
		agent->away = false;
		agent->tried = false;
		agent->survey.lost = false;
		agent->problem.text[0] = '\0';
		break;
	case AGENT_LINK_ANSWERED:
		on_answer(agent, news.answer);
		break;
	case AGENT_LINK_FAILED:
		on_failure(agent, news.failure);
		/* The port has changed, and follow_port() comes first. */
		return news.failure != AGENT_LINK_GONE;
	}

	return true;
}

void agent_run(struct agent *agent)
{
	const uint64_t now = main_loop_now();

	follow_port(agent);
	report_port(agent, now);
	/* The survey has few steps, and so has a round. */
	while (step(agent, now))
		;
}

uint64_t agent_due(const struct agent *agent)
{
	uint64_t due = has_next(agent) ? 0 : agent_link_due(&agent->link);

	if ((agent->opening != 0) != agent->reported && agent->next_report < due)
		due = agent->next_report;

	return due;
}

static void on_ready(void *context)
{
	agent_run(context);
}

bool agent_is_there(const struct agent *agent)
{
	return agent->answers && channel_opening(agent->channel) == agent->opening;
}

void agent_look_at_clock(struct agent *agent)
{
	agent->survey.stood = true;
	agent_survey_recheck(&agent->survey);
}

/* That its port was closed may not have been noticed yet. */
void agent_was_reset(struct agent *agent)
{
	agent->answers = false;
	agent->away = false;
}

/* --- what it says --- */

json_t *agent_to_json(const struct agent *agent)
{
	json_t *json = json_pack("{s:b, s:b}", "open", channel_opening(agent->channel) != 0,
				 "answers", agent_is_there(agent));
	bool ok = json != NULL;

	if (*agent->problem.text)
		ok = json_object_set_new(json, "problem", json_string(agent->problem.text)) == 0 &&
		     ok;
	ok = agent_facts_add(&agent->facts, agent->host.buttons, json) && ok;
	if (ok)
		return json;
	json_decref(json);

	return NULL;
}

bool agent_prevents_hibernation(const struct agent *agent, struct error *error)
{
	return agent_facts_hibernation(&agent->facts, agent->host.buttons, error);
}

/* --- its life --- */

struct agent *agent_create(struct channel *channel, const char *name, bool slept,
			   const struct agent_host *host)
{
	struct agent *agent = malloc(sizeof(*agent));

	if (!agent)
		return NULL;
	memset(agent, 0, offsetof(struct agent, link));
	agent->name = name;
	agent->channel = channel;
	agent->host = *host;
	agent->survey.name = name;
	agent->survey.stood = slept;
	agent_survey_begin(&agent->survey);
	agent_link_create(&agent->link, channel);
	channel->ready = on_ready;
	channel->context = agent;

	return agent;
}

void agent_destroy(struct agent *agent)
{
	if (!agent)
		return;
	agent->channel->ready = NULL;
	free(agent->job.command);
	agent_link_destroy(&agent->link);
	free(agent);
}
