/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/main-loop.h"
#include "base/message.h"
#include "control/ask-way.h"

#define SECOND 1000000ULL

void ask_create(struct ask *ask, const struct ask_host *host, struct request *request,
		const char *name)
{
	*ask = (struct ask){
		.host = *host,
		.request = request,
		.name = name,
		.look = MAIN_LOOP_NEVER,
	};
}

/* --- its end --- */

/* Append to the reason for which it is not done. */
__attribute__((format(printf, 2, 3))) static void explain(struct ask *ask, const char *format, ...)
{
	const size_t size = sizeof(ask->request->reason);
	char *reason = ask->request->reason;
	const size_t used = strlen(reason);
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(reason + used, size - used, format, args);
	va_end(args);
	if (length < 0 || (size_t)length < size - used)
		return;
	/* It is cut, perhaps within a character of UTF-8. */
	for (size_t i = size - 1; i > used && (reason[i - 1] & 0x80); i--)
		reason[i - 1] = '\0';
}

/* The caller records it. */
static void end(struct ask *ask, enum request_outcome outcome)
{
	struct request *request = ask->request;

	ask_take_back(ask);
	ask->phase = ASK_IDLE;
	ask->failed = false;
	ask->report_due = true;
	request->outcome = outcome;
	request->until = time(NULL);
	if (outcome == REQUEST_DONE)
		request->reason[0] = '\0';
	else
		message("%s: the request to %s failed: %s", ask->name, request_verb(request->what),
			request->reason);
}

static void end_and_record(struct ask *ask, enum request_outcome outcome)
{
	end(ask, outcome);
	ask->host.changed(ask->host.context);
	ask_report(ask);
}

void ask_report(struct ask *ask)
{
	if (!ask->report_due)
		return;
	ask->report_due = false;
	ask->host.ended(ask->host.context);
}

/* --- to ask --- */

static void note_way(struct ask *ask)
{
	ask->request->way = ask->by_agent ? REQUEST_WAY_AGENT : REQUEST_WAY_BUTTON;
	message("%s: its guest is %sasked to %s, %s, and has %u second%s for it", ask->name,
		ask->awaited ? "to be " : "", request_verb(ask->request->what),
		request_by(ask->request), ask->request->timeout,
		ask->request->timeout == 1 ? "" : "s");
}

static void replace(struct ask *ask)
{
	/* One that has just ended, too, is reported before the record has the new one. */
	ask_report(ask);
	if (ask->phase == ASK_IDLE)
		return;
	explain(ask, "%sanother request replaced it", *ask->request->reason ? "; " : "");
	end(ask, REQUEST_LEFT);
	ask_report(ask);
}

static int refuse(const struct ask *ask, enum request_what what, const struct error *why,
		  struct error *error)
{
	return error_set(error, -EOPNOTSUPP, "%s cannot be asked to %s: %s", ask->name,
			 request_verb(what), why->text);
}

/* Whether what is to follow can, for a guest that is not asked. If not, @why is set. */
static bool can_follow(const struct ask *ask, enum request_else otherwise, struct error *why)
{
	switch (otherwise) {
	case REQUEST_ELSE_LEAVE:
		break;
	case REQUEST_ELSE_SAVE:
		return ask->suspended || ask_has_way(ask, REQUEST_SUSPEND, why);
	case REQUEST_ELSE_POWEROFF:
		return ask_has_way(ask, REQUEST_POWEROFF, why);
	case REQUEST_ELSE_KILL:
		return true;
	}

	return false;
}

/* The client is answered first: ask_run() does what follows. */
static void follow_unasked(struct ask *ask, const struct error *why)
{
	explain(ask, "it cannot be asked to %s: %s", request_verb(ask->request->what), why->text);
	ask->phase = ASK_WAITING;
	ask->failed = true;
	ask->host.changed(ask->host.context);
}

int ask_begin(struct ask *ask, enum request_what what, unsigned int timeout,
	      enum request_else otherwise, uint64_t now, struct error *error)
{
	const struct ask_host *host = &ask->host;
	const bool is_done = what == REQUEST_SUSPEND && ask->suspended;
	struct request former;
	struct error none;
	struct error why;

	/* What can never follow is not promised. */
	if (otherwise == REQUEST_ELSE_SAVE && host->check(host->context, REQUEST_SUSPEND, &why) < 0)
		return refuse(ask, REQUEST_SUSPEND, &why, error);
	if (!is_done && !ask_has_way(ask, what, &why) && !can_follow(ask, otherwise, &none))
		return refuse(ask, what, &why, error);
	replace(ask);
	former = *ask->request;
	*ask->request = (struct request){
		.what = what,
		.timeout = timeout,
		.otherwise = otherwise,
		.since = time(NULL),
	};
	if (is_done) {
		end(ask, REQUEST_DONE);
		host->changed(host->context);

		return 0;
	}
	if (ask_guest(ask, what, now, &why)) {
		ask->phase = ASK_WAITING;
		ask->deadline = now + timeout * SECOND;
		note_way(ask);
		host->changed(host->context);

		return 0;
	}
	if (can_follow(ask, otherwise, &none)) {
		follow_unasked(ask, &why);

		return 0;
	}
	*ask->request = former;

