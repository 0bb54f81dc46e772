/* SPDX-License-Identifier: BSD-3-Clause */
/* "dormouse save", and the start of a VM that is saved. */
#include "faults.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLEEPS ": suspended: SYSTEM_SUSPEND, "
#define WAKE "{\"execute\":\"system_wakeup\"}"
#define ANNOUNCEMENT ": saved: "

/* From the guest's write before its sleep on; what can fail begins with the save. */
static const struct trace_plan whole = { .first_call = __NR_pwritev, .counts_later = true };

/* From the record of the restore on. */
static const struct trace_plan start = {
	.first_call = __NR_openat,
	.first_name = "record.json.new",
};

/* What was there before a run. */
struct before {
	const struct vm *vm;
	bool restores; /**< Its file is there, and awaits it. */
	uint64_t number; /**< What the disk has. */
	struct model_files files; /**< When its calls began to be watched. */
	char *text;
	size_t calls; /**< How many belong to the first save. */
};

static void look_again(void *context)
{
	struct before *before = context;

	before->text = vm_text(before->vm->record);
	vm_files(before->vm, before->text, &before->files);
}

/* --- what must be --- */

void judge_sleeper(struct vm *vm, struct tally *tally, const char *instant, const char *word,
		   uint64_t number)
{
	char expected[64];
	char *console = vm_text(vm->console);

	snprintf(expected, sizeof(expected), "%s %016" PRIx64, word, number);
	if (!strstr(console, expected) || strstr(console, "another world")) {
		char *messages = vm_text(vm->messages);

		wrong(tally, instant,
		      "the guest should have %s, its console has \"%.200s\", and dormouse says %s",
		      expected, console, messages);
		free(messages);
	}
	free(console);
}

static void judge_record(struct vm *vm, struct tally *tally, const char *instant)
{
	char *record = vm_text(vm->record);
	const char *state = record_state(record);
	const bool awaits = record_awaits_restore(record);
	const bool exists = file_exists(vm->saved);

	if (strcmp(state, "damaged") == 0)
		wrong(tally, instant, "the record is damaged: %s", record);
	if (strcmp(state, "saved") == 0 && !exists)
		wrong(tally, instant, "the record says saved, and there is no file");
	if (exists && !awaits)
		wrong(tally, instant, "there is a file that the record does not know: %s", record);
	free(record);
}

static const char *judge_save(const struct crash *crash, void *context)
{
	const struct before *before = context;
	bool awaits;

	if (!crash->record)
		return "there is no record";
	if (crash->record_is_torn)
		return "the record is torn";
	awaits = record_awaits_restore(crash->record);
	if (strcmp(record_state(crash->record), "saved") == 0 && !crash->has_saved)
		return "the record says saved, and there is no file";
	if (awaits && crash->has_saved && !crash->saved_is_whole)
		return "the record names a file that is incomplete";
	if (awaits && crash->has_saved && !crash->disk_is_current)
		return "the record names a file, and the disk lacks what its guest wrote";
	if (awaits && crash->has_saved &&
	    crash->disk_sectors[0][SECTOR_NUMBER] > before->number + 1)
		return "the record names a file whose guest has run on";
	if ((crash->has_announced || crash->has_answered) && !(awaits && crash->has_saved))
		return "it was announced that it is saved, and it cannot be restored";

	return NULL;
}

/* --- one run --- */

/* Start it as its record says, until its guest sleeps; the file has been used then. */
static void begin(struct vm *vm, struct tally *tally, const char *instant,
		  const struct trace_plan *given, bool anew, struct before *before)
{
	struct trace_plan plan = *given;
	char *record = vm_text(vm->record);
	uint64_t sectors[5][3];

	vm_sectors(vm, sectors);
	*before = (struct before){
		.vm = vm,
		.restores = file_exists(vm->saved) && record_awaits_restore(record),
		.number = sectors[0][SECTOR_NUMBER],
	};
	free(record);
	plan.begun = look_again;
	plan.context = before;
	if (before->restores) {
		vm_restore(vm, &plan, vm->saved);
		(void)vm_await(vm, ": suspended, ", 1);
		(void)unlink(vm->saved);
		vm_request(vm, WAKE);
		(void)vm_answer(vm);
		tally->resumed++;
	} else {
		vm_run(vm, &plan, anew);
		tally->booted++;
	}
	(void)vm_await(vm, SLEEPS, 1);
	judge_sleeper(vm, tally, instant, before->restores ? "resumed" : "booted", before->number);
	/* So that its socket is there. */
	vm_connect(vm);
}

static void ask_to_save(struct vm *vm)
{
	char request[512];

	snprintf(request, sizeof(request),
		 "{\"execute\":\"x-dormouse-save\",\"arguments\":{\"file\":\"%s\"}}", vm->saved);
	trace_count(&vm->trace);
	vm_request(vm, request);
}

static void end(struct vm *vm, struct before *before)
{
	free(before->text);
	vm_end(vm);
}

static void run_killed(struct vm *vm, struct tally *tally, unsigned int at)
{
	struct trace_plan plan = whole;
	struct before before;
	char instant[64];

	plan.every_call = tally->every_call;
	plan.kill_at = at;
	snprintf(instant, sizeof(instant), "killed after call %u", at);
	begin(vm, tally, instant, &plan, false, &before);
	ask_to_save(vm);
	trace_finish(&vm->trace);
	judge_record(vm, tally, instant);
	if (vm_status(vm) != 128 + SIGKILL && vm_status(vm) != EXIT_SAVED)
		wrong(tally, instant, "run exits %d", vm_status(vm));
	tally->instants++;
	end(vm, &before);
}

