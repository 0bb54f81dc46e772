/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "dormouse park", and the wake that follows: killed after its calls, with calls that fail,
 * and as a power failure leaves it.
 */
#include "park.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLEEPS ": suspended: SYSTEM_SUSPEND, "

const struct trace_plan park_whole = { .first_call = __NR_pwritev, .counts_later = true };

void park_look_again(void *context)
{
	struct before *before = context;

	free(before->text);
	before->text = vm_text(before->vm->record);
	vm_files(before->vm, before->text, &before->files);
}

enum place park_find_memory(const struct vm *vm)
{
	char *record = vm_text(vm->record);
	const bool awaits = record_awaits_restore(record);
	const bool saved = strcmp(record_state(record), "saved") == 0;

	free(record);
	if (awaits && !saved && file_exists(vm->parked))
		return IN_PARKED;

	return awaits && file_exists(vm->saved) ? IN_SAVED : NOWHERE;
}

/* --- what must be --- */

void park_judge_record(struct vm *vm, struct tally *tally, const char *instant)
{
	char *record = vm_text(vm->record);
	const char *state = record_state(record);

	if (strcmp(state, "damaged") == 0)
		wrong(tally, instant, "the record is damaged: %s", record);
	if (file_exists(vm->parked) && !record_awaits_restore(record) &&
	    strcmp(state, "crashed") != 0)
		wrong(tally, instant, "there is a file that the record does not know: %s", record);
	if (strcmp(state, "saved") == 0 && !file_exists(vm->saved))
		wrong(tally, instant, "the record says saved, and there is no file");
	free(record);
}

/* Of the states in which the power fails. The model's saved file is the one of parking. */
static const char *judge_park(const struct crash *crash, void *context)
{
	const struct before *before = context;
	bool goes_on;

	if (!crash->record)
		return "there is no record";
	if (crash->record_is_torn)
		return "the record is torn";
	goes_on = record_awaits_restore(crash->record) && crash->has_saved;
	if (goes_on && !crash->saved_is_whole)
		return "the record names a file that is incomplete";
	if (goes_on && !crash->disk_is_current)
		return "the record names a file, and the disk lacks what its guest wrote";
	if (goes_on && crash->disk_sectors[0][SECTOR_NUMBER] > before->number + 1)
		return "the record names a file whose guest has run on";
	if (crash->has_announced && !before->woken && !goes_on)
		return "it was announced that it is parked, and it cannot go on";

	return NULL;
}

/* --- one run --- */

void park_look_first(struct vm *vm, struct before *before)
{
	uint64_t sectors[5][3];

	vm_sectors(vm, sectors);
	*before = (struct before){
		.vm = vm,
		.place = park_find_memory(vm),
		.number = sectors[0][SECTOR_NUMBER],
	};
}

/* Start it as its record says, until its guest sleeps in memory; no file is of use then. */
void park_begin(struct vm *vm, struct tally *tally, const char *instant,
		const struct trace_plan *given, bool anew, struct before *before)
{
	struct trace_plan plan = *given;

	park_look_first(vm, before);
	plan.begun = park_look_again;
	plan.context = before;
	if (before->place == IN_SAVED)
		vm_restore(vm, &plan, vm->saved);
	else
		vm_run(vm, &plan, anew);
	if (before->place != NOWHERE) {
		(void)vm_await(vm, ": suspended, ", 1);
		vm_request(vm, WAKE);
		(void)vm_answer(vm);
		tally->resumed++;
	} else {
		tally->booted++;
	}
	(void)vm_await(vm, SLEEPS, 1);
	judge_sleeper(vm, tally, instant, before->place != NOWHERE ? "resumed" : "booted",
		      before->number);
	/* A save that was not done leaves none. */
	if (before->place == IN_PARKED && file_exists(vm->saved))
		wrong(tally, instant, "it went on from its parked file, and there is another one");
	(void)unlink(vm->saved);
	vm_connect(vm);
	before->sleeps = 1;
}

void park_end(struct vm *vm, struct before *before)
{
	free(before->text);
	vm_end(vm);
}

/* The guest of the running VM is woken, and sleeps once more. Returns whether it does. */
static bool wake_to_sleep(struct vm *vm, struct before *before)
{
	vm_request(vm, WAKE);
	if (!vm_answer(vm))
		return false;
	before->sleeps++;
	(void)vm_await(vm, SLEEPS, before->sleeps);

	return true;
}

/*
 * It has been parked before, so that there is a file that is written again. What is judged
 * begins here.
 */
static void leave_former_file(struct vm *vm, struct before *before)
{
	vm_request(vm, PARK);
	(void)vm_answer(vm);
	(void)wake_to_sleep(vm, before);
	before->number++;
	trace_forget(&vm->trace);
	park_look_again(before);
}