	return refuse(ask, what, &why, error);
}

/* --- what follows if it does not do it --- */

/* Ask it for something else instead, with the same time for it. */
static void ask_instead(struct ask *ask, enum request_what what, enum ask_phase phase, uint64_t now)
{
	struct error why;

	ask_take_back(ask);
	if (!ask_guest(ask, what, now, &why)) {
		explain(ask, "; it cannot be asked to %s: %s", request_verb(what), why.text);
		end_and_record(ask, REQUEST_LEFT);

		return;
	}
	message("%s: the request to %s failed: %s; it is asked to %s", ask->name,
		request_verb(ask->request->what), ask->request->reason, request_verb(what));
	ask->phase = phase;
	ask->deadline = now + ask->request->timeout * SECOND;
	ask->host.changed(ask->host.context);
}

static void save(struct ask *ask)
{
	struct error error;

	ask->phase = ASK_ELSE_SAVING;
	/* A press that waits would be saved, too, and wake the restored guest. */
	ask_take_back(ask);
	/* If it succeeds, ask_on_state() has ended the request. */
	if (ask->host.save(ask->host.context, &error) == 0) {
		ask_report(ask);

		return;
	}
	explain(ask, "; it could not be saved: %s", error.text);
	end_and_record(ask, REQUEST_LEFT);
}

static void kill_it(struct ask *ask)
{
	char why[sizeof(ask->request->reason) + 64];

	ask->phase = ASK_ELSE_KILLING;
	ask_take_back(ask);
	snprintf(why, sizeof(why), "dormouse %s: %s", request_word(ask->request->what),
		 ask->request->reason);
	ask->host.kill(ask->host.context, why);
}

static void follow(struct ask *ask, uint64_t now)
{
	switch (ask->request->otherwise) {
	case REQUEST_ELSE_LEAVE:
		end_and_record(ask, REQUEST_LEFT);
		break;
	case REQUEST_ELSE_SAVE:
		if (ask->suspended)
			save(ask);
		else
			ask_instead(ask, REQUEST_SUSPEND, ASK_ELSE_SUSPENDING, now);
		break;
	case REQUEST_ELSE_POWEROFF:
		ask_instead(ask, REQUEST_POWEROFF, ASK_ELSE_POWERING_OFF, now);
		break;
	case REQUEST_ELSE_KILL:
		kill_it(ask);
		break;
	}
}

/* The reason has been given. */
static void fail(struct ask *ask, uint64_t now)
{
	ask->failed = false;
	if (ask->phase == ASK_WAITING)
		follow(ask, now);
	else
		end_and_record(ask, REQUEST_LEFT);
}

bool ask_saves(const struct ask *ask)
{
	const bool follows = ask->phase == ASK_WAITING && ask->failed &&
			     ask->request->otherwise == REQUEST_ELSE_SAVE;

	return ask->suspended && (ask->phase == ASK_ELSE_SAVING || follows);
}

/* --- as time passes --- */

uint64_t ask_due(const struct ask *ask)
{
	if (ask->report_due)
		return 0;
	switch (ask->phase) {
	case ASK_IDLE:
	case ASK_ELSE_KILLING:
		return MAIN_LOOP_NEVER;
	case ASK_ELSE_SAVING:
		return 0;
	case ASK_WAITING:
	case ASK_ELSE_SUSPENDING:
	case ASK_ELSE_POWERING_OFF:
		break;
	}
	if (ask->failed || ask->refused || ask_agent_is_back(ask))
		return 0;

	return ask->look < ask->deadline ? ask->look : ask->deadline;
}

/* The button is the way if there is one. */
static void on_refusal(struct ask *ask, uint64_t now)
{
	ask->refused = false;
	if (!ask->host.has_buttons(ask->host.context)) {
		if (ask_await_agent(ask))
			return;
		explain(ask, "%s%s", *ask->request->reason ? "; " : "", ask->refusal.text);
		fail(ask, now);
		return;
	}
	message("%s: %s", ask->name, ask->refusal.text);
	ask_press(ask, now);
	if (ask->phase == ASK_WAITING) {
		note_way(ask);
		ask->host.changed(ask->host.context);
	}
}

static void on_return(struct ask *ask, uint64_t now)
{
	if (ask_awaited_agent(ask, &ask->refusal) < 0)
		on_refusal(ask, now);
}

static void on_deadline(struct ask *ask, uint64_t now)
{
	const unsigned int timeout = ask->request->timeout;
	const bool again = ask->phase != ASK_WAITING;

	explain(ask, "%s", again ? "; " : "");
	if (ask->awaited)
		explain(ask, "its agent has not answered after its sleep");
	else
		explain(ask, "it has not %s", request_past(ask->asked));
	explain(ask, " within %s%u second%s", again ? "another " : "", timeout,
		timeout == 1 ? "" : "s");
	fail(ask, now);
}

