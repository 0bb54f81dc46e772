/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to a guest that does something else, or nothing: what follows. */
#include "ask-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/main-loop.h"

/* --- a guest that does something else --- */

static void a_guest_that_suspends_instead_has_not_done_it(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	host.waits = false;
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_int_equal(host.ends, 0);
	assert_false(ask_saves(&ask));
	ends(REQUEST_LEFT, "it has suspended itself to RAM instead");
}

static void a_guest_that_suspends_instead_is_saved_at_once(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	host.waits = false;
	assert_false(ask_saves(&ask));
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_true(ask_saves(&ask));
	pass(0);
	assert_int_equal(host.saves, 1);
	assert_int_equal(host.presses, 1);
	ends(REQUEST_REPLACED_BY_ELSE, "it has suspended itself to RAM instead; it was saved");
}

static void an_end_of_another_kind_is_named(void **state)
{
	static const struct {
		enum request_what what;
		enum vm_state state;
		enum vm_trigger trigger;
		const char *reason;
	} others[] = {
		{ REQUEST_SUSPEND, VM_OFF, VM_TRIGGER_OFF, "it has powered off instead" },
		{ REQUEST_HIBERNATE, VM_OFF, VM_TRIGGER_OFF, "it has powered off instead" },
		{ REQUEST_POWEROFF, VM_HIBERNATED, VM_TRIGGER_HIBERNATE,
		  "it has hibernated instead" },
		{ REQUEST_POWEROFF, VM_OFF, VM_TRIGGER_HOST_QUIT, "its user ended it" },
		{ REQUEST_POWEROFF, VM_OFF, VM_TRIGGER_RESET, "its machine was reset" },
		{ REQUEST_HIBERNATE, VM_CRASHED, VM_TRIGGER_CRASH, "it crashed" },
		{ REQUEST_HIBERNATE, VM_CRASHED, VM_TRIGGER_LAST_PANIC, "it crashed" },
		{ REQUEST_POWEROFF, VM_SAVED, VM_TRIGGER_SAVE, "its user saved it" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		set_up(state);
		begin(others[i].what, REQUEST_ELSE_KILL);
		reports(others[i].state, others[i].trigger);
		ends(REQUEST_LEFT, others[i].reason);
		assert_string_equal(host.killed, "");
	}
}

static void a_reset_forgets_the_request(void **state)
{
	assert_false(ask_on_reset(&ask));
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_KILL);
	assert_true(ask_on_reset(&ask));
	ask_report(&ask);
	ends(REQUEST_LEFT, "its machine was reset");
	assert_string_equal(host.killed, "");
}

static void another_request_replaces_one(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_KILL);
	pass(50);
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.ends, 1);
	assert_int_equal(host.presses, 2);
	pass(50);
	assert_int_equal(host.ends, 1);
	host.waits = false;
	reports(VM_OFF, VM_TRIGGER_OFF);
	assert_int_equal(host.ends, 2);
	assert_int_equal(request.outcome, REQUEST_DONE);
}

/* Two clients at once, or one that does not wait. */
static void a_request_that_has_just_ended_is_reported_before_the_next(void **state)
{
	host.waits = false;
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.ends, 1);
	assert_int_equal(host.reported.what, REQUEST_SUSPEND);
	assert_int_equal(host.reported.outcome, REQUEST_DONE);
	pass(0);
	assert_int_equal(host.ends, 1);
	reports(VM_OFF, VM_TRIGGER_OFF);
	assert_int_equal(host.ends, 2);
	assert_int_equal(host.reported.what, REQUEST_POWEROFF);
	assert_int_equal(host.reported.outcome, REQUEST_DONE);
}

/* --- the deadline --- */

static void a_request_in_place_of_one_that_failed_replaces_it_too(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	host.waits = false;
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	/* It is to be saved, which has not begun. */
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.ends, 1);
	pass(0);
	assert_int_equal(host.saves, 0);
	assert_int_equal(host.ends, 2);
	assert_int_equal(request.outcome, REQUEST_DONE);
}

