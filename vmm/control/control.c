/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/main-loop.h"
#include "control/act.h"
#include "control/ask-vm.h"
#include "control/idle-vm.h"
#include "control/park.h"
#include "control/report.h"
#include "machine/devices.h"
#include "machine/guest-clock.h"
#include "machine/vcpu.h"

void control_create(struct control *control, struct vm *vm, struct record *record,
		    const struct record *found, const struct save_file *from, int dir_fd)
{
	*control = (struct control){
		.vm = vm,
		.record = record,
		.found = found,
		.from = from,
		.dir_fd = dir_fd,
	};
	lifecycle_init(&control->life, VM_OFF);
	vm->linked = control_report_linked;
	vm->linked_context = control;
	control_create_ask(control);
	control_create_idle(control);
	park_create_timer(control);
}

/* --- what happens by itself --- */

/*
 * What has woken the guest, if one of our devices did: its line is high, or it
 * is called and has interrupted the guest, which is then not woken for it again.
 */
static void name_interrupt(const struct control *control, char what[DEVICE_CALL_SIZE])
{
	const char *source = devices_wake_source(control->vm->devices);

	if (source || control->life.state != VM_SUSPENDED ||
	    !devices_take_call(control->vm->devices, what))
		snprintf(what, DEVICE_CALL_SIZE, "%s", source ? source : "an interrupt");
}

int control_fd(const struct control *control)
{
	return control->vm->gate.ask_fd;
}

static void serve(struct control *control, struct vcpu *vcpu)
{
	struct lifecycle_event event = { .vcpu = vcpu->index };
	char source[DEVICE_CALL_SIZE];
	char what[DEVICE_CALL_SIZE + 16];

	switch (gate_pending(&control->vm->gate, &vcpu->request)) {
	case VCPU_MAY_SUSPEND:
		event.kind = LIFECYCLE_ASKED;
		cause_set(&control->cause, VM_TRIGGER_SUSPEND, (int)vcpu->index, "SYSTEM_SUSPEND");
		break;
	case VCPU_HAS_WOKEN:
		event.kind = LIFECYCLE_WOKEN;
		name_interrupt(control, source);
		snprintf(what, sizeof(what), "woken by %s", source);
		cause_set(&control->cause, VM_TRIGGER_WAKE, CAUSE_VCPU_NONE, what);
		break;
	default:
		return;
	}
	(void)control_act(control, event);
}

static void serve_panic(struct control *control)
{
	if (!atomic_exchange(&control->vm->panicked, false) || control->life.panicked)
		return;
	cause_set(&control->cause, VM_TRIGGER_PANIC, CAUSE_VCPU_NONE, VM_PANICKED);
	(void)control_act(control, (struct lifecycle_event){ .kind = LIFECYCLE_PANICKED });
}

void control_serve(struct control *control)
{
	struct vm *vm = control->vm;

	gate_acknowledge(&vm->gate);
	if (restored_memory_serve(vm))
		control_detach_memory(control);
	/* First: the vCPU that said it may ask something since. */
	serve_panic(control);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		serve(control, &vm->vcpus[i]);
}

void control_on_input(struct control *control)
{
	control->inputs++;
	cause_set(&control->cause, VM_TRIGGER_WAKE, CAUSE_VCPU_NONE, "woken by the console");
	(void)control_act(control, (struct lifecycle_event){ .kind = LIFECYCLE_INPUT });
}

/*
 * Whether what waits may wake the guest now. While it is saved, and if it is saved next,
 * that waits for the end of it or for the restored guest.
 */
static bool may_be_woken(const struct control *control)
{
	return control->life.state == VM_SUSPENDED && control->life.stage == LIFECYCLE_RUNNING &&
	       !ask_saves(&control->ask);
}

uint64_t control_alarm_due(const struct control *control)
{
	const struct vm *vm = control->vm;

	return config_has_acpi(vm->config) && may_be_woken(control) &&
			       devices_alarm_waits(vm->devices)
		       ? 0
		       : MAIN_LOOP_NEVER;
}

void control_on_alarm(struct control *control)
{
	const char *source = devices_take_alarm(control->vm->devices);
	char what[64];

	if (!source)
		return;
	snprintf(what, sizeof(what), "woken by %s", source);
	cause_set(&control->cause, VM_TRIGGER_WAKE, CAUSE_VCPU_NONE, what);
	(void)control_act(control, (struct lifecycle_event){ .kind = LIFECYCLE_INPUT });
}

