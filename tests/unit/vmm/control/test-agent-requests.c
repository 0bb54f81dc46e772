/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to an agent, with a peer that has a script. */
#include "agent-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/main-loop.h"

int clock_gettime(clockid_t clock, struct timespec *time)
{
	return agent_rig_clock(clock, time);
}

static int try_to_execute(struct agent_rig *r, const char *command, struct error *error)
{
	const struct agent_caller caller = { 0 };
	json_t *json = json_loads(command, 0, NULL);
	const int err = agent_execute(r->agent, json, &caller, error);

	json_decref(json);

	return err;
}

/* --- requests --- */

static void a_guest_without_an_agent_is_not_asked(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	struct error error;

	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SHUTDOWN, &error), -ENOTCONN);
	assert_string_equal(error.text, "its guest has no agent that has its port open");
	agent_rig_open(r);
	agent_rig_close(r);
	assert_false(agent_is_there(r->agent));
	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SHUTDOWN, &error), -ENOTCONN);
	agent_rig_teardown(r);
}

static void a_request_that_is_carried_out_has_no_answer(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	struct error error;

	agent_rig_open(r);
	*r->heard = '\0';
	agent_rig_ask(r, AGENT_SUSPEND_RAM);
	assert_int_equal(r->refusals, 0);
	agent_rig_run(r);
	assert_string_equal(r->heard, "guest-suspend-ram\n");
	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SHUTDOWN, &error), -EBUSY);
	agent_rig_pass(1000);
	agent_rig_run(r);
	/* It suspends itself, which closes the port, and is back. */
	agent_rig_close(r);
	agent_rig_open(r);
	assert_int_equal(r->refusals, 0);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_run(r);
	assert_non_null(strstr(r->heard, "guest-shutdown\n"));
	agent_forget(r->agent);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_teardown(r);
}

static void a_request_that_the_agent_refuses_is_refused_with_its_words(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	agent_rig_ask(r, AGENT_SUSPEND_DISK);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 1);
	assert_string_equal(r->refusal, "its agent answered: no swap ?[2J");
	agent_rig_close(r);
	assert_int_equal(r->refusals, 1);
	agent_rig_teardown(r);
}

static void late_answers_are_discarded(void **state)
{
	static const char late[] =
		"{\"return\": {}}\n{\"error\": {\"desc\": \"late\"}}\n\xff{\"retu"
		"\xff{\"return\": 1}\n{\"error\": {\"desc\": \"later\"}}\n";
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	agent_rig_ask(r, AGENT_SUSPEND_RAM);
	agent_rig_run(r);
	agent_forget(r->agent);
	agent_rig_send(r, late, sizeof(late) - 1);
	agent_rig_ask(r, AGENT_SUSPEND_DISK);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 1);
	assert_string_equal(r->refusal, "its agent answered: no swap ?[2J");
	agent_rig_teardown(r);
}

static void an_agent_that_does_not_answer_is_slow_and_is_there_once_it_does(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	r->deaf = true;
	agent_rig_open(r);
	agent_rig_pass(3600);
	agent_rig_run(r);
	/* It may be starting. */
	assert_false(agent_is_there(r->agent));
	agent_rig_is(r, "open", true);
	agent_rig_is(r, "answers", false);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_run(r);
	agent_rig_pass(9);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 0);
	agent_rig_pass(2);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 1);
	assert_string_equal(r->refusal, "its agent has not answered within 10 seconds");
	agent_rig_says(r, "problem", "its agent has not answered within 10 seconds");

	/* It reads all syncs in the end, of which it answers the last. */
	r->deaf = false;
	assert_non_null(strstr(r->to_agent, "guest-sync-delimited"));
	agent_forget(r->agent);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_run(r);
	agent_rig_pass(11);
	agent_rig_run(r);
	assert_true(agent_is_there(r->agent));
	agent_rig_says(r, "problem", NULL);
	agent_rig_teardown(r);
}

static void an_agent_that_stops_answering_is_not_there(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	r->deaf = true;
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_run(r);
	agent_rig_pass(11);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 1);
	assert_false(agent_is_there(r->agent));
	assert_int_equal(agent_due(r->agent), MAIN_LOOP_NEVER);
	r->deaf = false;
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_run(r);
	assert_true(agent_is_there(r->agent));
	agent_rig_teardown(r);
}

static void an_agent_whose_sync_is_another_is_not_there(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	r->syncs_wrong = true;
	agent_rig_open(r);
	assert_false(agent_is_there(r->agent));
	assert_string_equal(r->heard, "");
	agent_rig_teardown(r);
}