static void a_guest_is_left_after_its_time(void **state)
{
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	pass(60);
	assert_int_equal(host.changes, 2);
	ends(REQUEST_LEFT, "it has not suspended within 60 seconds");
	/* What it does later is its own. */
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_int_equal(request.outcome, REQUEST_LEFT);
}

static void a_guest_is_killed_after_its_time(void **state)
{
	begin(REQUEST_POWEROFF, REQUEST_ELSE_KILL);
	pass(60);
	assert_string_equal(host.killed,
			    "dormouse poweroff: it has not powered off within 60 seconds");
	assert_int_equal(host.ends, 0);
	reports(VM_OFF, VM_TRIGGER_HOST_QUIT);
	ends(REQUEST_REPLACED_BY_ELSE, "it has not powered off within 60 seconds; it was ended");
}

static void a_guest_that_does_it_as_it_is_killed_has_done_it(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_KILL);
	host.waits = false;
	pass(60);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	pass(0);
	assert_int_equal(host.ends, 0);
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
}

static void a_guest_is_asked_to_power_off_after_its_time(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF);
	pass(60);
	assert_int_equal(host.presses, 2);
	assert_int_equal(host.pressed, REQUEST_POWEROFF);
	assert_int_equal(host.powerdowns, 1);
	assert_int_equal(request.outcome, REQUEST_WAITING);
	host.waits = false;
	pass(59);
	reports(VM_OFF, VM_TRIGGER_OFF);
	ends(REQUEST_REPLACED_BY_ELSE,
	     "it has not hibernated within 60 seconds; asked to power off, it did");
}

static void a_guest_that_does_not_power_off_either_is_left(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF);
	pass(119);
	assert_int_equal(host.ends, 0);
	pass(1);
	ends(REQUEST_LEFT, "it has not hibernated within 60 seconds; it has not powered off within "
			   "another 60 seconds");
}

static void a_guest_that_suspends_and_should_power_off_is_left(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF);
	pass(60);
	host.waits = false;
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	ends(REQUEST_LEFT, "it has not hibernated within 60 seconds; it has suspended itself to "
			   "RAM instead");
}

static void a_guest_that_does_it_late_has_done_it(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF);
	pass(60);
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
}

static void a_guest_is_asked_to_suspend_and_saved_after_its_time(void **state)
{
	host.agent = true;
	begin(REQUEST_POWEROFF, REQUEST_ELSE_SAVE);
	pass(60);
	assert_int_equal(host.agent_asked, REQUEST_SUSPEND);
	assert_int_equal(host.agent_forgotten, 1);
	pass(59);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_true(ask_saves(&ask));
	assert_int_equal(host.saves, 0);
	pass(0);
	assert_int_equal(host.saves, 1);
	ends(REQUEST_REPLACED_BY_ELSE, "it has not powered off within 60 seconds; it was saved");
}

static void a_guest_that_suspends_late_is_saved_too(void **state)
{
	begin(REQUEST_SUSPEND, REQUEST_ELSE_SAVE);
	host.waits = false;
	pass(60);
	assert_int_equal(host.presses, 2);
	/* Of itself: the press that it has not taken must not wake it. */
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_false(host.waits);
	pass(0);
	assert_int_equal(host.saves, 1);
	ends(REQUEST_REPLACED_BY_ELSE, "it has not suspended within 60 seconds; it was saved");
}

static void a_guest_that_does_not_suspend_either_is_left_and_not_saved(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	pass(120);
	assert_int_equal(host.saves, 0);
	ends(REQUEST_LEFT, "it has not hibernated within 60 seconds; it has not suspended within "
			   "another 60 seconds");
}

static void a_guest_that_cannot_be_saved_is_left(void **state)
{
	host.save_err = -ENOSPC;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	host.waits = false;
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	pass(0);
	assert_int_equal(host.saves, 1);
	assert_false(ask_saves(&ask));
	ends(REQUEST_LEFT,
	     "it has suspended itself to RAM instead; it could not be saved: the disk "
	     "is full");
}