/* Until it is killed, or sleeps again and is ended. Returns how many calls parking took. */
static size_t park_and_wake(struct vm *vm, struct before *before)
{
	size_t calls;
	bool parked;

	trace_count(&vm->trace);
	vm_request(vm, PARK);
	parked = vm_answer(vm);
	calls = vm->trace.call_count;
	if (parked)
		(void)wake_to_sleep(vm, before);
	if (!vm->trace.over)
		vm_request(vm, QUIT);
	trace_finish(&vm->trace);

	return calls;
}

void park_check_status(struct vm *vm, struct tally *tally, const char *instant, int expected)
{
	char *messages;

	if (vm_status(vm) == expected)
		return;
	messages = vm_text(vm->messages);
	wrong(tally, instant, "run exits %d: %s", vm_status(vm), messages);
	free(messages);
}

/* Of calls that change files so many are one instant; each call is, if all calls are. */
#define STEP 6

bool park_is_tried(const struct tally *tally, unsigned int at)
{
	return tally->every_call || at == 0 || at % STEP == 1;
}

void park_run_killed(struct vm *vm, struct tally *tally, unsigned int at,
		     void (*what)(struct vm *vm, struct before *before), int status)
{
	struct trace_plan plan = park_whole;
	struct before before;
	char instant[64];

	if (!park_is_tried(tally, at))
		return;
	plan.every_call = tally->every_call;
	plan.kill_at = at;
	snprintf(instant, sizeof(instant), "killed after call %u", at);
	park_begin(vm, tally, instant, &plan, false, &before);
	what(vm, &before);
	park_judge_record(vm, tally, instant);
	if (vm_status(vm) != 128 + SIGKILL)
		park_check_status(vm, tally, instant, status);
	tally->instants++;
	park_end(vm, &before);
}

/* --- parking and waking --- */

static void park_to_the_end(struct vm *vm, struct before *before)
{
	(void)park_and_wake(vm, before);
}

static void run_killed(struct vm *vm, struct tally *tally, unsigned int at)
{
	park_run_killed(vm, tally, at, park_to_the_end, EXIT_QUIT);
}

static void park_again_to_the_end(struct vm *vm, struct before *before)
{
	leave_former_file(vm, before);
	(void)park_and_wake(vm, before);
}

static void run_again_killed(struct vm *vm, struct tally *tally, unsigned int at)
{
	park_run_killed(vm, tally, at, park_again_to_the_end, EXIT_QUIT);
}

/* What the model says of parking, and of parking and waking. */
static void judge_both(struct vm *vm, struct tally *tally, struct before *before,
		       const char *instant, size_t calls)
{
	const size_t all = vm->trace.call_count;

	before->files.saved_directory = before->files.state_directory;
	before->files.saved_name = "parked";
	before->woken = false;
	vm->trace.call_count = calls;
	judge_power(tally, instant, &vm->trace, &before->files, ANNOUNCEMENT, judge_park, before);
	before->woken = true;
	vm->trace.call_count = all;
	judge_power(tally, instant, &vm->trace, &before->files, ANNOUNCEMENT, judge_park, before);
}

/* @again: the calls begin when its guest has written to the disk. */
static void omit(struct vm *vm, struct tally *tally, struct before *before, size_t calls,
		 bool again)
{
	static const struct {
		enum model_omission omission;
		bool woken;
		const char *what;
	} omissions[] = {
		{ OMIT_SYNCS_OF_DISK, false, "without syncs of the disk" },
		{ OMIT_SYNCS_OF_RECORD, false, "without syncs of the record" },
		{ OMIT_SYNCS_OF_SAVED, false, "without syncs of the file" },
		{ OMIT_SYNCS_OF_STATE_DIRECTORY, false, "without syncs of the directory" },
		{ OMIT_SYNCS_OF_STATE_DIRECTORY, true, "without syncs of the directory at a wake" },
	};
	const size_t all = vm->trace.call_count;

	for (size_t i = again ? 1 : 0; i < sizeof(omissions) / sizeof(omissions[0]); i++) {
		before->woken = omissions[i].woken;
		vm->trace.call_count = before->woken ? all : calls;
		judge_omission(tally, omissions[i].omission, omissions[i].what, &vm->trace,
			       &before->files, ANNOUNCEMENT, judge_park, before);
	}
	vm->trace.call_count = all;
}

