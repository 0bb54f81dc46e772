/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/monitor.h"

/* struct control_listener, on_event. */
static void on_event(void *context, const struct control_event *event)
{
	struct monitor *monitor = context;
	json_t *json;

	if (!monitor->server)
		return;
	json = monitor_event(event);
	/* Without memory for an event there is none for an error either. */
	if (json)
		qmp_server_send_event(monitor->server, json);
	json_decref(json);
}

int monitor_open(struct monitor *monitor, struct control *control, struct error *error)
{
	*monitor = (struct monitor){
		.control = control,
		.listener = { .on_event = on_event, .context = monitor },
		.commands = { .rows = monitor_commands,
			      .count = monitor_command_count,
			      .context = control },
	};
	control_listen(control, &monitor->listener);

	return qmp_server_open(&monitor->server, control->dir_fd, control->vm->name,
			       &monitor->commands, error);
}

void monitor_close(struct monitor *monitor)
{
	qmp_server_close(monitor->server);
	monitor->server = NULL;
}

int monitor_fd(const struct monitor *monitor)
{
	return qmp_server_fd(monitor->server);
}

void monitor_run(struct monitor *monitor)
{
	qmp_server_run(monitor->server);
}
