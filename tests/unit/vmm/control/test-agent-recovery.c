/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent after one of its commands has failed, with a peer that has a script. */
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

/* It is there, and a request reaches it. */
static void takes_requests(struct agent_rig *r)
{
	struct error error = { "" };

	assert_true(agent_is_there(r->agent));
	agent_rig_says(r, "problem", NULL);
	if (agent_check(r->agent, AGENT_SHUTDOWN, &error) != 0)
		fail_msg("%s", error.text);
	*r->heard = '\0';
	r->refusals = 0;
	agent_rig_ask(r, AGENT_SHUTDOWN);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 0);
	assert_non_null(strstr(r->heard, "guest-shutdown\n"));
	agent_forget(r->agent);
}

static void hang(struct agent_rig *r, unsigned int seconds)
{
	r->hangs = true;
	agent_rig_run(r);
	agent_rig_pass(seconds);
	agent_rig_run(r);
	assert_false(agent_is_there(r->agent));
	agent_rig_says(r, "problem", "its agent has not answered within 10 seconds");
	r->hangs = false;
	agent_rig_run(r);
}

/* Such as one that freezes file systems, or whose guest was paused meanwhile. */
static void an_agent_that_hung_for_a_time_is_there_again(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	agent_rig_ask(r, AGENT_SUSPEND_DISK);
	hang(r, 11);
	assert_int_equal(r->refusals, 1);
	takes_requests(r);
	agent_rig_teardown(r);
}

static void an_agent_that_is_slow_to_say_what_it_is_says_it_in_the_end(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	r->opening = ++r->openings;
	/* Up to its answer to the first sync. */
	agent_rig_rounds(r, 2);
	assert_true(agent_is_there(r->agent));
	hang(r, 11);
	agent_rig_says(r, "version", "10.0.13");
	takes_requests(r);
	agent_rig_teardown(r);
}

/* It was hanging when its guest slept, whose clock is looked at all the same. */
static void the_clock_is_looked_at_once_an_agent_is_there_again(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_open(r);
	agent_rig_ask(r, AGENT_SHUTDOWN);
	r->hangs = true;
	agent_rig_run(r);
	agent_rig_pass(11);
	agent_rig_run(r);
	r->offset = -3600 * INT64_C(1000000000);
	agent_look_at_clock(r->agent);
	r->hangs = false;
	agent_rig_run(r);
	assert_true(r->set_to != 0);
	assert_int_equal(r->offset, 0);
	agent_rig_teardown(r);
}

