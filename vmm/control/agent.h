/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent in the guest, Debian's qemu-guest-agent, at the other end of the port
 * org.qemu.guest_agent.0 of virtio-console: requests to it, one at a time.
 *
 * All of it belongs to the main thread. A success is what the guest then does:
 * an agent answers nothing to a request that it carries out.
 */
#ifndef VMM_AGENT_H
#define VMM_AGENT_H

#include <stdbool.h>

#include "base/error.h"

struct agent;

enum agent_request {
	AGENT_SUSPEND_RAM, /**< guest-suspend-ram */
	AGENT_SUSPEND_DISK, /**< guest-suspend-disk */
	AGENT_SHUTDOWN, /**< guest-shutdown, mode "powerdown" */
};

/** Functions that agent_ask() calls later, on the main thread. */
struct agent_user {
	/**
	 * The agent does not do it: @reason is a clause such as "its agent
	 * answered: ...". At most once for a request, and not from within
	 * agent_ask().
	 */
	void (*refused)(void *context, const char *reason);
	void *context;
};

/** Whether an agent has the port open and has answered since it opened it. */
bool agent_is_there(const struct agent *agent);

/**
 * Ask the agent. @user is copied. Returns 0, or with @error set: -ENOTCONN if
 * the guest has no agent that has the port open, -EBUSY if it has not answered an
 * earlier request yet.
 */
int agent_ask(struct agent *agent, enum agent_request request, const struct agent_user *user,
	      struct error *error);

/** Forget the request, if there is one: its answer is discarded. */
void agent_forget(struct agent *agent);

#endif
