/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report.h"

#include <stdio.h>

#include "base/message.h"
#include "base/time-text.h"

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

/* --- the log --- */

void control_announce(const struct control *control)
{
	const struct vm *vm = control->vm;
	const struct config *config = &control->record->config;
	char version[CONFIG_VERSION_TEXT_SIZE];
	char kvm_version[CONFIG_VERSION_TEXT_SIZE];
	char server[160];

	config_format_psci_version(vm->psci_version, version);
	config_format_psci_version(vm->psci_kvm_version, kvm_version);
	if (vm->server->name == PSCI_SERVER_KERNEL)
		snprintf(server, sizeof(server), "KVM (host Linux %s)", vm->kvm->release);
	else
		snprintf(server, sizeof(server), "%s (host Linux %s, whose own PSCI is %s)",
			 vm->server->name == PSCI_SERVER_MIXED ? "KVM and libpsci" : "libpsci",
			 vm->kvm->release, kvm_version);
	if (vm->psci_fell_back)
		message("%s: this host's Linux %s cannot forward PSCI calls (its KVM has no "
			"SMCCC filter, which came with 6.4): KVM serves PSCI, up to %s",
			vm->name, vm->kvm->release, kvm_version);
	message("%s: %s, %u vCPU%s, %llu MiB, PSCI %s by %s, pid %ld", vm->name,
		lifecycle_state_word(control->life.state), config->cpus,
		config->cpus == 1 ? "" : "s", (unsigned long long)config->memory >> 20, version,
		server, control->record->pid);
}

void control_log_state(const struct control *control, enum vm_state state)
{
	char what[CAUSE_TEXT_SIZE];
	char when[TIME_TEXT_SIZE];

	cause_format(&control->cause, what);
	time_format(control->cause.when, when);
	/* A guest can suspend, wake and reset without end; it ends once. */
	if (lifecycle_has_process(state))
		message_ratelimited("%s: %s: %s, at %s", control->vm->name,
				    lifecycle_state_word(state), what, when);
	else
		message("%s: %s: %s, at %s", control->vm->name, lifecycle_state_word(state), what,
			when);
}

/* --- events --- */

void control_listen(struct control *control, struct control_listener *listener)
{
	listener->next = control->listeners;
	control->listeners = listener;
}

static void notify(const struct control *control, struct control_event event)
{
	event.cause = &control->cause;
	event.request = &control->record->request;
	event.state = control->life.state;
	clock_gettime(CLOCK_REALTIME, &event.when);
	for (const struct control_listener *l = control->listeners; l; l = l->next)
		l->on_event(l->context, &event);
}

void control_report(const struct control *control, enum vm_report kind)
{
	notify(control, (struct control_event){ .kind = kind });
}

void control_on_port(struct control *control, bool open)
{
	notify(control, (struct control_event){ .kind = VM_REPORT_VSERPORT_CHANGE, .open = open });
}

void control_report_reset(const struct control *control)
{
	const bool by_host = control->cause.by_host;

	if (control->cause.panicked)
		control_report(control, VM_REPORT_GUEST_PANICKED);
	notify(control, (struct control_event){
				.kind = VM_REPORT_RESET,
				.reason = by_host ? CONTROL_REASON_HOST_QMP_SYSTEM_RESET
						  : CONTROL_REASON_GUEST_RESET,
				.guest = !by_host,
			});
}

void control_report_end(const struct control *control)
{
	const enum vm_trigger trigger = control->cause.trigger;
	struct control_event event = {
		.kind = VM_REPORT_SHUTDOWN,
		.reason = CONTROL_REASON_GUEST_SHUTDOWN,
		.guest = trigger != VM_TRIGGER_HOST_QUIT && trigger != VM_TRIGGER_SAVE,
	};

	if (!event.guest)
		event.reason = control->quit_reason;
	else if (trigger == VM_TRIGGER_RESET)
		event.reason = CONTROL_REASON_GUEST_RESET;
	else if (trigger == VM_TRIGGER_CRASH || trigger == VM_TRIGGER_LAST_PANIC)
		event.reason = CONTROL_REASON_GUEST_PANIC;
	/* A reset that ends a run begins no other cycle. */
	if (lifecycle_report(trigger) != VM_REPORT_NONE && trigger != VM_TRIGGER_RESET)
		control_report(control, lifecycle_report(trigger));
	notify(control, event);
}
