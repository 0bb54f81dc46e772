/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life cycle of a VM that runs, sleeps, is saved, is reset or ends: a pure
 * function from events to the actions that follow.
 *
 * lifecycle_step() makes no system call, takes no lock and reads no clock. The
 * main thread gives it each event, carries out the actions of the plan in their
 * order, and returns the outcome of the last one as the next event, until a
 * plan has no action with an outcome. No other code decides on the state of the
 * machine, and no other code changes the state in its record (act.c).
 *
 * tests/lifecycle explores every order of events and outcomes.
 */
#ifndef VMM_LIFECYCLE_STEP_H
#define VMM_LIFECYCLE_STEP_H

#include <stdbool.h>

#include "record/lifecycle.h"

/** The current activity of the main thread. Private, except LIFECYCLE_OVER. */
enum lifecycle_stage {
	LIFECYCLE_IDLE, /**< The machine is created; nothing is recorded of it. */
	LIFECYCLE_RECORDING_START,
	LIFECYCLE_STARTING,
	LIFECYCLE_RUNNING, /**< None: it waits for events. The guest runs or sleeps. */
	LIFECYCLE_PAUSING,
	LIFECYCLE_HOLDING_TO_SUSPEND, /**< The vCPUs are being paused for a SYSTEM_SUSPEND. */
	LIFECYCLE_JUDGING_SUSPEND,
	LIFECYCLE_HOLDING_TO_SAVE,
	LIFECYCLE_WRITING_FILE, /**< Under a temporary name. */
	LIFECYCLE_RECORDING_FILE, /**< Its final name and id, before it has that name. */
	LIFECYCLE_PUBLISHING_FILE,
	LIFECYCLE_RECORDING_SAVED,
	LIFECYCLE_UNDOING_SAVE,
	LIFECYCLE_RECORDING_PARKED,
	LIFECYCLE_UNDOING_PARK,
	LIFECYCLE_SPENDING, /**< The file that it is parked in is being removed. */
	LIFECYCLE_STOPPING, /**< The vCPUs are stopping. */
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
	LIFECYCLE_WOKEN, /**< An interrupt has woken @vcpu, which waits to continue. */
	LIFECYCLE_PANICKED, /**< The guest said so, and goes on. */
	LIFECYCLE_ENDED, /**< All vCPUs have stopped, because of @trigger. */
	/* The host. */
	LIFECYCLE_INPUT, /**< Bytes on the console, or an alarm that is no interrupt. */
	LIFECYCLE_PAUSE,
	LIFECYCLE_CONTINUE,
	LIFECYCLE_WAKE,
	LIFECYCLE_RESET,
	LIFECYCLE_QUIT,
	LIFECYCLE_SAVE,
	LIFECYCLE_PARK,
};
#define LIFECYCLE_EVENT_COUNT (LIFECYCLE_PARK + 1)

struct lifecycle_event {
	enum lifecycle_event_kind kind;
	unsigned int vcpu; /**< Of ASKED and WOKEN. */
	enum vm_trigger
		trigger; /**< Of ENDED: OFF, HIBERNATE, RESET, QUIT, CRASH, SAVE or LAST_PANIC. */
	bool parked; /**< Of RESTORE: it sleeps on in the file. */
	bool last; /**< Of ENDED by a reset: an option says that such a reset ends the run. */
};

