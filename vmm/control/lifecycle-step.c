/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lifecycle-step.h"

#include "control/lifecycle-part.h"

void lifecycle_init(struct lifecycle *life, enum vm_state found)
{
	*life = (struct lifecycle){ .state = found };
}

/*
 * A trigger that is impossible in the table is a bug, and leaves no state that
 * can be trusted.
 */
static void become(struct lifecycle *life, enum vm_trigger trigger)
{
	if (lifecycle_next(life->state, trigger, &life->state) < 0)
		life->state = VM_CRASHED;
	life->cause = trigger;
	life->panicked = trigger == VM_TRIGGER_PANIC;
}

/* --- the run --- */

static void start(struct lifecycle *life, const struct lifecycle_event *event,
		  struct lifecycle_plan *plan)
{
	become(life, event->kind == LIFECYCLE_RESTORE ? VM_TRIGGER_RESTORE : VM_TRIGGER_START);
	life->parked = event->parked;
	life->stage = LIFECYCLE_RECORDING_START;
	/*
	 * Before its first instruction: from then on an image on its disk is
	 * used up.
	 */
	add(plan, LIFECYCLE_ACT_RECORD);
}

/*
 * No instruction of the guest was executed: what was hibernated or saved still
 * is.
 */
static void fail_to_start(struct lifecycle *life, struct lifecycle_plan *plan)
{
	life->stage = LIFECYCLE_OVER;
	life->parked = false;
	add(plan, LIFECYCLE_ACT_RECORD_BACK);
	add(plan, LIFECYCLE_ACT_CLOSE);
}

static void start_recorded(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		fail_to_start(life, plan);
		return;
	}
	life->stage = LIFECYCLE_STARTING;
	add(plan, LIFECYCLE_ACT_RUN);
}

static void started(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (done)
		life->stage = LIFECYCLE_RUNNING;
	else
		fail_to_start(life, plan);
}

/* --- SYSTEM_SUSPEND and its end --- */

static void asked(struct lifecycle *life, const struct lifecycle_event *event,
		  struct lifecycle_plan *plan)
{
	/*
	 * A question of a power cycle that ends needs no answer: its vCPU
	 * stops.
	 */
	if (life->stage != LIFECYCLE_RUNNING)
		return;
	life->vcpu = event->vcpu;
	life->stage = LIFECYCLE_HOLDING_TO_SUSPEND;
	/* If two vCPUs call, at most one finds the other one off. */
	add(plan, LIFECYCLE_ACT_HOLD);
}

static void held_to_suspend(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		go_on(life, plan);
		return;
	}
	life->stage = LIFECYCLE_JUDGING_SUSPEND;
	add(plan, LIFECYCLE_ACT_JUDGE);
}

static void judged(struct lifecycle *life, bool may, struct lifecycle_plan *plan)
{
	if (!may) {
		add(plan, LIFECYCLE_ACT_REFUSE);
		go_on(life, plan);
		return;
	}
	become(life, VM_TRIGGER_SUSPEND);
	/*
	 * It called before it was paused; now it sleeps, and its time
	 * continues.
	 */
	if (life->paused)
		add(plan, LIFECYCLE_ACT_START_CLOCK);
	/* Before the answer: a guest that sleeps is recorded as suspended. */
	add(plan, LIFECYCLE_ACT_NOTE);
	add(plan, LIFECYCLE_ACT_REPORT);
	add(plan, LIFECYCLE_ACT_ALLOW);
	go_on(life, plan);
}

static void awake(struct lifecycle *life, struct lifecycle_plan *plan)
{
	become(life, VM_TRIGGER_WAKE);
	if (life->paused)
		add(plan, LIFECYCLE_ACT_STOP_CLOCK);
	add(plan, LIFECYCLE_ACT_NOTE);
	add(plan, LIFECYCLE_ACT_REPORT);
}

static void woken(struct lifecycle *life, const struct lifecycle_event *event,
		  struct lifecycle_plan *plan)
{
	if (life->stage != LIFECYCLE_RUNNING)
		return;
	/* The guest need not wait for the record. */
	life->vcpu = event->vcpu;
	add(plan, LIFECYCLE_ACT_LET_WAKE);
	/* Unless the host woke it first, which has already been reported. */
	if (life->state == VM_SUSPENDED)
		awake(life, plan);
}

