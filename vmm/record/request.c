/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/request.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time-text.h"
#include "record/object.h"
#include "record/text.h"

static const char *const whats[REQUEST_WHAT_COUNT] = {
	[REQUEST_NOTHING] = "nothing",
	[REQUEST_SUSPEND] = "suspend",
	[REQUEST_HIBERNATE] = "hibernate",
	[REQUEST_POWEROFF] = "poweroff",
};

static const char *const ways[REQUEST_WAY_COUNT] = {
	[REQUEST_WAY_NONE] = "none",
	[REQUEST_WAY_AGENT] = "agent",
	[REQUEST_WAY_BUTTON] = "button",
};

static const char *const elses[REQUEST_ELSE_COUNT] = {
	[REQUEST_ELSE_LEAVE] = "leave",
	[REQUEST_ELSE_SAVE] = "save",
	[REQUEST_ELSE_POWEROFF] = "poweroff",
	[REQUEST_ELSE_KILL] = "kill",
};

static const char *const outcomes[REQUEST_OUTCOME_COUNT] = {
	[REQUEST_WAITING] = "waiting",
	[REQUEST_DONE] = "done",
	[REQUEST_LEFT] = "not-done",
	[REQUEST_REPLACED_BY_ELSE] = "else",
};

/* Returns the index, or -EINVAL. */
static int find(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}

	return -EINVAL;
}

const char *request_word(enum request_what what)
{
	return whats[what];
}

const char *request_else_word(enum request_else otherwise)
{
	return elses[otherwise];
}

const char *request_outcome_word(enum request_outcome outcome)
{
	return outcomes[outcome];
}

int request_parse_else(const char *word, enum request_else *otherwise)
{
	const int found = find(elses, REQUEST_ELSE_COUNT, word);

	if (found < 0)
		return found;
	*otherwise = (enum request_else)found;

	return 0;
}

const char *request_verb(enum request_what what)
{
	return what == REQUEST_POWEROFF ? "power off" : whats[what];
}

const char *request_past(enum request_what what)
{
	static const char *const words[REQUEST_WHAT_COUNT] = {
		[REQUEST_NOTHING] = "done nothing",
		[REQUEST_SUSPEND] = "suspended",
		[REQUEST_HIBERNATE] = "hibernated",
		[REQUEST_POWEROFF] = "powered off",
	};

	return words[what];
}

const char *request_by(const struct request *request)
{
	switch (request->way) {
	case REQUEST_WAY_NONE:
		break;
	case REQUEST_WAY_AGENT:
		return "by its agent";
	case REQUEST_WAY_BUTTON:
		return request->what == REQUEST_POWEROFF ? "by its power button"
							 : "by its sleep button";
	}

	return "";
}

void request_format(const struct request *request, char text[REQUEST_TEXT_SIZE])
{
	const char *by = request_by(request);
	char since[TIME_TEXT_SIZE];
	char until[TIME_TEXT_SIZE];
	int length;

	time_format(request->since, since);
	time_format(request->until, until);
	length = snprintf(text, REQUEST_TEXT_SIZE, "%s%s%s, at %s: ", request_verb(request->what),
			  *by ? ", " : "", by, since);
	text += length;
	switch (request->outcome) {
	case REQUEST_WAITING:
		snprintf(text, REQUEST_TEXT_SIZE - (size_t)length,
			 "it has %u second%s for it; else: %s", request->timeout,
			 request->timeout == 1 ? "" : "s", elses[request->otherwise]);
		break;
	case REQUEST_DONE:
		snprintf(text, REQUEST_TEXT_SIZE - (size_t)length, "done, at %s", until);
		break;
	case REQUEST_LEFT:
	case REQUEST_REPLACED_BY_ELSE:
		snprintf(text, REQUEST_TEXT_SIZE - (size_t)length, "not done, at %s: %s", until,
			 request->reason);
		break;
	}
}

json_t *record_request_to_json(const struct request *request)
{
	char since[TIME_TEXT_SIZE];
	char until[TIME_TEXT_SIZE];
	json_t *json = json_object();
	bool complete;

	time_format(request->since, since);
	time_format(request->until, until);
	complete = record_add_text(json, "what", whats[request->what]) &&
		   record_add_text(json, "way", ways[request->way]) &&
		   record_add(json, "timeout", json_integer(request->timeout)) &&
		   record_add_text(json, "else", elses[request->otherwise]) &&
		   record_add_text(json, "since", since) &&
		   record_add_text(json, "outcome", outcomes[request->outcome]);
	if (complete && request->outcome != REQUEST_WAITING)
		complete = record_add_text(json, "until", until);
	if (complete && *request->reason)
		complete = record_add_text(json, "reason", request->reason);

	return record_finish(json, complete);
}

static int reason_from_json(json_t *json, struct request *request)
{
	char *text = NULL;
	int err = record_optional_text_from_json(json, &text);

	if (!err && text && strlen(text) >= sizeof(request->reason))
		err = -EINVAL;
	if (!err && text)
		memcpy(request->reason, text, strlen(text) + 1);
	free(text);

	return err;
}

int record_request_from_json(json_t *json, struct request *request)
{
	const char *what, *way, *otherwise, *since, *outcome, *until = NULL;
	json_t *reason = NULL;
	json_int_t timeout;
	int found[4];

	*request = (struct request){ 0 };
	if (!json)
		return 0;
	if (json_unpack(json, "{s:s, s:s, s:I, s:s, s:s, s:s, s?s, s?o}", "what", &what, "way",
			&way, "timeout", &timeout, "else", &otherwise, "since", &since, "outcome",
			&outcome, "until", &until, "reason", &reason) < 0)
		return -EINVAL;
	found[0] = find(whats, REQUEST_WHAT_COUNT, what);
	found[1] = find(ways, REQUEST_WAY_COUNT, way);
	found[2] = find(elses, REQUEST_ELSE_COUNT, otherwise);
	found[3] = find(outcomes, REQUEST_OUTCOME_COUNT, outcome);
	if (found[0] <= REQUEST_NOTHING || found[1] < 0 || found[2] < 0 || found[3] < 0 ||
	    timeout < 0 || timeout > INT_MAX || time_parse(since, &request->since) < 0 ||
	    (found[3] == REQUEST_WAITING) != !until ||
	    (until && time_parse(until, &request->until) < 0))
		return -EINVAL;
	request->what = (enum request_what)found[0];
	request->way = (enum request_way)found[1];
	request->otherwise = (enum request_else)found[2];
	request->outcome = (enum request_outcome)found[3];
	request->timeout = (unsigned int)timeout;

	return reason_from_json(reason, request);
}