static void a_guest_whose_agent_is_gone_cannot_be_asked_for_anything_else(void **state)
{
	host.agent = true;
	host.buttons = false;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	host.agent = false;
	pass(60);
	ends(REQUEST_LEFT,
	     "it has not hibernated within 60 seconds; it cannot be asked to suspend: its machine "
	     "has no buttons, which come with --acpi or a firmware (machine version 4), and its "
	     "guest has no agent that answers");
}

static void an_agent_that_lacks_what_follows_is_named(void **state)
{
	host.agent = true;
	host.buttons = false;
	host.lacks = REQUEST_SUSPEND;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	pass(60);
	ends(REQUEST_LEFT,
	     "it has not hibernated within 60 seconds; it cannot be asked to suspend: its machine "
	     "has no buttons, which come with --acpi or a firmware (machine version 4), and its "
	     "agent, version 2.5, has no such command");
}

static void a_refusal_after_the_deadline_is_named_too(void **state)
{
	host.agent = true;
	host.buttons = false;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF);
	pass(60);
	ask_refused(&ask, "its agent answered: not allowed");
	ends(REQUEST_LEFT,
	     "it has not hibernated within 60 seconds; its agent answered: not allowed");
}

/* --- a guest that cannot be asked --- */

#define NO_HIBERNATION                                                                       \
	"it cannot be asked to hibernate: its machine has no buttons, which come with "      \
	"--acpi or a firmware (machine version 4), and its agent, version 2.5, has no such " \
	"command"

/* It has an agent that suspends and powers off. */
static void cannot_hibernate(void)
{
	host.agent = true;
	host.buttons = false;
	host.lacks = REQUEST_HIBERNATE;
}

static void a_guest_that_cannot_be_asked_is_asked_to_suspend_at_once_and_saved(void **state)
{
	cannot_hibernate();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	assert_int_equal(host.agent_requests, 0);
	pass(0);
	assert_int_equal(host.agent_asked, REQUEST_SUSPEND);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_true(ask_saves(&ask));
	pass(0);
	assert_int_equal(host.saves, 1);
	assert_int_equal(request.way, REQUEST_WAY_NONE);
	ends(REQUEST_REPLACED_BY_ELSE, NO_HIBERNATION "; it was saved");
}

static void a_sleeping_guest_that_cannot_be_asked_is_saved_without_being_woken(void **state)
{
	host.buttons = false;
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE);
	/* What would wake it waits from now on. */
	assert_true(ask_saves(&ask));
	pass(0);
	assert_int_equal(host.wakes, 0);
	assert_int_equal(host.saves, 1);
	assert_int_equal(request.outcome, REQUEST_REPLACED_BY_ELSE);
}

static void a_guest_that_cannot_be_asked_is_asked_to_power_off_at_once(void **state)
{
	cannot_hibernate();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF);
	pass(0);
	assert_int_equal(host.agent_asked, REQUEST_POWEROFF);
	assert_int_equal(host.powerdowns, 1);
	/* With its time for it. */
	pass(59);
	reports(VM_OFF, VM_TRIGGER_OFF);
	ends(REQUEST_REPLACED_BY_ELSE, NO_HIBERNATION "; asked to power off, it did");
}

static void a_guest_that_cannot_be_asked_is_killed_at_once(void **state)
{
	cannot_hibernate();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_KILL);
	assert_string_equal(host.killed, "");
	pass(0);
	assert_string_equal(host.killed, "dormouse hibernate: " NO_HIBERNATION);
	reports(VM_OFF, VM_TRIGGER_HOST_QUIT);
	ends(REQUEST_REPLACED_BY_ELSE, NO_HIBERNATION "; it was ended");
}

