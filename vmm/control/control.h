/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control interface of a running VM, for a control server, the console's
 * user and signals: requests, and events for listeners. It alone owns the VM's
 * record, and carries out what lifecycle_step() decides, including
 * SYSTEM_SUSPEND.
 *
 * Concurrency
 * -----------
 * All of it belongs to the main thread, the one that called run(). That thread
 * runs a main loop (base/main-loop.h); a server adds its file descriptor there
 * and calls these functions from there. Listeners are called on it as well,
 * from within the functions below or the loop, in the order of the events, and
 * must not call back into this interface: they note the event and return.
 *
 * vCPU threads reach it only through the gate (gate.h, vm.h), where they send
 * requests and wait. control_pause(), control_save(), control_vcpu_powers() and
 * the decision on a SYSTEM_SUSPEND wait until every vCPU has reached the gate.
 * That is soon, except that a vCPU that accesses a device waits for it; for a
 * disk, as long as the current piece takes.
 *
 * A request after the vCPUs were stopped is refused: "NAME is ending".
 */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "base/write-limit.h"
#include "control/agent.h"
#include "control/ask.h"
#include "control/idle.h"
#include "control/lifecycle-step.h"
#include "control/park-timer.h"
#include "machine/vm.h"
#include "record/cause.h"
#include "record/record.h"
#include "save/file.h"

/** Why it ended or was reset; QMP's ShutdownCause. */
enum control_reason {
	CONTROL_REASON_GUEST_SHUTDOWN,
	CONTROL_REASON_GUEST_RESET,
	CONTROL_REASON_GUEST_PANIC, /**< Or any other reason for which it cannot continue. */
	CONTROL_REASON_HOST_SIGNAL,
	CONTROL_REASON_HOST_UI, /**< The console's user. */
	CONTROL_REASON_HOST_QMP_QUIT,
	CONTROL_REASON_HOST_QMP_SYSTEM_RESET,
};

struct control_event {
	enum vm_report kind;
	struct timespec when; /**< CLOCK_REALTIME. */
	enum control_reason reason; /**< Of RESET and SHUTDOWN. */
	bool guest; /**< Of RESET and SHUTDOWN: requested by the guest. */
	const struct cause *cause; /**< Its cause, valid during the call; or NULL. */
	const char *id; /**< Of NETDEV_STREAM_*: the device. Valid during the call, as is */
	const char *path; /**< the socket's path. */
	const struct request *request; /**< Of REQUEST: how it ended; valid during the call. */
	enum vm_state state; /**< Of REQUEST: the VM's. */
	bool open; /**< Of VSERPORT_CHANGE: the guest has the agent's port open. */
};

/** QMP's word for a reason, such as "guest-shutdown". */
const char *control_reason_word(enum control_reason reason);

struct control_listener {
	void (*on_event)(void *context, const struct control_event *event);
	void *context;
	struct control_listener *next; /**< Private. */
};

/** The power of a vCPU, in terms of AFFINITY_INFO and CPU_SUSPEND. */
enum control_power {
	CONTROL_POWER_ON,
	CONTROL_POWER_OFF,
	CONTROL_POWER_SUSPENDED,
};

/**
 * Private, except that vm and record may be read, and run.c sets interrupted,
 * context, agent, park_path and stays_parked.
 */
struct control {
	struct vm *vm;
	struct record *record; /**< The record as it is on disk, or soon will be. */
	const struct record *found; /**< The record before this run, or NULL. */
	const struct save_file *from; /**< The saved machine that is restored, or NULL. */
	int dir_fd; /**< The directory of the record. */

	struct lifecycle life;
	struct cause cause; /**< The cause of the current event. */
	struct cause quit; /**< The cause of trigger QUIT once the host wants the VM to end. */
	enum control_reason quit_reason;
	int32_t suspend_answer; /**< The answer to the vCPU that asked: a PSCI_RET_ value. */
	const char *save_path;
	bool save_compresses;
	const char *park_path; /**< Of the file that the VM is parked in; run.c sets it. */
	bool stays_parked; /**< It is restored, and stays in that file; run.c sets it. */
	struct park_timer park_timer; /**< See park.h. */
	/** The devices' uses, and what they had given, when the file was written. */
	uint64_t park_uses, park_given;
	struct save_draft draft;
	bool has_draft;
	struct error error; /**< The reason for which the last failed action failed, */
	int err; /**< and its -errno. */

	struct idle idle; /**< See idle-vm.h. */
	uint64_t inputs; /**< How often the console had some. */
	struct ask ask; /**< The request to the guest; see ask-vm.h. */
	struct agent *agent; /**< NULL if the guest's machine has no port for one. */

	struct write_limit limit;
	bool record_lags; /**< A write was delayed: the record on disk is older. */
	int record_err; /**< The result of the last replacement: 0 or -errno. */

