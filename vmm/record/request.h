/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest of a VM was asked to do last, and what followed, for status and
 * the record.
 */
#ifndef VMM_RECORD_REQUEST_H
#define VMM_RECORD_REQUEST_H

#include <jansson.h>
#include <time.h>

enum request_what {
	REQUEST_NOTHING, /**< It was asked nothing in this run. */
	REQUEST_SUSPEND,
	REQUEST_HIBERNATE,
	REQUEST_POWEROFF,
};
#define REQUEST_WHAT_COUNT (REQUEST_POWEROFF + 1)

/** How it was asked. */
enum request_way {
	REQUEST_WAY_NONE, /**< Not at all: it had done it already, or there was no way. */
	REQUEST_WAY_AGENT,
	REQUEST_WAY_BUTTON,
};
#define REQUEST_WAY_COUNT (REQUEST_WAY_BUTTON + 1)

/** What follows if it does not do it. */
enum request_else {
	REQUEST_ELSE_LEAVE, /**< Nothing. */
	REQUEST_ELSE_SAVE, /**< It is asked to suspend, and saved once it has. */
	REQUEST_ELSE_POWEROFF, /**< It is asked to power off. */
	REQUEST_ELSE_KILL, /**< The run is ended. */
};
#define REQUEST_ELSE_COUNT (REQUEST_ELSE_KILL + 1)

enum request_outcome {
	REQUEST_WAITING,
	REQUEST_DONE,
	REQUEST_LEFT, /**< It was not done, and the VM was left, or ended for another reason. */
	REQUEST_REPLACED_BY_ELSE, /**< It was not done, and what is said for that case was. */
};
#define REQUEST_OUTCOME_COUNT (REQUEST_REPLACED_BY_ELSE + 1)

#define REQUEST_REASON_SIZE 512

struct request {
	enum request_what what;
	enum request_way way;
	enum request_else otherwise;
	unsigned int timeout; /**< In seconds. */
	time_t since;
	enum request_outcome outcome;
	time_t until; /**< When it was done or given up; unless it waits. */
	char reason[REQUEST_REASON_SIZE]; /**< Why it was not done, and what followed; or empty. */
};

/** The words of commands, QMP and records. */
const char *request_word(enum request_what what);
const char *request_else_word(enum request_else otherwise);
const char *request_outcome_word(enum request_outcome outcome);

/** The reverse. Returns 0 or -EINVAL. */
int request_parse_else(const char *word, enum request_else *otherwise);

/** What the guest does, in a sentence: "hibernate", and "hibernated". */
const char *request_verb(enum request_what what);
const char *request_past(enum request_what what);

/** How it was asked, in a sentence: "by its sleep button"; empty if it was not. */
const char *request_by(const struct request *request);

#define REQUEST_TEXT_SIZE (REQUEST_REASON_SIZE + 192)

/** Describe a request and its outcome, for status. */
void request_format(const struct request *request, char text[REQUEST_TEXT_SIZE]);

/** Returns a new reference, or NULL if memory ran out. */
json_t *record_request_to_json(const struct request *request);

/** The reverse; NULL is none. Returns 0, -EINVAL or -ENOMEM. */
int record_request_from_json(json_t *json, struct request *request);

#endif
