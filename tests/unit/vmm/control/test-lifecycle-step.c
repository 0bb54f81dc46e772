/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How dormouse reacts to what happens to a VM: the actions, in their order. The model
 * tests all orders of events (tests/lifecycle).
 */
#include "control/lifecycle-step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Give an event, and expect exactly these actions. */
static enum lifecycle_answer give_event(struct lifecycle *life, struct lifecycle_event event,
					const enum lifecycle_action *want, unsigned int count)
{
	struct lifecycle_plan plan;

	lifecycle_step(life, &event, &plan);
	assert_int_equal(plan.count, count);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(plan.actions[i], want[i]);

	return plan.answer;
}

#define GIVE_EVENT(life, event, ...)                                            \
	give_event(life, event, (const enum lifecycle_action[]){ __VA_ARGS__ }, \
		   COUNT(((const enum lifecycle_action[]){ __VA_ARGS__ })))
#define GIVE(life, what, ...) \
	GIVE_EVENT(life, ((struct lifecycle_event){ .kind = LIFECYCLE_##what }), __VA_ARGS__)
#define IGNORE(life, what) \
	give_event(life, (struct lifecycle_event){ .kind = LIFECYCLE_##what }, NULL, 0)
#define ACT(what) LIFECYCLE_ACT_##what

static struct lifecycle running(void)
{
	struct lifecycle life;

	lifecycle_init(&life, VM_OFF);
	GIVE(&life, START, ACT(RECORD));
	GIVE(&life, DONE, ACT(RUN));
	IGNORE(&life, DONE);
	assert_int_equal(life.state, VM_RUNNING);

	return life;
}

static struct lifecycle suspended(void)
{
	struct lifecycle life = running();

	GIVE(&life, ASKED, ACT(HOLD));
	GIVE(&life, DONE, ACT(JUDGE));
	GIVE(&life, DONE, ACT(NOTE), ACT(REPORT), ACT(ALLOW), ACT(RELEASE));
	assert_int_equal(life.state, VM_SUSPENDED);

	return life;
}

static struct lifecycle_event ended_by(enum vm_trigger trigger)
{
	return (struct lifecycle_event){ .kind = LIFECYCLE_ENDED, .trigger = trigger };
}

static void a_restored_guest_is_recorded_before_it_runs(void **state)
{
	struct lifecycle life;

	lifecycle_init(&life, VM_OFF);
	GIVE(&life, RESTORE, ACT(RECORD));
	assert_int_equal(life.state, VM_SUSPENDED);
	GIVE(&life, DONE, ACT(RUN));
	GIVE(&life, FAILED, ACT(RECORD_BACK), ACT(CLOSE));
	assert_int_equal(life.stage, LIFECYCLE_OVER);
}

static void a_suspension_is_recorded_before_it_is_allowed(void **state)
{
	struct lifecycle life = suspended();

	GIVE(&life, WOKEN, ACT(LET_WAKE), ACT(NOTE), ACT(REPORT));
	assert_int_equal(life.state, VM_RUNNING);
}

static void a_panic_is_recorded_and_reported_once_and_the_guest_goes_on(void **state)
{
	struct lifecycle life = running();

	GIVE(&life, PANICKED, ACT(NOTE), ACT(REPORT));
	assert_int_equal(life.state, VM_RUNNING);
	assert_int_equal(life.cause, VM_TRIGGER_PANIC);
	assert_true(life.panicked);
	IGNORE(&life, PANICKED);
	/* Another power cycle has not panicked, and the record says so. */
	GIVE_EVENT(&life, ended_by(VM_TRIGGER_RESET), ACT(REPORT_RESETTING), ACT(RESTART));
	GIVE(&life, DONE, ACT(NOTE), ACT(REPORT_RESET));
	assert_int_equal(life.state, VM_RUNNING);
	assert_false(life.panicked);
}

static void a_panic_of_a_guest_that_ends_changes_nothing(void **state)
{
	struct lifecycle life = running();

	GIVE(&life, QUIT, ACT(STOP));
	IGNORE(&life, PANICKED);
	assert_false(life.panicked);
}

static void a_last_panic_ends_the_run_as_crashed(void **state)
{
	struct lifecycle life = running();

	GIVE_EVENT(&life, ended_by(VM_TRIGGER_LAST_PANIC), ACT(CLOSE), ACT(DRAIN));
	GIVE(&life, DONE, ACT(RECORD));
	assert_int_equal(life.state, VM_CRASHED);
	assert_int_equal(lifecycle_exit_status(life.state, life.cause), EXIT_STATUS_PANICKED);
	GIVE(&life, DONE, ACT(REPORT_END));
}

static void a_refused_suspension_changes_nothing(void **state)
{
	struct lifecycle life = running();

	GIVE(&life, ASKED, ACT(HOLD));
	GIVE(&life, DONE, ACT(JUDGE));
	GIVE(&life, FAILED, ACT(REFUSE), ACT(RELEASE));
	assert_int_equal(life.state, VM_RUNNING);
}

/* H2: the vCPUs of the next power cycle would wait for ever. */
static void a_suspension_that_races_a_reset_leaves_the_gate_open(void **state)
{
	struct lifecycle life = running();

	GIVE(&life, ASKED, ACT(HOLD));
	GIVE(&life, FAILED, ACT(RELEASE));
	GIVE_EVENT(&life, ended_by(VM_TRIGGER_RESET), ACT(REPORT_RESETTING), ACT(RESTART));
	GIVE(&life, DONE, ACT(REPORT_RESET));
	assert_int_equal(life.stage, LIFECYCLE_RUNNING);
}

static void a_paused_machine_stays_paused_over_a_reset(void **state)
{
	struct lifecycle life = suspended();

	GIVE(&life, PAUSE, ACT(HOLD));
	GIVE(&life, DONE, ACT(WRITE), ACT(REPORT_STOP));
	IGNORE(&life, PAUSE);
	GIVE(&life, RESET, ACT(STOP));
	GIVE_EVENT(&life, ended_by(VM_TRIGGER_RESET), ACT(REPORT_RESETTING), ACT(RESTART));
	GIVE(&life, DONE, ACT(STOP_CLOCK), ACT(NOTE), ACT(REPORT_RESET));
	assert_int_equal(life.state, VM_RUNNING);
	assert_int_equal(life.cause, VM_TRIGGER_RESET);
	GIVE(&life, ASKED, ACT(HOLD));
	GIVE(&life, DONE, ACT(JUDGE));
	GIVE(&life, DONE, ACT(START_CLOCK), ACT(NOTE), ACT(REPORT), ACT(ALLOW));
	GIVE(&life, CONTINUE, ACT(WRITE), ACT(REPORT_RESUME), ACT(START_CLOCK), ACT(RELEASE));
	IGNORE(&life, CONTINUE);
}

/* A guest that suspends itself sees the time by that clock; a pause is hidden from it. */
static void the_clock_stops_while_a_guest_that_is_awake_is_paused(void **state)
{
	struct lifecycle life = running();

	GIVE(&life, PAUSE, ACT(HOLD));
	GIVE(&life, DONE, ACT(STOP_CLOCK), ACT(WRITE), ACT(REPORT_STOP));
	GIVE(&life, CONTINUE, ACT(WRITE), ACT(REPORT_RESUME), ACT(START_CLOCK), ACT(RELEASE));
	life = suspended();
	GIVE(&life, PAUSE, ACT(HOLD));
	GIVE(&life, DONE, ACT(WRITE), ACT(REPORT_STOP));
	GIVE(&life, WAKE, ACT(WAKE), ACT(STOP_CLOCK), ACT(NOTE), ACT(REPORT));
	GIVE(&life, CONTINUE, ACT(WRITE), ACT(REPORT_RESUME), ACT(START_CLOCK), ACT(RELEASE));
}

/* Until the file has its name. */
static struct lifecycle published(void)
{
	struct lifecycle life = suspended();

	GIVE(&life, SAVE, ACT(HOLD));
	GIVE(&life, DONE, ACT(FREEZE), ACT(WRITE_FILE));
	GIVE(&life, DONE, ACT(RECORD));
	assert_int_equal(life.state, VM_SUSPENDED);
	GIVE(&life, DONE, ACT(PUBLISH_FILE));
	GIVE(&life, DONE, ACT(RECORD));
	assert_int_equal(life.state, VM_SAVED);

	return life;
}

/* H1: the event that woke it while it was saved crashed it. */
static void a_machine_that_is_saved_cannot_be_woken(void **state)
{
	for (unsigned int recorded = 0; recorded < 2; recorded++) {
		struct lifecycle life = published();

		if (recorded)
			GIVE(&life, DONE, ACT(STOP), ACT(THAW));
		else
			GIVE(&life, FAILED, ACT(STOP), ACT(THAW));
		IGNORE(&life, INPUT);
		IGNORE(&life, WOKEN);
		IGNORE(&life, ASKED);
		assert_int_equal(IGNORE(&life, WAKE), LIFECYCLE_IS_ENDING);
		assert_int_equal(IGNORE(&life, RESET), LIFECYCLE_IS_ENDING);
		assert_int_equal(IGNORE(&life, PAUSE), LIFECYCLE_IS_ENDING);
		assert_int_equal(IGNORE(&life, SAVE), LIFECYCLE_IS_ENDING);
		GIVE_EVENT(&life, ended_by(VM_TRIGGER_SAVE), ACT(CLOSE), ACT(DRAIN));
		/* Its disks were durable before the file was complete. */
		GIVE(&life, FAILED, ACT(RECORD));
		assert_int_equal(life.state, VM_SAVED);
		GIVE(&life, DONE, ACT(REPORT_END));
		assert_int_equal(lifecycle_exit_status(life.state, life.cause), EXIT_STATUS_SAVED);
	}
}

static void a_save_that_fails_leaves_the_guest_suspended(void **state)
{
	struct lifecycle life = suspended();

	GIVE(&life, SAVE, ACT(HOLD));
	GIVE(&life, DONE, ACT(FREEZE), ACT(WRITE_FILE));
	GIVE(&life, FAILED, ACT(DISCARD_FILE), ACT(THAW), ACT(RELEASE));
	assert_int_equal(life.state, VM_SUSPENDED);
	/* If the record names the file already, that is undone before the guest continues. */
	GIVE(&life, SAVE, ACT(HOLD));
	GIVE(&life, DONE, ACT(FREEZE), ACT(WRITE_FILE));
	GIVE(&life, DONE, ACT(RECORD));
	GIVE(&life, DONE, ACT(PUBLISH_FILE));
	GIVE(&life, FAILED, ACT(DISCARD_FILE), ACT(RECORD));
	GIVE(&life, DONE, ACT(THAW), ACT(RELEASE));
	assert_int_equal(life.state, VM_SUSPENDED);
	GIVE(&life, WAKE, ACT(WAKE), ACT(NOTE), ACT(REPORT));
}

static void a_command_for_a_suspended_guest_is_refused_while_it_runs(void **state)
{
	struct lifecycle life = running();

	assert_int_equal(IGNORE(&life, WAKE), LIFECYCLE_NOT_SUSPENDED);
	assert_int_equal(IGNORE(&life, SAVE), LIFECYCLE_NOT_SUSPENDED);
	IGNORE(&life, INPUT);
	assert_int_equal(life.state, VM_RUNNING);
}

static void a_run_ends_as_the_table_says(void **state)
{
	static const struct {
		enum vm_trigger trigger;
		bool last;
		enum vm_state state;
		int exit_status;
	} ends[] = {
		{ VM_TRIGGER_OFF, false, VM_OFF, EXIT_STATUS_OFF },
		{ VM_TRIGGER_HIBERNATE, false, VM_HIBERNATED, EXIT_STATUS_HIBERNATED },
		{ VM_TRIGGER_HOST_QUIT, false, VM_OFF, EXIT_STATUS_QUIT },
		{ VM_TRIGGER_CRASH, false, VM_CRASHED, EXIT_STATUS_CRASHED },
		{ VM_TRIGGER_RESET, true, VM_OFF, EXIT_STATUS_RESET },
	};

	for (size_t i = 0; i < COUNT(ends); i++) {
		struct lifecycle life = running();
		struct lifecycle_event event = ended_by(ends[i].trigger);

		event.last = ends[i].last;
		GIVE_EVENT(&life, event, ACT(CLOSE), ACT(DRAIN));
		GIVE(&life, DONE, ACT(RECORD));
		assert_int_equal(life.state, ends[i].state);
		assert_int_equal(lifecycle_exit_status(life.state, life.cause),
				 ends[i].exit_status);
		GIVE(&life, DONE, ACT(REPORT_END));
		assert_int_equal(life.stage, LIFECYCLE_OVER);
	}
}

static void an_end_whose_disks_cannot_be_drained_becomes_a_crash(void **state)
{
	struct lifecycle life = running();

	GIVE_EVENT(&life, ended_by(VM_TRIGGER_HIBERNATE), ACT(CLOSE), ACT(DRAIN));
	GIVE(&life, FAILED, ACT(RECORD));
	assert_int_equal(life.state, VM_CRASHED);
	assert_int_equal(life.cause, VM_TRIGGER_CRASH);
	/* An end that is not recorded is not reported. */
	IGNORE(&life, FAILED);
	assert_int_equal(life.stage, LIFECYCLE_OVER);
}

static void a_reset_that_fails_is_a_crash(void **state)
{
	struct lifecycle life = suspended();

	GIVE(&life, RESET, ACT(STOP));
	GIVE_EVENT(&life, ended_by(VM_TRIGGER_RESET), ACT(REPORT_RESETTING), ACT(RESTART));
	GIVE(&life, FAILED, ACT(CLOSE), ACT(DRAIN));
	GIVE(&life, DONE, ACT(RECORD));
	assert_int_equal(life.state, VM_CRASHED);
}

static void a_quit_ends_a_guest_that_resets_over_and_over(void **state)
{
	struct lifecycle life = running();

	GIVE(&life, QUIT, ACT(STOP));
	GIVE_EVENT(&life, ended_by(VM_TRIGGER_RESET), ACT(CLOSE), ACT(DRAIN));
	GIVE(&life, DONE, ACT(RECORD));
	assert_int_equal(life.state, VM_OFF);
	assert_int_equal(life.cause, VM_TRIGGER_HOST_QUIT);
	/* As above, while the host's own reset was under way. */
	life = running();
	GIVE(&life, RESET, ACT(STOP));
	IGNORE(&life, QUIT);
	GIVE_EVENT(&life, ended_by(VM_TRIGGER_RESET), ACT(CLOSE), ACT(DRAIN));
	/* It also interrupts the beginning of the next power cycle. */
	life = running();
	GIVE_EVENT(&life, ended_by(VM_TRIGGER_RESET), ACT(REPORT_RESETTING), ACT(RESTART));
	IGNORE(&life, QUIT);
	GIVE(&life, FAILED, ACT(CLOSE), ACT(DRAIN));
	GIVE(&life, DONE, ACT(RECORD));
	assert_int_equal(life.state, VM_OFF);
	assert_int_equal(life.cause, VM_TRIGGER_HOST_QUIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restored_guest_is_recorded_before_it_runs),
		cmocka_unit_test(a_suspension_is_recorded_before_it_is_allowed),
		cmocka_unit_test(a_panic_is_recorded_and_reported_once_and_the_guest_goes_on),
		cmocka_unit_test(a_panic_of_a_guest_that_ends_changes_nothing),
		cmocka_unit_test(a_last_panic_ends_the_run_as_crashed),
		cmocka_unit_test(a_refused_suspension_changes_nothing),
		cmocka_unit_test(a_suspension_that_races_a_reset_leaves_the_gate_open),
		cmocka_unit_test(a_paused_machine_stays_paused_over_a_reset),
		cmocka_unit_test(the_clock_stops_while_a_guest_that_is_awake_is_paused),
		cmocka_unit_test(a_machine_that_is_saved_cannot_be_woken),
		cmocka_unit_test(a_save_that_fails_leaves_the_guest_suspended),
		cmocka_unit_test(a_command_for_a_suspended_guest_is_refused_while_it_runs),
		cmocka_unit_test(a_run_ends_as_the_table_says),
		cmocka_unit_test(an_end_whose_disks_cannot_be_drained_becomes_a_crash),
		cmocka_unit_test(a_reset_that_fails_is_a_crash),
		cmocka_unit_test(a_quit_ends_a_guest_that_resets_over_and_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
