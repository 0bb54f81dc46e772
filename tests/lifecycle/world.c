/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <string.h>

#include "control/lifecycle-step.h"
#include "world-parts.h"

const char *world_wrong;

void world_say(const char *what)
{
	if (!world_wrong)
		world_wrong = what;
}

/* --- the shipped code --- */

static void give_event(struct world_state *w, struct lifecycle_event event)
{
	struct lifecycle_plan plan;
	struct lifecycle life = {
		.state = (enum vm_state)w->state,
		.stage = (enum lifecycle_stage)w->stage,
		.cause = (enum vm_trigger)w->cause,
		.paused = w->paused,
		.panicked = w->panicked,
		.quit = w->quit,
		.vcpu = w->vcpu,
		.parking = w->parking,
		.parked = w->parked,
		.then = { .kind = (enum lifecycle_event_kind)w->then, .vcpu = w->then_vcpu },
	};

	lifecycle_step(&life, &event, &plan);
	w->state = (uint8_t)life.state;
	w->stage = (uint8_t)life.stage;
	w->cause = (uint8_t)life.cause;
	w->paused = life.paused;
	w->panicked = life.panicked;
	w->quit = life.quit;
	w->vcpu = (uint8_t)life.vcpu;
	w->parking = life.parking;
	w->parked = life.parked;
	/* What was done is no part of a state. */
	w->then = life.stage == LIFECYCLE_SPENDING ? (uint8_t)life.then.kind : 0;
	w->then_vcpu = life.stage == LIFECYCLE_SPENDING ? (uint8_t)life.then.vcpu : 0;
	w->action_at = 0;
	w->action_count = (uint8_t)plan.count;
	memset(w->actions, 0, sizeof(w->actions));
	for (unsigned int i = 0; i < plan.count; i++) {
		w->actions[i] = (uint8_t)plan.actions[i];
		if (lifecycle_has_outcome(plan.actions[i]) && i + 1 < plan.count)
			world_say("an action with an outcome does not end its plan");
	}
	if (plan.answer != LIFECYCLE_TAKEN)
		w->saving = 0;
	/* A client that requested a save receives the result once the sequence is over. */
	if (w->saving &&
	    (plan.count == 0 || !lifecycle_has_outcome(plan.actions[plan.count - 1]))) {
		if (w->stage == LIFECYCLE_STOPPING && w->state != VM_SAVED)
			world_say("a save is acknowledged that was not done");
		if (w->stage == LIFECYCLE_STOPPING &&
		    ((w->file != FILE_THERE && w->second != FILE_THERE) ||
		     !lifecycle_awaits_restore((enum vm_state)w->record,
					       lifecycle_has_process((enum vm_state)w->record),
					       w->record_has_file)))
			world_say("a save is acknowledged that a death undoes");
		w->saved |= w->stage == LIFECYCLE_STOPPING;
		w->saving = 0;
	}
}

static void give(struct world_state *w, enum lifecycle_event_kind kind)
{
	give_event(w, (struct lifecycle_event){ .kind = kind });
}

bool world_is_idle(const struct world_state *w)
{
	return w->action_at == w->action_count;
}

static bool is_serving(const struct world_state *w)
{
	return world_is_idle(w) &&
	       (w->stage == LIFECYCLE_RUNNING || w->stage == LIFECYCLE_STOPPING);
}

/* --- threads --- */

bool world_is_gone(uint8_t thread)
{
	return thread >= THREAD_GONE;
}

/* Returns whether it waits at the gate. */
bool world_is_at_gate(uint8_t thread)
{
	return thread == THREAD_GATE || thread == THREAD_GATE_ASLEEP || thread == THREAD_ASKED ||
	       thread == THREAD_WOKEN || thread == THREAD_OFF;
}

bool world_all(const struct world_state *w, bool (*is)(uint8_t thread))
{
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		if (!is(w->threads[i]))
			return false;
	}

	return true;
}

static void run_guest(struct world_state *w, unsigned int i)
{
	w->threads[i] = THREAD_RUN;
	if (w->given_back)
		world_say("the guest runs while its memory is in a file alone");
	if (w->file != FILE_NONE)
		w->guest_ran_on = 1;
}

void world_stop(struct world_state *w, enum vm_trigger trigger)
{
	const bool later_counts = w->ended_by == VM_TRIGGER_HOST_QUIT &&
				  (trigger == VM_TRIGGER_OFF || trigger == VM_TRIGGER_HIBERNATE);

	if (!w->ending || later_counts)
		w->ended_by = (uint8_t)trigger;
	w->ending = 1;
}

static bool guest_ends(struct world_state *w, unsigned int argument)
{
	const unsigned int i = argument % VCPU_COUNT;
	const enum vm_trigger trigger = (enum vm_trigger)(argument / VCPU_COUNT);

	/* KVM may fail to let a vCPU sleep on. */
	if (w->threads[i] != THREAD_RUN &&
	    (trigger != VM_TRIGGER_CRASH || w->threads[i] != THREAD_SLEEP))
		return false;
	world_stop(w, trigger);
	w->failed |= trigger == VM_TRIGGER_CRASH;
	w->off2 |= trigger == VM_TRIGGER_HIBERNATE && w->ended_by == VM_TRIGGER_HIBERNATE;
	w->threads[i] = THREAD_GONE;

	return true;
}

