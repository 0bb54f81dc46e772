/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include <psci/abi.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "devices.h"
#include "gic.h"
#include "message.h"
#include "psci-host.h"
#include "save/file.h"
#include "vcpu.h"

void control_create(struct control *control, struct vm *vm, struct record *record, int dir_fd)
{
	*control = (struct control){ .vm = vm, .record = record, .dir_fd = dir_fd };
}

void control_listen(struct control *control, struct control_listener *listener)
{
	listener->next = control->listeners;
	control->listeners = listener;
}

const char *control_reason_word(enum control_reason reason)
{
	static const char *const words[] = {
		[CONTROL_REASON_GUEST_SHUTDOWN] = "guest-shutdown",
		[CONTROL_REASON_GUEST_RESET] = "guest-reset",
		[CONTROL_REASON_GUEST_PANIC] = "guest-panic",
		[CONTROL_REASON_HOST_SIGNAL] = "host-signal",
		[CONTROL_REASON_HOST_UI] = "host-ui",
		[CONTROL_REASON_HOST_QMP_QUIT] = "host-qmp-quit",
		[CONTROL_REASON_HOST_QMP_SYSTEM_RESET] = "host-qmp-system-reset",
	};

	return words[reason];
}

/* --- telling --- */

static void tell(struct control *control, struct control_event event)
{
	clock_gettime(CLOCK_REALTIME, &event.when);
	for (const struct control_listener *l = control->listeners; l; l = l->next)
		l->hear(l->context, &event);
}

static void tell_kind(struct control *control, enum control_event_kind kind,
		      const struct cause *cause)
{
	tell(control, (struct control_event){ .kind = kind, .cause = cause });
}

/* A change that the guest goes on without: a record that cannot be written is told, no more. */
static void save(struct control *control)
{
	struct error error;

	if (record_save(control->dir_fd, control->vm->name, control->record, &error) < 0)
		message_of_guest("%s", error.text);
}

/* Take a change of state that the table knows of to the record. */
static void change(struct control *control, const struct cause *cause)
{
	struct record *record = control->record;
	char what[CAUSE_TEXT_SIZE];
	char when[TIME_TEXT_SIZE];

	if (lifecycle_next(record->state, cause->trigger, &record->state) < 0)
		return;
	record->cause = *cause;
	if (record->state != VM_SUSPENDED)
		record->suspension.known = false;
	save(control);
	cause_format(cause, what);
	time_format(cause->when, when);
	message_of_guest("%s: %s: %s, at %s", control->vm->name,
			 lifecycle_state_word(record->state), what, when);
}

/* --- SYSTEM_SUSPEND --- */

/* What is known of it, while all vCPUs are held up. */
static void describe(struct control *control, const struct vcpu *caller, time_t since)
{
	struct vm *vm = control->vm;
	struct suspension *suspension = &control->record->suspension;
	int64_t alarm = 0;

	*suspension = (struct suspension){
		.known = true,
		.since = since,
		.vcpu = caller->index,
		.entry = caller->suspend.entry,
		.context = caller->suspend.context,
		.console = terminal_has_input(&vm->devices->terminal),
	};
	suspension->alarm_set = pl031_next_alarm(&vm->devices->rtc, &alarm);
	suspension->alarm = (time_t)alarm;
	suspension->interrupt_count = gic_enabled(vm->gic_fd, caller->mpidr, suspension->interrupts,
						  SUSPENSION_INTERRUPTS_MAX);
}

/* What it is told is on record by then, so that nobody sees it asleep and hears otherwise. */
static void decide(struct control *control, struct vcpu *caller)
{
	struct vm *vm = control->vm;
	int32_t answer;
	struct cause cause;

	/* Between the calls of two vCPUs, at most one finds the other one off. */
	if (!vm_hold(vm))
		return;
	answer = psci_host_may_suspend(vm, caller);
	if (answer == PSCI_RET_SUCCESS && vm->config->suspend == SUSPEND_POLICY_DENY)
		answer = PSCI_RET_DENIED;
	if (answer == PSCI_RET_SUCCESS) {
		cause_set(&cause, VM_TRIGGER_SUSPEND, (int)caller->index, "SYSTEM_SUSPEND");
		describe(control, caller, cause.when);
		change(control, &cause);
		tell_kind(control, CONTROL_SUSPEND, &cause);
	}
	if (!control->paused)
		vm_release(vm);
	gate_answer(&vm->gate, &caller->question, answer);
}

static void woken(struct control *control, const char *by)
{
	struct cause cause;

	cause_set(&cause, VM_TRIGGER_WAKE, CAUSE_VCPU_NONE, by);
	change(control, &cause);
	tell_kind(control, CONTROL_WAKEUP, &cause);
}

/* Whose interrupt it was, as far as we raised it. */
static const char *interrupt_source(struct control *control)
{
	struct devices *devices = control->vm->devices;

	if (pl031_is_raised(&devices->rtc))
		return "woken by the clock's alarm";
	if (pl011_is_raised(&devices->uart))
		return "woken by the console";

	return "woken by an interrupt";
}