/* It is left out, rather than asked again and again. */
static void a_question_that_an_agent_never_answers_is_left_out(void **state)
{
	static const struct agent_line script[] = {
		{ "guest-info", AGENT_RIG_INFO },
		{ "guest-get-osinfo", NULL },
		{ "guest-file-open", "{}\n" },
		{ "guest-shutdown", NULL },
		{ "guest-get-time", NULL },
		{ "guest-ping", "{\"return\": {}}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(script);

	agent_rig_open(r);
	for (unsigned int i = 0; i < 10; i++) {
		agent_rig_pass(11);
		agent_rig_run(r);
	}
	assert_string_equal(r->heard, "guest-info\nguest-get-osinfo\nguest-file-open\n"
				      "guest-file-open\nguest-get-time\nguest-ping\n");
	takes_requests(r);
	assert_int_equal(agent_due(r->agent), MAIN_LOOP_NEVER);
	agent_rig_teardown(r);
}

static void an_answer_that_is_of_no_use_fails_its_command_alone(void **state)
{
	static char long_answer[70000];
	const struct agent_line script[] = {
		{ "guest-info", AGENT_RIG_INFO },
		{ "guest-get-osinfo", AGENT_RIG_OS },
		{ "guest-file-open", "{}\n" },
		{ "long", long_answer },
		{ "word", "yes\n" },
		{ "guest-shutdown", NULL },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(script);

	memset(long_answer, 'x', sizeof(long_answer) - 1);
	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"long\"}");
	agent_rig_run(r);
	assert_string_equal(r->refusal, "its agent's answer is longer than 64 KiB");
	takes_requests(r);
	agent_rig_execute(r, "{\"execute\": \"word\"}");
	agent_rig_run(r);
	assert_string_equal(r->refusal, "its agent's answer is no JSON object");
	takes_requests(r);
	agent_rig_teardown(r);
}

/* guest-file-read answers with up to 64 MiB, and guest-exec-status with 16. */
static void the_rest_of_a_long_answer_is_no_flood(void **state)
{
	static char megabytes[3 << 20];
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	memset(megabytes, 'x', sizeof(megabytes));
	megabytes[sizeof(megabytes) - 1] = '\n';
	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"guest-nothing\"}");
	agent_rig_run(r);
	agent_rig_send(r, megabytes, sizeof(megabytes));
	agent_rig_run(r);
	assert_string_equal(r->refusal, "its agent's answer is longer than 64 KiB");
	takes_requests(r);
	agent_rig_teardown(r);

	/* One whose caller has given up. */
	r = agent_rig_setup(agent_rig_usual);
	agent_rig_open(r);
	agent_rig_execute(r, "{\"execute\": \"guest-nothing\"}");
	agent_rig_run(r);
	agent_forget_caller(r->agent, r);
	agent_rig_send(r, megabytes, sizeof(megabytes));
	takes_requests(r);
	/* It owes nothing any more. */
	agent_rig_execute(r, "{\"execute\": \"guest-ping\"}");
	agent_rig_run(r);
	agent_rig_send(r, megabytes, sizeof(megabytes));
	r->refusals = 0;
	agent_rig_ask(r, AGENT_SUSPEND_RAM);
	agent_rig_run(r);
	assert_int_equal(r->refusals, 1);
	assert_string_equal(r->refusal,
			    "its agent sends without end, and not what it was asked for");
	agent_rig_teardown(r);
}

/* It was started again while file systems were frozen, and has nearly all disabled. */
static void an_agent_is_asked_what_it_is_again_once_it_has_thawed(void **state)
{
	static const struct agent_line frozen[] = {
		{ "guest-info", "{\"return\": {\"version\": \"7.2.22\", \"supported_commands\": "
				"[{\"name\": \"guest-shutdown\", \"enabled\": false},"
				" {\"name\": \"guest-file-open\", \"enabled\": false}]}}\n" },
		{ "guest-fsfreeze-status", "{\"return\": \"frozen\"}\n" },
		{ 0 },
	};
	static const struct agent_line thawed[] = {
		{ "guest-fsfreeze-thaw", "{\"return\": 1}\n" },
		{ "guest-info", AGENT_RIG_INFO },
		{ "guest-get-osinfo", AGENT_RIG_OS },
		{ "guest-file-open", "{}\n" },
		{ "guest-shutdown", NULL },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(frozen);
	struct error error;

	agent_rig_open(r);
	assert_int_equal(agent_check(r->agent, AGENT_SHUTDOWN, &error), -EOPNOTSUPP);
	assert_string_equal(error.text, "its agent has guest-shutdown disabled");
	agent_rig_execute(r, "{\"execute\": \"guest-fsfreeze-status\"}");
	agent_rig_run(r);
	assert_string_equal(r->heard, "guest-info\nguest-fsfreeze-status\n");
	agent_rig_execute(r, "{\"execute\": \"guest-fsfreeze-thaw\"}");
	r->script = thawed;
	agent_rig_run(r);
	takes_requests(r);
	agent_rig_teardown(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_that_hung_for_a_time_is_there_again),
		cmocka_unit_test(an_agent_that_is_slow_to_say_what_it_is_says_it_in_the_end),
		cmocka_unit_test(the_clock_is_looked_at_once_an_agent_is_there_again),
		cmocka_unit_test(a_question_that_an_agent_never_answers_is_left_out),
		cmocka_unit_test(an_answer_that_is_of_no_use_fails_its_command_alone),
		cmocka_unit_test(the_rest_of_a_long_answer_is_no_flood),
		cmocka_unit_test(an_agent_is_asked_what_it_is_again_once_it_has_thawed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