static void a_guest_that_is_known_not_to_be_able_to_is_not_asked(void **state)
{
	struct error error;

	host.cannot = REQUEST_HIBERNATE;
	assert_int_equal(begin_fails(REQUEST_HIBERNATE, &error), -EOPNOTSUPP);
	assert_string_equal(
		error.text,
		"vm cannot be asked to hibernate: its guest is known not to be able to");
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF);
	assert_int_equal(host.presses, 0);
	pass(0);
	assert_int_equal(host.presses, 1);
	assert_int_equal(host.pressed, REQUEST_POWEROFF);
}

static void without_a_way_for_what_follows_a_request_is_refused(void **state)
{
	struct error error;

	host.buttons = false;
	assert_int_equal(begin_fails_too(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF, &error),
			 -EOPNOTSUPP);
	assert_int_equal(begin_fails_too(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE, &error),
			 -EOPNOTSUPP);
	assert_int_equal(begin_fails_too(REQUEST_POWEROFF, REQUEST_ELSE_SAVE, &error), -EOPNOTSUPP);
	assert_int_equal(request.what, REQUEST_NOTHING);
	assert_int_equal(host.changes, 0);
	assert_true(ask_due(&ask) == MAIN_LOOP_NEVER);
}

static void a_guest_that_never_suspends_is_not_promised_to_be_saved(void **state)
{
	struct error error;

	host.cannot = REQUEST_SUSPEND;
	assert_int_equal(begin_fails_too(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE, &error),
			 -EOPNOTSUPP);
	assert_string_equal(error.text,
			    "vm cannot be asked to suspend: its guest is known not to be able to");
	assert_int_equal(host.presses, 0);
}

static void a_guest_whose_agent_fails_at_once_is_not_left(void **state)
{
	host.agent = true;
	host.buttons = false;
	host.agent_err = -ENOMEM;
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_KILL);
	pass(0);
	assert_string_not_equal(host.killed, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(a_guest_that_suspends_instead_has_not_done_it),
		TEST(a_guest_that_suspends_instead_is_saved_at_once),
		TEST(an_end_of_another_kind_is_named),
		TEST(a_reset_forgets_the_request),
		TEST(another_request_replaces_one),
		TEST(a_request_that_has_just_ended_is_reported_before_the_next),
		TEST(a_request_in_place_of_one_that_failed_replaces_it_too),
		TEST(a_guest_is_left_after_its_time),
		TEST(a_guest_is_killed_after_its_time),
		TEST(a_guest_that_does_it_as_it_is_killed_has_done_it),
		TEST(a_guest_is_asked_to_power_off_after_its_time),
		TEST(a_guest_that_does_not_power_off_either_is_left),
		TEST(a_guest_that_suspends_and_should_power_off_is_left),
		TEST(a_guest_that_does_it_late_has_done_it),
		TEST(a_guest_is_asked_to_suspend_and_saved_after_its_time),
		TEST(a_guest_that_suspends_late_is_saved_too),
		TEST(a_guest_that_does_not_suspend_either_is_left_and_not_saved),
		TEST(a_guest_that_cannot_be_saved_is_left),
		TEST(a_guest_whose_agent_is_gone_cannot_be_asked_for_anything_else),
		TEST(an_agent_that_lacks_what_follows_is_named),
		TEST(a_refusal_after_the_deadline_is_named_too),
		TEST(a_guest_that_cannot_be_asked_is_asked_to_suspend_at_once_and_saved),
		TEST(a_sleeping_guest_that_cannot_be_asked_is_saved_without_being_woken),
		TEST(a_guest_that_cannot_be_asked_is_asked_to_power_off_at_once),
		TEST(a_guest_that_cannot_be_asked_is_killed_at_once),
		TEST(a_guest_that_is_known_not_to_be_able_to_is_not_asked),
		TEST(without_a_way_for_what_follows_a_request_is_refused),
		TEST(a_guest_that_never_suspends_is_not_promised_to_be_saved),
		TEST(a_guest_whose_agent_fails_at_once_is_not_left),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
