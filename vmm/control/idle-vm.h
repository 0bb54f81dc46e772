/* SPDX-License-Identifier: BSD-3-Clause */
/* --sleep-when-idle of a VM: what idle.h judges, and what follows. */
#ifndef VMM_CONTROL_IDLE_VM_H
#define VMM_CONTROL_IDLE_VM_H

#include "control/control.h"

/** For control_create(). */
void control_create_idle(struct control *control);

/** When control_on_idle_due() must be called, as a main loop's deadline. */
uint64_t control_idle_due(const struct control *control);

/** Look whether the guest is idle, and ask it to suspend if it has been for long enough. */
void control_on_idle_due(struct control *control);

#endif
