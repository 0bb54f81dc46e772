/* SPDX-License-Identifier: BSD-3-Clause */
/* What an agent says of its guest, and its port, with a peer that has a script. */
#include "agent-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/main-loop.h"
#include "control/agent-facts.h"

int clock_gettime(clockid_t clock, struct timespec *time)
{
	return agent_rig_clock(clock, time);
}

/* --- what it says --- */

static void an_agent_that_opens_its_port_is_asked_what_it_is(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	agent_rig_run(r);
	assert_false(agent_is_there(r->agent));
	agent_rig_is(r, "open", false);
	agent_rig_open(r);
	assert_true(agent_is_there(r->agent));
	assert_string_equal(r->heard, "guest-info\nguest-get-osinfo\n"
				      "guest-file-open\nguest-file-read\nguest-file-close\n"
				      "guest-file-open\nguest-file-read\nguest-file-close\n"
				      "guest-get-time\n");
	agent_rig_is(r, "open", true);
	agent_rig_is(r, "answers", true);
	agent_rig_says(r, "version", "10.0.13");
	agent_rig_says(r, "problem", NULL);
	assert_int_equal(r->reports, 1);
	assert_true(r->reported);
	agent_rig_teardown(r);
}

static void swap_space_is_added_up_and_a_kernel_without_hibernation_noticed(void **state)
{
	/* A heading, a partition of 1024 KiB, zram, a file of 512 KiB; then "freeze mem". */
	static const struct agent_line without[] = {
		{ "guest-info", AGENT_RIG_INFO },
		{ "guest-get-osinfo", AGENT_RIG_OS },
		{ "guest-file-open", "{\"return\": 1}\n" },
		{ "guest-file-read",
		  "{\"return\": {\"buf-b64\": \""
		  "RmlsZW5hbWUgVHlwZSBTaXplIFVzZWQgUHJpb3JpdHkKL2Rldi92ZGExIHBhcnRpdGlvbiAx"
		  "MDI0IDAgLTIKL2Rldi96cmFtMCBwYXJ0aXRpb24gOTk5IDAgMTAwCi9zd2FwIGZpbGUgNTEy"
		  "IDAgLTMK"
		  "\"}}\n" },
		{ "guest-file-close", "{\"return\": {}}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(without);
	struct error error;
	json_t *json;

	agent_rig_open(r);
	json = agent_to_json(r->agent);
	assert_int_equal(json_integer_value(json_object_get(json, "swap")), 1536 * 1024);
	json_decref(json);
	assert_true(agent_prevents_hibernation(r->agent, &error));
	assert_string_equal(error.text, "its guest's kernel offers no hibernation");
	agent_rig_teardown(r);

	r = agent_rig_setup(agent_rig_usual);
	assert_false(agent_prevents_hibernation(r->agent, &error));
	agent_rig_open(r);
	/* Only a heading: no swap space. */
	assert_true(agent_prevents_hibernation(r->agent, &error));
	assert_string_equal(error.text, "its guest has no swap space in use");
	agent_rig_says(r, "no-hibernation", "its guest has no swap space in use");
	agent_rig_teardown(r);
}

/* 2^64 - 1, 2^54 and -1 KiB. */
static void swap_space_that_no_guest_has_is_some(void **state)
{
	static const struct agent_line script[] = {
		{ "guest-info", AGENT_RIG_INFO },
		{ "guest-get-osinfo", AGENT_RIG_OS },
		{ "guest-file-open", "{\"return\": 1}\n" },
		{ "guest-file-read",
		  "{\"return\": {\"buf-b64\": \""
		  "RmlsZW5hbWUgVHlwZSBTaXplIFVzZWQgUHJpb3JpdHkKL2EgZmlsZSAxODQ0Njc0NDA3Mzcw"
		  "OTU1MTYxNSAwIC0yCi9iIGZpbGUgMTgwMTQzOTg1MDk0ODE5ODQgMCAtMwovYyBmaWxlIC0x"
		  "IDAgLTQK"
		  "\"}}\n" },
		{ "guest-file-close", "{\"return\": {}}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(script);
	json_t *json;

	agent_rig_open(r);
	json = agent_to_json(r->agent);
	assert_true(json_integer_value(json_object_get(json, "swap")) > 0);
	json_decref(json);
	agent_rig_teardown(r);
}

static void an_agent_that_lacks_commands_is_asked_no_such(void **state)
{
	static const struct agent_line old[] = {
		{ "guest-info", "{\"return\": {\"version\": \"2.5\", \"supported_commands\": "
				"[{\"name\": \"guest-suspend-disk\", \"enabled\": false},"
				" {\"name\": \"guest-suspend-ram\", \"enabled\": true}]}}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(old);
	struct error error;

	agent_rig_open(r);
	assert_string_equal(r->heard, "guest-info\n");
	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SUSPEND_DISK, &error), -EOPNOTSUPP);
	assert_string_equal(error.text, "its agent has guest-suspend-disk disabled");
	assert_int_equal(agent_rig_try_to_ask(r, AGENT_SHUTDOWN, &error), -EOPNOTSUPP);
	assert_string_equal(error.text, "its agent, version 2.5, has no guest-shutdown");
	assert_true(agent_prevents_hibernation(r->agent, &error));
	agent_rig_ask(r, AGENT_SUSPEND_RAM);
	agent_rig_teardown(r);
}

/* Its button may do it, as the request to hibernate does. */
static void a_guest_with_buttons_may_hibernate_without_the_agent_s_command(void **state)
{
	struct agent_facts facts = { .swap_known = true, .swap = 1 };
	struct error error;

	facts.abilities[AGENT_COMMAND_SUSPEND_DISK] = AGENT_DISABLED;
	assert_false(agent_facts_hibernation(&facts, true, &error));
	assert_true(agent_facts_hibernation(&facts, false, &error));
	assert_string_equal(error.text, "its agent has guest-suspend-disk disabled");
	facts.swap = 0;
	assert_true(agent_facts_hibernation(&facts, true, &error));
	assert_string_equal(error.text, "its guest has no swap space in use");
}

static void texts_of_an_agent_are_cut_and_cannot_control_a_terminal(void **state)
{
	static char long_text[4096];
	const struct agent_line script[] = {
		{ "guest-info", long_text },
		{ 0 },
	};
	struct agent_rig *r;
	const char *version;
	json_t *json;

	strcpy(long_text, "{\"return\": {\"version\": \"\\u001b[31m\\u202e\\u0000\\u009b");
	memset(long_text + strlen(long_text), 'x', 2000);
	strcat(long_text, "\"}}\n");
	r = agent_rig_setup(script);
	agent_rig_open(r);
	json = agent_to_json(r->agent);
	version = json_string_value(json_object_get(json, "version"));
	assert_non_null(version);
	assert_int_equal(strlen(version), 127);
	assert_memory_equal(version, "?[31m???xxx", 11);
	json_decref(json);
	agent_rig_teardown(r);
}

static void answers_of_any_shape_are_survived(void **state)
{
	static const char *const shapes[] = {
		"{}\n",
		"{\"return\": null}\n",
		"{\"return\": []}\n",
		"{\"return\": {\"version\": 1, \"supported_commands\": [null, 1, {}, {\"name\": 7}]}}\n",
		"{\"return\": {\"supported_commands\": {}}}\n",
		"{\"return\": -9223372036854775808}\n",
		"{\"return\": 9223372036854775807}\n",
		"{\"return\": {\"buf-b64\": \"====\"}}\n",
		"{\"return\": {\"buf-b64\": \"/////\"}}\n",
		"{\"error\": {\"desc\": 1}}\n",
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct agent_line all[] = {
			{ "guest-info", shapes[i] },	  { "guest-get-osinfo", shapes[i] },
			{ "guest-file-open", shapes[i] }, { "guest-file-read", shapes[i] },
			{ "guest-get-time", shapes[i] },  { 0 },
		};
		const struct agent_line later[] = {
			{ "guest-info", AGENT_RIG_INFO }, all[1], all[2], all[3], all[4], { 0 },
		};
		struct agent_rig *r = agent_rig_setup(all);

		agent_rig_open(r);
		assert_true(agent_is_there(r->agent));
		agent_rig_teardown(r);
		r = agent_rig_setup(later);
		agent_look_at_clock(r->agent);
		agent_rig_open(r);
		assert_true(agent_is_there(r->agent));
		agent_rig_teardown(r);
	}
}

/* --- the port --- */

static void openings_are_reported_once_a_second_with_the_latest(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);

	for (unsigned int i = 0; i < 1000; i++) {
		agent_rig_open(r);
		agent_rig_close(r);
	}
	assert_int_equal(r->reports, 1);
	assert_true(r->reported);
	assert_int_equal(agent_due(r->agent), main_loop_now() + 1000000);
	agent_rig_pass(1);
	agent_rig_run(r);
	assert_int_equal(r->reports, 2);
	assert_false(r->reported);
	agent_rig_open(r);
	assert_int_equal(r->reports, 2);
	agent_rig_pass(1);
	agent_rig_run(r);
	assert_int_equal(r->reports, 3);
	assert_true(r->reported);
	agent_rig_teardown(r);
}

static void an_agent_that_answered_before_its_driver_stopped_is_expected_back(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	struct error error;

	r->no_driver = true;
	assert_int_equal(agent_check_return(NULL, AGENT_SHUTDOWN, &error), -ENOTCONN);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
	r->no_driver = false;
	agent_rig_open(r);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
	/* It is so from the moment when the device is reset, and later. */
	r->no_driver = true;
	r->opening = 0;
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), 0);
	agent_rig_close(r);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), 0);
	assert_int_equal(agent_check(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
	/* It is not back before it answers: its system wakes the device first. */
	r->no_driver = false;
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), 0);
	r->hangs = true;
	agent_rig_open(r);
	assert_int_equal(agent_check(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), 0);
	/* Its guest may sleep again before that. */
	r->no_driver = true;
	agent_rig_close(r);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), 0);
	r->no_driver = false;
	r->hangs = false;
	agent_rig_open(r);
	assert_int_equal(agent_check(r->agent, AGENT_SHUTDOWN, &error), 0);
	/* A program that ends by itself leaves the driver at work. */
	r->opening = 0;
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
	agent_rig_close(r);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
	/* The next one does not answer. */
	r->deaf = true;
	agent_rig_open(r);
	r->no_driver = true;
	agent_rig_close(r);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
	assert_string_equal(error.text, "its guest has no agent that answers");
	agent_rig_teardown(r);
}

