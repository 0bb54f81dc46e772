/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request to the guest of a VM: that it suspends, hibernates or powers off; how
 * long it has for that, and what follows if it does not.
 *
 * It is asked by its agent if that is there, otherwise by a button. A guest that
 * sleeps, without buttons, is woken, and its agent asked once it answers again, within
 * the time of the request. That the agent
 * accepted it, or that the button was pressed, is not a success: what the guest
 * then does is.
 *
 *	suspend		The guest suspends itself to RAM, or hibernates: both are
 *			sleep, and which it is may be the guest's own policy.
 *	hibernate	It calls SYSTEM_OFF2. A guest that suspends itself to RAM
 *			instead, or powers off, has not done it.
 *	power off	It calls SYSTEM_OFF.
 *
 * A guest that does something else has not done it, without a wait for the deadline. Nor
 * has one that cannot be asked: what is to follow then follows at once. If nothing is, or if
 * that cannot be asked either, the request is refused.
 * A reset, and an end of the run, for other reasons forgets the request. There is one
 * at a time: another one replaces it.
 *
 * A press that the guest has not taken wakes it from SYSTEM_SUSPEND, see
 * control_on_alarm(). A guest that has just woken, or just begun to run, may take a press and
 * do nothing: ask-way.c has when it is pressed, and when again. A press that the guest has not
 * taken is withdrawn when the request ends.
 *
 * The clock, the agent, the buttons and the VM are the host's functions, so that it
 * can be tested without them. All of it belongs to the main thread.
 */
#ifndef VMM_CONTROL_ASK_H
#define VMM_CONTROL_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/lifecycle.h"
#include "record/request.h"

/** What a request needs of the VM. Functions of @context. */
struct ask_host {
	/**
	 * Whether the guest is known not to be able to do it, however it is asked: 0, or
	 * -EOPNOTSUPP with @error set to a clause.
	 */
	int (*check)(void *context, enum request_what what, struct error *error);

	/**
	 * As agent.h has them; check_agent() returns 0 for an agent that can be asked, and
	 * check_return() for one that can once its guest is back from its sleep.
	 */
	int (*check_agent)(void *context, enum request_what what, struct error *error);
	int (*check_return)(void *context, enum request_what what, struct error *error);
	int (*ask_agent)(void *context, enum request_what what, struct error *error);
	void (*forget_agent)(void *context);

	/** As of devices/ged.h: the power button to power off, else the sleep button. */
	bool (*has_buttons)(void *context);
	void (*press)(void *context, enum request_what what);
	void (*probe)(void *context);
	bool (*press_waits)(void *context, enum request_what what);
	void (*withdraw)(void *context, enum request_what what);

	/** Wake the guest, which is suspended, so that its agent runs. */
	void (*wake)(void *context);
	/** Save the VM, and end the run: 0, or -errno with @error set. */
	int (*save)(void *context, struct error *error);
	/** End the run, soon: @why is the record's cause. */
	void (*kill)(void *context, const char *why);

	/** The record's request has changed, and not its state with it. */
	void (*changed)(void *context);
	/** The guest has been asked to power off. */
	void (*asked_to_power_off)(void *context);
	/** The request has ended: report what the record has of it. */
	void (*ended)(void *context);
	void *context;
};

enum ask_phase {
	ASK_IDLE,
	ASK_WAITING,
	ASK_ELSE_SUSPENDING, /**< It has not done it, and is to be saved. */
	ASK_ELSE_POWERING_OFF,
	/* What the guest does next changes nothing any more, unless it is what was asked. */
	ASK_ELSE_SAVING, /**< It has suspended: ask_run() saves it. */
	ASK_ELSE_KILLING,
};

/** Private. */
struct ask {
	struct ask_host host;
	struct request *request; /**< The record's. */
	const char *name; /**< The VM's, for messages. */
	enum ask_phase phase;
	enum request_what asked; /**< What it was asked last. */
	bool by_agent; /**< And how. */
	bool awaited; /**< by_agent, but it is not asked before it is back. */
	bool suspended; /**< The guest is. */
	bool slept; /**< It is, or was since the machine was reset. */
	bool failed; /**< ask_run() does what follows. */
	bool refused; /**< The agent refuses: ask_run() tries the button. */
	bool report_due; /**< It has ended, which is to be reported. */
	uint64_t deadline; /**< Of this phase, in microseconds. */
	uint64_t settled; /**< From then on, a press that the guest has taken is not lost. */
	uint64_t look; /**< When to look at the buttons: see ask-way.c. */
	bool probing; /**< The guest has to take what waits before it is pressed. */
	bool taken; /**< It had, when that was looked at; else: it took an earlier press. */
	struct error refusal;
};

/** @request is the one of the record, and @name the VM's; both are kept. */
void ask_create(struct ask *ask, const struct ask_host *host, struct request *request,
		const char *name);

/**
 * Ask the guest. @timeout: seconds, not 0. @now: main_loop_now().
 *
 * Returns 0, also if there is no way to ask, and ask_run() does what follows: that is
 * @otherwise. Or -EOPNOTSUPP with @error set if neither can be asked, or @otherwise cannot
 * ever follow: the reason is named, such as that there are neither buttons nor an agent.
 * Then nothing has changed, and a guest that sleeps sleeps on; an earlier request, however,
 * has been replaced if it was memory that ran out. A guest that has done it already is not
 * asked.
 */
int ask_begin(struct ask *ask, enum request_what what, unsigned int timeout,
	      enum request_else otherwise, uint64_t now, struct error *error);

/**
 * Whether ask_run() saves the guest next, which has suspended itself. What would wake it
 * meanwhile must wait, as it does during a save.
 */
bool ask_saves(const struct ask *ask);

/** When ask_run() must be called, as a main loop's deadline. */
uint64_t ask_due(const struct ask *ask);

/** Do what is due at @now. */
void ask_run(struct ask *ask, uint64_t now);

/** The agent refuses, as of struct agent_user. */
void ask_refused(struct ask *ask, const char *reason);

/**
 * The VM's state becomes @state by @trigger, which is about to be recorded. Calls
 * none of the host's functions but withdraw() and forget_agent().
 */
void ask_on_state(struct ask *ask, enum vm_state state, enum vm_trigger trigger, uint64_t now);

/** The VM was paused, and goes on. */
void ask_on_continue(struct ask *ask, uint64_t now);

/**
 * The machine was reset: forget the request. Returns whether there was one. Calls as
 * ask_on_state() does.
 */
bool ask_on_reset(struct ask *ask);

/** Report the end of the request, if that is due. */
void ask_report(struct ask *ask);

#endif
