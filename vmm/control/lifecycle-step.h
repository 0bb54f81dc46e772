/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may still happen to a VM that runs, sleeps, is saved, is reset or ends: a pure
 * function from what has happened to what must be done about it.
 *
 * lifecycle_step() makes no system call, takes no lock and reads no clock. The main
 * thread gives it each event, carries out the actions of the plan in their order, and
 * gives the outcome of the last one back as the next event, until a plan has no action
 * with an outcome. Nothing else decides what becomes of the machine, and nothing else
 * changes the state that its record has (control-act.c).
 *
 * tests/lifecycle explores every order of events and outcomes.
 */
#ifndef VMM_LIFECYCLE_STEP_H
#define VMM_LIFECYCLE_STEP_H

#include <stdbool.h>

#include "record/lifecycle.h"

/** What the main thread is in the middle of. Private, but for LIFECYCLE_OVER. */
enum lifecycle_stage {
	LIFECYCLE_IDLE, /**< The machine is made; nothing is recorded of it. */
	LIFECYCLE_RECORDING_START,
	LIFECYCLE_STARTING,
	LIFECYCLE_RUNNING, /**< Nothing: it waits for events. The guest runs or sleeps. */
	LIFECYCLE_PAUSING,
	LIFECYCLE_HOLDING_TO_SUSPEND, /**< The vCPUs are being paused for a SYSTEM_SUSPEND. */
	LIFECYCLE_JUDGING_SUSPEND,
	LIFECYCLE_HOLDING_TO_SAVE,
	LIFECYCLE_WRITING_FILE, /**< Under a temporary name. */
	LIFECYCLE_RECORDING_FILE, /**< Its final name and number, before it has that name. */
	LIFECYCLE_PUBLISHING_FILE,
	LIFECYCLE_RECORDING_SAVED,
	LIFECYCLE_UNDOING_SAVE,
	LIFECYCLE_STOPPING, /**< The vCPUs were told to stop. */
	LIFECYCLE_RESTARTING,
	LIFECYCLE_DRAINING,
	LIFECYCLE_RECORDING_END,
	LIFECYCLE_OVER,
};
#define LIFECYCLE_STAGE_COUNT (LIFECYCLE_OVER + 1)

enum lifecycle_event_kind {
	/* The outcome of the last plan's last action. */
	LIFECYCLE_DONE,
	LIFECYCLE_FAILED,
	/* The run. */
	LIFECYCLE_START,
	LIFECYCLE_RESTORE,
	/* The guest. */
	LIFECYCLE_ASKED, /**< @vcpu called SYSTEM_SUSPEND and waits for the answer. */
	LIFECYCLE_WOKEN, /**< An interrupt has woken @vcpu, which waits to go on. */
	LIFECYCLE_ENDED, /**< All vCPUs have stopped, because of @trigger. */
	/* The host. */
	LIFECYCLE_INPUT, /**< The console has bytes for the guest. */
	LIFECYCLE_PAUSE,
	LIFECYCLE_CONTINUE,
	LIFECYCLE_WAKE,
	LIFECYCLE_RESET,
	LIFECYCLE_QUIT,
	LIFECYCLE_SAVE,
};
#define LIFECYCLE_EVENT_COUNT (LIFECYCLE_SAVE + 1)

struct lifecycle_event {
	enum lifecycle_event_kind kind;
	unsigned int vcpu; /**< Of ASKED and WOKEN. */
	enum vm_trigger trigger; /**< Of ENDED: OFF, HIBERNATE, RESET, QUIT, CRASH or SAVE. */
	bool last; /**< Of ENDED by a reset: its user said that such a reset ends the run. */
};

