/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/main-loop.h"
#include "base/message.h"
#include "control/act.h"
#include "control/ask-vm.h"
#include "control/control.h"
#include "control/idle-vm.h"
#include "control/park.h"
#include "control/qmp/monitor.h"
#include "control/report.h"
#include "host/raw-mode.h"
#include "kvm/kvm.h"
#include "machine/buttons.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "machine/vm.h"
#include "record/at-boot.h"
#include "record/lifecycle.h"
#include "record/record.h"
#include "record/vm-dir.h"
#include "run/config.h"
#include "run/control-watch.h"
#include "run/macs.h"
#include "run/manager.h"
#include "run/parked.h"
#include "run/prior.h"
#include "run/settle.h"
#include "run/vars.h"
#include "vpsci/vpsci.h"

struct session {
	const struct run_options *options;
	struct run_options going_on; /**< Of a VM that goes on from parked. */
	struct save_file parked;
	char *park_path;
	struct vm_dir dir;
	struct prior_run found;
	struct record record; /**< Of this run. */
	struct kvm kvm;
	struct vm vm;
	struct control control;
	struct control_listener on_event;
	struct monitor monitor;
	struct manager manager;
	struct main_loop loop;
	int signal_fd;
};

/* --- before the VM exists --- */

/*
 * Others would not be those that a hibernated or saved guest left. With an image
 * to discard there is no such guest.
 */
static bool needs_its_vars(const struct session *s)
{
	const struct run_options *options = s->options;
	const struct prior_run *found = &s->found;
	const struct config *former =
		options->from ? &options->from->record.config : &found->last.config;

	return !options->force && !options->discard && run_has_own_vars(former) &&
	       (options->from || run_may_have_image(found));
}

static int find_vars(struct session *s, struct error *error)
{
	return needs_its_vars(s) ? run_need_vars(&s->dir, &s->record.config, error)
				 : run_make_vars(&s->dir, s->options->vars_template,
						 &s->record.config, error);
}

/* Its dormouse died while it was parked: that is where it goes on. */
static int find_parked(struct session *s, struct error *error)
{
	const struct run_options *options = s->options;
	const char *file;
	int err = vm_dir_path(&s->dir, VM_DIR_PARKED, &s->park_path, error);

	if (err || options->from || options->force || config_describes_machine(&options->config))
		return err;
	file = run_parked_file(&s->found, s->park_path);
	if (!file)
		return 0;
	err = save_file_open(file, &s->parked, error);
	if (err)
		return err;
	message("%s: goes on from %s, in which it was parked", s->dir.name, file);
	s->going_on = *options;
	s->going_on.from = &s->parked;
	s->options = &s->going_on;

	return 0;
}

static int prepare(struct session *s, struct error *error)
{
	const struct save_file *from;
	struct prior_run *found = &s->found;
	int err = prior_run_find(&s->dir, found, error);

	if (!err)
		err = run_find_moved(&s->dir, &found->last, error);
	if (!err)
		err = find_parked(s, error);
	if (err)
		return err;
	from = s->options->from;
	s->record.boots = from ? from->record.boots : found->last.boots;
	if (found->died && !(from && from == &s->parked))
		message("%s: the dormouse that ran it (pid %ld) died%s: it crashed", s->dir.name,
			found->last.pid,
			found->last.state == VM_SUSPENDED ? " while it was suspended" : "");

	err = run_config_resolve(s->options, found, &s->record.config, error);
	if (!err)
		run_report_shared_macs(s->dir.name, &s->record.config);

	return err ? err : find_vars(s, error);
}

/* --- while it runs --- */

