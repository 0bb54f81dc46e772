/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/lifecycle.h"

#include <errno.h>
#include <string.h>

#define IN(state) (1U << (state))
#define AT_REST (IN(VM_OFF) | IN(VM_HIBERNATED) | IN(VM_SAVED) | IN(VM_CRASHED))
#define POWERED (IN(VM_RUNNING) | IN(VM_SUSPENDED))
#define GOES_ON (-1) /* No run ends with this trigger. */

/**
 * The one table. The comments say what happens; docs/design.md has the same
 * table for its readers, and a unit test compares the two.
 */
static const struct {
	const char *word; /**< The trigger's, in records. */
	unsigned int from; /**< The states in which it is possible. */
	enum vm_state to;
	enum vm_report report;
	int exit_status;
} rows[VM_TRIGGER_COUNT] = {
	/* clang-format off */
	/*
	 * dormouse run; after a reset: the next power cycle, which RESET has
	 * reported
	 */
	[VM_TRIGGER_START]     = { "start",     AT_REST | IN(VM_RESETTING), VM_RUNNING,    VM_REPORT_NONE,           GOES_ON },
	/* dormouse restore */
	[VM_TRIGGER_RESTORE]   = { "restore",   AT_REST,                    VM_SUSPENDED,  VM_REPORT_NONE,           GOES_ON },
	/* SYSTEM_SUSPEND */
	[VM_TRIGGER_SUSPEND]   = { "suspend",   IN(VM_RUNNING),             VM_SUSPENDED,  VM_REPORT_SUSPEND,        GOES_ON },
	/* an interrupt, input on the console, dormouse wake */
	[VM_TRIGGER_WAKE]      = { "wake",      IN(VM_SUSPENDED),           VM_RUNNING,    VM_REPORT_WAKEUP,         GOES_ON },
	/* SYSTEM_RESET, SYSTEM_RESET2, dormouse reset */
	[VM_TRIGGER_RESET]     = { "reset",     POWERED,                    VM_RESETTING,  VM_REPORT_RESET,          EXIT_STATUS_RESET },
	/* SYSTEM_OFF */
	[VM_TRIGGER_OFF]       = { "off",       IN(VM_RUNNING),             VM_OFF,        VM_REPORT_NONE,           EXIT_STATUS_OFF },
	/* SYSTEM_OFF2 */
	[VM_TRIGGER_HIBERNATE] = { "hibernate", IN(VM_RUNNING),             VM_HIBERNATED, VM_REPORT_SUSPEND_DISK,   EXIT_STATUS_HIBERNATED },
	/* a signal, Ctrl-A x, dormouse kill */
	[VM_TRIGGER_HOST_QUIT]      = { "quit",      POWERED | IN(VM_RESETTING), VM_OFF,        VM_REPORT_NONE,           EXIT_STATUS_QUIT },
	/* the guest or the host cannot continue */
	[VM_TRIGGER_CRASH]     = { "crash",     POWERED | IN(VM_RESETTING), VM_CRASHED,    VM_REPORT_GUEST_PANICKED, EXIT_STATUS_CRASHED },
	/* dormouse save */
	[VM_TRIGGER_SAVE]      = { "save",      IN(VM_SUSPENDED),           VM_SAVED,      VM_REPORT_NONE,           EXIT_STATUS_SAVED },
	/* pvpanic: the guest goes on; with --on-panic exit it does not */
	[VM_TRIGGER_PANIC]      = { "panic",      IN(VM_RUNNING), VM_RUNNING, VM_REPORT_GUEST_PANICKED, GOES_ON },
	[VM_TRIGGER_LAST_PANIC] = { "last-panic", IN(VM_RUNNING), VM_CRASHED, VM_REPORT_GUEST_PANICKED, EXIT_STATUS_PANICKED },
	/* clang-format on */
};

static const char *const state_words[VM_STATE_COUNT] = {
	[VM_OFF] = "off",
	[VM_RUNNING] = "running",
	[VM_SUSPENDED] = "suspended",
	[VM_HIBERNATED] = "hibernated",
	[VM_SAVED] = "saved",
	[VM_RESETTING] = "resetting",
	[VM_CRASHED] = "crashed",
};

int lifecycle_next(enum vm_state from, enum vm_trigger trigger, enum vm_state *to)
{
	if (!(rows[trigger].from & IN(from)))
		return -EINVAL;
	*to = rows[trigger].to;

	return 0;
}

enum vm_report lifecycle_report(enum vm_trigger trigger)
{
	return rows[trigger].report;
}

const char *lifecycle_report_word(enum vm_report report)
{
	static const char *const words[VM_REPORT_COUNT] = {
		[VM_REPORT_NONE] = "",
		[VM_REPORT_SUSPEND] = "SUSPEND",
		[VM_REPORT_WAKEUP] = "WAKEUP",
		[VM_REPORT_STOP] = "STOP",
		[VM_REPORT_RESUME] = "RESUME",
		[VM_REPORT_RESET] = "RESET",
		[VM_REPORT_POWERDOWN] = "POWERDOWN",
		[VM_REPORT_REQUEST] = "X_DORMOUSE_REQUEST",
		[VM_REPORT_SUSPEND_DISK] = "SUSPEND_DISK",
		[VM_REPORT_GUEST_PANICKED] = "GUEST_PANICKED",
		[VM_REPORT_VSERPORT_CHANGE] = "VSERPORT_CHANGE",
		[VM_REPORT_SHUTDOWN] = "SHUTDOWN",
	};

	return words[report];
}

bool lifecycle_has_process(enum vm_state state)
{
	return state == VM_RUNNING || state == VM_SUSPENDED || state == VM_RESETTING;
}

bool lifecycle_awaits_restore(enum vm_state state, bool died, bool has_file)
{
	return has_file && (state == VM_SAVED || (state == VM_SUSPENDED && died));
}

const char *lifecycle_state_word(enum vm_state state)
{
	return state_words[state];
}

const char *lifecycle_trigger_word(enum vm_trigger trigger)
{
	return rows[trigger].word;
}

int lifecycle_parse_state(const char *word, enum vm_state *state)
{
	for (int i = 0; i < VM_STATE_COUNT; i++) {
		if (strcmp(state_words[i], word) != 0)
			continue;
		*state = (enum vm_state)i;

		return 0;
	}

	return -EINVAL;
}

int lifecycle_parse_trigger(const char *word, enum vm_trigger *trigger)
{
	for (int i = 0; i < VM_TRIGGER_COUNT; i++) {
		if (strcmp(rows[i].word, word) != 0)
			continue;
		*trigger = (enum vm_trigger)i;

		return 0;
	}

	return -EINVAL;
}

int lifecycle_exit_status(enum vm_state state, enum vm_trigger trigger)
{
	if (lifecycle_has_process(state) || rows[trigger].exit_status == GOES_ON)
		return EXIT_STATUS_TROUBLE;

	/* A failure at the end, of a disk for example, makes it crash. */
	return state == VM_CRASHED && rows[trigger].to != VM_CRASHED ? EXIT_STATUS_CRASHED
								     : rows[trigger].exit_status;
}