static void wake(struct lifecycle *life, struct lifecycle_plan *plan)
{
	add(plan, LIFECYCLE_ACT_WAKE);
	awake(life, plan);
}

static void input(struct lifecycle *life, const struct lifecycle_event *event,
		  struct lifecycle_plan *plan)
{
	/*
	 * Input during a save or an end is for the next cycle, or for the
	 * restored guest.
	 */
	if (life->stage == LIFECYCLE_RUNNING && life->state == VM_SUSPENDED)
		wake(life, plan);
}

/* --- a panic --- */

static void panicked(struct lifecycle *life, const struct lifecycle_event *event,
		     struct lifecycle_plan *plan)
{
	/*
	 * A guest may say it without end; once is enough. It can be asleep only
	 * if another vCPU has suspended it since.
	 */
	if (life->stage != LIFECYCLE_RUNNING || life->state != VM_RUNNING || life->panicked)
		return;
	become(life, VM_TRIGGER_PANIC);
	add(plan, LIFECYCLE_ACT_NOTE);
	add(plan, LIFECYCLE_ACT_REPORT);
}

/* --- requests --- */

/*
 * Events are handled one by one: a request never comes in the middle of
 * another's actions.
 */
static bool refuse(const struct lifecycle *life, bool wants_suspended, struct lifecycle_plan *plan)
{
	if (life->stage != LIFECYCLE_RUNNING)
		plan->answer = LIFECYCLE_IS_ENDING;
	else if (wants_suspended && life->state != VM_SUSPENDED)
		plan->answer = LIFECYCLE_NOT_SUSPENDED;

	return plan->answer != LIFECYCLE_TAKEN;
}

static void pause(struct lifecycle *life, const struct lifecycle_event *event,
		  struct lifecycle_plan *plan)
{
	if (refuse(life, false, plan) || life->paused)
		return;
	life->paused = true;
	life->stage = LIFECYCLE_PAUSING;
	add(plan, LIFECYCLE_ACT_HOLD);
}

static void held_to_pause(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	/* If its power cycle ends meanwhile, the next one begins paused. */
	life->stage = LIFECYCLE_RUNNING;
	/* A guest that sleeps by itself wants to know for how long. */
	if (done && life->state != VM_SUSPENDED)
		add(plan, LIFECYCLE_ACT_STOP_CLOCK);
	add(plan, LIFECYCLE_ACT_WRITE);
	add(plan, LIFECYCLE_ACT_REPORT_STOP);
}

static void resume(struct lifecycle *life, const struct lifecycle_event *event,
		   struct lifecycle_plan *plan)
{
	if (refuse(life, false, plan) || !life->paused)
		return;
	life->paused = false;
	add(plan, LIFECYCLE_ACT_WRITE);
	add(plan, LIFECYCLE_ACT_REPORT_RESUME);
	add(plan, LIFECYCLE_ACT_START_CLOCK);
	add(plan, LIFECYCLE_ACT_RELEASE);
}

static void wake_by_host(struct lifecycle *life, const struct lifecycle_event *event,
			 struct lifecycle_plan *plan)
{
	if (!refuse(life, true, plan))
		wake(life, plan);
}

static void reset(struct lifecycle *life, const struct lifecycle_event *event,
		  struct lifecycle_plan *plan)
{
	if (refuse(life, false, plan))
		return;
	life->stage = LIFECYCLE_STOPPING;
	add(plan, LIFECYCLE_ACT_STOP);
}

static void quit(struct lifecycle *life, const struct lifecycle_event *event,
		 struct lifecycle_plan *plan)
{
	life->quit = true;
	if (life->stage != LIFECYCLE_RUNNING)
		return;
	life->stage = LIFECYCLE_STOPPING;
	add(plan, LIFECYCLE_ACT_STOP);
}

/* --- save --- */

static void save(struct lifecycle *life, const struct lifecycle_event *event,
		 struct lifecycle_plan *plan)
{
	if (refuse(life, true, plan))
		return;
	life->stage = LIFECYCLE_HOLDING_TO_SAVE;
	/* Events that wake the guest from now on wake it when it is restored. */
	add(plan, LIFECYCLE_ACT_HOLD);
}

