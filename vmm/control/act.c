/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/act.h"

#include <psci/abi.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/main-loop.h"
#include "base/message.h"
#include "control/act-file.h"
#include "control/park.h"
#include "control/report.h"
#include "kvm/gic.h"
#include "machine/devices.h"
#include "machine/environment-read.h"
#include "machine/guest-clock.h"
#include "machine/vcpu.h"

/* --- the record --- */

/* Record a SYSTEM_SUSPEND, while all vCPUs are paused. */
static void describe_suspension(struct control *control, const struct vcpu *caller)
{
	struct vm *vm = control->vm;
	struct suspension *suspension = &control->record->suspension;
	int64_t alarm = 0;

	*suspension = (struct suspension){
		.known = true,
		.since = control->cause.when,
		.vcpu = caller->index,
		.entry = caller->suspend.entry,
		.context = caller->suspend.context,
		.console = terminal_has_input(&vm->devices->terminal),
	};
	if (vm->config->net_count > 0)
		suspension->wake_on_net = vm->config->wake_on_net == WAKE_ON_NET_NONE
						  ? WAKE_ON_NET_DIRECTED
						  : vm->config->wake_on_net;
	suspension->alarm_set = devices_next_alarm(vm->devices, &alarm);
	suspension->alarm = (time_t)alarm;
	suspension->interrupt_count = gic_enabled(vm->gic_fd, caller->mpidr, suspension->interrupts,
						  SUSPENSION_INTERRUPTS_MAX);
}

static void update_suspension(struct control *control)
{
	struct record *record = control->record;

	if (control->life.cause == VM_TRIGGER_SUSPEND) {
		describe_suspension(control, &control->vm->vcpus[control->life.vcpu]);
	} else if (control->life.cause == VM_TRIGGER_RESTORE) {
		record->suspension = control->from->record.suspension;
		record->suspension.console = terminal_has_input(&control->vm->devices->terminal);
	} else if (record->state != VM_CRASHED && record->state != VM_SAVED) {
		/*
		 * A crash keeps the suspension that it found; and a saved guest
		 * is suspended.
		 */
		record->suspension.known = false;
	}
}

/*
 * Set a cause that is not the event's own: an action failed, or the host's
 * request came first.
 */
static void settle_cause(struct control *control)
{
	const enum vm_trigger trigger = control->life.cause;

	if (trigger == VM_TRIGGER_CRASH && control->cause.trigger != VM_TRIGGER_CRASH)
		cause_set(&control->cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, control->error.text);
	if (trigger == VM_TRIGGER_HOST_QUIT && control->cause.trigger != VM_TRIGGER_HOST_QUIT)
		control->cause = control->quit;
}

/* What RAM needs of a file. */
static enum record_restoring restoring(const struct control *control)
{
	enum memory_source_way way;

	/* While it is parked, it is so on purpose. */
	if (!lifecycle_has_process(control->life.state) || control->life.parked ||
	    !restored_memory_needs_file(control->vm, &way))
		return RESTORING_NOTHING;

	return way == MEMORY_SOURCE_MAPPING ? RESTORING_BY_MAPPING : RESTORING_BY_USERFAULTFD;
}

/* Update the record to the new state. */
static void update_record(struct control *control)
{
	struct record *record = control->record;
	const struct lifecycle *life = &control->life;

	record->paused = life->paused;
	record->parked = life->parked && life->state == VM_SUSPENDED;
	record->restoring = restoring(control);
	if (record->state == life->state &&
	    (record->cause.trigger == VM_TRIGGER_PANIC) == life->panicked)
		return;
	settle_cause(control);
	record->state = life->state;
	record->cause = control->cause;
	/* What it was started without is gone, or its guest's own to look after. */
	if (!lifecycle_has_process(life->state))
		record->discard_image = false;
	update_suspension(control);
	ask_on_state(&control->ask, life->state, life->cause, main_loop_now());
}

/* Whether an action did, whose failure is in control->error. */
static bool succeeded(struct control *control, int err)
{
	if (err)
		control->err = err;

	return !err;
}

static bool write_record(struct control *control)
{
	control->record_err =
		record_save(control->dir_fd, control->vm->name, control->record, &control->error);
	control->record_lags = control->record_err != 0;

	return succeeded(control, control->record_err);
}

void control_write(struct control *control)
{
	if (!write_record(control))
		message_ratelimited("%s", control->error.text);
	/* It is not repeated: the failure may last. */
	control->record_lags = false;
}

static void note(struct control *control)
{
	if (write_limit_take(&control->limit, main_loop_now()))
		control_write(control);
	else
		control->record_lags = true;
}

