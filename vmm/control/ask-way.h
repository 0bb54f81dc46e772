/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a guest is asked, for ask.c: by its agent if that answers, otherwise by a button;
 * and if it has none, by its agent once that is back from the guest's sleep.
 *
 * All of it belongs to the main thread, as ask.h.
 */
#ifndef VMM_CONTROL_ASK_WAY_H
#define VMM_CONTROL_ASK_WAY_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ask.h"

/**
 * Whether the guest can be asked for @what. If not, @error is a clause, why it cannot.
 * Nothing changes, and nothing is woken.
 */
bool ask_has_way(const struct ask *ask, enum request_what what, struct error *error);

/**
 * Ask it; a guest that sleeps wakes. Returns whether there was a way, as ask_has_way()
 * does; there is none either if memory ran out.
 */
bool ask_guest(struct ask *ask, enum request_what what, uint64_t now, struct error *error);

/** Press the button for what was asked last, or do so soon, by ask_look_at_press(). */
void ask_press(struct ask *ask, uint64_t now);

/** What ask->look is for: press, perhaps again, if that is due. */
void ask_look_at_press(struct ask *ask, uint64_t now);

/** The guest begins to run, or goes on after it stood still. */
void ask_has_to_settle(struct ask *ask, uint64_t now);

/**
 * The guest, which was asked by a button, suspends itself to RAM. Returns whether it has not
 * answered that press by this: then it is woken, and pressed again.
 */
bool ask_slept_before_press(struct ask *ask);

/**
 * The agent has not taken it. Returns whether it is only away, since its guest falls asleep
 * by itself; then it is awaited.
 */
bool ask_await_agent(struct ask *ask);

/** Whether the agent that is awaited answers again. */
bool ask_agent_is_back(const struct ask *ask);

/** Ask it then: 0, or -errno with @error set to a clause. */
int ask_awaited_agent(struct ask *ask, struct error *error);

/** What was asked is no longer wanted. */
void ask_take_back(struct ask *ask);

#endif