/* It goes on. */
static bool guest_panics(struct world_state *w, unsigned int i)
{
	if (w->threads[i] != THREAD_RUN || w->says_panic)
		return false;
	w->says_panic = 1;

	return true;
}

static bool guest_suspends(struct world_state *w, unsigned int i)
{
	if (w->threads[i] != THREAD_RUN)
		return false;
	w->threads[i] = THREAD_ASKED;

	return true;
}

static bool guest_turns_itself_off(struct world_state *w, unsigned int i)
{
	if (w->threads[i] != THREAD_RUN)
		return false;
	w->threads[i] = THREAD_OFF;

	return true;
}

static bool guest_turns_the_other_on(struct world_state *w, unsigned int i)
{
	if (w->threads[i] != THREAD_RUN || w->threads[1 - i] != THREAD_OFF)
		return false;
	w->threads[1 - i] = THREAD_GATE;

	return true;
}

static bool interrupt_comes(struct world_state *w, unsigned int i)
{
	if (w->threads[i] != THREAD_SLEEP)
		return false;
	w->threads[i] = THREAD_WOKEN;

	return true;
}

/* A kick: to the gate, where it waits if that is closed. */
static bool thread_comes_to_the_gate(struct world_state *w, unsigned int i)
{
	if (w->threads[i] == THREAD_RUN)
		w->threads[i] = THREAD_GATE;
	else if (w->threads[i] == THREAD_SLEEP)
		w->threads[i] = THREAD_GATE_ASLEEP;
	else
		return false;

	return true;
}

static bool thread_passes_the_gate(struct world_state *w, unsigned int i)
{
	if (w->gate_closed || w->ending || !w->begun)
		return false;
	if (w->threads[i] == THREAD_GATE)
		run_guest(w, i);
	else if (w->threads[i] == THREAD_GATE_ASLEEP)
		w->threads[i] = THREAD_SLEEP;
	else
		return false;

	return true;
}

static bool thread_leaves(struct world_state *w, unsigned int i)
{
	if (!w->ending || world_is_gone(w->threads[i]))
		return false;
	if (w->threads[i] == THREAD_ASKED)
		w->threads[i] = THREAD_GONE_ASKED;
	else if (w->threads[i] == THREAD_WOKEN)
		w->threads[i] = THREAD_GONE_WOKEN;
	else
		w->threads[i] = THREAD_GONE;

	return true;
}

/* --- what the main thread receives --- */

static bool main_hears_the_start(struct world_state *w, unsigned int kind)
{
	if (w->stage != LIFECYCLE_IDLE || !world_is_idle(w))
		return false;
	/*
	 * run-config.c: a VM that waits to be restored is not started, and the other way
	 * round.
	 */
	if (lifecycle_awaits_restore((enum vm_state)w->record, false, w->record_has_file) !=
	    (kind == LIFECYCLE_RESTORE))
		return false;
	/* The record of a new run names no file. */
	give(w, (enum lifecycle_event_kind)kind);

	return true;
}

static bool main_hears_the_restore_of_a_parked_one(struct world_state *w, unsigned int argument)
{
	if (w->stage != LIFECYCLE_IDLE || !world_is_idle(w) ||
	    !lifecycle_awaits_restore((enum vm_state)w->record, false, w->record_has_file))
		return false;
	/* Its record names the file, as before. */
	w->names_file = 1;
	w->given_back = 1;
	give_event(w, (struct lifecycle_event){ .kind = LIFECYCLE_RESTORE, .parked = true });

	return true;
}

static bool main_hears_a_question(struct world_state *w, unsigned int i)
{
	const uint8_t thread = w->threads[i];
	struct lifecycle_event event = { .vcpu = i };

	if (!is_serving(w))
		return false;
	if (thread == THREAD_ASKED || thread == THREAD_GONE_ASKED)
		event.kind = LIFECYCLE_ASKED;
	else if (thread == THREAD_WOKEN || thread == THREAD_GONE_WOKEN)
		event.kind = LIFECYCLE_WOKEN;
	else
		return false;
	give_event(w, event);

	return true;
}

static bool main_hears_the_panic(struct world_state *w, unsigned int argument)
{
	if (!is_serving(w) || !w->says_panic)
		return false;
	w->says_panic = 0;
	give(w, LIFECYCLE_PANICKED);

	return true;
}

static bool main_hears_the_end(struct world_state *w, unsigned int last)
{
	if (!is_serving(w) || !w->ending || !world_all(w, world_is_gone))
		return false;
	give_event(w, (struct lifecycle_event){ .kind = LIFECYCLE_ENDED,
						.trigger = (enum vm_trigger)w->ended_by,
						.last = last });

	return true;
}

