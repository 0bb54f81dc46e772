/* SPDX-License-Identifier: BSD-3-Clause */
#include "ask-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/main-loop.h"

#define SECOND 1000000ULL
#define HOUR (3600 * SECOND)

struct ask_rig host;
struct ask ask;
struct request request;
static uint64_t now;

/* --- the host's functions --- */

static int check_guest(void *context, enum request_what what, struct error *error)
{
	assert_int_not_equal(what, REQUEST_NOTHING);
	if (host.cannot == what)
		return error_set(error, -EOPNOTSUPP, "its guest is known not to be able to");

	return 0;
}

static int check(bool there, enum request_what what, struct error *error)
{
	if (!there)
		return error_set(error, -ENOTCONN, "its guest has no agent that answers");
	if (host.lacks == what)
		return error_set(error, -EOPNOTSUPP, "its agent, version 2.5, has no such command");

	return 0;
}

static int check_agent(void *context, enum request_what what, struct error *error)
{
	return check(host.agent, what, error);
}

static int check_return(void *context, enum request_what what, struct error *error)
{
	assert_false(host.agent);

	return check(host.returns, what, error);
}

static int ask_agent(void *context, enum request_what what, struct error *error)
{
	assert_false(host.in_state);
	if (host.agent_err)
		return error_set(error, host.agent_err, "it does not answer");
	host.agent_asked = what;
	host.agent_requests++;

	return 0;
}

static void forget_agent(void *context)
{
	host.agent_forgotten++;
}

static bool has_buttons(void *context)
{
	return host.buttons;
}

static void press(void *context, enum request_what what)
{
	assert_false(host.in_state);
	assert_true(host.buttons);
	host.presses++;
	host.pressed = what;
	host.waits = true;
}

static void probe(void *context)
{
	assert_false(host.in_state);
	assert_true(host.buttons);
	host.probes++;
	host.probe_waits = true;
}

static bool is_same_button(enum request_what what)
{
	return (what == REQUEST_POWEROFF) == (host.pressed == REQUEST_POWEROFF);
}

static bool press_waits(void *context, enum request_what what)
{
	return host.probe_waits || (host.waits && is_same_button(what));
}

static void withdraw(void *context, enum request_what what)
{
	host.probe_waits = false;
	if (is_same_button(what))
		host.waits = false;
}

void becomes(enum vm_state state, enum vm_trigger trigger)
{
	host.in_state = true;
	ask_on_state(&ask, state, trigger, now);
	host.in_state = false;
}

static void wake(void *context)
{
	host.wakes++;
	becomes(VM_RUNNING, VM_TRIGGER_WAKE);
}

static int save(void *context, struct error *error)
{
	host.saves++;
	assert_true(ask_saves(&ask));
	/* It would be in the file. */
	assert_false(host.waits || host.probe_waits);
	if (host.save_err)
		return error_set(error, host.save_err, "the disk is full");
	becomes(VM_SAVED, VM_TRIGGER_SAVE);

	return 0;
}

static void kill_vm(void *context, const char *why)
{
	snprintf(host.killed, sizeof(host.killed), "%s", why);
}

static void changed(void *context)
{
	host.changes++;
}

static void asked_to_power_off(void *context)
{
	host.powerdowns++;
}

static void ended(void *context)
{
	assert_false(host.in_state);
	host.ends++;
	host.reported = request;
}

int set_up(void **state)
{
	const struct ask_host functions = {
		.check = check_guest,
		.check_agent = check_agent,
		.check_return = check_return,
		.ask_agent = ask_agent,
		.forget_agent = forget_agent,
		.has_buttons = has_buttons,
		.press = press,
		.probe = probe,
		.press_waits = press_waits,
		.withdraw = withdraw,
		.wake = wake,
		.save = save,
		.kill = kill_vm,
		.changed = changed,
		.asked_to_power_off = asked_to_power_off,
		.ended = ended,
	};

	memset(&host, 0, sizeof(host));
	memset(&request, 0, sizeof(request));
	now = 5 * SECOND;
	host.buttons = true;
	ask_create(&ask, &functions, &request, "vm");
	becomes(VM_RUNNING, VM_TRIGGER_START);
	now += HOUR;

	return 0;
}

/* --- what tests do --- */

void begin(enum request_what what, enum request_else otherwise)
{
	struct error error;

	assert_int_equal(ask_begin(&ask, what, 60, otherwise, now, &error), 0);
	assert_int_equal(request.what, what);
	assert_int_equal(request.timeout, 60);
}

void goes_on(void)
{
	ask_on_continue(&ask, now);
}

/* Time passes, and ask_run() is called when it is due. */
void pass(uint64_t seconds)
{
	const uint64_t end = now + seconds * SECOND;

	/* A request that is due without end would not let time pass. */
	for (int i = 0; i < 1000 && ask_due(&ask) <= end; i++) {
		if (ask_due(&ask) > now)
			now = ask_due(&ask);
		ask_run(&ask, now);
	}
	assert_true(ask_due(&ask) > end);
	now = end;
}

void ends(enum request_outcome outcome, const char *reason)
{
	pass(0);
	assert_int_equal(host.ends, 1);
	assert_int_equal(request.outcome, outcome);
	assert_string_equal(request.reason, reason);
	assert_false(host.waits || host.probe_waits);
	assert_true(ask_due(&ask) == MAIN_LOOP_NEVER);
	pass(1000);
	assert_int_equal(host.ends, 1);
}

/* The report of a state's change asks for that of the request. */
void reports(enum vm_state state, enum vm_trigger trigger)
{
	becomes(state, trigger);
	ask_report(&ask);
}

int begin_fails(enum request_what what, struct error *error)
{
	return begin_fails_too(what, REQUEST_ELSE_LEAVE, error);
}

int begin_fails_too(enum request_what what, enum request_else otherwise, struct error *error)
{
	return ask_begin(&ask, what, 60, otherwise, now, error);
}
