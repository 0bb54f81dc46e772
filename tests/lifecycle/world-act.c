/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The effects of the main thread's actions on the world, with each outcome that they can
 * have.
 */
#include "control/lifecycle-step.h"
#include "world-parts.h"

void world_set_record(struct world_state *w)
{
	w->record = w->state;
	w->record_has_file = w->names_file;
	w->record_lags = 0;
}

static bool act_record(struct world_state *w, enum outcome outcome, bool may_lag)
{
	if (outcome == OUTCOME_LATER && !may_lag)
		return false;
	if (outcome == OUTCOME_LATER)
		w->record_lags = 1;
	else if (outcome != OUTCOME_FAILED)
		world_set_record(w);
	if (outcome != OUTCOME_DONE && w->stage == LIFECYCLE_UNDOING_SAVE)
		w->undo_failed = 1;

	return true;
}

static void begin_cycle(struct world_state *w)
{
	const bool asleep = w->state == VM_SUSPENDED && !w->begun;

	/* A reset makes RAM anew. */
	if (!w->parked)
		w->given_back = 0;

	w->ending = 0;
	w->ended_by = 0;
	w->begun = 1;
	w->threads[0] = asleep ? THREAD_GATE_ASLEEP : THREAD_GATE;
	/* Listeners know that a restored guest sleeps. */
	w->told_asleep = asleep;
	w->told_panicked = 0;
	w->says_panic = 0;
	w->threads[1] = THREAD_OFF;
}

static bool act_run(struct world_state *w, enum outcome outcome)
{
	if (outcome > OUTCOME_FAILED)
		return false;
	if (outcome == OUTCOME_DONE)
		begin_cycle(w);

	return true;
}

static bool act_hold(struct world_state *w, enum outcome outcome)
{
	if (outcome > OUTCOME_FAILED)
		return false;
	/* gate_await() sees the end first. */
	if (outcome == OUTCOME_FAILED)
		return w->ending;

	return !w->ending && world_all(w, world_is_at_gate);
}

static bool act_judge(struct world_state *w, enum outcome outcome)
{
	const bool alone = w->threads[1 - w->vcpu] == THREAD_OFF;

	/* The server may deny it, or its entry point be wrong. */
	return outcome == OUTCOME_DONE ? alone : outcome == OUTCOME_FAILED;
}

static void act_wake(struct world_state *w)
{
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		if (w->threads[i] == THREAD_SLEEP || w->threads[i] == THREAD_GATE_ASLEEP)
			w->threads[i] = THREAD_GATE;
	}
}

static bool act_write_file(struct world_state *w, enum outcome outcome)
{
	if (outcome > OUTCOME_FAILED)
		return false;
	if (!w->frozen || !w->gate_closed)
		world_say("a machine is saved that is not at rest");
	/* Its memory is fetched, in the worst case. */
	if (w->parked) {
		w->given_back = 0;
		w->second = outcome == OUTCOME_DONE ? FILE_TEMPORARY : FILE_NONE;

		return true;
	}
	if (outcome == OUTCOME_DONE) {
		w->file = FILE_TEMPORARY;
		w->names_file = 1;
		w->guest_ran_on = 0;
		w->undo_failed = 0;
	}

	return true;
}

static bool act_publish(struct world_state *w, enum outcome outcome)
{
	uint8_t *file;

	if (outcome > OUTCOME_FAILED_LATE)
		return false;
	file = w->parked ? &w->second : &w->file;
	if (*file != FILE_TEMPORARY)
		world_say("a file is published that was not written");
	*file = outcome == OUTCOME_DONE	    ? FILE_THERE
		: outcome == OUTCOME_FAILED ? FILE_NONE
					    : FILE_DOUBTFUL;

	return true;
}

static bool act_spend(struct world_state *w, enum outcome outcome)
{
	if (outcome > OUTCOME_FAILED_LATE)
		return false;
	if (w->file != FILE_THERE)
		world_say("a file is spent that is not there");
	if (outcome == OUTCOME_DONE) {
		w->file = FILE_NONE;
		w->names_file = 0;
		/* RAM is in the file, which is open, and needs no name. */
		w->given_back = 0;

		return true;
	}
	if (outcome == OUTCOME_FAILED_LATE)
		w->file = FILE_DOUBTFUL;
	w->failed = 1;
	world_stop(w, VM_TRIGGER_CRASH);

	return true;
}

static void leave_file(struct world_state *w)
{
	if (w->second != FILE_THERE)
		world_say("a file is removed that has no second name");
	w->file = w->second;
	w->second = FILE_NONE;
	w->given_back = 0;
}

static void give_back(struct world_state *w)
{
	if (!w->frozen || !w->gate_closed)
		world_say("RAM is given back of a machine that is not at rest");
	w->given_back = 1;
}

static bool act_drain(struct world_state *w, enum outcome outcome)
{
	if (outcome > OUTCOME_FAILED)
		return false;
	w->failed |= outcome == OUTCOME_FAILED;

	return true;
}

/* FAILED_LATE: the user's request interrupted it. */
static bool act_restart(struct world_state *w, enum outcome outcome)
{
	if (outcome > OUTCOME_FAILED_LATE)
		return false;
	w->failed |= outcome == OUTCOME_FAILED;
	w->quit |= outcome == OUTCOME_FAILED_LATE;
	if (outcome == OUTCOME_DONE)
		begin_cycle(w);

	return true;
}