static int block_signals(int *signal_fd, struct error *error)
{
	sigset_t signals;

	interrupt_signals(&signals);
	sigaddset(&signals, SIGTSTP);
	sigaddset(&signals, SIGCONT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	/* If a file may not grow, the guest gets an error from its disk. */
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

/* struct console_user. */
static void on_input(void *context)
{
	struct session *s = context;

	control_on_input(&s->control);
}

static void on_quit(void *context)
{
	struct session *s = context;

	control_quit(&s->control, CONTROL_REASON_HOST_UI, "Ctrl-A x on the console");
}

/* For interrupt_ask(). */
static bool wants_quit(void *terminal)
{
	return terminal_wants_quit(terminal);
}

/*
 * struct control, interrupted: whatever interrupted the main thread ends the
 * run.
 */
static void on_interrupt(void *context)
{
	struct session *s = context;

	/* SIGTSTP and SIGCONT may precede it. */
	for (int i = 0; i < 3 && s->control.quit.trigger != VM_TRIGGER_HOST_QUIT; i++)
		on_signal(s);
	if (s->control.quit.trigger != VM_TRIGGER_HOST_QUIT)
		on_quit(s);
}

/* --- an agent in the guest --- */

/* struct agent_host. */
static void on_port(void *context, bool open)
{
	struct session *s = context;

	control_on_port(&s->control, open);
}

/* struct control_listener. */
static void note_event(void *context, const struct control_event *event)
{
	const struct session *s = context;

	if (event->kind == VM_REPORT_WAKEUP || event->kind == VM_REPORT_RESUME)
		agent_look_at_clock(s->control.agent);
	if (event->kind == VM_REPORT_RESET)
		agent_was_reset(s->control.agent);
}

static uint64_t agent_is_due(const void *context)
{
	return agent_due(context);
}

static void on_agent_due(void *context)
{
	agent_run(context);
}

/* A machine of an earlier version has no port for one. */
static int watch_agent(struct session *s, struct error *error)
{
	const struct agent_host host = {
		.opened = on_port,
		.context = s,
		.buttons = buttons_exist(s->vm.devices),
	};
	struct channel *channel = devices_channel(s->vm.devices);
	const bool slept =
		s->options->from || (s->found.recorded && s->found.last.state == VM_HIBERNATED);

	if (!channel)
		return 0;
	s->control.agent = agent_create(channel, s->dir.name, slept, &host);
	if (!s->control.agent)
		return error_set(error, -ENOMEM, "out of memory");
	s->on_event = (struct control_listener){ .on_event = note_event, .context = s };
	control_listen(&s->control, &s->on_event);
	if (main_loop_add_deadline(&s->loop, MAIN_LOOP_USUAL, agent_is_due, on_agent_due,
				   s->control.agent) < 0)
		return error_set(error, -ENOSPC, "cannot wait for an agent in the guest");

	return 0;
}

/* --- what the main loop calls --- */

static void on_signals(void *context)
{
	on_signal(context);
}

static void on_monitor(void *context)
{
	monitor_run(context);
}

static void on_stop(void *context)
{
	struct session *s = context;

	if (!control_on_stop(&s->control))
		main_loop_end(&s->loop);
}

/* Everything that is not a vCPU's until the run is over. */
static int watch(struct session *s, struct error *error)
{
	const struct console_user user = { .input = on_input, .quit = on_quit, .context = s };
	const struct {
		enum main_loop_order order;
		int fd;
		void (*ready)(void *context);
		void *context;
	} watched[] = {
		{ MAIN_LOOP_USUAL, s->signal_fd, on_signals, s },
		{ MAIN_LOOP_LAST, s->vm.stop_fd, on_stop, s },
	};
	int err = run_watch_control(&s->control, &s->loop);

	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]) && !err; i++)
		err = main_loop_add(&s->loop, watched[i].order, watched[i].fd, watched[i].ready,
				    watched[i].context);
	if (err)
		return error_set(error, err, "cannot wait for what the VM needs: %s",
				 strerror(-err));

	return devices_watch(s->vm.devices, &s->loop, &user, error);
}

static int watch_monitor(struct session *s, struct error *error)
{
	const int err = main_loop_add(&s->loop, MAIN_LOOP_USUAL, monitor_fd(&s->monitor),
				      on_monitor, &s->monitor);

	return err ? error_set(error, err, "cannot wait for clients of the control socket: %s",
			       strerror(-err))
		   : 0;
}

