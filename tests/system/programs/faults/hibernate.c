/* SPDX-License-Identifier: BSD-3-Clause */
/* SYSTEM_OFF2, and the start of a VM that is hibernated. */
#include "faults.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* From the guest's first write on. */
static const struct trace_plan whole = { .first_call = __NR_pwritev };

/* From the record of the start on. */
static const struct trace_plan start = {
	.first_call = __NR_openat,
	.first_name = "record.json.new",
};

/* What was there before a run. */
struct before {
	const struct vm *vm;
	uint64_t sectors[5][3];
	char *record;
	bool has_image; /**< Which is not used up. */
	uint64_t number;
	/* What there was when its calls began to be watched. */
	struct model_files files;
	char *text;
};

static void look(const struct vm *vm, struct before *before)
{
	*before = (struct before){ .vm = vm, .record = vm_text(vm->record) };
	vm_sectors(vm, before->sectors);
	before->number = before->sectors[0][SECTOR_NUMBER];
	before->has_image = before->sectors[0][SECTOR_STATE] == SECTOR_VALID;
}

static void look_again(void *context)
{
	struct before *before = context;

	before->text = vm_text(before->vm->record);
	vm_files(before->vm, before->text, &before->files);
}

static void forget(struct before *before)
{
	free(before->record);
	free(before->text);
}

static bool has_image(uint64_t sectors[5][3], uint64_t number)
{
	for (int i = 0; i < 5; i++)
		if (sectors[i][SECTOR_NUMBER] != number)
			return false;

	return sectors[0][SECTOR_STATE] == SECTOR_VALID;
}

/* The guest, if it came so far, found what was there: its image or none. */
static void judge_guest(struct vm *vm, struct tally *tally, const char *instant,
			const struct before *before)
{
	/* The note is written once the image is complete: the guest may not have come so far. */
	const bool has_note = before->sectors[SECTOR_NOTE][SECTOR_NUMBER] == before->number;
	const char *word = !before->has_image ? "booted"
			   : has_note	      ? "resumed"
					      : "resumed without the note";
	char expected[64];
	char *line = vm_guest_line(vm, word);

	snprintf(expected, sizeof(expected), "%s %016" PRIx64, word, before->number);
	if (!line || strcmp(line, expected) != 0) {
		char *console = vm_text(vm->console);
		char *messages = vm_text(vm->messages);

		wrong(tally, instant,
		      "the guest should have %s, its console has \"%.200s\", and dormouse says %s",
		      expected, console, messages);
		free(console);
		free(messages);
	} else if (before->has_image) {
		tally->resumed++;
	} else {
		tally->booted++;
	}
	free(line);
}

/* The record after a run, and the disk that it speaks of. */
static void judge_record(struct vm *vm, struct tally *tally, const char *instant,
			 const struct before *before)
{
	char *record = vm_text(vm->record);
	const char *state = record_state(record);
	char *told = vm_guest_line(vm, "failed to write");
	uint64_t sectors[5][3];

	vm_sectors(vm, sectors);
	if (strcmp(state, "damaged") == 0)
		wrong(tally, instant, "the record is damaged: %s", record);
	/* A guest that was told of a failure has no image, and hibernates all the same. */
	if (strcmp(state, "hibernated") == 0 && !told &&
	    !has_image(sectors, sectors[0][SECTOR_NUMBER]))
		wrong(tally, instant, "the record says hibernated, and the image is incomplete");
	if (strcmp(state, "hibernated") == 0 && !told && strcmp(record, before->record) != 0 &&
	    sectors[0][SECTOR_NUMBER] != before->number + 1)
		wrong(tally, instant, "the record says hibernated, and the image is an old one");
	free(record);
	free(told);
}

/* --- power --- */

static const char *judge_order(const struct crash *crash)
{
	if (!crash->record)
		return "there is no record";
	if (crash->record_is_torn)
		return "the record is torn";
	if (crash->disk_sectors[0][SECTOR_STATE] == SECTOR_VALID)
		for (int i = 1; i < SECTOR_NOTE; i++)
			if (crash->disk_sectors[i][SECTOR_NUMBER] !=
			    crash->disk_sectors[0][SECTOR_NUMBER])
				return "what the guest flushed is not on the disk";

	return NULL;
}

