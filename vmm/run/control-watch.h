/* SPDX-License-Identifier: BSD-3-Clause */
/* What the main loop calls of a control interface. */
#ifndef VMM_RUN_CONTROL_WATCH_H
#define VMM_RUN_CONTROL_WATCH_H

#include "base/main-loop.h"
#include "control/control.h"

/**
 * Register all that @control waits for, for the life of @loop. Returns 0 or
 * -errno.
 */
int run_watch_control(struct control *control, struct main_loop *loop);

#endif
