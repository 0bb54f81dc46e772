/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How control.c handles a guest that suspends while something else happens, with the
 * vCPUs' real threads, on a fake KVM: vCPU 0 calls SYSTEM_SUSPEND and wakes when the test
 * lets it.
 */
#include "rig.h"
#include "vcpu-run.h"

#include "base/main-loop.h"
#include "board/board.h"
#include "control/act.h"
#include "machine/vcpu.h"

#include <psci/abi.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define ENTRY 0x40080000

static atomic_bool may_suspend; /* Its next entry makes it call. */
static atomic_bool wakes; /* An interrupt is pending. */
static atomic_bool asleep;
static atomic_int first_fd;
static atomic_uint entries;

static bool leaves(struct kvm_run *shared)
{
	if (atomic_load(&asleep) && atomic_exchange(&wakes, false)) {
		shared->exit_reason = KVM_EXIT_SYSTEM_EVENT;
		shared->system_event.type = KVM_SYSTEM_EVENT_WAKEUP;
		return true;
	}
	if (!atomic_load(&asleep) && atomic_exchange(&may_suspend, false)) {
		vcpu_exit_by_call(shared, PSCI_FN64_SYSTEM_SUSPEND);
		return true;
	}

	return false;
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	const struct kvm_one_reg *reg = argument;

	if (request == KVM_CREATE_VCPU && !argument) {
		*ret = fake_kvm_create_vcpu(0);
		atomic_store(&first_fd, *ret);
		atomic_store(&asleep, false);

		return true;
	}
	if (fd != atomic_load(&first_fd))
		return false;
	*ret = 0;
	if (request == KVM_RUN) {
		atomic_fetch_add(&entries, 1);
		*ret = vcpu_run(fd, leaves);

		return true;
	}
	if (request == KVM_SET_MP_STATE) {
		atomic_store(&asleep,
			     ((struct kvm_mp_state *)argument)->mp_state == KVM_MP_STATE_SUSPENDED);

		return true;
	}
	if (request != KVM_GET_ONE_REG || reg->id != kvm_register_x(1))
		return false;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	*(uint64_t *)(uintptr_t)reg->addr = ENTRY;

	return true;
}

static int set_up(void **state)
{
	static struct rig rig;

	may_suspend = false;
	wakes = false;
	fake_kvm_answer = answer;
	rig_create(&rig, 2);
	rig_run(&rig);
	*state = &rig;

	return 0;
}

static int tear_down(void **state)
{
	rig_destroy(*state);

	return 0;
}

/* Until vCPU 0 asks, or, if @served, until its question is answered, too. */
static void await_question(struct rig *rig, bool served)
{
	struct pollfd fd = { .fd = control_fd(&rig->control), .events = POLLIN };

	assert_int_equal(poll(&fd, 1, -1), 1);
	if (served)
		control_serve(&rig->control);
}

static void suspend(struct rig *rig)
{
	may_suspend = true;
	await_question(rig, true);
	assert_int_equal(rig->control.life.state, VM_SUSPENDED);
}

static struct record load(struct rig *rig)
{
	struct record record = { 0 };
	struct error error;

	assert_int_equal(record_load(rig->dir_fd, "vm", &record, &error), 0);

	return record;
}

static const char *saved_path(struct rig *rig)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/saved", rig->dir);

	return path;
}

/* The run ends as saved, and the record says so and names the file. */
static void ends_saved(struct rig *rig)
{
	struct record record;
	struct error error;

	assert_false(control_on_stop(&rig->control));
	assert_int_equal(control_result(&rig->control, &error), EXIT_STATUS_SAVED);
	record = load(rig);
	assert_int_equal(record.state, VM_SAVED);
	assert_string_equal(record.saved_file, saved_path(rig));
	assert_int_equal(access(record.saved_file, F_OK), 0);
	record_free(&record);
	assert_int_equal(unlink(saved_path(rig)), 0);
}

/* H1: the interrupt made it a crash, whose file restore then refused. */
static void a_key_typed_during_a_save_reaches_the_restored_guest(void **state)
{
	struct rig *rig = *state;
	struct error error;

	suspend(rig);
	assert_int_equal(control_save(&rig->control, saved_path(rig), false, &error), 0);
	control_on_input(&rig->control);
	ends_saved(rig);
}

