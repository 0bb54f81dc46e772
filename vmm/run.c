/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "control.h"
#include "devices.h"
#include "kvm.h"
#include "lifecycle.h"
#include "message.h"
#include "qmp/monitor.h"
#include "raw-mode.h"
#include "record.h"
#include "run-config.h"
#include "save/file.h"
#include "vcpu.h"
#include "vm-dir.h"
#include "vm.h"

struct session {
	const struct run_options *options;
	struct vm_dir dir;
	struct run_found found;
	struct record record; /**< Of this run. */
	struct kvm kvm;
	struct vm vm;
	struct control control;
	struct monitor monitor;
	int signal_fd;
};

/* --- before the VM exists --- */

static int lock(struct session *s, struct error *error)
{
	struct record record = { 0 };
	int err = vm_dir_lock(&s->dir, error);

	if (err != -EBUSY)
		return err;
	if (record_load(s->dir.fd, s->dir.name, &record, error) == 0)
		error_set(error, err, "%s is in use: the dormouse with pid %ld runs it",
			  s->dir.name, record.pid);
	else
		error_set(error, err, "%s is in use by another dormouse", s->dir.name);
	record_free(&record);

	return err;
}

static int prepare(struct session *s, struct error *error)
{
	const struct save_file *from = s->options->from;
	struct run_found *found = &s->found;
	int err = lock(s, error);

	if (err)
		return err;
	found->name = s->dir.name;
	err = record_load(s->dir.fd, s->dir.name, &found->last, error);
	if (err && err != -ENOENT)
		return err;
	found->recorded = !err;
	s->record.boots = from ? from->record.boots : found->last.boots;
	/* Whoever ran it holds no lock any more, yet did not get to say how it ended. */
	found->died = found->recorded && lifecycle_has_process(found->last.state);
	if (found->died)
		message("%s: the dormouse that ran it (pid %ld) died%s: it crashed", s->dir.name,
			found->last.pid,
			found->last.state == VM_SUSPENDED ? " while it was suspended" : "");

	return run_config_settle(s->options, found, &s->record.config, error);
}

/* --- while it runs --- */

static int block_signals(int *signal_fd, struct error *error)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTSTP);
	sigaddset(&signals, SIGCONT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	/* Of a file that may not grow, the guest is told by an error on its disk. */
	(void)signal(SIGXFSZ, SIG_IGN);
	*signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*signal_fd < 0)
		return error_set(error, -errno, "signalfd: %s", strerror(errno));

	return 0;
}

static void on_signal(struct session *s)
{
	struct signalfd_siginfo info;
	char why[32];

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTSTP) {
		control_stop_process(&s->control, raw_mode_stop);
		return;
	}
	if (info.ssi_signo == SIGCONT) {
		raw_mode_continue();
		return;
	}
	snprintf(why, sizeof(why), "SIG%s", sigabbrev_np((int)info.ssi_signo));
	control_quit(&s->control, CONTROL_REASON_HOST_SIGNAL, why);
}

/* struct terminal, before_input. */
static void on_input(void *context)
{
	control_on_input(context);
}

/* Serve everything that is not a vCPU's until the VM stops. */
static struct cause serve(struct session *s)
{
	struct devices *devices = s->vm.devices;
	struct pollfd fds[] = {
		{ .fd = s->vm.stop_fd, .events = POLLIN },
		{ .fd = s->signal_fd, .events = POLLIN },
		{ .fd = terminal_fd(&devices->terminal), .events = POLLIN },
		{ .fd = pl031_fd(&devices->rtc), .events = POLLIN },
		{ .fd = rng_fd(&devices->rng), .events = POLLIN },
		{ .fd = control_fd(&s->control), .events = POLLIN },
		{ .fd = monitor_fd(&s->monitor), .events = POLLIN },
	};

	while (!(fds[0].revents & POLLIN)) {
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0)
			continue;
		/* First, so that what comes from outside finds the state that it is in. */
		if (fds[5].revents & POLLIN)
			control_serve(&s->control);
		if (fds[1].revents & POLLIN)
			on_signal(s);
		if (fds[2].revents & POLLIN && terminal_run(&devices->terminal) == TERMINAL_QUIT)
			control_quit(&s->control, CONTROL_REASON_HOST_UI,
				     "Ctrl-A x on the console");
		if (fds[3].revents & POLLIN)
			pl031_expired(&devices->rtc);
		if (fds[4].revents & POLLIN)
			rng_serve(&devices->rng);
		if (fds[6].revents & POLLIN)
			monitor_run(&s->monitor);
	}

	/* A vCPU that waits for a disk's lock gets it the sooner, and only then stops. */
	devices_halt(devices);

	return vm_wait(&s->vm);
}

