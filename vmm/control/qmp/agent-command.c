/* SPDX-License-Identifier: BSD-3-Clause */
/* x-dormouse-agent: a command for the agent in the guest, and its answer. */
#include "control/qmp/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/agent-reader.h"

/* struct agent_caller. */
static void on_answer(void *context, const json_t *answer, const char *reason)
{
	struct qmp_pending *pending = context;
	const struct control *control = pending->context;
	char *text = answer ? qmp_text(answer) : NULL;
	struct error error;

	/* In ASCII it may have grown, beyond what dormouse's own commands read. */
	if (text && strlen(text) > AGENT_ANSWER_SIZE - 256)
		reason = "its agent's answer is longer than 64 KiB";
	free(text);
	if (reason)
		error_set(&error, 0, "%s: %s", control->vm->name, reason);
	qmp_pending_end(pending, reason ? NULL : json_deep_copy(answer),
			reason ? error.text : NULL);
}

/* Whether a guest runs that could answer. */
static int check_guest(const struct control *control, struct error *error)
{
	const char *name = control->vm->name;

	if (!control->agent)
		return error_set(error, -ENOTCONN,
				 "%s has no port for an agent: its machine version is %u, and the "
				 "port came with version 4",
				 name, control->vm->config->machine_version);
	if (control_is_paused(control))
		return error_set(error, -EBUSY, "%s is paused: its agent cannot answer", name);
	if (control->record->state == VM_SUSPENDED)
		return error_set(error, -EBUSY, "%s is suspended: its agent cannot answer", name);

	return 0;
}

int monitor_begin_agent(void *context, const json_t *arguments, struct qmp_pending *pending,
			struct error *error)
{
	const struct control *control = context;
	const struct agent_caller caller = { .answered = on_answer, .context = pending };
	const json_t *command = json_object_get(arguments, "command");
	struct error reason;
	int err;

	if (!json_is_object(command) || json_object_size(arguments) != 1)
		return error_set(error, -EINVAL,
				 "x-dormouse-agent wants an argument \"command\", an object, and "
				 "no other");
	err = check_guest(control, error);
	if (err)
		return err;
	err = agent_execute(control->agent, command, &caller, &reason);

	return err ? error_set(error, err, "%s: %s", control->vm->name, reason.text) : 0;
}

void monitor_cancel_agent(void *context, struct qmp_pending *pending)
{
	const struct control *control = context;

	agent_forget_caller(control->agent, pending);
}