static const char *judge_hibernation(const struct crash *crash, void *context)
{
	const char *found = judge_order(crash);
	const bool hibernated = !found && strcmp(record_state(crash->record), "hibernated") == 0;

	if (found)
		return found;
	if (hibernated && !crash->disk_is_current)
		return "the record says hibernated, and the disk lacks what the guest wrote";
	if (hibernated && !crash->disk_is_dated && strstr(crash->record, "written:"))
		return "the record says hibernated, and the disk lost when it was written";
	if (crash->has_announced && !hibernated)
		return "it was announced that it hibernates, and the record does not say so";

	return NULL;
}

/* @context: what was found. */
static const char *judge_start(const struct crash *crash, void *context)
{
	const struct before *before = context;
	const char *found = judge_order(crash);

	if (!found && crash->guest_runs && strcmp(crash->record, before->record) == 0)
		return "a guest runs, and the record still says hibernated";
	/* Its first write uses up its image, and it waits for that before the second. */
	if (!found && crash->disk_writes > 1 &&
	    crash->disk_sectors[0][SECTOR_STATE] == SECTOR_VALID &&
	    crash->disk_sectors[0][SECTOR_NUMBER] == before->number)
		return "the guest has used up its image, and would take it again";

	return found;
}

/* --- one run --- */

/* Plays it to its end. @before: filled. */
static void run(struct vm *vm, const struct trace_plan *given, bool anew, struct before *before)
{
	struct trace_plan plan = *given;

	look(vm, before);
	plan.begun = look_again;
	plan.context = before;
	vm_run(vm, &plan, anew);
	trace_finish(&vm->trace);
}

static void run_killed(struct vm *vm, struct tally *tally, unsigned int at)
{
	struct trace_plan plan = whole;
	struct before before;
	char instant[64];

	plan.every_call = tally->every_call;
	plan.kill_at = at;
	snprintf(instant, sizeof(instant), "killed after call %u", at);
	run(vm, &plan, false, &before);
	judge_guest(vm, tally, instant, &before);
	judge_record(vm, tally, instant, &before);
	if (vm_status(vm) != 128 + SIGKILL && vm_status(vm) != EXIT_HIBERNATED)
		wrong(tally, instant, "run exits %d", vm_status(vm));
	tally->instants++;
	forget(&before);
	vm_end(vm);
}

/* Returns how many calls can be made to fail; the VM is hibernated. */
static unsigned int prepare(struct vm *vm, struct tally *tally)
{
	struct trace_plan plan = whole;
	struct before before;
	unsigned int fallible;

	plan.every_call = tally->every_call;
	run(vm, &plan, true, &before);
	forget(&before);
	if (vm_status(vm) != EXIT_HIBERNATED) {
		char *messages = vm_text(vm->messages);

		wrong(tally, "at first", "run exits %d: %s", vm_status(vm), messages);
		free(messages);
	}
	tally->calls = vm->trace.count;
	fallible = vm->trace.fallible;
	vm_end(vm);

	return fallible;
}

void hibernate_killed(struct vm *vm, struct tally *tally)
{
	(void)prepare(vm, tally);
	kill_at_each(vm, tally, run_killed);
}

/* --- failures --- */