/** What has to be done. Those marked (outcome) report DONE or FAILED and end a plan. */
enum lifecycle_action {
	LIFECYCLE_ACT_RECORD, /**< Replace the record, durably (outcome). */
	LIFECYCLE_ACT_WRITE, /**< The same; that it failed is logged, no more. */
	LIFECYCLE_ACT_NOTE, /**< The same; may come later if the guest causes many. */
	LIFECYCLE_ACT_RECORD_BACK, /**< Put the record back that was found at the start. */
	LIFECYCLE_ACT_RUN, /**< Let the vCPUs run for the first time (outcome). */
	LIFECYCLE_ACT_HOLD, /**< Pause all vCPUs; fails if the power cycle ends (outcome). */
	LIFECYCLE_ACT_RELEASE, /**< Let paused vCPUs go on. */
	LIFECYCLE_ACT_STOP_CLOCK, /**< The guest's counter stands from here on. */
	LIFECYCLE_ACT_START_CLOCK,
	LIFECYCLE_ACT_JUDGE, /**< May the vCPU that asked suspend the machine? (outcome) */
	LIFECYCLE_ACT_ALLOW, /**< Answer it: it suspends. */
	LIFECYCLE_ACT_REFUSE, /**< Answer it: it does not, for the reason that was found. */
	LIFECYCLE_ACT_LET_WAKE, /**< Answer the vCPU that was woken. */
	LIFECYCLE_ACT_WAKE, /**< Make the vCPU that suspended the machine go on. */
	LIFECYCLE_ACT_FREEZE, /**< Keep devices from the guest's memory. */
	LIFECYCLE_ACT_THAW,
	LIFECYCLE_ACT_WRITE_FILE, /**< All of the machine, durably, not yet by its name (outcome). */
	LIFECYCLE_ACT_PUBLISH_FILE, /**< Give the file its name, durably (outcome). */
	LIFECYCLE_ACT_DISCARD_FILE, /**< Forget the file, and what the record says of it. */
	LIFECYCLE_ACT_STOP, /**< Make all vCPUs stop, because of what the host asked for. */
	LIFECYCLE_ACT_CLOSE, /**< Take the stopped machine apart. */
	LIFECYCLE_ACT_RESTART, /**< Take it apart, make it anew, let it run (outcome). */
	LIFECYCLE_ACT_DRAIN, /**< Make durable what the guest wrote (outcome). */
	LIFECYCLE_ACT_REPORT, /**< Report the change of state, as lifecycle_report() says. */
	LIFECYCLE_ACT_REPORT_STOP,
	LIFECYCLE_ACT_REPORT_RESUME,
	LIFECYCLE_ACT_REPORT_RESETTING, /**< In the log: RESET comes when it is done. */
	LIFECYCLE_ACT_REPORT_RESET,
	LIFECYCLE_ACT_REPORT_END, /**< The event of the trigger, if it has one, and SHUTDOWN. */
};
#define LIFECYCLE_ACTION_COUNT (LIFECYCLE_ACT_REPORT_END + 1)

/** What becomes of a request. */
enum lifecycle_answer {
	LIFECYCLE_TAKEN,
	LIFECYCLE_IS_ENDING, /**< Refused: the power cycle or the run ends. */
	LIFECYCLE_NOT_SUSPENDED, /**< Refused: that is for a suspended guest. */
};

#define LIFECYCLE_PLAN_MAX 6

struct lifecycle_plan {
	enum lifecycle_answer answer;
	unsigned int count;
	enum lifecycle_action actions[LIFECYCLE_PLAN_MAX];
};

struct lifecycle {
	enum vm_state state; /**< As the record has it, or soon will. */
	enum lifecycle_stage stage;
	enum vm_trigger cause; /**< What led to the state, or ends the power cycle. */
	bool paused; /**< By the host. */
	bool quit; /**< The host wants the run to end: no reset begins another cycle. */
	unsigned int vcpu; /**< The one that asked last. */
};

/** Begin: @found is the state that the VM was found in, VM_OFF if it has never run. */
void lifecycle_init(struct lifecycle *life, enum vm_state found);

/** Change @life as @event demands, and say in @plan what must be done. */
void lifecycle_step(struct lifecycle *life, const struct lifecycle_event *event,
		    struct lifecycle_plan *plan);

/** Whether an action reports an outcome. */
bool lifecycle_has_outcome(enum lifecycle_action action);

#endif
