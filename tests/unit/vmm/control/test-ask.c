/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to a guest: how it is asked, and that it does it. */
#include "ask-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/main-loop.h"

/* --- a request that is done --- */

static void a_guest_suspends_when_its_sleep_button_is_pressed(void **state)
{
	begin(REQUEST_SUSPEND, REQUEST_ELSE_KILL);
	assert_int_equal(host.presses, 1);
	assert_int_equal(host.pressed, REQUEST_SUSPEND);
	assert_int_equal(request.way, REQUEST_WAY_BUTTON);
	assert_int_equal(request.outcome, REQUEST_WAITING);
	assert_int_equal(host.changes, 1);
	pass(59);
	assert_int_equal(host.presses, 1);
	host.waits = false;
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	ends(REQUEST_DONE, "");
	assert_string_equal(host.killed, "");
}

static void a_guest_that_hibernates_when_it_should_suspend_sleeps_too(void **state)
{
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	host.waits = false;
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
}

static void a_guest_hibernates_when_its_sleep_button_is_pressed(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.pressed, REQUEST_HIBERNATE);
	host.waits = false;
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
	assert_int_equal(host.powerdowns, 0);
}

static void a_guest_powers_off_when_its_power_button_is_pressed(void **state)
{
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.pressed, REQUEST_POWEROFF);
	assert_int_equal(host.powerdowns, 1);
	host.waits = false;
	reports(VM_OFF, VM_TRIGGER_OFF);
	ends(REQUEST_DONE, "");
}

static void a_guest_that_has_suspended_already_is_not_asked(void **state)
{
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	begin(REQUEST_SUSPEND, REQUEST_ELSE_KILL);
	assert_int_equal(host.presses, 0);
	assert_int_equal(request.way, REQUEST_WAY_NONE);
	assert_int_equal(host.changes, 1);
	/* The client has its answer first. */
	assert_int_equal(host.ends, 0);
	ends(REQUEST_DONE, "");
}

static void a_guest_that_suspends_of_itself_is_not_woken_by_the_press(void **state)
{
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_false(host.waits);
	ends(REQUEST_DONE, "");
}

/* --- the way --- */

static void an_agent_is_asked_and_no_button_is_pressed(void **state)
{
	static const enum request_what whats[] = { REQUEST_SUSPEND, REQUEST_HIBERNATE,
						   REQUEST_POWEROFF };

	host.agent = true;
	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
		begin(whats[i], REQUEST_ELSE_LEAVE);
		assert_int_equal(host.agent_asked, whats[i]);
		assert_int_equal(host.agent_requests, i + 1);
		assert_int_equal(request.way, REQUEST_WAY_AGENT);
	}
	assert_int_equal(host.presses, 0);
	/* Each replaced the one before it, which the agent was to forget. */
	assert_int_equal(host.agent_forgotten, 2);
	assert_int_equal(host.ends, 2);
}

static void an_agent_s_answer_is_no_success(void **state)
{
	host.agent = true;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	pass(61);
	assert_int_equal(host.agent_forgotten, 1);
	ends(REQUEST_LEFT, "it has not hibernated within 60 seconds");
}

static void a_refusal_of_the_agent_leads_to_the_button(void **state)
{
	host.agent = true;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	ask_refused(&ask, "its agent answered: no swap");
	assert_int_equal(host.presses, 0);
	pass(0);
	assert_int_equal(host.presses, 1);
	assert_int_equal(request.way, REQUEST_WAY_BUTTON);
	/* Its time goes on; a refusal that comes twice changes nothing. */
	ask_refused(&ask, "again");
	pass(59);
	assert_int_equal(host.presses, 1);
	pass(1);
	ends(REQUEST_LEFT, "it has not hibernated within 60 seconds");
}

static void a_refusal_of_the_agent_without_buttons_is_a_failure_at_once(void **state)
{
	host.agent = true;
	host.buttons = false;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	ask_refused(&ask, "its agent answered: no swap");
	ends(REQUEST_LEFT, "its agent answered: no swap");
}

/* Its port is closed before its agent has been asked. */
static void an_agent_whose_guest_falls_asleep_has_not_refused(void **state)
{
	host.buttons = false;
	host.agent = true;
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	host.agent = false;
	host.returns = true;
	ask_refused(&ask, "its agent has closed its port");
	pass(10);
	assert_int_equal(host.ends, 0);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	ends(REQUEST_DONE, "");
}