/* With all vCPUs paused. */
static void detach_memory(struct control *control)
{
	struct vm *vm = control->vm;

	devices_freeze(vm->devices);
	if (restored_memory_detach(vm)) {
		message("%s: its memory is copied: %s is not needed any more", vm->name,
			vm->restored.path);
		restored_memory_end(vm);
		control->record->restoring = RESTORING_NOTHING;
		note(control);
	}
	devices_thaw(vm->devices);
}

void control_detach_memory(struct control *control)
{
	struct vm *vm = control->vm;
	const bool hold = control->life.stage == LIFECYCLE_RUNNING && !control->life.paused;

	if (control->life.stage != LIFECYCLE_RUNNING || atomic_load(&vm->stopping))
		return;
	if (!hold || vm_hold(vm))
		detach_memory(control);
	if (hold)
		vm_release(vm);
}

void control_write_late(struct control *control)
{
	if (control->record_lags && write_limit_take(&control->limit, main_loop_now()))
		control_write(control);
}

uint64_t control_deadline(const struct control *control)
{
	return control->record_lags ? write_limit_next(&control->limit) : MAIN_LOOP_NEVER;
}

/*
 * If this cannot be recorded, the record says that the VM runs, and so that it
 * crashed, or what it said before.
 */
static void record_back(struct control *control)
{
	const struct error reason = control->error;
	struct record *record = control->record;
	struct error error;

	record->state = VM_CRASHED;
	cause_set(&record->cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, reason.text);
	(void)record_save(control->dir_fd, control->vm->name,
			  control->found ? control->found : record, &error);
}

/* --- the machine --- */

static bool run_vcpus(struct control *control)
{
	struct vm *vm = control->vm;
	const bool restored = control->life.cause == VM_TRIGGER_RESTORE;
	int err;

	control_announce(control);
	/*
	 * In a machine that boots the first vCPU starts last. In a restored one
	 * any vCPU may be the sleeper: none continues before all exist.
	 */
	if (restored)
		gate_close(&vm->gate);
	err = vm_run(vm, &control->error);
	if (restored) {
		/* Nothing can fail any more: serve the guest's requests again. */
		if (!err) {
			devices_unquiesce(vm->devices);
			if (!control->life.parked)
				restored_memory_start(vm);
		}
		vm_release(vm);
	}

	return succeeded(control, err);
}

static bool restart(struct control *control)
{
	struct vm *vm = control->vm;
	const int err = vm_restart(vm, control->cause.warm, &control->error);

	if (!err) {
		control->record->boots++;
		if (ask_on_reset(&control->ask))
			note(control);
	} else if (err == -ECANCELED && control->interrupted) {
		control->interrupted(control->context);
	} else {
		/* Whole, since a cause has less room. */
		message("%s: cannot reset: %s", vm->name, control->error.text);
	}

	return !err;
}

static bool drain(struct control *control)
{
	int err = devices_drain(control->vm->devices, &control->error);

	/* The disks of a saved guest are as the file has them. */
	if (!err && control->life.state != VM_SAVED)
		err = act_note_disks(control);
	if (err)
		message("%s: %s", control->vm->name, control->error.text);

	return !err;
}

static void stop(struct control *control)
{
	/*
	 * Pending requests are in the file, for the machine that is restored
	 * from it.
	 */
	if (control->life.state == VM_SAVED)
		devices_quiesce(control->vm->devices);
	vm_stop(control->vm, control->life.quit ? &control->quit : &control->cause);
}

/* --- SYSTEM_SUSPEND --- */

static bool judge(struct control *control)
{
	struct vm *vm = control->vm;

	control->suspend_answer = vm->server->may_suspend(vm, &vm->vcpus[control->life.vcpu]);
	if (control->suspend_answer == PSCI_RET_SUCCESS &&
	    vm->config->suspend == SUSPEND_POLICY_DENY)
		control->suspend_answer = PSCI_RET_DENIED;

	return control->suspend_answer == PSCI_RET_SUCCESS;
}

static void answer(struct control *control, int value)
{
	struct vm *vm = control->vm;

	gate_answer(&vm->gate, &vm->vcpus[control->life.vcpu].request, value);
}

static void wake_sleeper(struct control *control)
{
	struct vm *vm = control->vm;
	struct vcpu *sleeper = &vm->vcpus[control->record->suspension.vcpu];

	/* It is on from now, though its thread may wait at the gate. */
	atomic_store(&sleeper->activity, VCPU_RUN);
	vm->server->resume(vm, sleeper);
}

/* --- all of it --- */

