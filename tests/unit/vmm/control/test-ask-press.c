/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to a guest by its buttons: when they are pressed, and when again. */
#include "ask-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void wakes_up(void)
{
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	becomes(VM_RUNNING, VM_TRIGGER_WAKE);
}

/* --- a guest that sleeps --- */

static void a_sleeping_guest_is_pressed_again_once_it_has_taken_the_press_that_woke_it(void **state)
{
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.presses, 1);
	assert_int_equal(host.probes, 0);
	assert_int_equal(host.wakes, 0);
	becomes(VM_RUNNING, VM_TRIGGER_WAKE);
	/* It has not taken it yet. */
	pass(10);
	assert_int_equal(host.presses, 1);
	host.waits = false;
	pass(3);
	assert_int_equal(host.presses, 2);
	assert_int_equal(host.pressed, REQUEST_POWEROFF);
	host.waits = false;
	pass(7);
	assert_int_equal(host.presses, 2);
	reports(VM_OFF, VM_TRIGGER_OFF);
	ends(REQUEST_DONE, "");
	assert_int_equal(host.presses, 2);
}

static void a_guest_that_falls_asleep_before_it_takes_the_press_is_pressed_again(void **state)
{
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_true(host.waits);
	assert_int_equal(host.ends, 0);
	pass(0);
	becomes(VM_RUNNING, VM_TRIGGER_WAKE);
	host.waits = false;
	pass(3);
	assert_int_equal(host.presses, 3);
	host.waits = false;
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
}

/* --- a guest that has just woken --- */

static void a_guest_that_has_just_woken_is_pressed_a_second_after_it_took_a_probe(void **state)
{
	wakes_up();
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(request.way, REQUEST_WAY_BUTTON);
	assert_int_equal(host.powerdowns, 1);
	assert_int_equal(host.probes, 1);
	pass(10);
	assert_int_equal(host.presses, 0);
	host.probe_waits = false;
	pass(1);
	assert_int_equal(host.presses, 0);
	pass(1);
	assert_int_equal(host.presses, 1);
	assert_int_equal(host.probes, 1);
	host.waits = false;
	reports(VM_OFF, VM_TRIGGER_OFF);
	ends(REQUEST_DONE, "");
	assert_int_equal(host.presses, 1);
}

static void a_guest_that_does_not_take_the_probe_has_its_time_and_no_more(void **state)
{
	wakes_up();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	pass(59);
	assert_int_equal(host.ends, 0);
	pass(1);
	ends(REQUEST_LEFT, "it has not hibernated within 60 seconds");
	assert_int_equal(host.presses, 0);
}

static void a_guest_that_woke_long_ago_is_pressed_at_once_and_once(void **state)
{
	wakes_up();
	pass(120);
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.probes, 0);
	host.waits = false;
	pass(59);
	assert_int_equal(host.presses, 1);
}

static void each_request_to_a_guest_that_has_just_woken_begins_with_a_probe(void **state)
{
	wakes_up();
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.probes, 2);
	host.probe_waits = false;
	pass(3);
	assert_int_equal(host.presses, 1);
	assert_int_equal(host.pressed, REQUEST_POWEROFF);
}

static void a_guest_that_sleeps_again_before_it_is_pressed_is_woken_and_pressed(void **state)
{
	wakes_up();
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_int_equal(host.ends, 0);
	pass(0);
	/* This wakes it. */
	assert_int_equal(host.presses, 1);
	becomes(VM_RUNNING, VM_TRIGGER_WAKE);
	host.probe_waits = false;
	host.waits = false;
	pass(3);
	assert_int_equal(host.presses, 2);
	host.waits = false;
	reports(VM_HIBERNATED, VM_TRIGGER_HIBERNATE);
	ends(REQUEST_DONE, "");
}

static void a_guest_that_suspends_before_it_is_pressed_has_done_it(void **state)
{
	wakes_up();
	begin(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	ends(REQUEST_DONE, "");
	assert_int_equal(host.presses, 0);
}

/* --- a guest that may not hear it --- */

static void hears_the_third_press(void)
{
	begin(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE);
	assert_int_equal(host.probes, 0);
	assert_int_equal(host.presses, 1);
	host.waits = false;
	pass(9);
	assert_int_equal(host.presses, 1);
	pass(1);
	assert_int_equal(host.presses, 2);
	host.waits = false;
	pass(10);
	assert_int_equal(host.presses, 3);
	host.waits = false;
	reports(VM_OFF, VM_TRIGGER_OFF);
	ends(REQUEST_DONE, "");
	assert_int_equal(host.presses, 3);
	assert_int_equal(host.powerdowns, 1);
}

static void a_guest_that_boots_is_pressed_every_ten_seconds(void **state)
{
	becomes(VM_RUNNING, VM_TRIGGER_START);
	hears_the_third_press();
}

static void a_guest_that_goes_on_after_a_pause_is_pressed_every_ten_seconds(void **state)
{
	goes_on();
	hears_the_third_press();
}

static void a_guest_that_was_reset_has_not_slept(void **state)
{
	becomes(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	assert_false(ask_on_reset(&ask));
	becomes(VM_RUNNING, VM_TRIGGER_START);
	hears_the_third_press();
}

static void a_guest_that_boots_is_pressed_until_its_time_is_over(void **state)
{
	becomes(VM_RUNNING, VM_TRIGGER_START);
	pass(119);
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	pass(59);
	assert_int_equal(host.presses, 6);
	pass(1);
	ends(REQUEST_LEFT, "it has not hibernated within 60 seconds");
	assert_int_equal(host.presses, 6);
}

/* It took the first press, whatever became of that, and may suspend because of it. */
static void a_guest_that_suspends_after_a_press_has_not_hibernated(void **state)
{
	becomes(VM_RUNNING, VM_TRIGGER_START);
	begin(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE);
	host.waits = false;
	pass(10);
	assert_int_equal(host.presses, 2);
	assert_true(host.waits);
	reports(VM_SUSPENDED, VM_TRIGGER_SUSPEND);
	ends(REQUEST_LEFT, "it has suspended itself to RAM instead");
	assert_int_equal(host.presses, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(a_sleeping_guest_is_pressed_again_once_it_has_taken_the_press_that_woke_it),
		TEST(a_guest_that_falls_asleep_before_it_takes_the_press_is_pressed_again),
		TEST(a_guest_that_has_just_woken_is_pressed_a_second_after_it_took_a_probe),
		TEST(a_guest_that_does_not_take_the_probe_has_its_time_and_no_more),
		TEST(a_guest_that_woke_long_ago_is_pressed_at_once_and_once),
		TEST(each_request_to_a_guest_that_has_just_woken_begins_with_a_probe),
		TEST(a_guest_that_sleeps_again_before_it_is_pressed_is_woken_and_pressed),
		TEST(a_guest_that_suspends_before_it_is_pressed_has_done_it),
		TEST(a_guest_that_boots_is_pressed_every_ten_seconds),
		TEST(a_guest_that_goes_on_after_a_pause_is_pressed_every_ten_seconds),
		TEST(a_guest_that_was_reset_has_not_slept),
		TEST(a_guest_that_boots_is_pressed_until_its_time_is_over),
		TEST(a_guest_that_suspends_after_a_press_has_not_hibernated),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
