/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that says by pvpanic that it panicked, on a fake KVM: what follows is what its
 * user wants. It calls SYSTEM_RESET at once after it, as Linux does with panic=-1.
 */
#include "rig.h"
#include "vcpu-run.h"

#include "board/board.h"
#include "machine/vcpu.h"

#include <psci/abi.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static atomic_int panics; /* How often the guest still says it. */
static atomic_bool resets; /* Its call after that. */
static atomic_uchar said; /* The byte. */

static void write_byte(struct kvm_run *shared)
{
	shared->exit_reason = KVM_EXIT_MMIO;
	shared->mmio.phys_addr = BOARD_PVPANIC_BASE;
	shared->mmio.len = 1;
	shared->mmio.is_write = 1;
	shared->mmio.data[0] = atomic_load(&said);
}

static bool leaves(struct kvm_run *shared)
{
	if (atomic_load(&panics) > 0) {
		atomic_fetch_sub(&panics, 1);
		write_byte(shared);
		return true;
	}
	if (atomic_exchange(&resets, false)) {
		vcpu_exit_by_call(shared, PSCI_FN32_SYSTEM_RESET);
		return true;
	}

	return false;
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	if (request != KVM_RUN)
		return false;
	*ret = vcpu_run(fd, leaves);

	return true;
}

/* --- events --- */

static enum vm_report reported[8];
static size_t report_count;

static void on_event(void *context, const struct control_event *event)
{
	assert_in_range(report_count, 0, 7);
	reported[report_count++] = event->kind;
}

static void start(struct rig *rig, enum panic_policy policy)
{
	static struct control_listener listener = { .on_event = on_event };

	panics = 0;
	resets = false;
	said = 1;
	report_count = 0;
	fake_kvm_answer = answer;
	rig_create(rig, 1);
	rig->record.config.on_panic = policy;
	control_listen(&rig->control, &listener);
	rig_run(rig);
}

/* The main loop's part: in its order, until the machine has stopped or has panicked. */
static void serve(struct rig *rig)
{
	struct pollfd fds[] = { { .fd = control_fd(&rig->control), .events = POLLIN },
				{ .fd = rig->vm.stop_fd, .events = POLLIN } };

	assert_true(poll(fds, 2, -1) > 0);
	if (fds[0].revents)
		control_serve(&rig->control);
}

static void await_stop(const struct rig *rig)
{
	struct pollfd fd = { .fd = rig->vm.stop_fd, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, -1), 1);
}

static struct record load(const struct rig *rig)
{
	struct record record = { 0 };
	struct error error;

	assert_int_equal(record_load(rig->dir_fd, "vm", &record, &error), 0);

	return record;
}

static void a_guest_that_panics_goes_on_and_is_recorded_so(void **state)
{
	static struct rig rig;
	struct record record;

	start(&rig, PANIC_POLICY_NONE);
	panics = 1;
	serve(&rig);
	assert_true(rig.control.life.panicked);
	record = load(&rig);
	assert_int_equal(record.state, VM_RUNNING);
	assert_int_equal(record.cause.trigger, VM_TRIGGER_PANIC);
	assert_string_equal(record.cause.what, "the guest panicked");
	record_free(&record);
	assert_int_equal(report_count, 1);
	assert_int_equal(reported[0], VM_REPORT_GUEST_PANICKED);
	rig_destroy(&rig);
}

static void a_guest_that_panics_without_end_is_reported_once(void **state)
{
	static struct rig rig;

	start(&rig, PANIC_POLICY_STAY);
	panics = 20;
	while (panics > 0)
		serve(&rig);
	assert_int_equal(report_count, 1);
	rig_destroy(&rig);
}

static void a_crash_kernel_that_takes_over_changes_nothing(void **state)
{
	static struct rig rig;

	start(&rig, PANIC_POLICY_EXIT);
	said = 2;
	panics = 1;
	resets = true;
	await_stop(&rig);
	assert_true(control_on_stop(&rig.control));
	assert_int_equal(rig.record.cause.trigger, VM_TRIGGER_START);
	assert_int_equal(report_count, 1);
	assert_int_equal(reported[0], VM_REPORT_RESET);
	rig_destroy(&rig);
}

/* The reset that follows comes too late. */
static void with_exit_a_panic_ends_the_run_as_crashed(void **state)
{
	static struct rig rig;
	struct record record;
	struct error error;

	start(&rig, PANIC_POLICY_EXIT);
	panics = 1;
	resets = true;
	await_stop(&rig);
	assert_false(control_on_stop(&rig.control));
	assert_int_equal(control_result(&rig.control, &error), EXIT_STATUS_PANICKED);
	record = load(&rig);
	assert_int_equal(record.state, VM_CRASHED);
	assert_int_equal(record.cause.trigger, VM_TRIGGER_LAST_PANIC);
	record_free(&record);
	assert_int_equal(report_count, 2);
	assert_int_equal(reported[0], VM_REPORT_GUEST_PANICKED);
	assert_int_equal(reported[1], VM_REPORT_SHUTDOWN);
	/* It has ended by itself. */
	(void)rig_wait(&rig);
	rig_destroy(&rig);
}

static void with_restart_a_panic_resets_whatever_resets_do(void **state)
{
	static struct rig rig;

	start(&rig, PANIC_POLICY_RESTART);
	rig.record.config.on_reset = RESET_POLICY_EXIT;
	panics = 1;
	await_stop(&rig);
	assert_true(control_on_stop(&rig.control));
	assert_int_equal(rig.record.boots, 2);
	assert_int_equal(report_count, 2);
	assert_int_equal(reported[0], VM_REPORT_GUEST_PANICKED);
	assert_int_equal(reported[1], VM_REPORT_RESET);
	assert_false(rig.control.life.panicked);
	rig_destroy(&rig);
}

static void a_guest_that_goes_on_and_resets_is_no_longer_panicked(void **state)
{
	static struct rig rig;
	struct record record;

	start(&rig, PANIC_POLICY_STAY);
	panics = 1;
	resets = true;
	while (!poll(&(struct pollfd){ .fd = rig.vm.stop_fd, .events = POLLIN }, 1, 0))
		serve(&rig);
	/* It may have been heard of after the other. */
	if (report_count == 0)
		serve(&rig);
	assert_true(control_on_stop(&rig.control));
	assert_false(rig.control.life.panicked);
	record = load(&rig);
	assert_int_equal(record.state, VM_RUNNING);
	assert_int_equal(record.cause.trigger, VM_TRIGGER_RESET);
	record_free(&record);
	assert_int_equal(reported[0], VM_REPORT_GUEST_PANICKED);
	assert_int_equal(reported[1], VM_REPORT_RESET);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_that_panics_goes_on_and_is_recorded_so),
		cmocka_unit_test(a_guest_that_panics_without_end_is_reported_once),
		cmocka_unit_test(a_crash_kernel_that_takes_over_changes_nothing),
		cmocka_unit_test(with_exit_a_panic_ends_the_run_as_crashed),
		cmocka_unit_test(with_restart_a_panic_resets_whatever_resets_do),
		cmocka_unit_test(a_guest_that_goes_on_and_resets_is_no_longer_panicked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