	/**
	 * For run.c: long work was abandoned since the user wants dormouse to
	 * end (interrupt.h). It calls control_quit().
	 */
	void (*interrupted)(void *context);
	void *context;

	struct control_listener *listeners;
};

/**
 * @vm, @record, @found, @from and @dir_fd must outlive @control. @record
 * describes the machine that runs, and how often it has booted.
 */
void control_create(struct control *control, struct vm *vm, struct record *record,
		    const struct record *found, const struct save_file *from, int dir_fd);

/** Call @listener, which must outlive @control, for all events from now on. */
void control_listen(struct control *control, struct control_listener *listener);

/* --- Requests. Each returns 0, or -errno with @error set to a sentence. --- */

/**
 * Pause all vCPUs: QMP's stop. A repetition is no error. A sleeping guest keeps
 * sleeping.
 */
int control_pause(struct control *control, struct error *error);

/**
 * Resume all vCPUs: QMP's cont. A repetition is no error. Events that would
 * have woken a guest meanwhile wake it now.
 */
int control_continue(struct control *control, struct error *error);

bool control_is_paused(const struct control *control);

/**
 * Wake the guest from SYSTEM_SUSPEND: QMP's system_wakeup. @by names the
 * requester, for the record: "dormouse wake". -EINVAL if it is not suspended. A
 * paused guest is awake, and runs once continued.
 */
int control_wake(struct control *control, const char *by, struct error *error);

/** Reset the VM, from any state; RAM is cleared. A paused VM stays paused. */
int control_reset(struct control *control, const char *by, struct error *error);

/**
 * Save the VM in @path, the absolute path of a file that does not exist, and
 * end the run. @compress: in a small file, which cannot be mapped. Only from SYSTEM_SUSPEND (-EINVAL). Takes as long as the memory
 * takes to be written; if it fails the VM continues as before. Once it returns
 * 0, both the file and the record that names it are on disk.
 */
int control_save(struct control *control, const char *path, bool compress, struct error *error);

/**
 * Write the memory of a guest in SYSTEM_SUSPEND to the VM's directory and return
 * it to the host; whatever wakes the guest brings it back. Returns 0 once it is
 * parked, or -errno with @error set, -EINVAL if the guest is not suspended, and
 * then it is as before.
 */
int control_park(struct control *control, struct error *error);

/** End the run at once, like pulling the plug; soon, and from any state. */
void control_quit(struct control *control, enum control_reason reason, const char *by);

/** The power of each vCPU; @powers has room for all. */
int control_vcpu_powers(struct control *control, enum control_power *powers, struct error *error);

/* --- For run.c --- */

/**
 * Record, durably, that the machine runs, and run it: vm_boot() or
 * save_file_restore() has created it. Returns 0, or -errno with @error set;
 * then the record is the one that was found, and the machine is closed.
 */
int control_start(struct control *control, struct error *error);

/** Becomes readable when control_serve() must be called. Constant. */
int control_fd(const struct control *control);

/**
 * Stop this process by @stop, which returns once the process continues. The
 * guest's counter stands still meanwhile, as while the VM is paused.
 */
void control_stop_process(struct control *control, void (*stop)(void));

/** Answer the requests of vCPUs. */
void control_serve(struct control *control);

/** When control_write_late() must be called next, as a main loop's deadline. */
uint64_t control_deadline(const struct control *control);

/**
 * The console is about to pass input to its guest: wake it if it is suspended.
 */
void control_on_input(struct control *control);

/** The guest has opened the agent's port, or closed it: report that. */
void control_on_port(struct control *control, bool open);

/**
 * When control_on_alarm() must be called, as a main loop's deadline: at once if
 * a guest with ACPI is suspended, the clock's alarm has come, and the guest is not
 * to be saved next, as ask_saves() says.
 *
 * Such a guest has no interrupt for it. In ACPI it is the machine that wakes,
 * and the guest finds the reason in the time-and-alarm device; Linux masks all
 * interrupts but those of devices that wake it.
 */
uint64_t control_alarm_due(const struct control *control);

/** Wake the guest for that alarm. */
void control_on_alarm(struct control *control);

/**
 * When control_on_call() must be called, as a main loop's deadline: at once if
 * the guest is suspended, a device is called, such as by a frame for it, and the
 * guest is not to be saved next.
 *
 * Linux masks the interrupts of its devices, and has reset them; so it is the
 * host that wakes it. A call that came while the guest was falling asleep waits
 * until it sleeps: net/watch.h says why none is missed.
 */
uint64_t control_call_due(const struct control *control);

/** Wake the guest for that call. */
void control_on_call(struct control *control);

/**
 * The vCPUs are stopping: wait for them, and begin the next power cycle or end
 * the run. Returns whether the run continues.
 */
bool control_on_stop(struct control *control);

/**
 * Call it when the run is over. Returns the exit status of `dormouse run`, or
 * -errno with @error set if its end could not be recorded.
 */
int control_result(const struct control *control, struct error *error);

#endif