/* What runs after it need not have an agent, or the same one. */
static void an_agent_is_not_expected_back_after_a_reset_of_its_machine(void **state)
{
	struct agent_rig *r = agent_rig_setup(agent_rig_usual);
	struct error error;

	for (unsigned int noticed = 0; noticed < 2; noticed++) {
		agent_rig_open(r);
		r->no_driver = true;
		r->opening = 0;
		if (noticed)
			agent_rig_run(r);
		agent_was_reset(r->agent);
		assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
		agent_rig_run(r);
		assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), -ENOTCONN);
		r->no_driver = false;
	}
	agent_rig_teardown(r);
}

static void commands_that_an_agent_lacked_are_known_while_its_guest_sleeps(void **state)
{
	static const struct agent_line script[] = {
		{ "guest-info", "{\"return\": {\"version\": \"2.5\", \"supported_commands\": ["
				"{\"name\": \"guest-shutdown\", \"enabled\": true}]}}\n" },
		{ 0 },
	};
	struct agent_rig *r = agent_rig_setup(script);
	struct error error;

	agent_rig_open(r);
	r->no_driver = true;
	agent_rig_close(r);
	assert_int_equal(agent_check_return(r->agent, AGENT_SHUTDOWN, &error), 0);
	assert_int_equal(agent_check_return(r->agent, AGENT_SUSPEND_RAM, &error), -EOPNOTSUPP);
	assert_string_equal(error.text, "its agent, version 2.5, has no guest-suspend-ram");
	/* And until it is asked again. */
	r->no_driver = false;
	r->hangs = true;
	agent_rig_open(r);
	assert_int_equal(agent_check_return(r->agent, AGENT_SUSPEND_DISK, &error), -EOPNOTSUPP);
	assert_string_equal(error.text, "its agent, version 2.5, has no guest-suspend-disk");
	agent_rig_teardown(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_that_opens_its_port_is_asked_what_it_is),
		cmocka_unit_test(swap_space_is_added_up_and_a_kernel_without_hibernation_noticed),
		cmocka_unit_test(swap_space_that_no_guest_has_is_some),
		cmocka_unit_test(an_agent_that_lacks_commands_is_asked_no_such),
		cmocka_unit_test(a_guest_with_buttons_may_hibernate_without_the_agent_s_command),
		cmocka_unit_test(texts_of_an_agent_are_cut_and_cannot_control_a_terminal),
		cmocka_unit_test(answers_of_any_shape_are_survived),
		cmocka_unit_test(an_agent_that_answered_before_its_driver_stopped_is_expected_back),
		cmocka_unit_test(an_agent_is_not_expected_back_after_a_reset_of_its_machine),
		cmocka_unit_test(commands_that_an_agent_lacked_are_known_while_its_guest_sleeps),
		cmocka_unit_test(openings_are_reported_once_a_second_with_the_latest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
