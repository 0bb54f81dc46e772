/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent in the guest, Debian's qemu-guest-agent, at the other end of the port
 * org.qemu.guest_agent.0 of virtio-console: requests to it, one at a time.
 *
 * All of it belongs to the main thread. A success is what the guest then does:
 * an agent answers nothing to a request that it carries out.
 *
 * Nothing that an agent says is trusted, and it cannot make dormouse wait, log
 * without end, or use memory without bound: what it sends is read only while a
 * request is carried out, each of which begins with guest-sync-delimited, and a
 * little at a time. An agent is there once it has answered such a sync. It may be
 * absent, or slow, or send what is no answer, without effect on anything but
 * requests, which fail with the reason.
 *
 * When the port is opened, the agent is asked which commands it has, for its
 * guest's system, swap space and clock: agent-survey.h.
 */
#ifndef VMM_AGENT_H
#define VMM_AGENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct agent;
struct channel;

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
 * Whether the agent can be asked: 0; or with @error set to a clause, "its agent ...",
 * -ENOTCONN if agent_is_there() is false, or -EOPNOTSUPP if it has said that it lacks
 * the command or that the command is disabled. @agent: NULL if the guest has no port for one.
 */
int agent_check(const struct agent *agent, enum agent_request request, struct error *error);

/**
 * Whether an agent that is away, as during a sleep and until its guest has woken, can be
 * asked once it is back: it answered until the guest's driver of its port stopped, and has
 * not failed to since. Returns as agent_check() does;
 * also -EOPNOTSUPP for AGENT_SUSPEND_DISK if agent_prevents_hibernation() would have
 * returned true then.
 */
int agent_check_return(const struct agent *agent, enum agent_request request, struct error *error);

/**
 * Ask the agent. @user is copied. A command of agent_execute() that is in work is
 * displaced: its caller is answered, from within this function, with the reason.
 *
 * Returns 0, or with @error set: -ENOTCONN if the guest has no agent that has the port
 * open, -EBUSY if it has not answered an earlier request of agent_ask() yet, -EOPNOTSUPP
 * as agent_check() does; -ENOMEM.
 */
int agent_ask(struct agent *agent, enum agent_request request, const struct agent_user *user,
	      struct error *error);

/** Forget the request, if there is one: its answer is discarded. */
void agent_forget(struct agent *agent);

/* --- any command --- */

/**
 * A function that agent_execute() calls later, once, on the main thread. It may not call
 * functions of the agent's.
 */
struct agent_caller {
	/**
	 * @answer is the agent's, an object with "return" or "error", borrowed; an
	 * empty one if the agent has closed its port after a command that is
	 * answered by nothing else. Or it is NULL, and @reason is a clause, "its
	 * agent ...".
	 */
	void (*answered)(void *context, const json_t *answer, const char *reason);
	void *context;
};

/**
 * Pass a command on. @command is an object, as in qemu-ga's protocol, borrowed;
 * @caller is copied. There is no deadline for the answer: agent_forget_caller() gives
 * up, and agent_ask() displaces it.
 *
 * Returns 0, or with @error set: -ENOTCONN if the guest has no agent that has the port
 * open, -EBUSY if it has not answered an earlier command or request yet, -EINVAL for what
 * is no command; -ENOMEM.
 */
int agent_execute(struct agent *agent, const json_t *command, const struct agent_caller *caller,
		  struct error *error);

/** Forget the command of the caller with @context, if it is the one in work. */
void agent_forget_caller(struct agent *agent, const void *context);

/* --- what it says --- */

/**
 * What is known of the agent and, from it, of its guest: docs/qmp.md,
 * x-dormouse-query-agent. A new reference, or NULL if memory ran out.
 */
json_t *agent_to_json(const struct agent *agent);

/**
 * What the agent has said that prevents its guest from hibernating: true with a
 * clause in @error, such as "its guest has no swap space in use"; or false.
 */
bool agent_prevents_hibernation(const struct agent *agent, struct error *error);

/* --- for run.c and control --- */

/** Functions that the agent calls, on the main thread. */
struct agent_host {
	/**
	 * The guest has opened its port, or closed it; at most once a second, with
	 * what it is then.
	 */
	void (*opened)(void *context, bool open);
	void *context;
	bool buttons; /**< The guest can be asked without an agent, too. */
};

/**
 * Make the user of a channel.
 *
 * @name: the VM's, for messages; must outlive it, as @channel
 * @slept: the guest slept, and wakes in this run: it was saved, or has hibernated
 *
 * Returns NULL if memory ran out.
 */
struct agent *agent_create(struct channel *channel, const char *name, bool slept,
			   const struct agent_host *host);

/** NULL is fine. No user is called. */
void agent_destroy(struct agent *agent);

/** The guest has slept or was paused: its clock may have stood still, and is looked at. */
void agent_look_at_clock(struct agent *agent);

/** The machine was reset: an agent that answered before is not expected back. */
void agent_was_reset(struct agent *agent);

/** When agent_run() must be called, as a main loop's deadline. */
uint64_t agent_due(const struct agent *agent);

/** Do what is due. */
void agent_run(struct agent *agent);

#endif
