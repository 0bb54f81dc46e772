/* SPDX-License-Identifier: BSD-3-Clause */
/* What a request to the guest needs of its VM: the host's functions of ask.h. */
#include "control/ask-vm.h"

#include <psci/abi.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/main-loop.h"
#include "control/act.h"
#include "control/report.h"
#include "machine/buttons.h"

/* --- what the guest is known not to be able to do --- */

static int check(void *context, enum request_what what, struct error *error)
{
	const struct control *control = context;
	const struct vm *vm = control->vm;
	char version[CONFIG_VERSION_TEXT_SIZE];

	config_format_psci_version(vm->psci_version, version);
	if (what == REQUEST_HIBERNATE && vm->psci_version < PSCI_VERSION_1_3)
		return error_set(error, -EOPNOTSUPP,
				 "its guest cannot report that it did, since its PSCI is %s and "
				 "SYSTEM_OFF2 came with 1.3",
				 version);
	if (what == REQUEST_SUSPEND && vm->config->suspend == SUSPEND_POLICY_DENY)
		return error_set(error, -EOPNOTSUPP, "it was started with --suspend deny");

	return 0;
}

/* --- the agent --- */

/* struct agent_user. */
static void on_refusal(void *context, const char *reason)
{
	struct control *control = context;

	ask_refused(&control->ask, reason);
}

static const enum agent_request agent_requests[] = {
	[REQUEST_SUSPEND] = AGENT_SUSPEND_RAM,
	[REQUEST_HIBERNATE] = AGENT_SUSPEND_DISK,
	[REQUEST_POWEROFF] = AGENT_SHUTDOWN,
};

static int ask_agent(void *context, enum request_what what, struct error *error)
{
	struct control *control = context;
	const struct agent_user user = { .refused = on_refusal, .context = control };

	return agent_ask(control->agent, agent_requests[what], &user, error);
}

static int check_agent(void *context, enum request_what what, struct error *error)
{
	const struct control *control = context;

	return agent_check(control->agent, agent_requests[what], error);
}

static int check_return(void *context, enum request_what what, struct error *error)
{
	const struct control *control = context;

	return agent_check_return(control->agent, agent_requests[what], error);
}

static void forget_agent(void *context)
{
	struct control *control = context;

	agent_forget(control->agent);
}

/* --- the buttons --- */

static enum button button_of(enum request_what what)
{
	return what == REQUEST_POWEROFF ? BUTTON_POWER : BUTTON_SLEEP;
}

static bool has_buttons(void *context)
{
	const struct control *control = context;

	return buttons_exist(control->vm->devices);
}

static void press(void *context, enum request_what what)
{
	const struct control *control = context;

	button_press(control->vm->devices, button_of(what));
}

static void probe(void *context)
{
	const struct control *control = context;

	buttons_probe(control->vm->devices);
}

static bool press_waits(void *context, enum request_what what)
{
	const struct control *control = context;

	return button_waits(control->vm->devices, button_of(what));
}

static void withdraw(void *context, enum request_what what)
{
	const struct control *control = context;

	button_withdraw(control->vm->devices, button_of(what));
}

/* --- the VM --- */

static void wake(void *context)
{
	struct error ignored;

	/* It may have woken since. */
	(void)control_wake(context, "dormouse, to ask its agent", &ignored);
}

/* The path of a file in the VM's directory that does not exist: saved-1, saved-2, ... */
static int choose_path(const struct control *control, char path[PATH_MAX], struct error *error)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", control->dir_fd);
	length = readlink(link, path, PATH_MAX - 16);
	if (length < 0)
		return error_set(error, -errno, "cannot find the directory of %s: %s",
				 control->vm->name, strerror(errno));
	for (unsigned int i = 1; i < 10000; i++) {
		struct stat status;

		snprintf(path + length, 16, "/saved-%u", i);
		if (lstat(path, &status) < 0 && errno == ENOENT)
			return 0;
	}

	return error_set(error, -EEXIST, "there are too many saved files beside %s", path);
}

static int save(void *context, struct error *error)
{
	struct control *control = context;
	char path[PATH_MAX];
	int err = choose_path(control, path, error);

	return err ? err : control_save(control, path, false, error);
}

static void kill_vm(void *context, const char *why)
{
	control_quit(context, CONTROL_REASON_HOST_QMP_QUIT, why);
}

static void changed(void *context)
{
	control_write(context);
}

static void asked_to_power_off(void *context)
{
	control_report(context, VM_REPORT_POWERDOWN);
}

static void ended(void *context)
{
	control_report(context, VM_REPORT_REQUEST);
}

void control_create_ask(struct control *control)
{
	const struct ask_host host = {
		.check = check,
		.check_agent = check_agent,
		.check_return = check_return,
		.ask_agent = ask_agent,
		.forget_agent = forget_agent,
		.has_buttons = has_buttons,
		.press = press,
		.probe = probe,
		.press_waits = press_waits,
		.withdraw = withdraw,
		.wake = wake,
		.save = save,
		.kill = kill_vm,
		.changed = changed,
		.asked_to_power_off = asked_to_power_off,
		.ended = ended,
		.context = control,
	};

	ask_create(&control->ask, &host, &control->record->request, control->vm->name);
}

/* --- requests --- */

int control_ask(struct control *control, enum request_what what, unsigned int timeout,
		enum request_else otherwise, struct error *error)
{
	const char *name = control->vm->name;

	if (control->life.stage != LIFECYCLE_RUNNING)
		return error_set(error, -ESRCH, "%s is ending", name);
	if (what == REQUEST_POWEROFF && otherwise == REQUEST_ELSE_POWEROFF)
		return error_set(error, -EINVAL,
				 "a guest that does not power off is not asked to again: what "
				 "follows is leave, save or kill");

	return ask_begin(&control->ask, what, timeout, otherwise, main_loop_now(), error);
}

uint64_t control_ask_due(const struct control *control)
{
	return ask_due(&control->ask);
}

void control_on_ask_due(struct control *control)
{
	ask_run(&control->ask, main_loop_now());
}