static void an_agent_that_sends_without_end_is_read_in_pieces_and_not_for_ever(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	unsigned int rounds = 0;

	r->endless = true;
	r->deaf = true;
	r->opening = ++r->openings;
	do {
		agent_run(r->agent);
		rounds++;
		assert_in_range(rounds, 1, 1000);
	} while (agent_due(r->agent) == 0);
	assert_in_range(rounds, 10, 1000);
	assert_false(agent_is_there(r->agent));
	agent_rig_says(r, "problem", "its agent sends without end, and not what it was asked for");
	/* It is not read any more, whenever it sends. */
	agent_run(r->agent);
	assert_int_equal(agent_due(r->agent), MAIN_LOOP_NEVER);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 1);
	assert_string_equal(r->refusal,
			    "its agent sends without end, and not what it was asked for");
	agent_rig_teardown(r);
}

static void an_answer_that_is_too_long_or_no_object_is_refused(void **state)
{
	static char endless[70000];
	const struct agent_line script[] = {
		{ "guest-info", AGENT_RIG_INFO },
		{ "guest-get-osinfo", AGENT_RIG_OS },
		{ "guest-file-open", "{}\n" },
		{ "long", endless },
		{ "word", "yes\n" },
		{ "list", "[]\n" },
		{ "ends", "{\"return\": \n" },
		{ "binary", "\x01\x02\n" },
		{ "fits", "\n\n{\"return\": 1}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(script);

	memset(endless, '{', sizeof(endless) - 1);
	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"long\"}");
	agent_rig_run(r);
	assert_string_equal(r->refusal, "its agent's answer is longer than 64 KiB");
	for (unsigned int i = 4; i < 8; i++) {
		char command[64];

		snprintf(command, sizeof(command), "{\"execute\": \"%s\"}", script[i].command);
		*r->refusal = '\0';
		agent_rig_execute(r, command);
		agent_rig_run(r);
		assert_string_equal(r->refusal, "its agent's answer is no JSON object");
	}
	agent_rig_execute(r, "{\"execute\": \"fits\"}");
	agent_rig_run(r);
	assert_int_equal(json_integer_value(json_object_get(r->answer, "return")), 1);
	agent_rig_teardown(r);
}

/* --- any command --- */

static void a_command_is_passed_on_in_one_line_and_its_answer_returned(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	*r->heard = '\0';
	agent_rig_execute(r, "{\n\"execute\":\n\"guest-ping\"\n}");
	assert_int_equal(r->answers, 0);
	agent_rig_run(r);
	assert_string_equal(r->heard, "guest-ping\n");
	assert_int_equal(r->answers, 1);
	assert_non_null(json_object_get(r->answer, "return"));
	/* An error is an answer, too. */
	agent_rig_execute(r, "{\"execute\": \"guest-suspend-disk\"}");
	agent_rig_run(r);
	assert_int_equal(r->answers, 2);
	assert_non_null(json_object_get(r->answer, "error"));
	agent_rig_teardown(r);
}

/* An agent's integers are of 64 bits with or without a sign. */
static void an_answer_with_an_integer_that_is_very_large_is_json(void **state)
{
	static const struct agent_line script[] = {
		{ "guest-info", "{}\n" },
		{ "large", "{\"return\": [5, 18446744073709551615, \"18446744073709551615\"]}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(script);
	const json_t *list;

	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"large\"}");
	agent_rig_run(r);
	assert_string_equal(r->refusal, "");
	list = json_object_get(r->answer, "return");
	assert_int_equal(json_integer_value(json_array_get(list, 0)), 5);
	assert_true(json_real_value(json_array_get(list, 1)) == 18446744073709551616.0);
	assert_string_equal(json_string_value(json_array_get(list, 2)), "18446744073709551615");
	agent_rig_teardown(r);
}

static void json_that_is_no_command_is_not_sent(void **state)
{
	static const char *const texts[] = { "{}", "{\"execute\": 1}", "[]" };
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	struct error error;

	agent_rig_open(r);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(try_to_execute(r, texts[i], &error), -EINVAL);
	agent_rig_teardown(r);
}

static void a_command_that_nothing_answers_has_an_empty_answer_when_the_port_is_closed(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"guest-shutdown\"}");
	agent_rig_run(r);
	assert_int_equal(r->answers, 0);
	agent_rig_close(r);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->refusals, 0);
	assert_int_equal(json_object_size(r->answer), 0);
	agent_rig_teardown(r);
}

static void a_command_whose_agent_closes_its_port_fails(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"guest-nothing\"}");
	agent_rig_run(r);
	/* It has crashed, and is started again. */
	agent_rig_open(r);
	assert_int_equal(r->answers, 1);
	assert_string_equal(r->refusal, "its agent has closed its port");
	/* One that was not sent cannot have been carried out. */
	r->deaf = true;
	agent_rig_execute(r, "{\"execute\": \"guest-shutdown\"}");
	agent_rig_run(r);
	agent_rig_close(r);
	assert_int_equal(r->answers, 2);
	assert_int_equal(r->refusals, 2);
	agent_rig_teardown(r);
}