/* What must follow from the failure of that call, if anything must. */
static void judge_failure(struct vm *vm, struct tally *tally, const char *instant,
			  const struct before *before)
{
	const struct trace *trace = &vm->trace;
	const int status = vm_status(vm);
	const bool of_disk = trace->failed_file == before->files.disk;
	const bool of_sync =
		of_disk &&
		(trace->failed_kind == CALL_SYNC || trace->failed_kind == CALL_SYNC_DATA ||
		 (trace->failed_kind == CALL_ATTRIBUTE && trace->plan.fail_with == EIO));
	char *record = vm_text(vm->record);
	char *messages = vm_text(vm->messages);
	const char *state = record_state(record);

	if (trace->plan.fail_with && of_sync && status != EXIT_CRASHED)
		wrong(tally, instant, "a disk fails, and run exits %d", status);
	if (status == EXIT_HIBERNATED && strcmp(state, "hibernated") != 0)
		wrong(tally, instant, "run exits 3, and the record says %s", state);
	if (status == EXIT_CRASHED &&
	    (strcmp(state, "crashed") != 0 || !strstr(record, "not durable") ||
	     !strstr(messages, "not durable")))
		wrong(tally, instant, "run exits 4, the record says %s, the message %s", record,
		      messages);
	if (status == EXIT_TROUBLE && !strstr(messages, "which could not be recorded: "))
		wrong(tally, instant, "run exits 1, and says %s", messages);
	if (status != EXIT_HIBERNATED && status != EXIT_CRASHED && status != EXIT_TROUBLE)
		wrong(tally, instant, "run exits %d", status);
	tally->refused += status != EXIT_HIBERNATED;
	free(messages);
	free(record);
}

/* Returns whether there is such a call. */
static bool run_failing(struct vm *vm, struct tally *tally, unsigned int at, int err)
{
	struct trace_plan plan = whole;
	struct before before;
	char instant[64];
	bool failed;

	plan.fail_at = at;
	plan.fail_with = err;
	run(vm, &plan, false, &before);
	failed = vm->trace.failed_call != NULL;
	snprintf(instant, sizeof(instant), "%s, %u, fails with %s",
		 failed ? vm->trace.failed_call : "nothing", at,
		 err ? strerrorname_np(err) : "less than was asked");
	judge_guest(vm, tally, instant, &before);
	judge_record(vm, tally, instant, &before);
	judge_failure(vm, tally, instant, &before);
	judge_power(tally, instant, &vm->trace, &before.files, ": hibernated: ", judge_hibernation,
		    NULL);
	tally->instants += failed;
	forget(&before);
	vm_end(vm);

	return failed;
}

static void omit(struct vm *vm, struct tally *tally)
{
	static const struct {
		enum model_omission omission;
		const char *what;
	} omissions[] = {
		{ OMIT_SYNCS_OF_DISK, "without syncs of the disk" },
		{ OMIT_SYNCS_OF_RECORD, "without syncs of the record" },
		{ OMIT_SYNCS_OF_STATE_DIRECTORY, "without syncs of its directory" },
	};
	struct before before;

	run(vm, &whole, false, &before);
	judge_guest(vm, tally, "at last", &before);
	for (size_t i = 0; i < sizeof(omissions) / sizeof(omissions[0]); i++)
		judge_omission(tally, omissions[i].omission, omissions[i].what, &vm->trace,
			       &before.files, ": hibernated: ", judge_hibernation, NULL);
	forget(&before);
	vm_end(vm);
}

void hibernate_fails(struct vm *vm, struct tally *tally)
{
	static const int errors[] = { EIO, ENOSPC, 0 };
	const unsigned int fallible = prepare(vm, tally);

	for (unsigned int at = 1; at <= fallible && tally->wrong < WRONG_MAX; at++)
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
			if (tally->every_call || !errors[i] || i == at % 2)
				(void)run_failing(vm, tally, at, errors[i]);
	omit(vm, tally);
}

/* --- the start --- */

void start_killed(struct vm *vm, struct tally *tally)
{
	struct before before;
	unsigned int calls;

	struct trace_plan plan = start;

	plan.every_call = tally->every_call;
	(void)prepare(vm, tally);
	run(vm, &plan, false, &before);
	judge_guest(vm, tally, "watched from its record on", &before);
	judge_power(tally, "watched from its record on", &vm->trace, &before.files,
		    ": hibernated: ", judge_start, &before);
	calls = vm->trace.count_at_run;
	forget(&before);
	vm_end(vm);
	for (unsigned int at = 1; at <= calls && tally->wrong < WRONG_MAX; at++) {
		plan.kill_at = at;
		run(vm, &plan, false, &before);
		forget(&before);
		vm_end(vm);
		/* It resumes from the image that the one that was killed did not use. */
		run_killed(vm, tally, 0);
	}
	tally->calls = calls;
}
