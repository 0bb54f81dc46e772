/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that sleeps, and whose memory is in a file: docs/park.md. */
#include "control/lifecycle-part.h"

void lifecycle_file_parked(struct lifecycle *life, struct lifecycle_plan *plan)
{
	life->parked = true;
	life->stage = LIFECYCLE_RECORDING_PARKED;
	add(plan, LIFECYCLE_ACT_RECORD);
}

void lifecycle_parked_recorded(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	if (!done) {
		life->parked = false;
		life->stage = LIFECYCLE_UNDOING_PARK;
		add(plan, LIFECYCLE_ACT_SPEND_FILE);
		return;
	}
	add(plan, LIFECYCLE_ACT_GIVE_BACK);
	add(plan, LIFECYCLE_ACT_THAW);
	go_on(life, plan);
}

/* Whether or not: if the file could not be removed, the machine has crashed. */
void lifecycle_park_undone(struct lifecycle *life, bool done, struct lifecycle_plan *plan)
{
	add(plan, LIFECYCLE_ACT_THAW);
	go_on(life, plan);
}

void lifecycle_stays_parked(const struct lifecycle *life, struct lifecycle_plan *plan)
{
	if (life->parked)
		add(plan, LIFECYCLE_ACT_GIVE_BACK);
}

void lifecycle_leaves_parking(struct lifecycle *life, struct lifecycle_plan *plan)
{
	if (life->parked)
		add(plan, LIFECYCLE_ACT_LEAVE_FILE);
	life->parked = false;
}

bool lifecycle_ends_parking(const struct lifecycle *life, enum lifecycle_event_kind kind)
{
	if (!life->parked || life->stage != LIFECYCLE_RUNNING)
		return false;

	return kind == LIFECYCLE_WOKEN || kind == LIFECYCLE_INPUT || kind == LIFECYCLE_WAKE ||
	       kind == LIFECYCLE_RESET || kind == LIFECYCLE_QUIT;
}

/* No file is the guest from here on, durably, before the guest runs on. */
void lifecycle_spend(struct lifecycle *life, const struct lifecycle_event *event,
		     struct lifecycle_plan *plan)
{
	life->then = *event;
	life->stage = LIFECYCLE_SPENDING;
	add(plan, LIFECYCLE_ACT_SPEND_FILE);
}
