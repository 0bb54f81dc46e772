/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that is asked to sleep or to power off, with the vCPUs' real threads, on a fake
 * KVM: vCPU 0 makes the call that the test wants.
 */
#include "calling-guest.h"
#include "rig.h"

#include "board/board.h"
#include "control/ask-vm.h"
#include "machine/buttons.h"
#include "machine/vcpu.h"

#include <psci/abi.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/main-loop.h"

#define ENTRY 0x40080000

/* --- events --- */

static enum vm_report reported[8];
static size_t report_count;

static void on_event(void *context, const struct control_event *event)
{
	assert_in_range(report_count, 0, 7);
	reported[report_count++] = event->kind;
}

static struct control_listener listener = { .on_event = on_event };

static void reports_are(size_t count, const enum vm_report *wanted)
{
	assert_int_equal(report_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(reported[i], wanted[i]);
}

#define REPORTS_ARE(...)                                                           \
	reports_are(sizeof((const enum vm_report[]){ __VA_ARGS__ }) / sizeof(int), \
		    (const enum vm_report[]){ __VA_ARGS__ })

/* --- the rig --- */

static struct rig rig;

static void prepare(void)
{
	report_count = 0;
	calling_guest_begin();
}

static void start(void)
{
	control_listen(&rig.control, &listener);
	rig_run(&rig);
}

/* A firmware has ACPI tables. */
static int set_up(void **state)
{
	prepare();
	rig_create_firmware(&rig, 2, NULL);
	start();

	return 0;
}

static int set_up_without_buttons(void **state)
{
	prepare();
	rig_create(&rig, 2);
	start();

	return 0;
}

static int tear_down(void **state)
{
	rig_destroy(&rig);

	return 0;
}

static void ask(enum request_what what, unsigned int timeout, enum request_else otherwise)
{
	struct error error;

	assert_int_equal(control_ask(&rig.control, what, timeout, otherwise, &error), 0);
}

static void refused(enum request_what what, enum request_else otherwise, int err, const char *part)
{
	struct error error = { "" };

	assert_int_equal(control_ask(&rig.control, what, 60, otherwise, &error), err);
	if (!strstr(error.text, part))
		fail_msg("%s", error.text);
	assert_int_equal(rig.record.request.what, REQUEST_NOTHING);
	assert_int_equal(report_count, 0);
}

/* What the guest's driver does: returns the events. */
static uint64_t take_press(void)
{
	uint64_t events = 0;

	assert_non_null(bus_read(&rig.vm.bus, BOARD_GED_BASE, 4, &events));

	return events;
}

static void suspend(void)
{
	struct pollfd fd = { .fd = control_fd(&rig.control), .events = POLLIN };

	calling_guest_call(PSCI_FN64_SYSTEM_SUSPEND, ENTRY);
	assert_int_equal(poll(&fd, 1, -1), 1);
	control_serve(&rig.control);
	assert_int_equal(rig.control.life.state, VM_SUSPENDED);
}

/* The run ends. */
static void stops(void)
{
	struct pollfd fd = { .fd = rig.vm.stop_fd, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, -1), 1);
	assert_false(control_on_stop(&rig.control));
}

/* Until it is due, and do it then. */
static void await_due(void)
{
	uint64_t due;

	while ((due = control_ask_due(&rig.control)) > main_loop_now()) {
		assert_true(due != MAIN_LOOP_NEVER);
		(void)poll(NULL, 0, 10);
	}
	control_on_ask_due(&rig.control);
}

static void recorded(enum vm_state state, enum request_outcome outcome, const char *reason)
{
	struct record record = { 0 };
	struct error error;

	assert_int_equal(record_load(rig.dir_fd, "vm", &record, &error), 0);
	assert_int_equal(record.state, state);
	assert_int_equal(record.request.outcome, outcome);
	assert_string_equal(record.request.reason, reason);
	record_free(&record);
}

/* --- tests --- */

static void a_guest_that_powers_off_has_done_it_before_the_run_is_over(void **state)
{
	ask(REQUEST_POWEROFF, 60, REQUEST_ELSE_KILL);
	recorded(VM_RUNNING, REQUEST_WAITING, "");
	assert_int_equal(take_press(), 0x02);
	calling_guest_call(PSCI_FN32_SYSTEM_OFF, 0);
	stops();
	recorded(VM_OFF, REQUEST_DONE, "");
	REPORTS_ARE(VM_REPORT_POWERDOWN, VM_REPORT_REQUEST, VM_REPORT_SHUTDOWN);
}

