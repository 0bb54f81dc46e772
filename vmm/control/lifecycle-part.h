/* SPDX-License-Identifier: BSD-3-Clause */
/* What lifecycle-step.c and lifecycle-park.c share. */
#ifndef VMM_LIFECYCLE_PART_H
#define VMM_LIFECYCLE_PART_H

#include "control/lifecycle-step.h"

static inline void add(struct lifecycle_plan *plan, enum lifecycle_action action)
{
	plan->actions[plan->count++] = action;
}

/*
 * Go back to waiting for events; the vCPUs run on unless the host has paused
 * them.
 */
static inline void go_on(struct lifecycle *life, struct lifecycle_plan *plan)
{
	life->stage = LIFECYCLE_RUNNING;
	life->parking = false;
	if (!life->paused)
		add(plan, LIFECYCLE_ACT_RELEASE);
}

/* --- lifecycle-park.c --- */

/** The file that a machine is parked in has its name. */
void lifecycle_file_parked(struct lifecycle *life, struct lifecycle_plan *plan);

/** Outcomes of its stages. */
void lifecycle_parked_recorded(struct lifecycle *life, bool done, struct lifecycle_plan *plan);
void lifecycle_park_undone(struct lifecycle *life, bool done, struct lifecycle_plan *plan);

/** A save of a machine that is parked has failed: it has no memory again. */
void lifecycle_stays_parked(const struct lifecycle *life, struct lifecycle_plan *plan);

/** It is saved: its file has another name. */
void lifecycle_leaves_parking(struct lifecycle *life, struct lifecycle_plan *plan);

/** Whether an event of a parked machine ends that, before all else. */
bool lifecycle_ends_parking(const struct lifecycle *life, enum lifecycle_event_kind kind);

/** End it; @event follows. */
void lifecycle_spend(struct lifecycle *life, const struct lifecycle_event *event,
		     struct lifecycle_plan *plan);

#endif