/* Returns how many calls can be made to fail while it is parked, for the second time if @again. */
static unsigned int prepare(struct vm *vm, struct tally *tally, bool again)
{
	struct trace_plan plan = park_whole;
	struct before before;
	unsigned int fallible;

	plan.every_call = tally->every_call;
	park_begin(vm, tally, "at first", &plan, true, &before);
	if (again)
		leave_former_file(vm, &before);
	trace_count(&vm->trace);
	vm_request(vm, PARK);
	(void)vm_answer(vm);
	fallible = vm->trace.fallible;
	vm_request(vm, QUIT);
	trace_finish(&vm->trace);
	park_check_status(vm, tally, "at first", EXIT_QUIT);
	park_end(vm, &before);

	return fallible;
}

static void is_killed(struct vm *vm, struct tally *tally, bool again)
{
	struct trace_plan plan = park_whole;
	struct before before;
	size_t calls;

	plan.every_call = tally->every_call;
	park_begin(vm, tally, "at first", &plan, true, &before);
	if (again)
		leave_former_file(vm, &before);
	calls = park_and_wake(vm, &before);
	park_check_status(vm, tally, "at first", EXIT_QUIT);
	judge_both(vm, tally, &before, "whole", calls);
	omit(vm, tally, &before, calls, again);
	tally->calls = vm->trace.count;
	park_end(vm, &before);
	kill_at_each(vm, tally, again ? run_again_killed : run_killed);
	/* It was killed while it was parked, too. */
	if (tally->resumed == 0)
		wrong(tally, "in all", "no run goes on from a file");
}

void park_killed(struct vm *vm, struct tally *tally)
{
	is_killed(vm, tally, false);
}

void park_again_killed(struct vm *vm, struct tally *tally)
{
	is_killed(vm, tally, true);
}

/* --- calls that fail --- */

/* Of a wake: the removal of the name, and the sync of that. */
#define WAKE_CALLS 2

/* The guest sleeps in memory, can be woken, and parked unless its disk has failed. */
static void park_again(struct vm *vm, struct tally *tally, const char *instant,
		       struct before *before, bool can)
{
	if (!wake_to_sleep(vm, before))
		wrong(tally, instant, "the guest cannot be woken after a parking that failed");
	judge_sleeper(vm, tally, instant, "resumed", before->number + 1);
	vm_request(vm, PARK);
	if (vm_answer(vm) != can)
		wrong(tally, instant,
		      can ? "the guest cannot be parked after a parking that failed"
			  : "the guest is parked though its disk has failed");
}

static void run_failing(struct vm *vm, struct tally *tally, unsigned int at, int err, bool again)
{
	struct trace_plan plan = park_whole;
	struct before before;
	char instant[96];
	int status = EXIT_QUIT;
	size_t calls;

	plan.fail_at = at;
	plan.fail_with = err;
	snprintf(instant, sizeof(instant), "call %u fails with %s", at,
		 err ? strerrorname_np(err) : "less than was asked");
	park_begin(vm, tally, instant, &plan, false, &before);
	if (again)
		leave_former_file(vm, &before);
	trace_count(&vm->trace);
	vm_request(vm, PARK);
	if (vm_answer(vm)) {
		calls = vm->trace.call_count;
		/* The machine has crashed rather than run while its file has a name. */
		if (!wake_to_sleep(vm, &before))
			status = EXIT_CRASHED;
	} else {
		const bool disk =
			vm->trace.failed_call && err && vm->trace.failed_file == before.files.disk;

		calls = vm->trace.call_count;
		if (disk)
			status = EXIT_CRASHED;
		tally->refused++;
		park_again(vm, tally, instant, &before, !disk);
	}
	if (!vm->trace.over)
		vm_request(vm, QUIT);
	trace_finish(&vm->trace);
	if (vm->trace.failed_call)
		snprintf(instant, sizeof(instant), "%s, %u, fails with %s", vm->trace.failed_call,
			 at, err ? strerrorname_np(err) : "less than was asked");
	park_judge_record(vm, tally, instant);
	park_check_status(vm, tally, instant, status);
	/* What a second parking leaves is not what the model knows. */
	vm->trace.call_count = calls;
	judge_both(vm, tally, &before, instant, calls);
	tally->instants += vm->trace.failed_call != NULL;
	park_end(vm, &before);
}

static void fails(struct vm *vm, struct tally *tally, bool again)
{
	static const int errors[] = { EIO, ENOSPC, 0 };
	const unsigned int fallible = prepare(vm, tally, again) + WAKE_CALLS;

	tally->calls = fallible;
	for (unsigned int at = 1; at <= fallible && tally->wrong < WRONG_MAX; at++)
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
			if (tally->every_call || (park_is_tried(tally, at) && i == at / STEP % 3))
				run_failing(vm, tally, at, errors[i], again);
}

void park_fails(struct vm *vm, struct tally *tally)
{
	fails(vm, tally, false);
}

void park_again_fails(struct vm *vm, struct tally *tally)
{
	fails(vm, tally, true);
}
