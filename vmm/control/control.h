/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A running VM, for those who command it from outside and listen to what happens to
 * it: a control server, the console's user, signals. It is the one owner of the VM's
 * record, and carries out what lifecycle_step() decides, SYSTEM_SUSPEND included.
 *
 * Concurrency
 * -----------
 * All of it belongs to the main thread, the one that called run(). That thread
 * sits in a poll() loop (run.c, serve()); a server adds its file descriptor there
 * and calls these functions from there. Listeners are called on it as well, from
 * within the functions below or the loop, in the order in which things happen,
 * and must not call back into this interface: they note the event and return.
 *
 * vCPU threads reach it through the gate alone (gate.h, vm.h): they ask and wait.
 * control_pause(), control_save(), control_vcpu_powers() and the decision on a
 * SYSTEM_SUSPEND wait until every vCPU has come to the gate. That is soon, but a vCPU
 * that is in a device waits for it, which for a disk is as long as the piece in hand
 * takes.
 *
 * A request that comes after the vCPUs were told to stop is refused: "NAME is ending".
 */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "base/write-limit.h"
#include "control/lifecycle-step.h"
#include "machine/vm.h"
#include "record/cause.h"
#include "record/record.h"
#include "save/file.h"

/** Why it ended or is reset; QMP's ShutdownCause. */
enum control_reason {
	CONTROL_REASON_GUEST_SHUTDOWN,
	CONTROL_REASON_GUEST_RESET,
	CONTROL_REASON_GUEST_PANIC, /**< Or anything else for which it cannot go on. */
	CONTROL_REASON_HOST_SIGNAL,
	CONTROL_REASON_HOST_UI, /**< The console's user. */
	CONTROL_REASON_HOST_QMP_QUIT,
	CONTROL_REASON_HOST_QMP_SYSTEM_RESET,
};

struct control_event {
	enum vm_report kind;
	struct timespec when; /**< CLOCK_REALTIME. */
	enum control_reason reason; /**< Of RESET and SHUTDOWN. */
	bool guest; /**< Of RESET and SHUTDOWN: the guest asked for it. */
	const struct cause *cause; /**< What led to it, for the length of the call; or NULL. */
};

/** QMP's word for a reason, such as "guest-shutdown". */
const char *control_reason_word(enum control_reason reason);

struct control_listener {
	void (*hear)(void *context, const struct control_event *event);
	void *context;
	struct control_listener *next; /**< Private. */
};

/** The power of a vCPU, as AFFINITY_INFO and CPU_SUSPEND have it. */
enum control_power {
	CONTROL_POWER_ON,
	CONTROL_POWER_OFF,
	CONTROL_POWER_SUSPENDED,
};

/** Private, but vm and record may be read, and run.c sets interrupted and context. */
struct control {
	struct vm *vm;
	struct record *record; /**< As it is on disk, or soon will be. */
	const struct record *found; /**< As it was before this run, or NULL. */
	const struct save_file *from; /**< What the VM is restored from, or NULL. */
	int dir_fd; /**< Where the record is. */

	struct lifecycle life;
	struct cause cause; /**< Of the event that is acted upon. */
	struct cause quit; /**< Of trigger QUIT once the host wants it to end. */
	enum control_reason quit_reason;
	int32_t suspend_answer; /**< To the vCPU that asked: a PSCI_RET_ value. */
	const char *save_path;
	struct save_draft draft;
	bool has_draft;
	struct error error; /**< Why the last action that failed did, */
	int err; /**< and its -errno. */

	struct write_limit limit;
	bool record_lags; /**< A note was put off: the one on disk is older. */
	int record_err; /**< Of the last replacement: 0 or -errno. */

	/**
	 * For run.c: what took long was given up since the user wants dormouse to end
	 * (interrupt.h); it calls control_quit().
	 */
	void (*interrupted)(void *context);
	void *context;

	struct control_listener *listeners;
};

/**
 * @vm, @record, @found, @from and @dir_fd must outlive it. @record has the machine that
 * runs, and how often it has booted.
 */
void control_create(struct control *control, struct vm *vm, struct record *record,
		    const struct record *found, const struct save_file *from, int dir_fd);

/** Let @listener, which must outlive @control, hear of all that happens from now on. */
void control_listen(struct control *control, struct control_listener *listener);

/* --- Requests. Each returns 0, or -errno with @error set to a sentence. --- */

/** Pause all vCPUs: QMP's stop. Again is no error. A guest that sleeps, sleeps on. */
int control_pause(struct control *control, struct error *error);

/**
 * Let them run on: QMP's cont. Again is no error. What would have woken a guest
 * meanwhile does so now.
 */
int control_continue(struct control *control, struct error *error);

bool control_is_paused(const struct control *control);

/**
 * Wake the guest out of SYSTEM_SUSPEND: QMP's system_wakeup. @by names who asked, for
 * its record: "dormouse wake". -EINVAL if it is not suspended. One that is paused is
 * awake, and runs on once continued.
 */
int control_wake(struct control *control, const char *by, struct error *error);

/** Reset it, from any state; RAM is cleared. One that is paused stays so. */
int control_reset(struct control *control, const char *by, struct error *error);

/**
 * Save it in @path, absolute, of a file that does not exist, and end the run: from
 * SYSTEM_SUSPEND only (-EINVAL), when the guest has brought itself to rest. Takes as
 * long as its memory takes to be written; if it fails all goes on as before. Once it
 * returns 0, both the file and the record that names it are on disk.
 */
int control_save(struct control *control, const char *path, struct error *error);

/**
 * Ask the guest to power off, as its power button would: -EOPNOTSUPP, since the
 * machine has none.
 */
int control_powerdown(struct control *control, struct error *error);

/** End the run, as pulling the plug does; soon, and from any state. */
void control_quit(struct control *control, enum control_reason reason, const char *by);

/** The power of each vCPU; @powers has room for all. */
int control_vcpu_powers(struct control *control, enum control_power *powers, struct error *error);

/* --- For run.c --- */

/**
 * Record, durably, that the machine runs, and let it: vm_boot() or save_file_restore() has made it. Returns 0,
 * or -errno with @error set; then the record is as it was found, and the machine closed.
 */
int control_start(struct control *control, struct error *error);

/** What becomes readable when control_serve() must be called. Constant. */
int control_fd(const struct control *control);

/**
 * Stop this process by @stop, which returns once it goes on. The guest's counter stands
 * meanwhile, as it does while the VM is paused.
 */
void control_stop_process(struct control *control, void (*stop)(void));

/** Answer what vCPUs ask. */
void control_serve(struct control *control);

/** In how many milliseconds control_write_late() must be called; -1: not before an event. */
int control_timeout(const struct control *control);

/** The console is about to give its guest input: wake one that is suspended. */
void control_on_input(struct control *control);

/**
 * The vCPUs were told to stop: wait for them, and begin the next power cycle or end the
 * run. Returns whether the run goes on.
 */
bool control_on_stop(struct control *control);

/**
 * Once the run is over. Returns the exit status of `dormouse run`, or -errno with @error
 * set if its end could not be recorded.
 */
int control_result(const struct control *control, struct error *error);

#endif