/* A guest that may resume finds what it left, as far as this host has it. */
static int begin(struct session *s, struct error *error)
{
	if (run_may_have_image(&s->found))
		s->vm.environment = &s->found.last.environment;

	return vm_begin(&s->vm, error);
}

static int restore(struct session *s, struct error *error)
{
	int err;

	s->vm.environment = &s->options->from->record.environment;
	s->vm.restored_vcpu = (int)s->options->from->record.suspension.vcpu;
	err = save_file_restore(s->options->from, &s->vm, error);
	s->vm.restored_vcpu = CAUSE_VCPU_NONE;
	if (err)
		return err;
	err = run_settle_restored(&s->vm, s->options, &s->found, &s->record, error);
	if (!err)
		err = restored_memory_check(&s->vm, error);
	if (!err && s->options->parked)
		err = run_stay_parked(&s->vm, s->options->from, &s->record, error);
	if (err)
		vm_end(&s->vm);

	return err;
}

static int boot(struct session *s, struct error *error)
{
	int err = begin(s, error);

	if (err)
		return err;
	err = run_settle(&s->vm, s->options, &s->found, &s->record, error);
	if (!err)
		err = vm_fill(&s->vm, error);
	if (err)
		vm_end(&s->vm);

	return err;
}

static int run_vm(struct session *s, struct error *error)
{
	struct error uncontrolled;
	int err = watch(s, error);

	if (!err)
		err = watch_agent(s, error);
	if (!err)
		err = manager_watch(&s->manager, &s->control, &s->loop, error);
	if (!err)
		err = s->options->from ? restore(s, error) : boot(s, error);
	if (!err)
		err = control_start(&s->control, error);
	if (err)
		return err;
	/* The record does not name them any more. */
	if (s->options == &s->going_on)
		run_remove_parked(&s->found, &s->parked);
	if (s->options->parked)
		message("%s: parked: its memory is in %s", s->dir.name, s->record.saved_file);
	else
		(void)park_remove(s->dir.fd);
	park_remove_spent(s->dir.fd);
	/* After the guest's first instruction, which need not wait for it. */
	if (monitor_open(&s->monitor, &s->control, &uncontrolled) < 0 ||
	    watch_monitor(s, &uncontrolled) < 0)
		message("%s", uncontrolled.text);
	if (at_boot_clear(s->dir.fd, s->dir.name, &uncontrolled) < 0)
		message("%s", uncontrolled.text);
	manager_ready(&s->manager);
	main_loop_run(&s->loop);
	terminal_restore();
	monitor_close(&s->monitor);
	err = control_result(&s->control, error);
	if (err >= 0)
		control_log_state(&s->control, s->control.life.state);

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
	ret = vm_create(&s.vm, &s.kvm, &s.record.config, s.dir.name, vpsci_choose, error);
	if (!ret) {
		control_create(&s.control, &s.vm, &s.record,
			       s.found.recorded ? &s.found.last : NULL, s.options->from, s.dir.fd);
		s.control.park_path = s.park_path;
		s.control.stays_parked = options->parked;
		s.control.interrupted = on_interrupt;
		s.control.context = &s;
		interrupt_ask(wants_quit, &s.vm.devices->terminal);
		ret = run_vm(&s, error);
		interrupt_ask(NULL, NULL);
		agent_destroy(s.control.agent);
		vm_destroy(&s.vm);
		park_remove_spent(s.dir.fd);
	}
	kvm_close(&s.kvm);
	if (ret == -ECANCELED) {
		message("%s: interrupted before its guest ran: nothing has changed", s.dir.name);
		ret = EXIT_STATUS_QUIT;
	}
out_close_signals:
	close(s.signal_fd);
out_close_dir:
	if (s.options == &s.going_on)
		save_file_close(&s.parked);
	free(s.park_path);
	record_free(&s.record);
	record_free(&s.found.last);
	vm_dir_close(&s.dir);

	return ret;
}
