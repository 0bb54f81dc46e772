/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to the guest of a VM, by its agent or its buttons: see ask.h. */
#ifndef VMM_CONTROL_ASK_VM_H
#define VMM_CONTROL_ASK_VM_H

#include "control/control.h"

#define CONTROL_ASK_TIMEOUT 60U /* The default. */
#define CONTROL_ASK_TIMEOUT_MAX 1000000U

/** For control_create(). */
void control_create_ask(struct control *control);

/**
 * Ask the guest to suspend, hibernate or power off. It has @timeout seconds, 1 to
 * CONTROL_ASK_TIMEOUT_MAX; @otherwise follows if it does not. For the file that
 * REQUEST_ELSE_SAVE makes, see dormouse(1).
 *
 * Returns 0 once it has been asked, or -errno with @error set if it was not:
 * -EOPNOTSUPP if there is no way, or it is known not to be able to. How it ends is
 * reported as VM_REPORT_REQUEST.
 */
int control_ask(struct control *control, enum request_what what, unsigned int timeout,
		enum request_else otherwise, struct error *error);

/** When control_on_ask_due() must be called, as a main loop's deadline. */
uint64_t control_ask_due(const struct control *control);
void control_on_ask_due(struct control *control);

#endif