/* It could not, and is awake. */
static void an_agent_whose_guest_did_not_fall_asleep_is_asked_again(void **state)
{
	host.buttons = false;
	host.agent = true;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	host.agent = false;
	host.returns = true;
	ask_refused(&ask, "its agent has closed its port");
	pass(10);
	host.agent = true;
	pass(0);
	assert_int_equal(host.agent_requests, 2);
	assert_int_equal(host.agent_asked, REQUEST_HIBERNATE);
	/* One that has ended by itself has failed. */
	host.agent = false;
	host.returns = false;
	ask_refused(&ask, "its agent has closed its port");
	ends(REQUEST_LEFT, "its agent has closed its port");
}

static void an_agent_that_cannot_be_asked_leads_to_the_button(void **state)
{
	host.agent = true;
	host.agent_err = -EBUSY;
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.presses, 1);
	assert_int_equal(host.powerdowns, 1);
	assert_int_equal(request.way, REQUEST_WAY_BUTTON);
}

static void without_a_way_a_request_is_refused_and_nothing_changes(void **state)
{
	struct error error;

	host.buttons = false;
	assert_int_equal(begin_fails(REQUEST_HIBERNATE, &error), -EOPNOTSUPP);
	assert_string_equal(
		error.text,
		"vm cannot be asked to hibernate: its machine has no buttons, which come with "
		"--acpi or a firmware (machine version 4), and its guest has no agent that answers");
	host.agent = true;
	host.agent_err = -EBUSY;
	assert_int_equal(begin_fails(REQUEST_POWEROFF, &error), -EOPNOTSUPP);
	assert_non_null(strstr(error.text, "(machine version 4), and it does not answer"));
	assert_int_equal(request.what, REQUEST_NOTHING);
	assert_int_equal(host.changes, 0);
	assert_int_equal(host.powerdowns, 0);
	assert_true(ask_due(&ask) == MAIN_LOOP_NEVER);
}

static void the_agent_s_reason_is_in_the_refusal(void **state)
{
	struct error error;

	host.agent = true;
	host.buttons = false;
	host.lacks = REQUEST_HIBERNATE;
	assert_int_equal(begin_fails(REQUEST_HIBERNATE, &error), -EOPNOTSUPP);
	assert_string_equal(
		error.text,
		"vm cannot be asked to hibernate: its machine has no buttons, which come with "
		"--acpi or a firmware (machine version 4), and its agent, version 2.5, has no such "
		"command");
	/* What it was asked before is not replaced by what it cannot be asked. */
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(begin_fails(REQUEST_HIBERNATE, &error), -EOPNOTSUPP);
	assert_int_equal(request.what, REQUEST_POWEROFF);
	assert_int_equal(request.outcome, REQUEST_WAITING);
	assert_int_equal(host.ends, 0);
}

/* --- a guest that sleeps --- */

static void a_sleeping_guest_is_not_woken_for_what_its_agent_refuses(void **state)
{
	struct error error;

	host.agent = true;
	host.buttons = false;
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	host.lacks = REQUEST_HIBERNATE;
	assert_int_equal(begin_fails(REQUEST_HIBERNATE, &error), -EOPNOTSUPP);
	host.agent_err = -ENOMEM;
	assert_int_equal(begin_fails(REQUEST_POWEROFF, &error), -EOPNOTSUPP);
	assert_int_equal(host.wakes, 0);
}

static void a_sleeping_guest_is_woken_so_that_its_agent_can_be_asked(void **state)
{
	host.agent = true;
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.wakes, 1);
	assert_int_equal(host.agent_requests, 1);
	pass(30);
	assert_int_equal(host.presses, 0);
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
}

/* A guest without buttons falls asleep, and its agent is away. */
static void sleep_with_agent(void)
{
	host.buttons = false;
	host.returns = true;
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
}

static void a_sleeping_guest_is_woken_and_its_agent_asked_once_it_answers_again(void **state)
{
	sleep_with_agent();
	begin(REQUEST_POWEROFF, REQUEST_ELSE_KILL);
	assert_int_equal(host.wakes, 1);
	assert_int_equal(request.way, REQUEST_WAY_AGENT);
	pass(2);
	assert_int_equal(host.agent_requests, 0);
	assert_int_equal(host.powerdowns, 0);
	host.agent = true;
	pass(0);
	assert_int_equal(host.agent_requests, 1);
	assert_int_equal(host.agent_asked, REQUEST_POWEROFF);
	assert_int_equal(host.powerdowns, 1);
	/* The agent is asked once. */
	pass(57);
	assert_int_equal(host.agent_requests, 1);
	reports(VM_OFF, VM_TRIGGER_OFF);
	ends(REQUEST_DONE, "");
}