/* H1, too: the interrupt ends KVM_RUN just before the vCPUs are paused to be saved. */
static void an_interrupt_during_a_save_wakes_the_restored_guest(void **state)
{
	struct rig *rig = *state;
	struct error error;

	suspend(rig);
	wakes = true;
	await_question(rig, false);
	assert_int_equal(control_save(&rig->control, saved_path(rig), false, &error), 0);
	control_serve(&rig->control);
	ends_saved(rig);
}

/* It is durable before the client receives the answer. */
static void a_save_is_recorded_durably_before_it_is_acknowledged(void **state)
{
	struct rig *rig = *state;
	struct record record;
	struct error error;

	suspend(rig);
	assert_int_equal(control_save(&rig->control, saved_path(rig), false, &error), 0);
	record = load(rig);
	assert_int_equal(record.state, VM_SAVED);
	record_free(&record);
	ends_saved(rig);
}

/* Its dormouse may die before its guest has booted without the image. */
static void a_clone_s_image_is_to_be_discarded_until_its_first_run_has_ended(void **state)
{
	struct rig *rig = *state;
	struct record record;
	struct error error;

	rig->record.discard_image = true;
	suspend(rig);
	record = load(rig);
	assert_int_equal(record.state, VM_SUSPENDED);
	assert_true(record.discard_image);
	record_free(&record);
	assert_int_equal(control_save(&rig->control, saved_path(rig), false, &error), 0);
	record = load(rig);
	assert_int_equal(record.state, VM_SAVED);
	assert_false(record.discard_image);
	record_free(&record);
	ends_saved(rig);
}

static void a_save_that_fails_leaves_a_record_without_a_file(void **state)
{
	struct rig *rig = *state;
	struct record record;
	struct error error;

	suspend(rig);
	assert_true(control_save(&rig->control, "/dev/null/saved", false, &error) < 0);
	assert_int_equal(rig->control.life.state, VM_SUSPENDED);
	assert_int_equal(control_wake(&rig->control, "the test", &error), 0);
	record = load(rig);
	assert_int_equal(record.state, VM_RUNNING);
	assert_null(record.saved_file);
	assert_string_equal(record.saved_id, "");
	record_free(&record);
}

/* H2: no vCPU of the next power cycle entered KVM_RUN. */
static void a_suspension_that_races_a_reset_does_not_stop_the_next_cycle(void **state)
{
	struct rig *rig = *state;
	unsigned int before;
	struct error error;

	may_suspend = true;
	await_question(rig, false);
	assert_int_equal(control_reset(&rig->control, "the test", &error), 0);
	control_serve(&rig->control);
	/*
	 * Its thread waits for the answer: it does not enter the guest again in this
	 * power cycle.
	 */
	before = entries;
	assert_true(control_on_stop(&rig->control));
	/* The test runner ends a hang. */
	while (entries == before)
		(void)poll(NULL, 0, 1);
	assert_int_equal(rig->control.life.state, VM_RUNNING);
	suspend(rig);
}

/* The guest ends its power cycle as main is about to pause it. */
static void a_pause_that_races_the_end_of_a_cycle_pauses_the_next_cycle(void **state)
{
	struct rig *rig = *state;
	struct cause cause;
	struct error error;

	cause_set(&cause, VM_TRIGGER_RESET, 0, "SYSTEM_RESET");
	vm_stop(&rig->vm, &cause);
	assert_int_equal(control_pause(&rig->control, &error), 0);
	assert_true(control_on_stop(&rig->control));
	assert_true(control_is_paused(&rig->control));
	assert_int_equal(control_continue(&rig->control, &error), 0);
	suspend(rig);
}

/* M4: the guest is not slowed down; its record is replaced at the limit's rate. */
static void a_guest_that_suspends_over_and_over_is_recorded_at_a_limited_rate(void **state)
{
	struct rig *rig = *state;
	struct record record;
	unsigned int i = 0;

	/* On a host whose disk is slower than the limit nothing is ever delayed. */
	for (; i < 1000 && !rig->control.record_lags; i++) {
		suspend(rig);
		wakes = true;
		await_question(rig, true);
		assert_int_equal(rig->control.life.state, VM_RUNNING);
	}
	assert_true(i >= WRITE_LIMIT_BURST / 2);
	while (rig->control.record_lags) {
		const uint64_t due = control_deadline(&rig->control);
		const uint64_t now = main_loop_now();

		assert_in_range(due, 1, now + 1000000 / WRITE_LIMIT_PER_SECOND);
		(void)poll(NULL, 0, due > now ? (int)((due - now) / 1000) + 1 : 0);
		control_write_late(&rig->control);
	}
	assert_true(control_deadline(&rig->control) == MAIN_LOOP_NEVER);
	record = load(rig);
	assert_int_equal(record.state, VM_RUNNING);
	record_free(&record);
}

