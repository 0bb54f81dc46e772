/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request to a guest, with a clock, an agent, buttons and a VM of the test's. They are
 * global, for names that read well: a program has one request at a time.
 */
#ifndef TESTS_ASK_RIG_H
#define TESTS_ASK_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ask.h"

/** The test's side: what there is, and what was called. */
struct ask_rig {
	bool agent; /* It is there. */
	bool returns; /* It is away while its guest sleeps. */
	enum request_what lacks; /* For what it is known not to have a command. */
	enum request_what cannot; /* What its guest is known not to be able to do. */
	int agent_err; /* What it answers at once. */
	enum request_what agent_asked;
	unsigned int agent_requests, agent_forgotten;
	bool buttons;
	unsigned int presses;
	enum request_what pressed;
	bool waits; /* The guest has not taken that press. */
	unsigned int probes;
	bool probe_waits; /* Likewise. */
	unsigned int wakes, saves, changes, powerdowns, ends;
	struct request reported; /* As it was at the last of these ends. */
	int save_err;
	char killed[1024];
	bool in_state; /* Within ask_on_state(), which may not call what acts. */
};

extern struct ask_rig host;
extern struct ask ask;
extern struct request request; /**< The record's. */

/** For cmocka: a guest that has run for long, in a machine with buttons and without an agent. */
int set_up(void **state);

/** Ask for @what, with 60 seconds; it is asked. */
void begin(enum request_what what, enum request_else otherwise);

/** As ask_begin(), which they return; without another policy nothing follows. */
int begin_fails(enum request_what what, struct error *error);
int begin_fails_too(enum request_what what, enum request_else otherwise, struct error *error);

/** Let so many seconds pass, in which ask_run() is called whenever it is due. */
void pass(uint64_t seconds);

/** The VM's state changes; with reports() the request's end is reported, too. */
void becomes(enum vm_state state, enum vm_trigger trigger);
void reports(enum vm_state state, enum vm_trigger trigger);

/** The VM was paused, and goes on. */
void goes_on(void);

/** Assert that the only request so far has ended like this, and that all is over. */
void ends(enum request_outcome outcome, const char *reason);

#endif
