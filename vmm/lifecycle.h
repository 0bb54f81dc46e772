/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power states of a VM and what leads from one to another.
 *
 * Who serves PSCI makes no difference here: libpsci's events and KVM's system
 * events arrive as the same causes.
 */
#ifndef VMM_LIFECYCLE_H
#define VMM_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/** See the diagram in docs/design.md. */
enum vm_state {
	VM_OFF,
	VM_RUNNING,
	VM_SUSPENDED, /**< To RAM: its process waits for what wakes the guest. */
	VM_HIBERNATED, /**< Off, with its memory saved on its disk by the guest. */
	VM_SAVED, /**< Without a process, with all of a suspended machine in a file. */
	VM_RESETTING, /**< Between two lives of one run. */
	VM_CRASHED, /**< Stopped without having been asked to, by guest or host. */
};
#define VM_STATE_COUNT (VM_CRASHED + 1)

enum vm_trigger {
	VM_TRIGGER_START, /**< dormouse run, or the end of a reset. */
	VM_TRIGGER_SUSPEND, /**< The guest suspended itself to RAM. */
	VM_TRIGGER_WAKE, /**< Something ended that. */
	VM_TRIGGER_OFF, /**< The guest powered off. */
	VM_TRIGGER_HIBERNATE, /**< The guest powered off having saved itself. */
	VM_TRIGGER_RESET, /**< The guest, or someone outside, wants it to start again. */
	VM_TRIGGER_QUIT, /**< Someone outside stopped it: the console's user, a signal. */
	VM_TRIGGER_CRASH, /**< It cannot go on. */
	VM_TRIGGER_SAVE, /**< Someone outside had it saved to a file. */
	VM_TRIGGER_RESTORE, /**< Someone outside had it restored from there. */
};
#define VM_TRIGGER_COUNT (VM_TRIGGER_RESTORE + 1)

#define CAUSE_VCPU_NONE (-1)

/** What led to a state. */
struct cause {
	enum vm_trigger trigger;
	/**
	 * The PSCI function that the guest called, or, for a trigger that is not
	 * the guest's, the reason in words. Empty if unknown.
	 */
	char what[160];
	bool type_known; /**< KVM does not pass on SYSTEM_OFF2's and SYSTEM_RESET2's arguments. */
	uint32_t type; /**< reset_type, or SYSTEM_OFF2's type. */
	uint64_t cookie;
	int vcpu; /**< Which vCPU called, or CAUSE_VCPU_NONE. */
	bool reset2; /**< Of a reset: by SYSTEM_RESET2. Not recorded. */
	bool warm; /**< Of a reset: memory keeps its contents. Not recorded. */
	bool outside; /**< Of a reset: not the guest's wish. Not recorded. */
	time_t when; /**< Wall clock. */
};

/**
 * Find where a trigger leads. Returns 0 and sets @to, or -EINVAL where @trigger
 * makes no sense in @from.
 */
int lifecycle_next(enum vm_state from, enum vm_trigger trigger, enum vm_state *to);

/** Whether a VM in this state has a process; a record that says so may outlive it. */
bool lifecycle_has_process(enum vm_state state);

/** The word for a state that status, record and messages use. */
const char *lifecycle_state_word(enum vm_state state);

/** The reverse. Returns 0 or -EINVAL. */
int lifecycle_parse_state(const char *word, enum vm_state *state);

/** The same for triggers; the record's words. */
const char *lifecycle_trigger_word(enum vm_trigger trigger);
int lifecycle_parse_trigger(const char *word, enum vm_trigger *trigger);

/** The exit status of `dormouse run` that tells how a VM ended. */
int lifecycle_exit_status(enum vm_state state, enum vm_trigger trigger);

#define EXIT_STATUS_OFF 0
#define EXIT_STATUS_TROUBLE 1
#define EXIT_STATUS_USAGE 2
#define EXIT_STATUS_HIBERNATED 3
#define EXIT_STATUS_CRASHED 4
#define EXIT_STATUS_QUIT 5
#define EXIT_STATUS_RESET 6
#define EXIT_STATUS_SAVED 7

/**
 * Fill in a cause without arguments, as of now. @what is cut off where it is too
 * long.
 */
void cause_set(struct cause *cause, enum vm_trigger trigger, int vcpu, const char *what);

/**
 * Whether @later, and not @first, is what ended a life. The first one is, but
 * where someone outside stopped a guest that was just saying that it powers off
 * or hibernates: then the guest is right, whose image is complete.
 */
bool cause_outranks(const struct cause *later, const struct cause *first);

#define CAUSE_TEXT_SIZE 256

/** Say a cause in words, such as "SYSTEM_OFF2, type 0, from vCPU 0". */
void cause_format(const struct cause *cause, char text[CAUSE_TEXT_SIZE]);

#define TIME_TEXT_SIZE 32

/** A time as UTC in RFC 3339, and the reverse (0 or -EINVAL). */
void time_format(time_t when, char text[TIME_TEXT_SIZE]);
int time_parse(const char *text, time_t *when);

#endif