static void report(struct world_state *w)
{
	switch ((int)lifecycle_report((enum vm_trigger)w->cause)) {
	case VM_REPORT_SUSPEND:
		if (w->told_asleep)
			world_say("SUSPEND is reported twice");
		w->told_asleep = 1;
		w->told_panicked = 0;
		break;
	case VM_REPORT_WAKEUP:
		if (!w->told_asleep)
			world_say("WAKEUP is reported of a guest that was awake");
		w->told_asleep = 0;
		break;
	case VM_REPORT_GUEST_PANICKED:
		if (w->told_panicked)
			world_say("GUEST_PANICKED is reported twice");
		w->told_panicked = 1;
		break;
	default:
		world_say("a change is reported that has no event");
		break;
	}
}

static void report_stopped(struct world_state *w, bool stopped)
{
	if (w->told_stopped == stopped)
		world_say("STOP or RESUME is reported twice");
	w->told_stopped = stopped;
}

static void report_end(struct world_state *w)
{
	if (w->told_end)
		world_say("the end is reported twice");
	if (w->record != w->state || w->record_lags)
		world_say("the end is reported before it is recorded");
	w->told_end = 1;
}

/* Actions that have no outcome. */
static void act_at_once(struct world_state *w, enum lifecycle_action action)
{
	switch ((int)action) {
	case LIFECYCLE_ACT_RELEASE:
		w->gate_closed = 0;
		if (w->clock_stands)
			world_say("the guest runs with a clock that stands");
		break;
	case LIFECYCLE_ACT_STOP_CLOCK:
		w->clock_stands = 1;
		break;
	case LIFECYCLE_ACT_START_CLOCK:
		w->clock_stands = 0;
		break;
	case LIFECYCLE_ACT_ALLOW:
		w->threads[w->vcpu] = THREAD_GATE_ASLEEP;
		break;
	case LIFECYCLE_ACT_REFUSE:
	case LIFECYCLE_ACT_LET_WAKE:
		/* A thread that has gone receives no answer. */
		if (!world_is_gone(w->threads[w->vcpu]))
			w->threads[w->vcpu] = THREAD_GATE;
		break;
	case LIFECYCLE_ACT_WAKE:
		act_wake(w);
		break;
	case LIFECYCLE_ACT_FREEZE:
		w->frozen = 1;
		break;
	case LIFECYCLE_ACT_THAW:
		w->frozen = 0;
		break;
	case LIFECYCLE_ACT_LEAVE_FILE:
		leave_file(w);
		break;
	case LIFECYCLE_ACT_DISCARD_FILE:
		if (w->parked) {
			if (w->second == FILE_TEMPORARY)
				w->second = FILE_NONE;
			break;
		}
		w->names_file = 0;
		if (w->file == FILE_TEMPORARY)
			w->file = FILE_NONE;
		break;
	case LIFECYCLE_ACT_GIVE_BACK:
		give_back(w);
		break;
	case LIFECYCLE_ACT_STOP:
		world_stop(w, w->state == VM_SAVED ? VM_TRIGGER_SAVE
			      : w->quit		   ? VM_TRIGGER_HOST_QUIT
						   : VM_TRIGGER_RESET);
		break;
	case LIFECYCLE_ACT_REPORT:
		report(w);
		break;
	case LIFECYCLE_ACT_REPORT_STOP:
	case LIFECYCLE_ACT_REPORT_RESUME:
		report_stopped(w, action == LIFECYCLE_ACT_REPORT_STOP);
		break;
	case LIFECYCLE_ACT_REPORT_RESET:
		w->told_asleep = 0;
		break;
	case LIFECYCLE_ACT_REPORT_END:
		report_end(w);
		break;
	case LIFECYCLE_ACT_RECORD_BACK:
		/* As world_init() left it. */
		w->record = w->cause == VM_TRIGGER_RESTORE ? VM_SAVED : VM_OFF;
		w->record_has_file = w->record == VM_SAVED;
		break;
	default:
		break;
	}
}

bool world_act(struct world_state *w, enum lifecycle_action action, enum outcome outcome)
{
	switch ((int)action) {
	case LIFECYCLE_ACT_RECORD:
	case LIFECYCLE_ACT_WRITE:
		return act_record(w, outcome, false);
	case LIFECYCLE_ACT_NOTE:
		return act_record(w, outcome, true);
	case LIFECYCLE_ACT_RUN:
		return act_run(w, outcome);
	case LIFECYCLE_ACT_HOLD:
		return act_hold(w, outcome);
	case LIFECYCLE_ACT_JUDGE:
		return act_judge(w, outcome);
	case LIFECYCLE_ACT_WRITE_FILE:
		return act_write_file(w, outcome);
	case LIFECYCLE_ACT_PUBLISH_FILE:
		return act_publish(w, outcome);
	case LIFECYCLE_ACT_SPEND_FILE:
		return act_spend(w, outcome);
	case LIFECYCLE_ACT_RESTART:
		return act_restart(w, outcome);
	case LIFECYCLE_ACT_DRAIN:
		return act_drain(w, outcome);
	default:
		if (outcome == OUTCOME_DONE)
			act_at_once(w, action);
		return outcome == OUTCOME_DONE;
	}
}