static void a_guest_that_hibernates_has_done_it(void **state)
{
	ask(REQUEST_HIBERNATE, 60, REQUEST_ELSE_LEAVE);
	assert_int_equal(take_press(), 0x10);
	calling_guest_call(PSCI_FN64_SYSTEM_OFF2, 0);
	stops();
	recorded(VM_HIBERNATED, REQUEST_DONE, "");
	REPORTS_ARE(VM_REPORT_REQUEST, VM_REPORT_SUSPEND_DISK, VM_REPORT_SHUTDOWN);
}

static void a_guest_that_suspends_instead_is_saved_in_its_directory(void **state)
{
	char path[64];
	struct record record = { 0 };
	struct error error;

	ask(REQUEST_HIBERNATE, 60, REQUEST_ELSE_SAVE);
	assert_int_equal(take_press(), 0x10);
	suspend();
	/* A file of an earlier time is not touched. */
	snprintf(path, sizeof(path), "%s/saved-1", rig.dir);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(control_ask_due(&rig.control), 0);
	control_on_ask_due(&rig.control);
	stops();
	assert_int_equal(unlink(path), 0);
	recorded(VM_SAVED, REQUEST_REPLACED_BY_ELSE,
		 "it has suspended itself to RAM instead; it was saved");
	REPORTS_ARE(VM_REPORT_SUSPEND, VM_REPORT_REQUEST, VM_REPORT_SHUTDOWN);
	assert_int_equal(record_load(rig.dir_fd, "vm", &record, &error), 0);
	snprintf(path, sizeof(path), "%s/saved-2", rig.dir);
	assert_string_equal(record.saved_file, path);
	assert_int_equal(unlink(path), 0);
	record_free(&record);
}

static void a_guest_that_does_nothing_is_ended_by_its_own_dormouse(void **state)
{
	struct error error;

	ask(REQUEST_POWEROFF, 1, REQUEST_ELSE_KILL);
	await_due();
	stops();
	assert_int_equal(control_result(&rig.control, &error), EXIT_STATUS_QUIT);
	recorded(VM_OFF, REQUEST_REPLACED_BY_ELSE,
		 "it has not powered off within 1 second; it was ended");
	assert_string_equal(rig.record.cause.what,
			    "dormouse poweroff: it has not powered off within 1 second");
	REPORTS_ARE(VM_REPORT_POWERDOWN, VM_REPORT_REQUEST, VM_REPORT_SHUTDOWN);
}

static void a_press_wakes_a_suspended_guest_and_waits_for_it(void **state)
{
	suspend();
	assert_true(control_alarm_due(&rig.control) == MAIN_LOOP_NEVER);
	ask(REQUEST_POWEROFF, 60, REQUEST_ELSE_LEAVE);
	assert_int_equal(control_alarm_due(&rig.control), 0);
	control_on_alarm(&rig.control);
	assert_int_equal(rig.control.life.state, VM_RUNNING);
	assert_string_equal(rig.record.cause.what, "woken by a button");
	/* Linux drops the press that woke it. */
	assert_int_equal(take_press(), 0x02);
	while (!button_waits(rig.vm.devices, BUTTON_POWER))
		await_due();
	assert_int_equal(take_press(), 0x02);
	calling_guest_call(PSCI_FN32_SYSTEM_OFF, 0);
	stops();
	recorded(VM_OFF, REQUEST_DONE, "");
}

static void a_press_before_the_suspension_wakes_the_guest(void **state)
{
	ask(REQUEST_HIBERNATE, 60, REQUEST_ELSE_LEAVE);
	suspend();
	assert_int_equal(control_alarm_due(&rig.control), 0);
	recorded(VM_SUSPENDED, REQUEST_WAITING, "");
}

static void a_guest_that_is_asleep_is_not_asked_to_suspend(void **state)
{
	suspend();
	ask(REQUEST_SUSPEND, 60, REQUEST_ELSE_LEAVE);
	assert_true(control_alarm_due(&rig.control) == MAIN_LOOP_NEVER);
	assert_int_equal(control_ask_due(&rig.control), 0);
	control_on_ask_due(&rig.control);
	recorded(VM_SUSPENDED, REQUEST_DONE, "");
	REPORTS_ARE(VM_REPORT_SUSPEND, VM_REPORT_REQUEST);
}

static void a_press_while_it_is_paused_waits_for_the_guest(void **state)
{
	struct error error;

	assert_int_equal(control_pause(&rig.control, &error), 0);
	ask(REQUEST_SUSPEND, 60, REQUEST_ELSE_LEAVE);
	assert_int_equal(control_continue(&rig.control, &error), 0);
	assert_int_equal(take_press(), 0x10);
	suspend();
	recorded(VM_SUSPENDED, REQUEST_DONE, "");
}