static void park(struct lifecycle *life, const struct lifecycle_event *event,
		 struct lifecycle_plan *plan)
{
	if (life->parked)
		return;
	save(life, event, plan);
	life->parking = life->stage == LIFECYCLE_HOLDING_TO_SAVE;
}

static void held_to_save(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		plan->answer = LIFECYCLE_IS_ENDING;
		go_on(life, plan);
		return;
	}
	life->stage = LIFECYCLE_WRITING_FILE;
	add(plan, LIFECYCLE_ACT_FREEZE);
	add(plan, LIFECYCLE_ACT_WRITE_FILE);
}

static void file_written(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		add(plan, LIFECYCLE_ACT_DISCARD_FILE);
		lifecycle_stays_parked(life, plan);
		add(plan, LIFECYCLE_ACT_THAW);
		go_on(life, plan);
		return;
	}
	life->stage = LIFECYCLE_RECORDING_FILE;
	/*
	 * From here on a file of this name and number is the guest, if we die.
	 */
	add(plan, LIFECYCLE_ACT_RECORD);
}

/* No file is the guest from here on, durably, before the guest runs on. */
static void undo_save(struct lifecycle *life, struct lifecycle_plan *plan)
{
	life->stage = LIFECYCLE_UNDOING_SAVE;
	add(plan, LIFECYCLE_ACT_DISCARD_FILE);
	add(plan, LIFECYCLE_ACT_RECORD);
}

static void file_recorded(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		undo_save(life, plan);
		return;
	}
	life->stage = LIFECYCLE_PUBLISHING_FILE;
	add(plan, LIFECYCLE_ACT_PUBLISH_FILE);
}

static void file_published(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		undo_save(life, plan);
		return;
	}
	if (life->parking) {
		lifecycle_file_parked(life, plan);
		return;
	}
	become(life, VM_TRIGGER_SAVE);
	life->stage = LIFECYCLE_RECORDING_SAVED;
	add(plan, LIFECYCLE_ACT_RECORD);
}

/*
 * If that failed it is repeated at the end; the record has the file's id
 * anyway.
 */
static void saved_recorded(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	life->stage = LIFECYCLE_STOPPING;
	lifecycle_leaves_parking(life, plan);
	add(plan, LIFECYCLE_ACT_STOP);
	add(plan, LIFECYCLE_ACT_THAW);
}

static void save_undone(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	lifecycle_stays_parked(life, plan);
	add(plan, LIFECYCLE_ACT_THAW);
	go_on(life, plan);
}

/* --- the end of a power cycle, and of the run --- */

static void drain(struct lifecycle *life, struct lifecycle_plan *plan)
{
	life->stage = LIFECYCLE_DRAINING;
	life->parked = false;
	add(plan, LIFECYCLE_ACT_CLOSE);
	/* The guest's data is durable before its end is reported. */
	add(plan, LIFECYCLE_ACT_DRAIN);
}

static void ended(struct lifecycle *life, const struct lifecycle_event *event,
		  struct lifecycle_plan *plan)
{
	life->cause = event->trigger;
	if (event->trigger != VM_TRIGGER_RESET) {
		drain(life, plan);
		return;
	}
	/* A guest may reset first, repeatedly; the host's request counts. */
	if (life->quit)
		life->cause = VM_TRIGGER_HOST_QUIT;
	if (life->quit || event->last) {
		drain(life, plan);
		return;
	}
	life->stage = LIFECYCLE_RESTARTING;
	add(plan, LIFECYCLE_ACT_REPORT_RESETTING);
	add(plan, LIFECYCLE_ACT_RESTART);
}

static void restarted(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		/* The host's request may be what interrupted it. */
		life->cause = life->quit ? VM_TRIGGER_HOST_QUIT : VM_TRIGGER_CRASH;
		drain(life, plan);
		return;
	}
	life->stage = LIFECYCLE_RUNNING;
	/*
	 * The pause may have come when no vCPU existed; now they stop at the
	 * gate.
	 */
	if (life->paused)
		add(plan, LIFECYCLE_ACT_STOP_CLOCK);
	/*
	 * Otherwise the record stays: it says that the VM runs, which it does,
	 * and not that it has panicked.
	 */
	if (life->state != VM_RUNNING || life->panicked) {
		become(life, VM_TRIGGER_RESET);
		become(life, VM_TRIGGER_START);
		life->cause = VM_TRIGGER_RESET;
		add(plan, LIFECYCLE_ACT_NOTE);
	}
	add(plan, LIFECYCLE_ACT_REPORT_RESET);
}