uint64_t control_call_due(const struct control *control)
{
	const bool due = may_be_woken(control) && devices_are_called(control->vm->devices);

	return due ? 0 : MAIN_LOOP_NEVER;
}

void control_on_call(struct control *control)
{
	char call[DEVICE_CALL_SIZE];
	char what[DEVICE_CALL_SIZE + 16];

	if (!devices_take_call(control->vm->devices, call))
		return;
	snprintf(what, sizeof(what), "woken by %s", call);
	cause_set(&control->cause, VM_TRIGGER_WAKE, CAUSE_VCPU_NONE, what);
	(void)control_act(control, (struct lifecycle_event){ .kind = LIFECYCLE_INPUT });
}

/* --- requests --- */

static int request(struct control *control, enum lifecycle_event_kind kind, struct error *error)
{
	const char *name = control->vm->name;
	const char *state = lifecycle_state_word(control->life.state);

	switch (control_act(control, (struct lifecycle_event){ .kind = kind })) {
	case LIFECYCLE_TAKEN:
		return 0;
	case LIFECYCLE_IS_ENDING:
		return error_set(error, -ESRCH, "%s is ending", name);
	case LIFECYCLE_NOT_SUSPENDED:
		if (kind == LIFECYCLE_SAVE)
			return error_set(
				error, -EINVAL,
				"%s cannot be saved while it is %s: its guest must first suspend itself "
				"to RAM",
				name, state);
		if (kind == LIFECYCLE_PARK)
			return error_set(
				error, -EINVAL,
				"%s cannot be parked while it is %s: its guest must first suspend "
				"itself to RAM",
				name, state);

		return error_set(error, -EINVAL, "%s is not suspended: it is %s", name, state);
	}

	return -EINVAL;
}

int control_pause(struct control *control, struct error *error)
{
	return request(control, LIFECYCLE_PAUSE, error);
}

int control_continue(struct control *control, struct error *error)
{
	return request(control, LIFECYCLE_CONTINUE, error);
}

bool control_is_paused(const struct control *control)
{
	return control->life.paused;
}

void control_stop_process(struct control *control, void (*stop)(void))
{
	struct vm *vm = control->vm;
	const bool hold = control->life.stage == LIFECYCLE_RUNNING && !control->life.paused;
	const bool held = hold && vm_hold(vm);

	/* A guest that suspended itself needs to know for how long it slept. */
	if (held && control->life.state != VM_SUSPENDED)
		guest_clock_stop(vm);
	stop();
	idle_forget(&control->idle);
	ask_on_continue(&control->ask, main_loop_now());
	if (held)
		guest_clock_start(vm);
	if (hold)
		vm_release(vm);
}

int control_wake(struct control *control, const char *by, struct error *error)
{
	char what[128];

	snprintf(what, sizeof(what), "woken by %s", by);
	cause_set(&control->cause, VM_TRIGGER_WAKE, CAUSE_VCPU_NONE, what);

	return request(control, LIFECYCLE_WAKE, error);
}

int control_reset(struct control *control, const char *by, struct error *error)
{
	cause_set(&control->cause, VM_TRIGGER_RESET, CAUSE_VCPU_NONE, by);
	control->cause.by_host = true;

	return request(control, LIFECYCLE_RESET, error);
}

int control_save(struct control *control, const char *path, bool compress, struct error *error)
{
	char what[PATH_MAX + 4];
	int err;

	snprintf(what, sizeof(what), "in %s", path);
	cause_set(&control->cause, VM_TRIGGER_SAVE, CAUSE_VCPU_NONE, what);
	control->save_path = path;
	control->save_compresses = compress;
	err = request(control, LIFECYCLE_SAVE, error);
	if (!err && control->life.state != VM_SAVED) {
		*error = control->error;
		err = control->err;
	}
	if (!err)
		control->quit_reason = CONTROL_REASON_HOST_QMP_QUIT;

	return err;
}

int control_park(struct control *control, struct error *error)
{
	int err;

	control->save_path = control->park_path;
	control->save_compresses = false;
	err = request(control, LIFECYCLE_PARK, error);
	if (!err && !control->life.parked) {
		*error = control->error;
		err = control->err;
	}

	return err;
}

void control_quit(struct control *control, enum control_reason reason, const char *by)
{
	/* The first reason counts. */
	if (control->quit.trigger != VM_TRIGGER_HOST_QUIT) {
		cause_set(&control->quit, VM_TRIGGER_HOST_QUIT, CAUSE_VCPU_NONE, by);
		control->quit_reason = reason;
	}
	(void)control_act(control, (struct lifecycle_event){ .kind = LIFECYCLE_QUIT });
}

