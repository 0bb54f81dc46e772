/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QMP for a running VM: executes the requests of its control socket's clients
 * through control.h, and sends them the events. Names, arguments and shapes are
 * QEMU's; docs/qmp.md lists the commands.
 *
 * All functions belong to the main thread.
 */
#ifndef VMM_QMP_MONITOR_H
#define VMM_QMP_MONITOR_H

#include "base/error.h"
#include "control/control.h"
#include "control/qmp/command.h"
#include "control/qmp/server.h"

/** Private. */
struct monitor {
	struct control *control;
	struct control_listener listener;
	struct qmp_commands commands;
	struct qmp_server *server; /**< NULL if it could not be opened. */
};

/**
 * Begin to listen. @control must outlive it. Returns 0, or -errno with @error
 * set: the VM runs without it, and the functions below do nothing then.
 */
int monitor_open(struct monitor *monitor, struct control *control, struct error *error);

/** Send the rest, as far as clients accept it at once. */
void monitor_close(struct monitor *monitor);

/**
 * Becomes readable when monitor_run() must be called; -1 if there is nothing to
 * poll.
 */
int monitor_fd(const struct monitor *monitor);

void monitor_run(struct monitor *monitor);

/** The commands, for @control as their context. */
extern const struct qmp_command monitor_commands[];
extern const size_t monitor_command_count;

/** x-dormouse-agent: as begin and cancel of struct qmp_command. */
int monitor_begin_agent(void *context, const json_t *arguments, struct qmp_pending *pending,
			struct error *error);
void monitor_cancel_agent(void *context, struct qmp_pending *pending);

/** set_link, and x-dormouse-query-network: as execute_with and execute of struct qmp_command. */
extern const struct qmp_option monitor_link_options[];
json_t *monitor_set_link(void *context, const json_t *arguments, struct error *error);
json_t *monitor_query_network(void *context, const char *argument, struct error *error);

/**
 * The QMP event for an event of control: a new reference, or NULL if memory ran
 * out.
 */
json_t *monitor_event(const struct control_event *event);

#endif