static void an_agent_that_does_not_return_is_awaited_until_the_deadline(void **state)
{
	sleep_with_agent();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	pass(59);
	assert_int_equal(host.ends, 0);
	pass(1);
	assert_int_equal(host.agent_requests, 0);
	/* What comes later is not asked. */
	host.agent = true;
	ends(REQUEST_LEFT, "its agent has not answered after its sleep within 60 seconds");
	assert_int_equal(host.agent_requests, 0);
	assert_int_equal(host.wakes, 1);
}

static void an_agent_that_returns_and_cannot_be_asked_is_named(void **state)
{
	sleep_with_agent();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	host.agent = true;
	host.agent_err = -ENOMEM;
	ends(REQUEST_LEFT, "it does not answer");
}

static void a_guest_that_has_just_woken_is_asked_once_its_agent_answers_again(void **state)
{
	sleep_with_agent();
	becomes(VM_RUNNING, VM_TRIGGER_WAKE);
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	pass(2);
	host.agent = true;
	pass(0);
	assert_int_equal(host.agent_requests, 1);
	assert_int_equal(host.wakes, 0);
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
}

static void a_guest_that_sleeps_again_before_its_agent_answers_has_not_done_it(void **state)
{
	sleep_with_agent();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	ends(REQUEST_LEFT, "it has suspended itself to RAM instead");
	assert_int_equal(host.wakes, 1);
}

static void a_sleeping_guest_sleeps_on_if_its_agent_would_refuse(void **state)
{
	struct error error;

	sleep_with_agent();
	host.lacks = REQUEST_HIBERNATE;
	assert_int_equal(begin_fails(REQUEST_HIBERNATE, &error), -EOPNOTSUPP);
	assert_non_null(strstr(error.text, "and its agent, version 2.5, has no such command"));
	host.returns = false;
	assert_int_equal(begin_fails(REQUEST_POWEROFF, &error), -EOPNOTSUPP);
	assert_non_null(strstr(error.text, "and its guest has no agent that answers"));
	assert_int_equal(host.wakes, 0);
	assert_int_equal(request.what, REQUEST_NOTHING);
}

static void an_agent_from_before_a_reset_is_not_awaited(void **state)
{
	struct error error;

	sleep_with_agent();
	becomes(VM_RUNNING, VM_TRIGGER_WAKE);
	assert_false(ask_on_reset(&ask));
	assert_int_equal(begin_fails(REQUEST_POWEROFF, &error), -EOPNOTSUPP);
}

static void a_button_is_pressed_rather_than_an_agent_awaited(void **state)
{
	sleep_with_agent();
	host.buttons = true;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.presses, 1);
	assert_int_equal(request.way, REQUEST_WAY_BUTTON);
	assert_int_equal(host.wakes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(a_guest_suspends_when_its_sleep_button_is_pressed),
		TEST(a_guest_that_hibernates_when_it_should_suspend_sleeps_too),
		TEST(a_guest_hibernates_when_its_sleep_button_is_pressed),
		TEST(a_guest_powers_off_when_its_power_button_is_pressed),
		TEST(a_guest_that_has_suspended_already_is_not_asked),
		TEST(a_guest_that_suspends_of_itself_is_not_woken_by_the_press),
		TEST(an_agent_is_asked_and_no_button_is_pressed),
		TEST(an_agent_s_answer_is_no_success),
		TEST(a_refusal_of_the_agent_leads_to_the_button),
		TEST(a_refusal_of_the_agent_without_buttons_is_a_failure_at_once),
		TEST(an_agent_whose_guest_falls_asleep_has_not_refused),
		TEST(an_agent_whose_guest_did_not_fall_asleep_is_asked_again),
		TEST(an_agent_that_cannot_be_asked_leads_to_the_button),
		TEST(without_a_way_a_request_is_refused_and_nothing_changes),
		TEST(the_agent_s_reason_is_in_the_refusal),
		TEST(a_sleeping_guest_is_not_woken_for_what_its_agent_refuses),
		TEST(a_sleeping_guest_is_woken_so_that_its_agent_can_be_asked),
		TEST(a_sleeping_guest_is_woken_and_its_agent_asked_once_it_answers_again),
		TEST(an_agent_that_does_not_return_is_awaited_until_the_deadline),
		TEST(an_agent_that_returns_and_cannot_be_asked_is_named),
		TEST(a_guest_that_has_just_woken_is_asked_once_its_agent_answers_again),
		TEST(a_guest_that_sleeps_again_before_its_agent_answers_has_not_done_it),
		TEST(a_sleeping_guest_sleeps_on_if_its_agent_would_refuse),
		TEST(an_agent_from_before_a_reset_is_not_awaited),
		TEST(a_button_is_pressed_rather_than_an_agent_awaited),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
