/* SPDX-License-Identifier: BSD-3-Clause */
/* When a guest that sleeps is parked, and what is said of attempts that fail. */
#include "control/park-timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/main-loop.h"

#define SECOND UINT64_C(1000000)
#define HOUR (3600 * SECOND)
#define TIME (60 * SECOND)

static void a_guest_is_parked_once_it_has_slept_for_the_time(void **state)
{
	struct park_timer timer = { .time = TIME };

	assert_int_equal(park_timer_due(&timer), MAIN_LOOP_NEVER);
	park_timer_sleeps(&timer, HOUR);
	assert_int_equal(park_timer_due(&timer), HOUR + TIME);
	/* It sleeps on. */
	park_timer_sleeps(&timer, HOUR + SECOND);
	assert_int_equal(park_timer_due(&timer), HOUR + TIME);
}

static void a_guest_that_wakes_or_is_parked_has_its_time_anew(void **state)
{
	struct park_timer timer = { .time = TIME };

	park_timer_sleeps(&timer, HOUR);
	park_timer_forget(&timer);
	assert_int_equal(park_timer_due(&timer), MAIN_LOOP_NEVER);
	park_timer_sleeps(&timer, 2 * HOUR);
	assert_int_equal(park_timer_due(&timer), 2 * HOUR + TIME);
}

static void without_a_time_a_guest_is_never_parked(void **state)
{
	struct park_timer timer = { 0 };

	park_timer_sleeps(&timer, HOUR);
	assert_int_equal(park_timer_due(&timer), MAIN_LOOP_NEVER);
}

static void an_attempt_that_fails_is_repeated_after_the_time_and_reported_once(void **state)
{
	struct park_timer timer = { .time = TIME };

	park_timer_sleeps(&timer, HOUR);
	assert_true(park_timer_fail(&timer, HOUR + TIME + SECOND));
	assert_int_equal(park_timer_due(&timer), HOUR + 2 * TIME + SECOND);
	assert_false(park_timer_fail(&timer, 2 * HOUR));
	assert_int_equal(park_timer_due(&timer), 2 * HOUR + TIME);
	/* The next sleep is another matter. */
	park_timer_forget(&timer);
	park_timer_sleeps(&timer, 3 * HOUR);
	assert_true(park_timer_fail(&timer, 3 * HOUR + TIME));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_is_parked_once_it_has_slept_for_the_time),
		cmocka_unit_test(a_guest_that_wakes_or_is_parked_has_its_time_anew),
		cmocka_unit_test(without_a_time_a_guest_is_never_parked),
		cmocka_unit_test(
			an_attempt_that_fails_is_repeated_after_the_time_and_reported_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
