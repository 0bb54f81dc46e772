/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QMP for a running VM: what clients of its control socket ask for is done through
 * control.h, what happens to it is told to them. QEMU's names, arguments and
 * shapes; docs/qmp.md lists what there is.
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
	struct qmp_server *server; /**< NULL if it could not be had. */
};

/**
 * Begin to listen. @control must outlive it. Returns 0, or -errno with @error set:
 * the VM can do without, and the functions below do nothing then.
 */
int monitor_open(struct monitor *monitor, struct control *control, struct error *error);

/** Send what is left as far as clients take it at once. */
void monitor_close(struct monitor *monitor);

/** What becomes readable when monitor_run() must be called; -1 if there is nothing. */
int monitor_fd(const struct monitor *monitor);

void monitor_run(struct monitor *monitor);

/** The commands, for @control as their context. */
extern const struct qmp_command monitor_commands[];
extern const size_t monitor_command_count;

/** QMP's event for one of ours: a new reference, or NULL if memory ran out. */
json_t *monitor_event(const struct control_event *event);

#endif
