/* SPDX-License-Identifier: BSD-3-Clause */
/* "dormouse save" of a parked VM, and "dormouse run" of one that was killed meanwhile. */
#include "park.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* From the record of a run that goes on. */
static const struct trace_plan start = {
	.first_call = __NR_openat,
	.first_name = "record.json.new",
};

/* Here it is the one that the parked machine is saved in. */
static const char *judge_save(const struct crash *crash, void *context)
{
	if (!crash->record)
		return "there is no record";
	if (crash->record_is_torn)
		return "the record is torn";
	if (crash->has_announced && !record_awaits_restore(crash->record))
		return "the record does not know of the memory";
	if (crash->has_announced && !crash->has_parked && !crash->has_saved)
		return "the memory is in no file";
	if (strcmp(record_state(crash->record), "saved") == 0 && !crash->has_saved)
		return "the record says saved, and there is no file";

	return NULL;
}

static void ask_to_save(struct vm *vm)
{
	char request[512];

	snprintf(request, sizeof(request),
		 "{\"execute\":\"x-dormouse-save\",\"arguments\":{\"file\":\"%s\"}}", vm->saved);
	vm_request(vm, request);
}

/* It is parked before what follows is counted. */
static void park_and_save(struct vm *vm, struct before *before)
{
	vm_request(vm, PARK);
	(void)vm_answer(vm);
	trace_count(&vm->trace);
	ask_to_save(vm);
	trace_finish(&vm->trace);
}

/* --- a save of what is parked --- */

static void run_saved_killed(struct vm *vm, struct tally *tally, unsigned int at)
{
	park_run_killed(vm, tally, at, park_and_save, EXIT_SAVED);
}

void park_saved_killed(struct vm *vm, struct tally *tally)
{
	struct trace_plan plan = park_whole;
	struct before before;

	plan.every_call = tally->every_call;
	park_begin(vm, tally, "at first", &plan, true, &before);
	park_and_save(vm, &before);
	park_check_status(vm, tally, "at first", EXIT_SAVED);
	judge_power(tally, "whole", &vm->trace, &before.files, ANNOUNCEMENT, judge_save, &before);
	judge_omission(tally, OMIT_SYNCS_OF_SAVED_DIRECTORY,
		       "without syncs of the file's directory", &vm->trace, &before.files,
		       ANNOUNCEMENT, judge_save, &before);
	tally->calls = vm->trace.count;
	park_end(vm, &before);
	kill_at_each(vm, tally, run_saved_killed);
}

/* --- a run that goes on --- */

/* Its dormouse dies while it is parked. */
static void leave_parked(struct vm *vm, struct tally *tally, bool anew)
{
	struct trace_plan plan = park_whole;
	struct before before;

	park_begin(vm, tally, "before it goes on", &plan, anew, &before);
	vm_request(vm, PARK);
	(void)vm_answer(vm);
	(void)kill(vm->trace.process, SIGKILL);
	trace_finish(&vm->trace);
	if (park_find_memory(vm) != IN_PARKED)
		wrong(tally, "before it goes on", "it was killed while it was parked, and is not");
	park_end(vm, &before);
}

/* Until it is killed: at a count of calls, or as its vCPU is made to run. */
static void go_on(struct vm *vm, struct tally *tally, unsigned int at, struct before *before)
{
	struct trace_plan plan = start;

	park_look_first(vm, before);
	plan.every_call = tally->every_call;
	plan.kill_at = at;
	plan.kill_at_run = at == 0;
	plan.begun = park_look_again;
	plan.context = before;
	vm_run(vm, &plan, false);
	trace_finish(&vm->trace);
}

void park_started_killed(struct vm *vm, struct tally *tally)
{
	struct before before;
	unsigned int calls;

	leave_parked(vm, tally, true);
	go_on(vm, tally, 0, &before);
	judge_power(tally, "watched from its record on", &vm->trace, &before.files, ANNOUNCEMENT,
		    judge_spent, NULL);
	calls = vm->trace.count_at_run;
	park_end(vm, &before);
	/* They are few. */
	for (unsigned int at = 1; at <= calls && tally->wrong < WRONG_MAX; at++) {
		if (park_find_memory(vm) != IN_PARKED)
			leave_parked(vm, tally, false);
		go_on(vm, tally, at, &before);
		tally->instants++;
		park_end(vm, &before);
	}
	/* The last of them is judged as well. */
	leave_parked(vm, tally, false);
	tally->calls = calls;
}
