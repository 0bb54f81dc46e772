/* SPDX-License-Identifier: BSD-3-Clause */
/* The reports of control: lines in the log, and events for its listeners. */
#ifndef VMM_CONTROL_REPORT_H
#define VMM_CONTROL_REPORT_H

#include "control/control.h"

/** Log that the machine is about to run, and the server of its PSCI. */
void control_announce(const struct control *control);

/** Log a state and control->cause. */
void control_log_state(const struct control *control, enum vm_state state);

/** Report an event that is not the end of a cycle or a run to the listeners. */
void control_report(const struct control *control, enum vm_report kind);

/** For struct vm: report that a network device is connected, or no longer. */
void control_report_linked(void *context, const char *id, const char *path, bool connected);

/** Report that another power cycle has begun, because of control->cause. */
void control_report_reset(const struct control *control);

/** Report that the run has ended, because of control->cause. */
void control_report_end(const struct control *control);

#endif
