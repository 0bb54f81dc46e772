/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A running VM, for whoever commands it from outside and wants to hear of it: a
 * control server, the console's user, signals. It is also where the guest's
 * SYSTEM_SUSPEND is decided and recorded.
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
 * control_pause(), control_vcpu_powers() and the decision on a SYSTEM_SUSPEND that
 * KVM serves wait for every vCPU to be held up. That is soon, but a vCPU that is in
 * a device waits for it, which for a disk is as long as the piece in hand takes.
 *
 * What is asked for while the VM is between two lives, or after its end, has no
 * effect: it is the main thread that makes the change from one to the other, and
 * it hears of no request meanwhile.
 */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include <stdbool.h>
#include <time.h>

#include "error.h"
#include "lifecycle.h"
#include "record.h"
#include "vm.h"

/** What happens to a VM; QMP's events of the same names. */
enum control_event_kind {
	CONTROL_SUSPEND, /**< The guest has suspended itself to RAM. */
	CONTROL_WAKEUP, /**< And is awake. */
	CONTROL_STOP, /**< Its vCPUs are held up from outside. */
	CONTROL_RESUME, /**< And go on. */
	CONTROL_RESET, /**< Another life begins. */
	CONTROL_POWERDOWN, /**< The guest was asked to power off. Not sent yet. */
	CONTROL_SHUTDOWN, /**< The run has ended; the record stands. The last event. */
	CONTROL_SUSPEND_DISK, /**< The guest has saved itself to disk; SHUTDOWN follows. */
	CONTROL_GUEST_PANICKED, /**< It cannot go on; SHUTDOWN follows. */
};

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
	enum control_event_kind kind;
	struct timespec when; /**< CLOCK_REALTIME. */
	enum control_reason reason; /**< Of RESET and SHUTDOWN. */
	bool guest; /**< Of RESET and SHUTDOWN: the guest's own wish. */
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

/** Private but for record, which may be read. */
struct control {
	struct vm *vm;
	struct record *record; /**< As it is on disk, or soon will be. */
	int dir_fd; /**< Where that is. */
	bool paused;
	struct cause quit; /**< Of trigger QUIT once someone outside wants it to end. */
	enum control_reason quit_reason;
	struct control_listener *listeners;
};

/** @vm, @record and @dir_fd must outlive it. */
void control_create(struct control *control, struct vm *vm, struct record *record, int dir_fd);

/** Let @listener, which must outlive @control, hear of all that happens from now on. */
void control_listen(struct control *control, struct control_listener *listener);

/* --- Requests. Each returns 0, or -errno with @error set to a sentence. --- */

/** Hold all vCPUs up: QMP's stop. In any state; again is no error. A sleep goes on. */
int control_pause(struct control *control, struct error *error);

/**
 * Let them go on: QMP's cont. In any state; again is no error. What would have
 * woken a guest meanwhile does so now.
 */
int control_continue(struct control *control, struct error *error);

/**
 * Wake the guest out of SYSTEM_SUSPEND: QMP's system_wakeup. @by says who, for its
 * record: "dormouse wake". -EINVAL if it is not suspended. One that is paused is
 * awake, and goes on once continued.
 */
int control_wake(struct control *control, const char *by, struct error *error);

/** Reset it, from any state; RAM is cleared. One that is paused stays so. */
int control_reset(struct control *control, const char *by, struct error *error);

/**
 * Save it in @path, absolute, of a file that does not exist, and end the run: from
 * SYSTEM_SUSPEND only (-EINVAL), when the guest has brought itself to rest. Takes as
 * long as its memory takes to be written; if it fails all goes on as before.
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

/** What becomes readable when control_serve() must be called. The same for life. */
int control_fd(const struct control *control);

/**
 * Stop this process by @stop, which returns once it goes on. The guest's counter stands
 * meanwhile, as it does while the VM is paused.
 */
void control_stop_process(struct control *control, void (*stop)(void));

/** Answer what vCPUs ask. */
void control_serve(struct control *control);

/** The console is about to give its guest input: wake one that is suspended. */
void control_on_input(struct control *control);

/** Another life has begun, because of @cause: record it, tell of it. */
void control_began_again(struct control *control, const struct cause *cause);

/** The run has ended in record->state, because of @cause, and the record says so: tell. */
void control_ended(struct control *control, const struct cause *cause);

#endif