static void wake(struct control *control, const char *by)
{
	struct vm *vm = control->vm;
	struct vcpu *sleeper = &vm->vcpus[control->record->suspension.vcpu];

	/* It is on from here, though its thread may be held up. */
	atomic_store(&sleeper->doing, VCPU_RUN);
	psci_host_resume(vm, sleeper);
	woken(control, by);
}

int control_fd(const struct control *control)
{
	return control->vm->gate.ask_fd;
}

void control_serve(struct control *control)
{
	struct vm *vm = control->vm;

	gate_hear(&vm->gate);
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];

		switch (gate_asked(&vm->gate, &vcpu->question)) {
		case VCPU_MAY_SUSPEND:
			decide(control, vcpu);
			break;
		case VCPU_HAS_WOKEN:
			/* The guest need not wait for the record. */
			gate_answer(&vm->gate, &vcpu->question, 0);
			/* Unless someone outside was faster, and that has been told. */
			if (control->record->state == VM_SUSPENDED)
				woken(control, interrupt_source(control));
			break;
		default:
			break;
		}
	}
}

void control_on_input(struct control *control)
{
	if (control->record->state == VM_SUSPENDED)
		wake(control, "woken by the console");
}

/* --- requests --- */

/* Before anything that needs vCPUs: a run that is ending has none to speak of. */
static int check_alive(const struct control *control, struct error *error)
{
	if (!atomic_load(&control->vm->stopping))
		return 0;

	return error_set(error, -ESRCH, "%s is ending", control->vm->name);
}

int control_pause(struct control *control, struct error *error)
{
	const int err = check_alive(control, error);

	if (err || control->paused)
		return err;
	control->paused = true;
	/* If its life ends meanwhile, the next one begins held up. */
	if (vm_hold(control->vm) && control->record->state != VM_SUSPENDED)
		guest_clock_stop(control->vm);
	control->record->paused = true;
	save(control);
	tell_kind(control, CONTROL_STOP, NULL);

	return 0;
}

int control_continue(struct control *control, struct error *error)
{
	const int err = check_alive(control, error);

	if (err || !control->paused)
		return err;
	control->paused = false;
	control->record->paused = false;
	save(control);
	tell_kind(control, CONTROL_RESUME, NULL);
	guest_clock_start(control->vm);
	vm_release(control->vm);

	return 0;
}

void control_stop_process(struct control *control, void (*stop)(void))
{
	struct vm *vm = control->vm;
	const bool hold = !control->paused && !atomic_load(&vm->stopping);
	const bool held = hold && vm_hold(vm);

	if (held && control->record->state != VM_SUSPENDED)
		guest_clock_stop(vm);
	stop();
	if (held)
		guest_clock_start(vm);
	if (hold)
		vm_release(vm);
}

int control_wake(struct control *control, const char *by, struct error *error)
{
	const int err = check_alive(control, error);
	char what[128];

	if (err)
		return err;
	if (control->record->state != VM_SUSPENDED)
		return error_set(error, -EINVAL, "%s is not suspended: it is %s", control->vm->name,
				 lifecycle_state_word(control->record->state));
	snprintf(what, sizeof(what), "woken by %s", by);
	wake(control, what);

	return 0;
}

int control_reset(struct control *control, const char *by, struct error *error)
{
	const int err = check_alive(control, error);
	struct cause cause;

	if (err)
		return err;
	cause_set(&cause, VM_TRIGGER_RESET, CAUSE_VCPU_NONE, by);
	cause.outside = true;
	vm_stop(control->vm, &cause);

	return 0;
}

/* 128 random bits. Returns 0 or -errno. */
static int make_id(char id[RECORD_SAVED_ID_SIZE])
{
	uint8_t bits[(RECORD_SAVED_ID_SIZE - 1) / 2];

	if (getrandom(bits, sizeof(bits), 0) != sizeof(bits))
		return -EIO;
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(id + 2 * i, 3, "%02x", bits[i]);

	return 0;
}

/* While all is held: on failure the record is as before. */
static int write_saved(struct control *control, const char *path, struct error *error)
{
	struct vm *vm = control->vm;
	struct record *record = control->record;
	char *file = strdup(path);
	struct save_draft draft;
	int err = file ? make_id(record->saved_id) : -ENOMEM;

	if (err)
		error_set(error, err, "cannot save %s: %s", vm->name, strerror(-err));
	/* What its guest has written is there before what knows of it. */
	if (!err)
		err = devices_sync(vm->devices, error);
	if (!err)
		err = save_file_write(path, vm, record, &draft, error);
	if (!err)
		err = save_file_publish(&draft, error);
	if (err) {
		record->saved_id[0] = '\0';
		free(file);
	} else {
		record->saved_file = file;
	}

	return err;
}

