/* SPDX-License-Identifier: BSD-3-Clause */
/* "dormouse park", the wake that follows, and "dormouse run" of a VM that was killed meanwhile. */
#include "faults.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define SLEEPS ": suspended: SYSTEM_SUSPEND, "
#define PARK "{\"execute\":\"x-dormouse-park\"}"
#define WAKE "{\"execute\":\"system_wakeup\"}"
#define QUIT "{\"execute\":\"quit\"}"

#define EXIT_QUIT 5

/* From the guest's write before its sleep on; what can fail begins with the request to park. */
static const struct trace_plan whole = { .first_call = __NR_pwritev, .counts_later = true };

/* Whether it is in the file: then that is where the next run goes on. */
static bool is_parked(const struct vm *vm)
{
	char *record = vm_text(vm->record);
	const bool parked = file_exists(vm->parked) && record_awaits_restore(record);

	free(record);

	return parked;
}

/* Start it as its record says, until its guest sleeps in memory. */
static void begin(struct vm *vm, struct tally *tally, const char *instant,
		  const struct trace_plan *plan, bool anew)
{
	const bool goes_on = is_parked(vm);
	uint64_t sectors[5][3];

	vm_sectors(vm, sectors);
	vm_run(vm, plan, anew);
	if (goes_on) {
		(void)vm_await(vm, ": suspended, ", 1);
		vm_request(vm, WAKE);
		(void)vm_answer(vm);
		tally->resumed++;
	} else {
		tally->booted++;
	}
	(void)vm_await(vm, SLEEPS, 1);
	judge_sleeper(vm, tally, instant, goes_on ? "resumed" : "booted",
		      sectors[0][SECTOR_NUMBER]);
	vm_connect(vm);
}

/* Until it is killed, or sleeps again and is ended. */
static void park_and_wake(struct vm *vm)
{
	trace_count(&vm->trace);
	vm_request(vm, PARK);
	if (vm_answer(vm)) {
		vm_request(vm, WAKE);
		if (vm_answer(vm))
			(void)vm_await(vm, SLEEPS, 2);
	}
	if (!vm->trace.over)
		vm_request(vm, QUIT);
	trace_finish(&vm->trace);
}

static void judge_record(struct vm *vm, struct tally *tally, const char *instant)
{
	char *record = vm_text(vm->record);

	if (strcmp(record_state(record), "damaged") == 0)
		wrong(tally, instant, "the record is damaged: %s", record);
	if (file_exists(vm->parked) && !record_awaits_restore(record))
		wrong(tally, instant, "there is a file that the record does not know: %s", record);
	free(record);
}

/* Of calls that change files so many are one instant; each call is, if all calls are. */
#define STEP 4

/* @at: 0: it is not killed. The next run shows whether it goes on where it should. */
static void run_killed(struct vm *vm, struct tally *tally, unsigned int at)
{
	struct trace_plan plan = whole;
	char instant[64];

	if (!tally->every_call && at > 0 && at % STEP != 1)
		return;
	plan.every_call = tally->every_call;
	plan.kill_at = at;
	snprintf(instant, sizeof(instant), "parking is killed after call %u", at);
	begin(vm, tally, instant, &plan, false);
	park_and_wake(vm);
	judge_record(vm, tally, instant);
	if (vm_status(vm) != 128 + SIGKILL && vm_status(vm) != EXIT_QUIT)
		wrong(tally, instant, "run exits %d", vm_status(vm));
	tally->instants++;
	vm_end(vm);
}

void park_killed(struct vm *vm, struct tally *tally)
{
	struct trace_plan plan = whole;

	plan.every_call = tally->every_call;
	begin(vm, tally, "at first", &plan, true);
	park_and_wake(vm);
	if (vm_status(vm) != EXIT_QUIT) {
		char *messages = vm_text(vm->messages);

		wrong(tally, "at first", "run exits %d: %s", vm_status(vm), messages);
		free(messages);
	}
	tally->calls = vm->trace.count;
	vm_end(vm);
	kill_at_each(vm, tally, run_killed);
	/* It was killed while it was parked, too. */
	if (tally->resumed == 0)
		wrong(tally, "in all", "no run goes on from a file");
}