/* --- questions --- */

static enum control_power power(const struct vcpu *vcpu)
{
	switch ((enum vcpu_next)atomic_load(&vcpu->activity)) {
	case VCPU_RUN:
		break;
	case VCPU_WAIT:
	case VCPU_EXIT:
		return CONTROL_POWER_OFF;
	case VCPU_SLEEP:
		return CONTROL_POWER_SUSPENDED;
	}

	return CONTROL_POWER_ON;
}

/* If KVM keeps power states, ask it whether a vCPU that we run is off. */
static bool is_stopped_by_kvm(const struct vcpu *vcpu)
{
	uint32_t state;

	return kvm_get_mp_state(vcpu->fd, &state) == 0 && state == KVM_MP_STATE_STOPPED;
}

int control_vcpu_powers(struct control *control, enum control_power *powers, struct error *error)
{
	struct vm *vm = control->vm;
	const bool ask_kvm = vm->server->kvm_keeps_power;
	/*
	 * Without this, KVM's answer about a running vCPU would wait until it
	 * stops.
	 */
	const bool held = !ask_kvm || vm_hold(vm);

	for (unsigned int i = 0; i < vm->vcpu_count && held; i++) {
		powers[i] = power(&vm->vcpus[i]);
		if (ask_kvm && is_stopped_by_kvm(&vm->vcpus[i]))
			powers[i] = CONTROL_POWER_OFF;
	}
	/* Restore the state, also for the next power cycle. */
	if (ask_kvm && !control->life.paused)
		vm_release(vm);

	return held ? 0 : error_set(error, -ESRCH, "%s is ending", vm->name);
}

/* --- the run --- */

int control_start(struct control *control, struct error *error)
{
	struct record *record = control->record;
	struct lifecycle_event event = { .kind = LIFECYCLE_START };

	if (control->from) {
		event.kind = LIFECYCLE_RESTORE;
		event.parked = control->stays_parked;
		park_note_devices(control);
		cause_set(&control->cause, VM_TRIGGER_RESTORE, CAUSE_VCPU_NONE, "dormouse restore");
	} else {
		record->boots++;
		cause_set(&control->cause, VM_TRIGGER_START, CAUSE_VCPU_NONE, "dormouse run");
	}
	record->pid = (long)getpid();
	snprintf(record->host, sizeof(record->host), "%s", control->vm->kvm->release);
	/*
	 * From now on the VM keeps this server and this version, on every host.
	 */
	record->config.psci = control->vm->server->name;
	record->config.psci_version = control->vm->psci_version;
	(void)control_act(control, event);
	if (control->life.stage != LIFECYCLE_OVER)
		return 0;
	*error = control->error;

	return control->err;
}

/* Whether the user's options say that such a reset ends the run. */
static bool is_last_reset(const struct control *control, const struct cause *cause)
{
	const struct config *config = &control->record->config;

	if (cause->by_host || cause->panicked)
		return false;

	return (cause->reset2 ? config->on_reset2 : config->on_reset) == RESET_POLICY_EXIT;
}

bool control_on_stop(struct control *control)
{
	struct cause cause;

	/*
	 * A vCPU that waits for a disk's lock gets it sooner, and only then
	 * stops.
	 */
	devices_quiesce(control->vm->devices);
	cause = vm_wait(control->vm);
	/* A guest may reset or power off at once after its panic. */
	serve_panic(control);
	control->cause = cause;
	(void)control_act(control, (struct lifecycle_event){
					   .kind = LIFECYCLE_ENDED,
					   .trigger = control->cause.trigger,
					   .last = is_last_reset(control, &control->cause),
				   });

	return control->life.stage != LIFECYCLE_OVER;
}

int control_result(const struct control *control, struct error *error)
{
	const struct lifecycle *life = &control->life;
	char what[CAUSE_TEXT_SIZE];

	if (!control->record_err)
		return lifecycle_exit_status(life->state, life->cause);
	/*
	 * No record has how it ended: report that, and why it could not be
	 * recorded.
	 */
	cause_format(&control->cause, what);

	return error_set(error, control->record_err, "%s: %s: %s, which could not be recorded: %s",
			 control->vm->name, lifecycle_state_word(life->state), what,
			 control->error.text);
}
