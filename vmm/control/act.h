/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Carries out what lifecycle_step() decides: the one place that changes the state of a
 * VM's record, and what outlives the process with it.
 */
#ifndef VMM_CONTROL_ACT_H
#define VMM_CONTROL_ACT_H

#include "control/control.h"

/**
 * Give the life cycle an event, whose cause is control->cause, and do all that follows
 * from it. Returns what becomes of a request; where an action failed on the way,
 * control->error says why.
 */
enum lifecycle_answer control_act(struct control *control, struct lifecycle_event event);

/** Write a record that was put off, if it may be written by now. */
void control_write_late(struct control *control);

#endif
