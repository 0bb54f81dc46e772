/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a service manager, such as systemd, learns of a run: that the guest runs
 * or that its run ends, and its state in a line of text.
 *
 * A guest can suspend and wake without end, and systemd passes each message on:
 * at most one a second is sent while the guest runs, and the last state always.
 */
#ifndef VMM_MANAGER_H
#define VMM_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/main-loop.h"
#include "control/control.h"

/** Private. */
struct manager {
	struct control_listener listener;
	const struct control *control;
	uint64_t next; /**< When the next message may be sent, by main_loop_now(). */
	bool lags; /**< The state that was sent last is not the current one. */
	bool is_ready; /**< The guest runs, and the manager does not know it yet. */
};

/**
 * Begin, before @loop runs. Both must outlive @manager; without a service
 * manager nothing follows. Returns 0, or -errno with @error set.
 */
int manager_watch(struct manager *manager, struct control *control, struct main_loop *loop,
		  struct error *error);

/** Report that the guest runs, or is suspended, and that this is recorded. */
void manager_ready(struct manager *manager);

#endif