static void drained(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	const enum vm_trigger cause = life->cause;

	/*
	 * Of a saved guest its disks were durable before its file was complete.
	 */
	if (!done && life->state != VM_SAVED)
		become(life, VM_TRIGGER_CRASH);
	else if (life->state != VM_SAVED)
		become(life, cause);
	/*
	 * A reset that its user wants to be the last: the cause stays the
	 * guest's.
	 */
	if (life->state == VM_RESETTING) {
		become(life, VM_TRIGGER_HOST_QUIT);
		life->cause = cause;
	}
	life->paused = false;
	life->stage = LIFECYCLE_RECORDING_END;
	add(plan, LIFECYCLE_ACT_RECORD);
}

static void end_recorded(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	life->stage = LIFECYCLE_OVER;
	/* The record stands, and only now is the end reported. */
	if (done)
		add(plan, LIFECYCLE_ACT_REPORT_END);
}

/* --- which is which --- */

static void (*const events[LIFECYCLE_EVENT_COUNT])(struct lifecycle *life,
						   const struct lifecycle_event *event,
						   struct lifecycle_plan *plan) = {
	[LIFECYCLE_START] = start,	 [LIFECYCLE_RESTORE] = start,
	[LIFECYCLE_ASKED] = asked,	 [LIFECYCLE_WOKEN] = woken,
	[LIFECYCLE_ENDED] = ended,	 [LIFECYCLE_INPUT] = input,
	[LIFECYCLE_PAUSE] = pause,	 [LIFECYCLE_CONTINUE] = resume,
	[LIFECYCLE_WAKE] = wake_by_host, [LIFECYCLE_RESET] = reset,
	[LIFECYCLE_QUIT] = quit,	 [LIFECYCLE_SAVE] = save,
	[LIFECYCLE_PANICKED] = panicked, [LIFECYCLE_PARK] = park,
};

/* It sleeps in memory; or its file could not be removed, and it crashes. */
static void spent(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	life->stage = done ? LIFECYCLE_RUNNING : LIFECYCLE_STOPPING;
	if (!done) {
		plan->answer = LIFECYCLE_IS_ENDING;
		return;
	}
	life->parked = false;
	events[life->then.kind](life, &life->then, plan);
}

static void (*const outcomes[LIFECYCLE_STAGE_COUNT])(struct lifecycle *life, bool done,
						     struct lifecycle_plan *plan) = {
	[LIFECYCLE_RECORDING_START] = start_recorded,
	[LIFECYCLE_STARTING] = started,
	[LIFECYCLE_PAUSING] = held_to_pause,
	[LIFECYCLE_HOLDING_TO_SUSPEND] = held_to_suspend,
	[LIFECYCLE_JUDGING_SUSPEND] = judged,
	[LIFECYCLE_HOLDING_TO_SAVE] = held_to_save,
	[LIFECYCLE_WRITING_FILE] = file_written,
	[LIFECYCLE_RECORDING_FILE] = file_recorded,
	[LIFECYCLE_PUBLISHING_FILE] = file_published,
	[LIFECYCLE_RECORDING_SAVED] = saved_recorded,
	[LIFECYCLE_UNDOING_SAVE] = save_undone,
	[LIFECYCLE_RECORDING_PARKED] = lifecycle_parked_recorded,
	[LIFECYCLE_UNDOING_PARK] = lifecycle_park_undone,
	[LIFECYCLE_SPENDING] = spent,
	[LIFECYCLE_RESTARTING] = restarted,
	[LIFECYCLE_DRAINING] = drained,
	[LIFECYCLE_RECORDING_END] = end_recorded,
};

void lifecycle_step(struct lifecycle *life, const struct lifecycle_event *event,
		    struct lifecycle_plan *plan)
{
	*plan = (struct lifecycle_plan){ 0 };
	if (event->kind == LIFECYCLE_DONE || event->kind == LIFECYCLE_FAILED)
		outcomes[life->stage](life, event->kind == LIFECYCLE_DONE, plan);
	else if (lifecycle_ends_parking(life, event->kind))
		lifecycle_spend(life, event, plan);
	else
		events[event->kind](life, event, plan);
}
