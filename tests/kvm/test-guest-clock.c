/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's counter: it stands while its machine is paused, and while dormouse is
 * stopped by SIGTSTP; it continues while the guest sleeps. The test advances KVM's
 * counter, so that nothing here depends on time.
 */
#include "rig.h"

#include "machine/guest-clock.h"
#include "machine/vcpu.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#define A_WHILE 2500000000ULL
#define A_MOMENT 3

/* The host's counter, and the offset of the guest's, as KVM has them. */
static _Atomic uint64_t host_ticks;
static _Atomic uint64_t offset;
static atomic_bool refuse_writes;

static uint64_t guest_counter(void)
{
	return host_ticks - offset;
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	const struct kvm_one_reg *reg = argument;
	uint64_t *value;

	if (request == KVM_CREATE_VM)
		offset = host_ticks;
	/*
	 * Between the moment when a power cycle's counter begins and the one when its
	 * vCPUs run.
	 */
	if (request == KVM_CREATE_DEVICE)
		host_ticks += A_MOMENT;
	if ((request != KVM_GET_ONE_REG && request != KVM_SET_ONE_REG) ||
	    reg->id != KVM_REG_ARM_TIMER_CNT)
		return false;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	value = (uint64_t *)(uintptr_t)reg->addr;
	*ret = 0;
	if (request == KVM_GET_ONE_REG) {
		*value = guest_counter();
	} else if (refuse_writes) {
		errno = EINVAL;
		*ret = -1;
	} else {
		offset = host_ticks - *value;
	}

	return true;
}

static int set_up(void **state)
{
	static struct rig rig;

	host_ticks = 1000;
	refuse_writes = false;
	fake_kvm_answer = answer;
	rig_create(&rig, 2);
	rig_run(&rig);
	host_ticks += 77;
	*state = &rig;

	return 0;
}

static int tear_down(void **state)
{
	rig_destroy(*state);

	return 0;
}

static void must_pause(struct rig *rig)
{
	struct error error;

	assert_int_equal(control_pause(&rig->control, &error), 0);
}

static void must_continue(struct rig *rig)
{
	struct error error;

	assert_int_equal(control_continue(&rig->control, &error), 0);
}

static void the_guest_clock_stops_while_the_guest_is_paused(void **state)
{
	struct rig *rig = *state;
	const uint64_t before = guest_counter();

	must_pause(rig);
	host_ticks += A_WHILE;
	/* Pausing again is no error, and changes no time. */
	must_pause(rig);
	host_ticks += A_WHILE;
	must_continue(rig);
	assert_int_equal(guest_counter(), before);
	host_ticks += 5;
	must_continue(rig);
	assert_int_equal(guest_counter(), before + 5);
	must_pause(rig);
	host_ticks += A_WHILE;
	must_continue(rig);
	assert_int_equal(guest_counter(), before + 5);
}

static void the_guest_clock_runs_while_the_guest_is_suspended(void **state)
{
	struct rig *rig = *state;
	const uint64_t before = guest_counter();

	rig->control.life.state = VM_SUSPENDED;
	must_pause(rig);
	host_ticks += A_WHILE;
	must_continue(rig);
	assert_int_equal(guest_counter(), before + A_WHILE);
	rig->control.life.state = VM_RUNNING;
}

static void the_guest_clock_stops_over_a_reset_while_paused(void **state)
{
	struct rig *rig = *state;
	struct error error;

	must_pause(rig);
	host_ticks += A_WHILE;
	assert_int_equal(control_reset(&rig->control, "the test", &error), 0);
	assert_true(control_on_stop(&rig->control));
	host_ticks += A_WHILE;
	must_continue(rig);
	/* The new power cycle's counter began with it. */
	assert_int_equal(guest_counter(), 0);
}

static void the_guest_clock_stops_for_a_cycle_that_begins_paused(void **state)
{
	struct rig *rig = *state;
	struct error error;

	assert_int_equal(control_reset(&rig->control, "the test", &error), 0);
	/* The pause came when no vCPU was left to pause. */
	rig->control.life.paused = true;
	assert_true(control_on_stop(&rig->control));
	host_ticks += A_WHILE;
	must_continue(rig);
	assert_int_equal(guest_counter(), A_MOMENT);
}

static void pass_time(void)
{
	host_ticks += A_WHILE;
}

static void the_guest_clock_stops_while_the_process_is_stopped(void **state)
{
	struct rig *rig = *state;
	const uint64_t before = guest_counter();

	control_stop_process(&rig->control, pass_time);
	assert_int_equal(guest_counter(), before);
	must_pause(rig);
	control_stop_process(&rig->control, pass_time);
	/* It is still paused. */
	assert_int_equal(guest_counter(), before + A_WHILE);
	must_continue(rig);
	assert_int_equal(guest_counter(), before);
	rig->control.life.state = VM_SUSPENDED;
	control_stop_process(&rig->control, pass_time);
	assert_int_equal(guest_counter(), before + A_WHILE);
	rig->control.life.state = VM_RUNNING;
}

static void a_guest_counter_that_cannot_be_set_runs_during_a_pause(void **state)
{
	struct rig *rig = *state;
	const uint64_t before = guest_counter();

	refuse_writes = true;
	must_pause(rig);
	host_ticks += A_WHILE;
	must_continue(rig);
	assert_int_equal(guest_counter(), before + A_WHILE);
	assert_false(control_is_paused(&rig->control));
}

static uint64_t host_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);

	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void the_clock_of_libpsci_stops_while_the_guest_is_paused(void **state)
{
	struct rig *rig = *state;
	uint64_t stopped;
	uint64_t from;
	uint64_t now;

	must_pause(rig);
	stopped = guest_clock_now(&rig->vm);
	from = host_now();
	while (host_now() - from < 2000)
		;
	assert_int_equal(guest_clock_now(&rig->vm), stopped);
	from = host_now();
	must_continue(rig);
	now = guest_clock_now(&rig->vm);
	assert_true(now >= stopped && now - stopped <= host_now() - from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(the_guest_clock_stops_while_the_guest_is_paused),
		TEST(the_guest_clock_runs_while_the_guest_is_suspended),
		TEST(the_guest_clock_stops_over_a_reset_while_paused),
		TEST(the_guest_clock_stops_for_a_cycle_that_begins_paused),
		TEST(the_guest_clock_stops_while_the_process_is_stopped),
		TEST(a_guest_counter_that_cannot_be_set_runs_during_a_pause),
		TEST(the_clock_of_libpsci_stops_while_the_guest_is_paused),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
