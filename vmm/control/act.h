/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Carries out what lifecycle_step() decides: only here the state of a VM's
 * record, and what outlives the process with it, is changed.
 */
#ifndef VMM_CONTROL_ACT_H
#define VMM_CONTROL_ACT_H

#include "control/control.h"

/**
 * Give the life cycle an event, whose cause is control->cause, and do all that
 * follows from it. Returns the answer to a request; if an action failed,
 * control->error says why.
 */
enum lifecycle_answer control_act(struct control *control, struct lifecycle_event event);

/** Replace the record; a failure is only logged. */
void control_write(struct control *control);

/** Write a record whose write was delayed, if the limit now allows it. */
void control_write_late(struct control *control);

#endif