/* Returns how many calls can be made to fail; the VM is saved. */
static unsigned int prepare(struct vm *vm, struct tally *tally)
{
	struct trace_plan plan = whole;
	struct before before;
	unsigned int fallible;

	plan.every_call = tally->every_call;
	begin(vm, tally, "at first", &plan, true, &before);
	ask_to_save(vm);
	trace_finish(&vm->trace);
	if (vm_status(vm) != EXIT_SAVED) {
		char *messages = vm_text(vm->messages);

		wrong(tally, "at first", "run exits %d: %s", vm_status(vm), messages);
		free(messages);
	}
	tally->calls = vm->trace.count;
	fallible = vm->trace.fallible;
	end(vm, &before);

	return fallible;
}

void save_killed(struct vm *vm, struct tally *tally)
{
	(void)prepare(vm, tally);
	kill_at_each(vm, tally, run_killed);
}

/* --- failures --- */

/* The guest sleeps as before, can be woken, and saved unless its disk has failed. */
static void save_again(struct vm *vm, struct tally *tally, const char *instant,
		       const struct before *before, bool can)
{
	vm_request(vm, WAKE);
	if (!vm_answer(vm))
		wrong(tally, instant, "the guest cannot be woken after a save that failed");
	(void)vm_await(vm, SLEEPS, 2);
	judge_sleeper(vm, tally, instant, "resumed", before->number + 1);
	ask_to_save(vm);
	if (vm_answer(vm) != can)
		wrong(tally, instant,
		      can ? "the guest cannot be saved after a save that failed"
			  : "the guest is saved though its disk has failed");
	if (!can)
		vm_request(vm, "{\"execute\":\"quit\"}");
}

static bool is_recorded_as_saved(const struct vm *vm)
{
	char *record = vm_text(vm->record);
	const bool saved = strcmp(record_state(record), "saved") == 0;

	free(record);

	return saved;
}

static bool run_failing(struct vm *vm, struct tally *tally, unsigned int at, int err)
{
	struct trace_plan plan = whole;
	struct before before;
	char instant[64];
	int status = EXIT_SAVED;
	bool failed;

	plan.fail_at = at;
	plan.fail_with = err;
	snprintf(instant, sizeof(instant), "call %u fails with %s", at,
		 err ? strerrorname_np(err) : "less than was asked");
	begin(vm, tally, instant, &plan, false, &before);
	ask_to_save(vm);
	before.calls = SIZE_MAX;
	if (!vm_answer(vm)) {
		/* All that can still be seen of it. */
		before.calls = vm->trace.call_count;
		const bool disk =
			vm->trace.failed_call && err && vm->trace.failed_file == before.files.disk;

		if (disk)
			status = EXIT_CRASHED;
		tally->refused++;
		save_again(vm, tally, instant, &before, !disk);
	}
	trace_finish(&vm->trace);
	failed = vm->trace.failed_call != NULL;
	snprintf(instant, sizeof(instant), "%s, %u, fails with %s",
		 failed ? vm->trace.failed_call : "nothing", at,
		 err ? strerrorname_np(err) : "less than was asked");
	judge_record(vm, tally, instant);
	/* The record said so already, and lacks only what the disks are. */
	if (vm_status(vm) != status && !(status == EXIT_SAVED && failed &&
					 vm_status(vm) == EXIT_TROUBLE && is_recorded_as_saved(vm)))
		wrong(tally, instant, "run exits %d", vm_status(vm));
	if (vm->trace.call_count > before.calls)
		vm->trace.call_count = before.calls;
	judge_power(tally, instant, &vm->trace, &before.files, ANNOUNCEMENT, judge_save, &before);
	tally->instants += failed;
	end(vm, &before);

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
		{ OMIT_SYNCS_OF_SAVED, "without syncs of the file" },
		{ OMIT_SYNCS_OF_SAVED_DIRECTORY, "without syncs of the file's directory" },
	};
	struct before before;

	begin(vm, tally, "at last", &whole, false, &before);
	ask_to_save(vm);
	trace_finish(&vm->trace);
	for (size_t i = 0; i < sizeof(omissions) / sizeof(omissions[0]); i++)
		judge_omission(tally, omissions[i].omission, omissions[i].what, &vm->trace,
			       &before.files, ANNOUNCEMENT, judge_save, &before);
	end(vm, &before);
}

void save_fails(struct vm *vm, struct tally *tally)
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

/* Until it is killed: at a count of calls, or as its vCPU is made to run. */
static void restore(struct vm *vm, struct tally *tally, unsigned int at, struct before *before)
{
	struct trace_plan plan = start;

	*before = (struct before){ .vm = vm };
	plan.every_call = tally->every_call;
	plan.kill_at = at;
	plan.kill_at_run = at == 0;
	plan.begun = look_again;
	plan.context = before;
	vm_restore(vm, &plan, vm->saved);
	trace_finish(&vm->trace);
}

void restore_killed(struct vm *vm, struct tally *tally)
{
	struct before before;
	unsigned int calls;

	(void)prepare(vm, tally);
	restore(vm, tally, 0, &before);
	judge_power(tally, "watched from its record on", &vm->trace, &before.files, ANNOUNCEMENT,
		    judge_spent, NULL);
	calls = vm->trace.count_at_run;
	end(vm, &before);
	(void)unlink(vm->saved);
	run_killed(vm, tally, 0);
	for (unsigned int at = 1; at <= calls && tally->wrong < WRONG_MAX; at++) {
		char *record;

		restore(vm, tally, at, &before);
		end(vm, &before);
		record = vm_text(vm->record);
		/* It may have run, as far as the record can say, and its file is of no use. */
		if (!record_awaits_restore(record))
			(void)unlink(vm->saved);
		free(record);
		run_killed(vm, tally, 0);
	}
	tally->calls = calls;
}