static void a_reset_forgets_the_request_and_the_press(void **state)
{
	struct error error;

	ask(REQUEST_POWEROFF, 60, REQUEST_ELSE_KILL);
	assert_int_equal(control_reset(&rig.control, "the test", &error), 0);
	assert_true(control_on_stop(&rig.control));
	recorded(VM_RUNNING, REQUEST_LEFT, "its machine was reset");
	assert_true(control_ask_due(&rig.control) == MAIN_LOOP_NEVER);
	assert_int_equal(take_press(), 0);
	REPORTS_ARE(VM_REPORT_POWERDOWN, VM_REPORT_RESET, VM_REPORT_REQUEST);
}

static void a_guest_is_not_asked_for_something_that_it_cannot_do(void **state)
{
	rig.record.config.suspend = SUSPEND_POLICY_DENY;
	refused(REQUEST_SUSPEND, REQUEST_ELSE_LEAVE, -EOPNOTSUPP, "--suspend deny");
	refused(REQUEST_HIBERNATE, REQUEST_ELSE_SAVE, -EOPNOTSUPP, "--suspend deny");
	rig.vm.psci_version = PSCI_VERSION_1_2;
	refused(REQUEST_HIBERNATE, REQUEST_ELSE_LEAVE, -EOPNOTSUPP,
		"its PSCI is 1.2 and SYSTEM_OFF2 came with 1.3");
	refused(REQUEST_POWEROFF, REQUEST_ELSE_POWEROFF, -EINVAL, "not asked to again");
	assert_int_equal(take_press(), 0);
}

static void without_buttons_and_agent_a_request_is_refused(void **state)
{
	refused(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE, -EOPNOTSUPP,
		"vm cannot be asked to power off: its machine has no buttons");
	refused(REQUEST_HIBERNATE, REQUEST_ELSE_POWEROFF, -EOPNOTSUPP,
		"vm cannot be asked to hibernate: its machine has no buttons");
}

static void without_buttons_and_agent_a_guest_that_sleeps_is_saved(void **state)
{
	char path[64];

	suspend();
	ask(REQUEST_HIBERNATE, 60, REQUEST_ELSE_SAVE);
	assert_int_equal(control_ask_due(&rig.control), 0);
	control_on_ask_due(&rig.control);
	stops();
	assert_int_equal(rig.record.state, VM_SAVED);
	assert_int_equal(rig.record.request.outcome, REQUEST_REPLACED_BY_ELSE);
	REPORTS_ARE(VM_REPORT_SUSPEND, VM_REPORT_REQUEST, VM_REPORT_SHUTDOWN);
	snprintf(path, sizeof(path), "%s/saved-1", rig.dir);
	assert_int_equal(unlink(path), 0);
}

static void a_guest_that_cannot_report_hibernation_is_asked_for_what_follows(void **state)
{
	rig.vm.psci_version = PSCI_VERSION_1_2;
	ask(REQUEST_HIBERNATE, 60, REQUEST_ELSE_POWEROFF);
	assert_int_equal(take_press(), 0);
	control_on_ask_due(&rig.control);
	assert_int_equal(take_press(), 0x02);
	calling_guest_call(PSCI_FN32_SYSTEM_OFF, 0);
	stops();
	recorded(VM_OFF, REQUEST_REPLACED_BY_ELSE,
		 "it cannot be asked to hibernate: its guest cannot report that it did, since its "
		 "PSCI is 1.2 and SYSTEM_OFF2 came with 1.3; asked to power off, it did");
}

static void a_vm_that_is_ending_cannot_be_asked(void **state)
{
	control_quit(&rig.control, CONTROL_REASON_HOST_SIGNAL, "the test");
	refused(REQUEST_POWEROFF, REQUEST_ELSE_LEAVE, -ESRCH, "vm is ending");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_guest_that_powers_off_has_done_it_before_the_run_is_over),
		TEST(a_guest_that_hibernates_has_done_it),
		TEST(a_guest_that_suspends_instead_is_saved_in_its_directory),
		TEST(a_guest_that_does_nothing_is_ended_by_its_own_dormouse),
		TEST(a_press_wakes_a_suspended_guest_and_waits_for_it),
		TEST(a_press_before_the_suspension_wakes_the_guest),
		TEST(a_guest_that_is_asleep_is_not_asked_to_suspend),
		TEST(a_press_while_it_is_paused_waits_for_the_guest),
		TEST(a_reset_forgets_the_request_and_the_press),
		TEST(a_guest_is_not_asked_for_something_that_it_cannot_do),
		TEST(a_guest_that_cannot_report_hibernation_is_asked_for_what_follows),
		TEST(a_vm_that_is_ending_cannot_be_asked),
#undef TEST
		cmocka_unit_test_setup_teardown(without_buttons_and_agent_a_request_is_refused,
						set_up_without_buttons, tear_down),
		cmocka_unit_test_setup_teardown(
			without_buttons_and_agent_a_guest_that_sleeps_is_saved,
			set_up_without_buttons, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
