/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's clock after a sleep, which its agent sets where it is wrong. */
#include "agent-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000000LL

int clock_gettime(clockid_t clock, struct timespec *time)
{
	return agent_rig_clock(clock, time);
}

static const struct agent_line usual[] = {
	{ "guest-info", AGENT_RIG_INFO },
	{ "guest-get-osinfo", AGENT_RIG_OS },
	{ "guest-file-open", "{}\n" },
	{ 0 },
};

static struct agent_rig *setup(bool slept)
{
	struct agent_rig *r = test_malloc(sizeof(*r));

	agent_rig_create(r, usual, slept);

	return r;
}

static void teardown(struct agent_rig *r)
{
	agent_rig_destroy(r);
	test_free(r);
}

static void a_clock_that_is_right_after_a_sleep_is_not_set(void **state)
{
	struct agent_rig *r = setup(false);

	agent_rig_open(r);
	agent_rig_close(r);
	agent_rig_pass(3600);
	agent_look_at_clock(r->agent);
	r->offset = -SECOND;
	agent_rig_open(r);
	assert_int_equal(r->set_to, 0);
	teardown(r);
}

static void a_clock_that_has_stood_still_in_a_sleep_is_set(void **state)
{
	struct agent_rig *r = setup(false);

	agent_rig_open(r);
	agent_rig_close(r);
	agent_rig_pass(3600);
	agent_look_at_clock(r->agent);
	r->offset = -3600 * SECOND;
	agent_rig_open(r);
	assert_int_not_equal(r->set_to, 0);
	assert_in_range(r->offset + SECOND, 0, 2 * SECOND);
	/* Once for a sleep. */
	r->set_to = 0;
	r->offset = -3600 * SECOND;
	agent_rig_open(r);
	assert_int_equal(r->set_to, 0);
	teardown(r);
}

/* A guest that was saved or has hibernated: nothing is known of it from before. */
static void a_clock_is_set_after_a_sleep_that_began_in_another_run(void **state)
{
	struct agent_rig *r = setup(true);

	r->offset = 86400 * SECOND;
	agent_rig_open(r);
	assert_int_not_equal(r->set_to, 0);
	assert_in_range(r->offset + SECOND, 0, 2 * SECOND);
	teardown(r);
}

/* Its owner has set it, and a sleep has not changed that. */
static void a_clock_that_was_as_wrong_before_the_sleep_is_left(void **state)
{
	struct agent_rig *r = setup(false);

	r->offset = -86400 * SECOND;
	agent_rig_open(r);
	assert_int_equal(r->set_to, 0);
	agent_rig_close(r);
	agent_look_at_clock(r->agent);
	agent_rig_open(r);
	assert_int_equal(r->set_to, 0);
	teardown(r);
}

/* A guest that does not reset its devices when it sleeps. */
static void a_clock_is_looked_at_when_the_port_stays_open(void **state)
{
	struct agent_rig *r = setup(false);

	agent_rig_open(r);
	*r->heard = '\0';
	r->offset = -10 * SECOND;
	agent_look_at_clock(r->agent);
	agent_rig_run(r);
	assert_string_equal(r->heard, "guest-get-time\nguest-set-time\nguest-get-time\n");
	teardown(r);
}

static void an_agent_that_does_not_set_the_clock_is_asked_once(void **state)
{
	struct agent_rig *r = setup(true);

	r->sets = false;
	r->offset = -10 * SECOND;
	agent_rig_open(r);
	assert_int_not_equal(r->set_to, 0);
	r->set_to = 0;
	agent_rig_run(r);
	assert_int_equal(r->set_to, 0);
	teardown(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_is_right_after_a_sleep_is_not_set),
		cmocka_unit_test(a_clock_that_has_stood_still_in_a_sleep_is_set),
		cmocka_unit_test(a_clock_is_set_after_a_sleep_that_began_in_another_run),
		cmocka_unit_test(a_clock_that_was_as_wrong_before_the_sleep_is_left),
		cmocka_unit_test(a_clock_is_looked_at_when_the_port_stays_open),
		cmocka_unit_test(an_agent_that_does_not_set_the_clock_is_asked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