/** Actions. Those marked (outcome) report DONE or FAILED and end a plan. */
enum lifecycle_action {
	LIFECYCLE_ACT_RECORD, /**< Replace the record, durably (outcome). */
	LIFECYCLE_ACT_WRITE, /**< Replace the record; a failure is only logged. */
	LIFECYCLE_ACT_NOTE, /**< Replace the record, perhaps later if the guest causes many. */
	LIFECYCLE_ACT_RECORD_BACK, /**< Restore the record that was found at the start. */
	LIFECYCLE_ACT_RUN, /**< Start the vCPUs (outcome). */
	LIFECYCLE_ACT_HOLD, /**< Pause all vCPUs; fails if the power cycle ends (outcome). */
	LIFECYCLE_ACT_RELEASE, /**< Resume the vCPUs. */
	LIFECYCLE_ACT_STOP_CLOCK, /**< Stop the guest's counter. */
	LIFECYCLE_ACT_START_CLOCK,
	LIFECYCLE_ACT_JUDGE, /**< May the vCPU that asked suspend the machine? (outcome) */
	LIFECYCLE_ACT_ALLOW, /**< Answer that vCPU: it suspends. */
	LIFECYCLE_ACT_REFUSE, /**< Answer that vCPU: it does not, for the reason that was found. */
	LIFECYCLE_ACT_LET_WAKE, /**< Answer the vCPU that was woken. */
	LIFECYCLE_ACT_WAKE, /**< Make the vCPU that suspended the machine continue. */
	LIFECYCLE_ACT_FREEZE, /**< Keep devices from accessing the guest's memory. */
	LIFECYCLE_ACT_THAW,
	LIFECYCLE_ACT_WRITE_FILE, /**< Write the machine, durably, to a temporary name (outcome). */
	LIFECYCLE_ACT_PUBLISH_FILE, /**< Give the file its name, durably (outcome). */
	LIFECYCLE_ACT_DISCARD_FILE, /**< Remove the file, and its name and id from the record. */
	LIFECYCLE_ACT_GIVE_BACK, /**< Return RAM, unless the file alone has it, to the host. */
	/**
	 * Remove the file that a machine is parked in, durably; it fails by stopping the
	 * machine, which has crashed (outcome).
	 */
	LIFECYCLE_ACT_SPEND_FILE,
	LIFECYCLE_ACT_LEAVE_FILE, /**< Remove it once the machine is saved in another file. */
	LIFECYCLE_ACT_STOP, /**< Stop all vCPUs, because of the host's request. */
	LIFECYCLE_ACT_CLOSE, /**< Destroy the stopped machine. */
	LIFECYCLE_ACT_RESTART, /**< Destroy the machine, create it again and run it (outcome). */
	LIFECYCLE_ACT_DRAIN, /**< Make durable what the guest wrote (outcome). */
	LIFECYCLE_ACT_REPORT, /**< Report the change of state, as lifecycle_report() says. */
	LIFECYCLE_ACT_REPORT_STOP,
	LIFECYCLE_ACT_REPORT_RESUME,
	/** Log it, and report a panic that caused it: RESET comes when the reset is done. */
	LIFECYCLE_ACT_REPORT_RESETTING,
	LIFECYCLE_ACT_REPORT_RESET,
	LIFECYCLE_ACT_REPORT_END, /**< The event of the trigger, if it has one, and SHUTDOWN. */
};
#define LIFECYCLE_ACTION_COUNT (LIFECYCLE_ACT_REPORT_END + 1)

/** The answer to a request. */
enum lifecycle_answer {
	LIFECYCLE_TAKEN,
	LIFECYCLE_IS_ENDING, /**< Refused: the power cycle or the run ends. */
	LIFECYCLE_NOT_SUSPENDED, /**< Refused: it needs a suspended guest. */
};

#define LIFECYCLE_PLAN_MAX 6

struct lifecycle_plan {
	enum lifecycle_answer answer;
	unsigned int count;
	enum lifecycle_action actions[LIFECYCLE_PLAN_MAX];
};

struct lifecycle {
	enum vm_state state; /**< As in the record, or soon will be. */
	enum lifecycle_stage stage;
	enum vm_trigger cause; /**< The trigger of the state, or of the end of the power cycle. */
	bool paused; /**< By the host. */
	bool panicked; /**< The guest said so, and its state has not changed since. */
	bool quit; /**< The host wants the run to end: no reset begins another cycle. */
	unsigned int vcpu; /**< The one that asked last. */
	bool parking; /**< What is being saved stays, and will be parked. */
	bool parked; /**< It sleeps, and a file has its memory. */
	struct lifecycle_event then; /**< What follows once the file is spent. */
};

/**
 * Initialise it. @found is the state in which the VM was found, VM_OFF if it
 * has never run.
 */
void lifecycle_init(struct lifecycle *life, enum vm_state found);

/** Change @life by @event, and return in @plan the actions that follow. */
void lifecycle_step(struct lifecycle *life, const struct lifecycle_event *event,
		    struct lifecycle_plan *plan);

/** Whether an action reports an outcome. */
bool lifecycle_has_outcome(enum lifecycle_action action);

#endif