/* Returns false if the action failed. */
static bool perform(struct control *control, enum lifecycle_action action)
{
	struct vm *vm = control->vm;

	switch (action) {
	case LIFECYCLE_ACT_RECORD:
		return write_record(control);
	case LIFECYCLE_ACT_WRITE:
		control_write(control);
		break;
	case LIFECYCLE_ACT_NOTE:
		note(control);
		break;
	case LIFECYCLE_ACT_RECORD_BACK:
		record_back(control);
		break;
	case LIFECYCLE_ACT_RUN:
		return run_vcpus(control);
	case LIFECYCLE_ACT_HOLD:
		return vm_hold(vm);
	case LIFECYCLE_ACT_RELEASE:
		vm_release(vm);
		break;
	case LIFECYCLE_ACT_STOP_CLOCK:
		guest_clock_stop(vm);
		break;
	case LIFECYCLE_ACT_START_CLOCK:
		guest_clock_start(vm);
		break;
	case LIFECYCLE_ACT_JUDGE:
		return judge(control);
	case LIFECYCLE_ACT_ALLOW:
	case LIFECYCLE_ACT_REFUSE:
		answer(control, control->suspend_answer);
		break;
	case LIFECYCLE_ACT_LET_WAKE:
		answer(control, 0);
		break;
	case LIFECYCLE_ACT_WAKE:
		wake_sleeper(control);
		break;
	case LIFECYCLE_ACT_FREEZE:
		devices_freeze(vm->devices);
		break;
	case LIFECYCLE_ACT_THAW:
		devices_thaw(vm->devices);
		break;
	case LIFECYCLE_ACT_WRITE_FILE:
		return succeeded(control, act_write_file(control));
	case LIFECYCLE_ACT_PUBLISH_FILE:
		return succeeded(control, act_publish_file(control));
	case LIFECYCLE_ACT_DISCARD_FILE:
		act_discard_file(control);
		break;
	case LIFECYCLE_ACT_GIVE_BACK:
		park_give_back(control);
		break;
	case LIFECYCLE_ACT_SPEND_FILE:
		return park_spend(control);
	case LIFECYCLE_ACT_LEAVE_FILE:
		park_leave(control);
		break;
	case LIFECYCLE_ACT_STOP:
		stop(control);
		break;
	case LIFECYCLE_ACT_CLOSE:
		vm_end(vm);
		break;
	case LIFECYCLE_ACT_RESTART:
		return restart(control);
	case LIFECYCLE_ACT_DRAIN:
		return drain(control);
	case LIFECYCLE_ACT_REPORT:
		control_log_state(control, control->life.state);
		control_report(control, lifecycle_report(control->life.cause));
		ask_report(&control->ask);
		break;
	case LIFECYCLE_ACT_REPORT_STOP:
		control_report(control, VM_REPORT_STOP);
		break;
	case LIFECYCLE_ACT_REPORT_RESUME:
		ask_on_continue(&control->ask, main_loop_now());
		control_report(control, VM_REPORT_RESUME);
		break;
	case LIFECYCLE_ACT_REPORT_RESETTING:
		control_log_state(control, VM_RESETTING);
		if (control->cause.panicked)
			control_report(control, VM_REPORT_GUEST_PANICKED);
		break;
	case LIFECYCLE_ACT_REPORT_RESET:
		control_report_reset(control);
		ask_report(&control->ask);
		break;
	case LIFECYCLE_ACT_REPORT_END:
		ask_report(&control->ask);
		control_report_end(control);
		break;
	}

	return true;
}

/*
 * Also while its call is decided on: what calls it from then on comes after its own
 * call, and may not interrupt it any more.
 */
static bool is_asleep(const struct lifecycle *life)
{
	return life->state == VM_SUSPENDED || life->stage == LIFECYCLE_HOLDING_TO_SUSPEND ||
	       life->stage == LIFECYCLE_JUDGING_SUSPEND;
}

enum lifecycle_answer control_act(struct control *control, struct lifecycle_event event)
{
	enum lifecycle_answer answer = LIFECYCLE_TAKEN;
	struct lifecycle_plan plan;
	bool done;

	do {
		done = true;
		lifecycle_step(&control->life, &event, &plan);
		/* Before the actions, which let it sleep or run. */
		devices_sleep(control->vm->devices, is_asleep(&control->life));
		if (control->life.state != VM_RUNNING || control->life.paused)
			idle_forget(&control->idle);
		park_note_state(control);
		update_record(control);
		if (plan.answer != LIFECYCLE_TAKEN)
			answer = plan.answer;
		for (unsigned int i = 0; i < plan.count; i++)
			done = perform(control, plan.actions[i]);
		event.kind = done ? LIFECYCLE_DONE : LIFECYCLE_FAILED;
	} while (plan.count > 0 && lifecycle_has_outcome(plan.actions[plan.count - 1]));

	return answer;
}
