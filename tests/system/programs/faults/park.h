/* SPDX-License-Identifier: BSD-3-Clause */
/* What park.c and park-later.c share: a VM whose guest is parked. */
#ifndef FAULTS_PARK_H
#define FAULTS_PARK_H

#include "faults.h"

#define PARK "{\"execute\":\"x-dormouse-park\"}"
#define WAKE "{\"execute\":\"system_wakeup\"}"
#define QUIT "{\"execute\":\"quit\"}"
#define ANNOUNCEMENT ": parked: "

#define EXIT_QUIT 5

/** From the guest's write before its sleep on; what can fail begins with trace_count(). */
extern const struct trace_plan park_whole;

/* Where the next run finds the guest's memory. */
enum place { NOWHERE, IN_PARKED, IN_SAVED };

/* What was there before a run. */
struct before {
	const struct vm *vm;
	enum place place;
	uint64_t number; /* What the disk has. */
	struct model_files files; /* When its calls began to be watched. */
	char *text;
	unsigned int sleeps; /* How often the guest has fallen asleep in this run. */
	bool woken; /* What is judged goes beyond the parking. */
};

/** Of the VM's record and files, as they are. */
enum place park_find_memory(const struct vm *vm);

void park_look_first(struct vm *vm, struct before *before);

/** For trace_plan.begun; @context is a struct before. */
void park_look_again(void *context);

/** Start it as its record says, until its guest sleeps in memory; no file is of use then. */
void park_begin(struct vm *vm, struct tally *tally, const char *instant,
		const struct trace_plan *given, bool anew, struct before *before);
void park_end(struct vm *vm, struct before *before);

/** That record and files agree, of a run that is over; and how it ended. */
void park_judge_record(struct vm *vm, struct tally *tally, const char *instant);
void park_check_status(struct vm *vm, struct tally *tally, const char *instant, int expected);

/** Of calls that change files only some are instants; each call is, if all calls are. */
bool park_is_tried(const struct tally *tally, unsigned int at);

/**
 * Begin, do what @what does until it is over, and kill it after a call; @at: 0: it is not
 * killed, and exits with @status. The next run shows whether it goes on where it should.
 */
void park_run_killed(struct vm *vm, struct tally *tally, unsigned int at,
		     void (*what)(struct vm *vm, struct before *before), int status);

#endif
