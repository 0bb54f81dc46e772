/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the world use of each other. */
#ifndef TESTS_LIFECYCLE_WORLD_PARTS_H
#define TESTS_LIFECYCLE_WORLD_PARTS_H

#include "control/lifecycle-step.h"
#include "world.h"

enum outcome {
	OUTCOME_DONE,
	OUTCOME_FAILED,
	OUTCOME_FAILED_LATE, /**< The last step alone failed: the change may be there. */
	OUTCOME_LATER, /**< Of a note: it was delayed. */
};

/** Carry out an action. Returns false if it cannot have this outcome in this state. */
bool world_act(struct world_state *w, enum lifecycle_action action, enum outcome outcome);

/** The record on disk equals the one in memory. */
void world_set_record(struct world_state *w);

/** vm_stop(): the first cause counts, unless the later one outranks it. */
void world_stop(struct world_state *w, enum vm_trigger trigger);

/** Report what is wrong, for world_judge(); the first thing counts. */
void world_say(const char *wrong);

/** Returns whether a thread has left, or waits at the gate. */
bool world_is_gone(uint8_t thread);
bool world_is_at_gate(uint8_t thread);

bool world_all(const struct world_state *w, bool (*is)(uint8_t thread));

/** Returns whether the main thread has carried out its plan. */
bool world_is_idle(const struct world_state *w);

#endif
