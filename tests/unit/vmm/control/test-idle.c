/* SPDX-License-Identifier: BSD-3-Clause */
/* When a guest without work is asked to suspend. */
#include "control/idle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/main-loop.h"

#define SECOND UINT64_C(1000000)
#define HOUR (3600 * SECOND)
#define TIME (60 * SECOND)
#define NEVER UINT64_MAX

/* A guest that uses @load microseconds of CPU in each second. */
struct rig {
	struct idle idle;
	struct idle_sample sample;
	uint64_t load;
};

static struct rig make(uint64_t load)
{
	return (struct rig){ .idle = { .time = TIME }, .sample = { .now = HOUR }, .load = load };
}

/* Let the guest run until it is asked, at most until @end. Returns when that was. */
static uint64_t run_until_asked(struct rig *rig, uint64_t end)
{
	for (;;) {
		const uint64_t due = idle_due(&rig->idle, true);
		const uint64_t now = due > rig->sample.now ? due : rig->sample.now;

		if (now > end)
			return NEVER;
		rig->sample.cpu += (now - rig->sample.now) * rig->load / SECOND;
		rig->sample.now = now;
		if (idle_take(&rig->idle, &rig->sample))
			return now;
	}
}

static void a_guest_that_does_nothing_is_asked_after_the_time(void **state)
{
	struct rig rig = make(0);

	assert_int_equal(run_until_asked(&rig, 2 * HOUR), HOUR + TIME);
}

static void a_guest_below_one_per_cent_is_asked_and_one_above_is_not(void **state)
{
	struct rig below = make(SECOND / 100 - 100);
	struct rig above = make(SECOND / 100 + 100);

	assert_int_equal(run_until_asked(&below, 2 * HOUR), HOUR + TIME);
	assert_int_equal(run_until_asked(&above, 20 * HOUR), NEVER);
}

static void a_guest_that_does_not_obey_is_asked_once_in_the_time(void **state)
{
	struct rig rig = make(0);

	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(run_until_asked(&rig, 2 * HOUR), HOUR + i * TIME);
}

static void a_use_begins_the_time_anew(void **state)
{
	struct rig rig = make(0);

	assert_int_equal(run_until_asked(&rig, HOUR + TIME - 1), NEVER);
	rig.sample.uses++;
	assert_int_equal(run_until_asked(&rig, 2 * HOUR), HOUR + 2 * TIME);
}

static void uses_that_come_in_time_without_end_keep_a_guest_awake(void **state)
{
	struct rig rig = make(0);

	for (uint64_t i = 1; i < 200; i++) {
		assert_int_equal(run_until_asked(&rig, HOUR + i * TIME / 2), NEVER);
		rig.sample.uses++;
	}
}

/* As of a job that runs once in a while. */
static void a_burst_of_work_begins_the_time_anew(void **state)
{
	struct rig rig = make(0);

	assert_int_equal(run_until_asked(&rig, HOUR + TIME / 2), NEVER);
	rig.sample.cpu += TIME / 100;
	assert_int_equal(run_until_asked(&rig, 2 * HOUR), HOUR + TIME / 2 + TIME / 10 + TIME);
}

static void work_below_the_share_does_not(void **state)
{
	struct rig rig = make(0);

	assert_int_equal(run_until_asked(&rig, HOUR + TIME / 2), NEVER);
	rig.sample.cpu += TIME / 100 - 1;
	assert_int_equal(run_until_asked(&rig, 2 * HOUR), HOUR + TIME);
}

/* Its threads are new. */
static void a_reset_begins_the_time_anew(void **state)
{
	struct rig rig = make(0);

	rig.sample.cpu = 5 * SECOND;
	assert_int_equal(run_until_asked(&rig, HOUR + TIME / 2), NEVER);
	rig.sample.cpu = 0;
	assert_int_equal(run_until_asked(&rig, 2 * HOUR), HOUR + TIME / 2 + TIME / 10 + TIME);
}

static void a_guest_that_sleeps_or_is_paused_is_not_sampled(void **state)
{
	struct rig rig = make(0);

	assert_int_equal(run_until_asked(&rig, HOUR + TIME / 2), NEVER);
	assert_int_equal(idle_due(&rig.idle, false), MAIN_LOOP_NEVER);
	idle_forget(&rig.idle);
	/* It wakes an hour later, and is quiet from then on. */
	rig.sample.now += HOUR;
	assert_int_equal(idle_due(&rig.idle, true), 0);
	assert_int_equal(run_until_asked(&rig, 10 * HOUR), 2 * HOUR + TIME / 2 + TIME);
}

static void without_the_option_it_never_wants_a_sample(void **state)
{
	const struct idle idle = { 0 };

	assert_int_equal(idle_due(&idle, true), MAIN_LOOP_NEVER);
}

static void a_long_time_has_few_samples(void **state)
{
	struct rig rig = make(0);
	unsigned int samples = 0;

	while (!idle_take(&rig.idle, &rig.sample)) {
		rig.sample.now = idle_due(&rig.idle, true);
		samples++;
	}
	assert_int_equal(samples, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_that_does_nothing_is_asked_after_the_time),
		cmocka_unit_test(a_guest_below_one_per_cent_is_asked_and_one_above_is_not),
		cmocka_unit_test(a_guest_that_does_not_obey_is_asked_once_in_the_time),
		cmocka_unit_test(a_use_begins_the_time_anew),
		cmocka_unit_test(uses_that_come_in_time_without_end_keep_a_guest_awake),
		cmocka_unit_test(a_burst_of_work_begins_the_time_anew),
		cmocka_unit_test(work_below_the_share_does_not),
		cmocka_unit_test(a_reset_begins_the_time_anew),
		cmocka_unit_test(a_guest_that_sleeps_or_is_paused_is_not_sampled),
		cmocka_unit_test(without_the_option_it_never_wants_a_sample),
		cmocka_unit_test(a_long_time_has_few_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
