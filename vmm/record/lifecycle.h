/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power states of a VM and the triggers that lead from one to another: one
 * table, which has for each trigger the resulting state, the event that reports
 * it, and the exit status of a run that it ends.
 *
 * The server of PSCI makes no difference here: libpsci's events and KVM's
 * system events arrive as the same triggers.
 */
#ifndef VMM_LIFECYCLE_H
#define VMM_LIFECYCLE_H

#include <stdbool.h>

/** See the diagram in docs/design.md. */
enum vm_state {
	VM_OFF,
	VM_RUNNING,
	VM_SUSPENDED, /**< To RAM: its process waits for a wake-up. */
	VM_HIBERNATED, /**< Off, with its memory saved on its disk by the guest. */
	VM_SAVED, /**< Without a process: a file has all of the suspended machine. */
	VM_RESETTING, /**< Between two power cycles of one run. */
	VM_CRASHED, /**< Stopped without a request, by guest or host. */
};
#define VM_STATE_COUNT (VM_CRASHED + 1)

enum vm_trigger {
	VM_TRIGGER_START, /**< dormouse run, or the end of a reset. */
	VM_TRIGGER_SUSPEND, /**< The guest suspended itself to RAM. */
	VM_TRIGGER_WAKE, /**< The suspension ended. */
	VM_TRIGGER_OFF, /**< The guest powered off. */
	VM_TRIGGER_HIBERNATE, /**< The guest powered off after it saved itself to disk. */
	VM_TRIGGER_RESET, /**< The guest or the host requested a reset. */
	VM_TRIGGER_HOST_QUIT, /**< The host stopped it: the console's user, a signal, a client. */
	VM_TRIGGER_CRASH, /**< The guest or the host cannot continue. */
	VM_TRIGGER_SAVE, /**< The host saved it to a file. */
	VM_TRIGGER_RESTORE, /**< The host restored it from that file. */
	VM_TRIGGER_PANIC, /**< The guest said that it panicked, and goes on. */
	VM_TRIGGER_LAST_PANIC, /**< It said so, and its user wants that to end the run. */
};
#define VM_TRIGGER_COUNT (VM_TRIGGER_LAST_PANIC + 1)

/** The events for listeners: QMP's events of these names. */
enum vm_report {
	VM_REPORT_NONE,
	VM_REPORT_SUSPEND, /**< The guest has suspended itself to RAM. */
	VM_REPORT_WAKEUP, /**< It is awake again. */
	VM_REPORT_STOP, /**< The host has paused its vCPUs. */
	VM_REPORT_RESUME, /**< They run again. */
	VM_REPORT_RESET, /**< Another power cycle begins. */
	VM_REPORT_POWERDOWN, /**< The guest was asked to power off. */
	VM_REPORT_REQUEST, /**< A request to the guest has ended, see record/request.h. */
	VM_REPORT_SUSPEND_DISK, /**< The guest has saved itself to disk; SHUTDOWN follows. */
	/** It panicked, and goes on, restarts or ends; or it cannot continue. */
	VM_REPORT_GUEST_PANICKED,
	VM_REPORT_VSERPORT_CHANGE, /**< The guest has opened or closed the agent's port. */
	VM_REPORT_SHUTDOWN, /**< The run has ended and is recorded. The last event. */
};
#define VM_REPORT_COUNT (VM_REPORT_SHUTDOWN + 1)

/** The exit statuses of `dormouse run`. */
#define EXIT_STATUS_OFF 0
#define EXIT_STATUS_TROUBLE 1
#define EXIT_STATUS_USAGE 2
#define EXIT_STATUS_HIBERNATED 3
#define EXIT_STATUS_CRASHED 4
#define EXIT_STATUS_QUIT 5
#define EXIT_STATUS_RESET 6
#define EXIT_STATUS_SAVED 7
#define EXIT_STATUS_PANICKED 8

/**
 * Find the state to which a trigger leads. Returns 0 and sets @to, or -EINVAL
 * if @trigger is impossible in @from.
 */
int lifecycle_next(enum vm_state from, enum vm_trigger trigger, enum vm_state *to);

/**
 * The event that reports a trigger; one that ends a run is followed by
 * SHUTDOWN.
 */
enum vm_report lifecycle_report(enum vm_trigger trigger);

/** QMP's name for an event; never of VM_REPORT_NONE. */
const char *lifecycle_report_word(enum vm_report report);

/**
 * Whether a VM in this state has a process; a record that says so may outlive
 * it.
 */
bool lifecycle_has_process(enum vm_state state);

/**
 * Whether a VM may be restored from the file that its record names, because its
 * guest has not run since: it is saved, or its dormouse died between the moment
 * when the file was complete and the one when the record said so.
 *
 * @state: as recorded
 * @died: the dormouse that recorded it has died without recording an end
 * @has_file: the record names a file and its id
 */
bool lifecycle_awaits_restore(enum vm_state state, bool died, bool has_file);

/** The word for a state that status, record and messages use. */
const char *lifecycle_state_word(enum vm_state state);

/** The reverse. Returns 0 or -EINVAL. */
int lifecycle_parse_state(const char *word, enum vm_state *state);

/** The record's word for a trigger, and the reverse (0 or -EINVAL). */
const char *lifecycle_trigger_word(enum vm_trigger trigger);
int lifecycle_parse_trigger(const char *word, enum vm_trigger *trigger);

/**
 * The exit status of `dormouse run` when @trigger has ended a run in @state.
 */
int lifecycle_exit_status(enum vm_state state, enum vm_trigger trigger);

#endif