static void a_command_is_forgotten_by_its_caller_alone(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	struct error error;
	int other;

	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"guest-nothing\"}");
	agent_rig_run(r);
	agent_forget(r->agent);
	agent_forget_caller(r->agent, &other);
	assert_int_equal(try_to_execute(r, "{\"execute\": \"guest-ping\"}", &error), -EBUSY);
	agent_forget_caller(r->agent, r);
	assert_int_equal(r->answers, 0);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_forget_caller(r->agent, r);
	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SHUTDOWN, &error), -EBUSY);
	agent_rig_run(r);
	assert_int_equal(r->answers, 0);
	agent_rig_teardown(r);
}

static void a_request_displaces_a_command_whose_caller_is_answered(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	struct error error;

	agent_rig_open(r);
	*r->heard = '\0';
	agent_rig_execute(r, "{\"execute\": \"guest-nothing\"}");
	agent_rig_run(r);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	assert_int_equal(r->answers, 1);
	assert_null(r->answer);
	assert_string_equal(r->refusal, "its agent had not answered when its guest was asked to "
					"power off, and its answer is discarded");
	/* The late answer is none to the request. */
	agent_rig_send(r, "{\"error\": {\"desc\": \"late\"}}\n", 28);
	agent_rig_run(r);
	assert_string_equal(r->heard, "guest-nothing\nguest-shutdown\n");
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->refusals, 1);
	/* The reverse is not so, and neither do requests displace one another. */
	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SUSPEND_RAM, &error), -EBUSY);
	agent_forget(r->agent);
	/* One that was not sent is not sent any more. */
	agent_rig_execute(r, "{\"execute\": \"guest-never\"}");
	agent_rig_ask(r, AGENT_SUSPEND_RAM);
	agent_rig_run(r);
	assert_int_equal(r->answers, 2);
	assert_null(strstr(r->heard, "guest-never"));
	assert_non_null(strstr(r->heard, "guest-suspend-ram"));
	agent_rig_teardown(r);
}

static void a_request_that_the_agent_lacks_displaces_nothing(void **state)
{
	static const struct agent_line script[] = {
		{ "guest-info",
		  "{\"return\": {\"version\": \"2.5\", \"supported_commands\": []}}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(script);
	struct error error;

	assert_int_equal(agent_check(NULL, AGENT_SUSPEND_DISK, &error), -ENOTCONN);
	assert_int_equal(agent_check(r->agent, AGENT_SUSPEND_DISK, &error), -ENOTCONN);
	assert_string_equal(error.text, "its guest has no agent that answers");
	agent_rig_open(r);
	assert_int_equal(agent_check(r->agent, AGENT_SUSPEND_DISK, &error), -EOPNOTSUPP);
	assert_string_equal(error.text, "its agent, version 2.5, has no guest-suspend-disk");
	agent_rig_execute(r, "{\"execute\": \"guest-nothing\"}");
	agent_rig_run(r);
	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SUSPEND_DISK, &error), -EOPNOTSUPP);
	assert_int_equal(r->answers, 0);
	agent_rig_teardown(r);
}

/* The guest's buffers are small. */
static void a_command_is_sent_in_the_pieces_that_the_guest_takes(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	r->room = 3;
	agent_rig_execute(r, "{\"execute\": \"guest-ping\"}");
	for (unsigned int i = 0; i < 200 && r->answers == 0; i++) {
		agent_rig_rounds(r, 1);
		r->room = 3;
	}
	assert_int_equal(r->answers, 1);
	agent_rig_teardown(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_without_an_agent_is_not_asked),
		cmocka_unit_test(a_request_that_is_carried_out_has_no_answer),
		cmocka_unit_test(a_request_that_the_agent_refuses_is_refused_with_its_words),
		cmocka_unit_test(late_answers_are_discarded),
		cmocka_unit_test(an_agent_that_does_not_answer_is_slow_and_is_there_once_it_does),
		cmocka_unit_test(an_agent_that_stops_answering_is_not_there),
		cmocka_unit_test(an_agent_whose_sync_is_another_is_not_there),
		cmocka_unit_test(
			an_agent_that_sends_without_end_is_read_in_pieces_and_not_for_ever),
		cmocka_unit_test(an_answer_that_is_too_long_or_no_object_is_refused),
		cmocka_unit_test(a_command_is_passed_on_in_one_line_and_its_answer_returned),
		cmocka_unit_test(an_answer_with_an_integer_that_is_very_large_is_json),
		cmocka_unit_test(json_that_is_no_command_is_not_sent),
		cmocka_unit_test(
			a_command_that_nothing_answers_has_an_empty_answer_when_the_port_is_closed),
		cmocka_unit_test(a_command_whose_agent_closes_its_port_fails),
		cmocka_unit_test(a_command_is_forgotten_by_its_caller_alone),
		cmocka_unit_test(a_request_displaces_a_command_whose_caller_is_answered),
		cmocka_unit_test(a_request_that_the_agent_lacks_displaces_nothing),
		cmocka_unit_test(a_command_is_sent_in_the_pieces_that_the_guest_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