static void announce(const struct session *s)
{
	const struct vm *vm = &s->vm;
	const struct config *config = &s->record.config;
	char version[CONFIG_VERSION_TEXT_SIZE];
	char kvm_version[CONFIG_VERSION_TEXT_SIZE];
	struct error served;

	config_format_psci_version(vm->psci_version, version);
	config_format_psci_version(vm->psci_kvm_version, kvm_version);
	if (vm->psci_server == PSCI_SERVER_KERNEL)
		error_set(&served, 0, "KVM (host Linux %s)", s->kvm.release);
	else
		error_set(&served, 0, "%s (host Linux %s, whose own PSCI is %s)",
			  vm->psci_server == PSCI_SERVER_MIXED ? "KVM and libpsci" : "libpsci",
			  s->kvm.release, kvm_version);
	if (vm->psci_fell_back)
		message("%s: this host's Linux %s cannot forward PSCI calls (its KVM has no SMCCC "
			"filter, which came with 6.4), so that KVM serves PSCI, up to %s",
			s->dir.name, s->kvm.release, kvm_version);
	message("%s: %s, %u vCPU%s, %llu MiB, PSCI %s by %s, pid %ld", s->dir.name,
		lifecycle_state_word(s->record.state), config->cpus, config->cpus == 1 ? "" : "s",
		(unsigned long long)config->memory >> 20, version, served.text, s->record.pid);
}

static void tell(const struct session *s, enum vm_state state, const struct cause *cause)
{
	char what[CAUSE_TEXT_SIZE];
	char when[TIME_TEXT_SIZE];

	cause_format(cause, what);
	time_format(cause->when, when);
	if (state == VM_RESETTING)
		message_of_guest("%s: %s: %s, at %s", s->dir.name, lifecycle_state_word(state),
				 what, when);
	else
		message("%s: %s: %s, at %s", s->dir.name, lifecycle_state_word(state), what, when);
}

/*
 * Record, durably and before the guest's first instruction, that it runs: from
 * then on a hibernation image on its disk is used up, or the file it was saved in.
 */
static int record_begun(struct session *s, struct error *error)
{
	const struct save_file *from = s->options->from;
	struct record *record = &s->record;

	record->state = from ? VM_SUSPENDED : VM_RUNNING;
	record->paused = false;
	record->suspension.known = false;
	if (from) {
		record->suspension = from->record.suspension;
		record->suspension.console = terminal_has_input(&s->vm.devices->terminal);
		cause_set(&record->cause, VM_TRIGGER_RESTORE, CAUSE_VCPU_NONE, "dormouse restore");
	} else {
		record->boots++;
		cause_set(&record->cause, VM_TRIGGER_START, CAUSE_VCPU_NONE, "dormouse run");
	}
	record->pid = (long)getpid();
	snprintf(record->host, sizeof(record->host), "%s", s->kvm.release);
	/* From now on it is this server and this version, whatever hosts may come. */
	record->config.psci = s->vm.psci_server;
	record->config.psci_version = s->vm.psci_version;

	return record_save(s->dir.fd, s->dir.name, record, error);
}

/* End one life and begin the next. */
static int restart(struct session *s, const struct cause *cause, struct error *error)
{
	int err;

	vm_end(&s->vm);
	err = devices_drain(s->vm.devices, error);
	if (err)
		return err;
	bus_reset(&s->vm.bus);
	if (!cause->warm)
		err = vm_drop_memory(&s->vm, error);
	if (!err)
		err = vm_begin(&s->vm, NULL, error);
	if (err)
		return err;
	err = vm_run(&s->vm, error);
	if (err)
		vm_end(&s->vm);
	else
		control_began_again(&s->control, cause);

	return err;
}

/* Whether the user said that such a reset ends the run. */
static bool is_last_reset(const struct session *s, const struct cause *cause)
{
	const struct config *config = &s->record.config;

	if (cause->outside)
		return false;

	return (cause->reset2 ? config->on_reset2 : config->on_reset) == RESET_POLICY_EXIT;
}

/* Lives of the machine, one after the other, until one ends in another way. */
static struct cause live(struct session *s)
{
	for (;;) {
		struct cause cause = serve(s);
		struct error error;

		/* A guest's reset may come first, again and again, but not get its way. */
		if (cause.trigger == VM_TRIGGER_RESET && s->control.quit.trigger == VM_TRIGGER_QUIT)
			cause = s->control.quit;

		if (cause.trigger != VM_TRIGGER_RESET || is_last_reset(s, &cause)) {
			vm_end(&s->vm);

			return cause;
		}
		tell(s, VM_RESETTING, &cause);
		if (restart(s, &cause, &error) == 0)
			continue;
		/* Whole, since a cause has less room. */
		message("%s: cannot begin again: %s", s->dir.name, error.text);
		cause_set(&cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, error.text);

		return cause;
	}
}