/* The clock's alarm comes now, as an interrupt that the guest has masked in its GIC. */
static void raise_alarm(struct rig *rig)
{
	const struct bus *bus = &rig->vm.bus;
	uint64_t now;
	uint64_t came = 0;

	assert_non_null(bus_write(bus, BOARD_RTC_BASE + 0x10, 4, 1));
	assert_non_null(bus_write(bus, BOARD_RTC_BASE + 0x1c, 4, 1));
	/* Unless a second begins in between. */
	while (!came) {
		assert_non_null(bus_read(bus, BOARD_RTC_BASE, 4, &now));
		assert_non_null(bus_write(bus, BOARD_RTC_BASE + 0x04, 4, now));
		assert_non_null(bus_read(bus, BOARD_RTC_BASE + 0x14, 4, &came));
	}
}

static void the_clock_s_alarm_wakes_a_guest_with_acpi(void **state)
{
	struct rig *rig = *state;

	rig->record.config.acpi = true;
	suspend(rig);
	assert_true(control_alarm_due(&rig->control) == MAIN_LOOP_NEVER);
	raise_alarm(rig);
	assert_int_equal(control_alarm_due(&rig->control), 0);
	control_on_alarm(&rig->control);
	assert_int_equal(rig->control.life.state, VM_RUNNING);
	assert_string_equal(rig->record.cause.what, "woken by the clock's alarm");
	assert_true(control_alarm_due(&rig->control) == MAIN_LOOP_NEVER);
	/* One alarm wakes once, though the guest has left it raised. */
	suspend(rig);
	assert_true(control_alarm_due(&rig->control) == MAIN_LOOP_NEVER);
	raise_alarm(rig);
	assert_int_equal(control_alarm_due(&rig->control), 0);
}

/* It came when the guest was on its way to sleep, and no longer looked. */
static void an_alarm_before_the_suspension_wakes_a_guest_with_acpi(void **state)
{
	struct rig *rig = *state;

	rig->record.config.acpi = true;
	raise_alarm(rig);
	assert_true(control_alarm_due(&rig->control) == MAIN_LOOP_NEVER);
	suspend(rig);
	assert_int_equal(control_alarm_due(&rig->control), 0);
}

static void a_guest_without_acpi_has_an_interrupt_for_its_alarm(void **state)
{
	struct rig *rig = *state;

	suspend(rig);
	raise_alarm(rig);
	assert_true(control_alarm_due(&rig->control) == MAIN_LOOP_NEVER);
}

static void an_alarm_during_a_save_waits_for_the_restored_guest(void **state)
{
	struct rig *rig = *state;
	struct error error;

	rig->record.config.acpi = true;
	suspend(rig);
	assert_int_equal(control_save(&rig->control, saved_path(rig), false, &error), 0);
	raise_alarm(rig);
	assert_true(control_alarm_due(&rig->control) == MAIN_LOOP_NEVER);
	assert_false(control_on_stop(&rig->control));
	assert_int_equal(control_result(&rig->control, &error), EXIT_STATUS_SAVED);
	assert_int_equal(unlink(saved_path(rig)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_key_typed_during_a_save_reaches_the_restored_guest),
		TEST(an_interrupt_during_a_save_wakes_the_restored_guest),
		TEST(a_save_is_recorded_durably_before_it_is_acknowledged),
		TEST(a_clone_s_image_is_to_be_discarded_until_its_first_run_has_ended),
		TEST(a_save_that_fails_leaves_a_record_without_a_file),
		TEST(a_suspension_that_races_a_reset_does_not_stop_the_next_cycle),
		TEST(a_pause_that_races_the_end_of_a_cycle_pauses_the_next_cycle),
		TEST(the_clock_s_alarm_wakes_a_guest_with_acpi),
		TEST(an_alarm_before_the_suspension_wakes_a_guest_with_acpi),
		TEST(a_guest_without_acpi_has_an_interrupt_for_its_alarm),
		TEST(an_alarm_during_a_save_waits_for_the_restored_guest),
		TEST(a_guest_that_suspends_over_and_over_is_recorded_at_a_limited_rate),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