static bool main_hears(struct world_state *w, unsigned int kind)
{
	if (!is_serving(w))
		return false;
	w->saving = kind == LIFECYCLE_SAVE;
	give(w, (enum lifecycle_event_kind)kind);

	return true;
}

/* --- what the main thread does --- */

static bool main_acts(struct world_state *w, unsigned int outcome)
{
	enum lifecycle_action action;

	if (world_is_idle(w))
		return false;
	action = (enum lifecycle_action)w->actions[w->action_at];
	/* It closes the gate, and waits. */
	if (action == LIFECYCLE_ACT_HOLD && !w->gate_closed) {
		w->gate_closed = 1;

		return outcome == OUTCOME_DONE;
	}
	if (!world_act(w, action, (enum outcome)outcome))
		return false;
	w->action_at++;
	if (lifecycle_has_outcome(action))
		give(w, outcome == OUTCOME_DONE ? LIFECYCLE_DONE : LIFECYCLE_FAILED);

	return true;
}

/* A note that was delayed. */
static bool main_writes_the_record(struct world_state *w, unsigned int argument)
{
	if (!w->record_lags || !is_serving(w))
		return false;
	world_set_record(w);

	return true;
}

/* --- all of it --- */

#define OF_BOTH(what, take, kind)                             \
	{ what " (vCPU 0)", take, (kind)*VCPU_COUNT },        \
	{                                                     \
		what " (vCPU 1)", take, (kind)*VCPU_COUNT + 1 \
	}

const struct world_step world_steps[] = {
	{ "the run starts", main_hears_the_start, LIFECYCLE_START },
	{ "the run restores", main_hears_the_start, LIFECYCLE_RESTORE },
	{ "the run restores, and stays parked", main_hears_the_restore_of_a_parked_one, 0 },
	OF_BOTH("the guest calls SYSTEM_OFF", guest_ends, VM_TRIGGER_OFF),
	OF_BOTH("the guest calls SYSTEM_OFF2", guest_ends, VM_TRIGGER_HIBERNATE),
	OF_BOTH("the guest calls SYSTEM_RESET", guest_ends, VM_TRIGGER_RESET),
	OF_BOTH("the guest cannot go on", guest_ends, VM_TRIGGER_CRASH),
	OF_BOTH("the guest panics, which ends the run", guest_ends, VM_TRIGGER_LAST_PANIC),
	OF_BOTH("the guest panics, and goes on", guest_panics, 0),
	OF_BOTH("the guest calls SYSTEM_SUSPEND", guest_suspends, 0),
	OF_BOTH("the guest calls CPU_OFF", guest_turns_itself_off, 0),
	OF_BOTH("the guest calls CPU_ON", guest_turns_the_other_on, 0),
	OF_BOTH("an interrupt comes", interrupt_comes, 0),
	OF_BOTH("the thread comes to the gate", thread_comes_to_the_gate, 0),
	OF_BOTH("the thread passes the gate", thread_passes_the_gate, 0),
	OF_BOTH("the thread leaves", thread_leaves, 0),
	OF_BOTH("main hears the question", main_hears_a_question, 0),
	{ "main hears that the guest has panicked", main_hears_the_panic, 0 },
	{ "main hears that all have stopped", main_hears_the_end, false },
	{ "main hears that all have stopped, by a last reset", main_hears_the_end, true },
	{ "a byte comes from the console", main_hears, LIFECYCLE_INPUT },
	{ "a client says stop", main_hears, LIFECYCLE_PAUSE },
	{ "a client says cont", main_hears, LIFECYCLE_CONTINUE },
	{ "a client says wake", main_hears, LIFECYCLE_WAKE },
	{ "a client says reset", main_hears, LIFECYCLE_RESET },
	{ "a client says save", main_hears, LIFECYCLE_SAVE },
	{ "a client says park", main_hears, LIFECYCLE_PARK },
	{ "a signal or a client says quit", main_hears, LIFECYCLE_QUIT },
	{ "the action succeeds", main_acts, OUTCOME_DONE },
	{ "the action fails", main_acts, OUTCOME_FAILED },
	{ "the action's last step fails", main_acts, OUTCOME_FAILED_LATE },
	{ "the action is put off", main_acts, OUTCOME_LATER },
	{ "main writes the record that was put off", main_writes_the_record, 0 },
};
const size_t world_step_count = sizeof(world_steps) / sizeof(world_steps[0]);

void world_init(struct world_state *w, uint8_t record)
{
	struct lifecycle life;

	memset(w, 0, sizeof(*w));
	lifecycle_init(&life, (enum vm_state)record);
	w->state = (uint8_t)life.state;
	w->stage = (uint8_t)life.stage;
	w->record = record;
	w->record_has_file = record == VM_SAVED;
	w->file = record == VM_SAVED ? FILE_THERE : FILE_NONE;
	for (unsigned int i = 0; i < VCPU_COUNT; i++)
		w->threads[i] = THREAD_GONE;
}

bool world_is_over(const struct world_state *w)
{
	return w->stage == LIFECYCLE_OVER && world_is_idle(w);
}