/* --- once it has ended --- */

/* What the guest wrote is durable before anything is said about its end. */
static void settle_disks(struct session *s, struct cause *cause)
{
	struct error error;

	if (devices_drain(s->vm.devices, &error) == 0)
		return;
	message("%s: %s", s->dir.name, error.text);
	cause_set(cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, error.text);
}

static int conclude(struct session *s, struct cause *cause, struct error *error)
{
	struct record *record = &s->record;

	settle_disks(s, cause);
	/* The table has a way from running, and from suspended, for all that ends a life there. */
	if (lifecycle_next(record->state, cause->trigger, &record->state) < 0)
		record->state = VM_CRASHED;
	/* A reset that nobody follows up: the user's word ends it. */
	if (record->state == VM_RESETTING &&
	    lifecycle_next(VM_RESETTING, VM_TRIGGER_QUIT, &record->state) < 0)
		record->state = VM_CRASHED;
	record->cause = *cause;
	record->paused = false;
	/* What a crash found asleep is worth knowing; and what is saved sleeps. */
	if (record->state != VM_CRASHED && record->state != VM_SAVED)
		record->suspension.known = false;

	return record_save(s->dir.fd, s->dir.name, record, error);
}

/* How it ended is known to us alone: say that, and what the record says instead. */
static int tell_unrecorded(const struct session *s, const struct cause *cause, int err,
			   struct error *error)
{
	const struct error reason = *error;
	char what[CAUSE_TEXT_SIZE];

	cause_format(cause, what);

	return error_set(error, err, "%s: %s: %s, which its record does not say: %s", s->dir.name,
			 lifecycle_state_word(s->record.state), what, reason.text);
}

/*
 * No instruction of the guest's was executed: all is as it was, and what was
 * hibernated still is. If this cannot be recorded, the record says that it runs,
 * and so that it crashed, or what it said before.
 */
static void record_not_started(struct session *s, const struct error *reason)
{
	const struct record *record = s->found.recorded ? &s->found.last : &s->record;
	struct error error;

	s->record.state = VM_CRASHED;
	cause_set(&s->record.cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, reason->text);
	(void)record_save(s->dir.fd, s->dir.name, record, &error);
}

static int run_vm(struct session *s, struct error *error)
{
	struct error uncontrolled;
	struct cause cause;
	int err = vm_begin(&s->vm, s->options->from, error);

	if (err)
		return err;
	/* The last step of recording may fail, after which it says that it runs. */
	err = record_begun(s, error);
	if (err)
		goto err_record;
	announce(s);
	err = vm_run(&s->vm, error);
	if (err)
		goto err_record;
	/* After the guest's first instruction: it needs nobody to command it. */
	if (monitor_open(&s->monitor, &s->control, &uncontrolled) < 0)
		message("%s", uncontrolled.text);
	cause = live(s);
	err = conclude(s, &cause, error);
	terminal_restore();
	/* Here the record stands, and only here may anyone hear of it. */
	if (!err)
		control_ended(&s->control, &cause);
	monitor_close(&s->monitor);
	if (err)
		return tell_unrecorded(s, &cause, err, error);
	tell(s, s->record.state, &cause);

	return lifecycle_exit_status(s->record.state, cause.trigger);

err_record:
	record_not_started(s, error);
	vm_end(&s->vm);

	return err;
}

int run(const struct run_options *options, struct error *error)
{
	struct session s = { .options = options };
	const bool may_be_new = options->from || config_describes_machine(&options->config);
	int ret = vm_dir_open(options->name, may_be_new, &s.dir, error);

	if (ret)
		return ret;
	ret = prepare(&s, error);
	if (ret)
		goto out_close_dir;
	ret = block_signals(&s.signal_fd, error);
	if (ret)
		goto out_close_dir;
	ret = vcpu_setup(error);
	if (!ret)
		ret = kvm_open(&s.kvm, error);
	if (ret)
		goto out_close_signals;
	ret = vm_create(&s.vm, &s.kvm, &s.record.config, s.dir.name, error);
	if (!ret) {
		control_create(&s.control, &s.vm, &s.record, s.dir.fd);
		s.vm.devices->terminal.before_input = on_input;
		s.vm.devices->terminal.context = &s.control;
		ret = run_vm(&s, error);
		vm_destroy(&s.vm);
	}
	kvm_close(&s.kvm);
out_close_signals:
	close(s.signal_fd);
out_close_dir:
	record_free(&s.record);
	record_free(&s.found.last);
	vm_dir_close(&s.dir);

	return ret;
}
