/* SPDX-License-Identifier: BSD-3-Clause */
/* What must not be: at any time, while the main thread waits for events, at the end. */
#include <stddef.h>

#include "control/lifecycle-step.h"
#include "world-parts.h"

/* What the process would leave if it died now. */
static const char *judge_death(const struct world_state *w)
{
	const enum vm_state record = (enum vm_state)w->record;
	const bool awaits =
		lifecycle_awaits_restore(record, lifecycle_has_process(record), w->record_has_file);

	if (w->given_back && !w->failed && (w->file != FILE_THERE || w->guest_ran_on || !awaits))
		return "a death loses a machine that is parked";
	if (w->undo_failed)
		return NULL;
	if (w->file == FILE_THERE && !w->guest_ran_on && w->stage != LIFECYCLE_IDLE && !awaits &&
	    w->cause == VM_TRIGGER_SAVE)
		return "a death loses a good file";
	if ((w->file == FILE_THERE || w->file == FILE_DOUBTFUL || w->second == FILE_THERE ||
	     w->second == FILE_DOUBTFUL) &&
	    w->guest_ran_on && awaits)
		return "a death lets a file be restored whose guest has run on";

	return NULL;
}

static bool is_asleep(uint8_t thread)
{
	return thread == THREAD_SLEEP || thread == THREAD_GATE_ASLEEP;
}

static const char *judge_parked(const struct world_state *w)
{
	if (w->parked != w->given_back)
		return "it is parked and has its memory, or the other way round";

	return w->parked && w->state != VM_SUSPENDED ? "it is parked and does not sleep" : NULL;
}

static const char *judge_rest(const struct world_state *w)
{
	unsigned int asleep = 0;
	unsigned int woken = 0;

	if (w->gate_closed != w->paused)
		return "the vCPUs are held though nobody paused them, or the other way round";
	if (w->frozen)
		return "the devices stay frozen";
	if (w->told_stopped != w->paused)
		return "listeners were not told that the machine is paused, or that it runs";
	if (w->ending)
		return NULL;
	if (judge_parked(w))
		return judge_parked(w);
	if (w->quit)
		return "it goes on though its host has ended it";
	if (w->told_asleep != (w->state == VM_SUSPENDED))
		return "listeners were not told that the guest sleeps, or that it is awake";
	if (w->clock_stands != (w->paused && w->state != VM_SUSPENDED))
		return "the guest's clock stands though it runs or sleeps, or goes on though it is paused";
	if (w->told_panicked != w->panicked)
		return "listeners were not told that the guest has panicked, or is another one";
	if (w->panicked && w->state != VM_RUNNING)
		return "it is panicked in a state that is none of a panic";
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		asleep += is_asleep(w->threads[i]);
		woken += w->threads[i] == THREAD_WOKEN;
	}
	if (w->state == VM_SUSPENDED && asleep + woken != 1)
		return "it is recorded as suspended, and no vCPU sleeps";
	if (w->state == VM_RUNNING && asleep)
		return "it is recorded as running, and its vCPU sleeps";
	if (w->state != VM_SUSPENDED && w->state != VM_RUNNING)
		return "it runs in a state that has no process";

	return NULL;
}

static const char *judge_end(const struct world_state *w)
{
	if (w->parked)
		return "it has ended, and is still parked";
	if (w->second == FILE_THERE)
		return "it has ended, and has two files";
	if (w->panicked)
		return "it has ended, and is still panicked";
	if (w->state == VM_CRASHED && !w->failed && w->cause != VM_TRIGGER_LAST_PANIC)
		return "it is recorded as crashed, and nothing has failed";
	if (w->cause == VM_TRIGGER_LAST_PANIC && w->ended_by != VM_TRIGGER_LAST_PANIC)
		return "it is recorded as panicked, and did not";
	if (w->state == VM_HIBERNATED && !w->off2)
		return "it is recorded as hibernated, and did not";
	if (w->saved && w->state != VM_SAVED)
		return "it was saved, and is recorded otherwise";
	if (w->state == VM_SAVED && w->file != FILE_THERE)
		return "it is recorded as saved, and there is no file";
	if (w->off2 && w->ended_by == VM_TRIGGER_HIBERNATE && w->state != VM_HIBERNATED &&
	    !w->failed)
		return "it hibernated, and is recorded otherwise";

	return NULL;
}

const char *world_judge(const struct world_state *w)
{
	const char *found = world_wrong;

	world_wrong = NULL;
	if (!found)
		found = judge_death(w);
	if (!found && world_is_idle(w) && w->stage == LIFECYCLE_RUNNING)
		found = judge_rest(w);
	if (!found && world_is_idle(w) && w->stage == LIFECYCLE_OVER && w->begun)
		found = judge_end(w);

	return found;
}