void ask_run(struct ask *ask, uint64_t now)
{
	ask_report(ask);
	if (ask->phase == ASK_IDLE || ask->phase == ASK_ELSE_KILLING)
		return;
	if (ask->phase == ASK_ELSE_SAVING)
		save(ask);
	else if (ask->failed)
		fail(ask, now);
	else if (ask->refused)
		on_refusal(ask, now);
	else if (now >= ask->deadline)
		on_deadline(ask, now);
	else if (ask_agent_is_back(ask))
		on_return(ask, now);
	else if (now >= ask->look)
		ask_look_at_press(ask, now);
}

void ask_refused(struct ask *ask, const char *reason)
{
	if (ask->phase == ASK_IDLE || !ask->by_agent)
		return;
	ask->refused = true;
	error_set(&ask->refusal, 0, "%s", reason);
}

/* --- what the guest does --- */

static bool does(enum request_what what, enum vm_state state, enum vm_trigger trigger)
{
	switch (what) {
	case REQUEST_NOTHING:
		break;
	case REQUEST_SUSPEND:
		return trigger == VM_TRIGGER_SUSPEND || trigger == VM_TRIGGER_HIBERNATE;
	case REQUEST_HIBERNATE:
		return state == VM_HIBERNATED;
	case REQUEST_POWEROFF:
		return state == VM_OFF && trigger == VM_TRIGGER_OFF;
	}

	return false;
}

static void on_suspension(struct ask *ask)
{
	if (ask->phase == ASK_ELSE_SUSPENDING) {
		ask->phase = ASK_ELSE_SAVING;
		/* A press that waits would wake it. */
		ask_take_back(ask);
		return;
	}
	if (!ask->by_agent && ask_slept_before_press(ask))
		return;
	explain(ask, "%sit has suspended itself to RAM instead", *ask->request->reason ? "; " : "");
	ask->failed = true;
}

/* The run ends, with the request or for another reason. */
static void on_end(struct ask *ask, enum vm_state state, enum vm_trigger trigger)
{
	const char *before = *ask->request->reason ? "; " : "";
	enum request_outcome outcome = REQUEST_LEFT;

	if (ask->phase == ASK_ELSE_POWERING_OFF && does(REQUEST_POWEROFF, state, trigger)) {
		explain(ask, "; asked to power off, it did");
		outcome = REQUEST_REPLACED_BY_ELSE;
	} else if (ask->phase == ASK_ELSE_SAVING && state == VM_SAVED) {
		explain(ask, "; it was saved");
		outcome = REQUEST_REPLACED_BY_ELSE;
	} else if (ask->phase == ASK_ELSE_KILLING && trigger == VM_TRIGGER_HOST_QUIT) {
		explain(ask, "; it was ended");
		outcome = REQUEST_REPLACED_BY_ELSE;
	} else if (trigger == VM_TRIGGER_RESET) {
		explain(ask, "%sits machine was reset", before);
	} else if (trigger == VM_TRIGGER_HOST_QUIT) {
		explain(ask, "%sits user ended it", before);
	} else if (state == VM_CRASHED) {
		explain(ask, "%sit crashed", before);
	} else if (state == VM_SAVED) {
		explain(ask, "%sits user saved it", before);
	} else if (state == VM_HIBERNATED) {
		explain(ask, "%sit has hibernated instead", before);
	} else {
		explain(ask, "%sit has powered off instead", before);
	}
	end(ask, outcome);
}

void ask_on_state(struct ask *ask, enum vm_state state, enum vm_trigger trigger, uint64_t now)
{
	ask->suspended = state == VM_SUSPENDED;
	if (trigger == VM_TRIGGER_START || trigger == VM_TRIGGER_WAKE)
		ask_has_to_settle(ask, now);
	ask->slept = ask->slept || ask->suspended;
	if (ask->phase == ASK_IDLE)
		return;
	/* Also if it is late; but what sleeps in time to be saved is saved. */
	if (!(ask->phase == ASK_ELSE_SUSPENDING && state == VM_SUSPENDED) &&
	    does(ask->request->what, state, trigger))
		end(ask, REQUEST_DONE);
	else if (trigger == VM_TRIGGER_SUSPEND && ask->phase < ASK_ELSE_SAVING)
		on_suspension(ask);
	else if (!lifecycle_has_process(state))
		on_end(ask, state, trigger);
}

void ask_on_continue(struct ask *ask, uint64_t now)
{
	ask_has_to_settle(ask, now);
}

bool ask_on_reset(struct ask *ask)
{
	ask->suspended = false;
	ask->slept = false;
	if (ask->phase == ASK_IDLE)
		return false;
	explain(ask, "%sits machine was reset", *ask->request->reason ? "; " : "");
	end(ask, REQUEST_LEFT);

	return true;
}