int control_save(struct control *control, const char *path, struct error *error)
{
	struct vm *vm = control->vm;
	char what[PATH_MAX + 4];
	struct cause cause;
	int err = check_alive(control, error);

	if (err)
		return err;
	if (control->record->state != VM_SUSPENDED)
		return error_set(
			error, -EINVAL,
			"%s cannot be saved while it is %s: only a guest that has suspended "
			"itself to RAM is at rest",
			vm->name, lifecycle_state_word(control->record->state));
	/* What wakes it from here on wakes it when it is restored. */
	if (!vm_hold(vm))
		return check_alive(control, error);
	devices_hold(vm->devices);
	err = write_saved(control, path, error);
	if (!err) {
		snprintf(what, sizeof(what), "in %s", path);
		cause_set(&cause, VM_TRIGGER_SAVE, CAUSE_VCPU_NONE, what);
		control->quit_reason = CONTROL_REASON_HOST_QMP_QUIT;
		/* Requests that still wait are in the file, and for whoever restores it. */
		devices_halt(vm->devices);
		vm_stop(vm, &cause);
	}
	devices_let_go(vm->devices);
	if (err && !control->paused)
		vm_release(vm);

	return err;
}

int control_powerdown(struct control *control, struct error *error)
{
	const int err = check_alive(control, error);

	if (err)
		return err;

	return error_set(
		error, -EOPNOTSUPP,
		"%s has no power button, and its guest no agent that could be asked: power "
		"off from within the guest",
		control->vm->name);
}

void control_quit(struct control *control, enum control_reason reason, const char *by)
{
	if (control->quit.trigger != VM_TRIGGER_QUIT) {
		cause_set(&control->quit, VM_TRIGGER_QUIT, CAUSE_VCPU_NONE, by);
		control->quit_reason = reason;
	}
	vm_stop(control->vm, &control->quit);
}

static enum control_power power(const struct vcpu *vcpu)
{
	switch ((enum vcpu_next)atomic_load(&vcpu->doing)) {
	case VCPU_RUN:
		break;
	case VCPU_PARK:
	case VCPU_EXIT:
		return CONTROL_POWER_OFF;
	case VCPU_SLEEP:
		return CONTROL_POWER_SUSPENDED;
	}

	return CONTROL_POWER_ON;
}

/* Where KVM keeps power states, it says whether a vCPU that we let run is off. */
static bool is_stopped_by_kvm(const struct vcpu *vcpu)
{
	struct kvm_mp_state state;

	return ioctl(vcpu->fd, KVM_GET_MP_STATE, &state) == 0 &&
	       state.mp_state == KVM_MP_STATE_STOPPED;
}

int control_vcpu_powers(struct control *control, enum control_power *powers, struct error *error)
{
	struct vm *vm = control->vm;
	const bool ask_kvm = vm->psci_server != PSCI_SERVER_USERSPACE;
	int err = check_alive(control, error);

	if (err)
		return err;
	/* Else to ask KVM about a vCPU that runs would wait until it does not. */
	if (ask_kvm && !vm_hold(vm))
		err = check_alive(control, error);
	for (unsigned int i = 0; i < vm->vcpu_count && !err; i++) {
		powers[i] = power(&vm->vcpus[i]);
		if (ask_kvm && is_stopped_by_kvm(&vm->vcpus[i]))
			powers[i] = CONTROL_POWER_OFF;
	}
	if (ask_kvm && !control->paused)
		vm_release(vm);

	return err;
}

/* --- the run --- */

void control_began_again(struct control *control, const struct cause *cause)
{
	struct record *record = control->record;

	record->boots++;
	/* The pause may have come when there was nobody to hold; now they come to the gate. */
	if (control->paused)
		guest_clock_stop(control->vm);
	/* Else it stands as it is: that it runs, since it was started. */
	if (record->state != VM_RUNNING) {
		record->state = VM_RUNNING;
		record->suspension.known = false;
		record->cause = *cause;
		save(control);
	}
	tell(control, (struct control_event){
			      .kind = CONTROL_RESET,
			      .reason = cause->outside ? CONTROL_REASON_HOST_QMP_SYSTEM_RESET
						       : CONTROL_REASON_GUEST_RESET,
			      .guest = !cause->outside,
			      .cause = cause,
		      });
}

void control_ended(struct control *control, const struct cause *cause)
{
	struct control_event event = {
		.kind = CONTROL_SHUTDOWN,
		.reason = CONTROL_REASON_GUEST_SHUTDOWN,
		.guest = cause->trigger != VM_TRIGGER_QUIT && cause->trigger != VM_TRIGGER_SAVE,
		.cause = cause,
	};

	if (!event.guest)
		event.reason = control->quit_reason;
	else if (cause->trigger == VM_TRIGGER_RESET)
		event.reason = CONTROL_REASON_GUEST_RESET;
	else if (cause->trigger == VM_TRIGGER_CRASH)
		event.reason = CONTROL_REASON_GUEST_PANIC;
	if (cause->trigger == VM_TRIGGER_HIBERNATE)
		tell_kind(control, CONTROL_SUSPEND_DISK, cause);
	if (cause->trigger == VM_TRIGGER_CRASH)
		tell_kind(control, CONTROL_GUEST_PANICKED, cause);
	tell(control, event);
}
