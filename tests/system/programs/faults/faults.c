/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kills dormouse after each call to the kernel, has each fail, and lets the power fail
 * after each, while its guest hibernates, is started, saved, restored or parked.
 *
 *	faults FOLDER every-call|file-calls SCENARIO...
 *
 * It is killed after every call, or after each that changes a file or shows its progress;
 * then it is tried with one error for each call instead of two. FOLDER has hibernate.img and nap.img, the guests; DORMOUSE_STATE_DIR is set. Prints for each scenario a
 * line of what was found, and on standard error what was wrong. Exit status 1 if anything
 * was.
 */
#include "faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *vm;
	void (*play)(struct vm *vm, struct tally *tally);
} scenarios[] = {
	{ "hibernate-killed", "hibernate", hibernate_killed },
	{ "hibernate-fails", "hibernate", hibernate_fails },
	{ "start-killed", "hibernate", start_killed },
	{ "save-killed", "nap", save_killed },
	{ "save-fails", "nap", save_fails },
	{ "restore-killed", "nap", restore_killed },
	{ "park-killed", "nap", park_killed },
	{ "park-fails", "nap", park_fails },
	{ "park-again-killed", "nap", park_again_killed },
	{ "park-again-fails", "nap", park_again_fails },
	{ "park-saved-killed", "nap", park_saved_killed },
	{ "park-started-killed", "nap", park_started_killed },
};

void wrong(struct tally *tally, const char *instant, const char *format, ...)
{
	va_list args;

	tally->wrong++;
	fprintf(stderr, "%s, %s: ", tally->scenario, instant);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *judge_spent(const struct crash *crash, void *context)
{
	if (!crash->record)
		return "there is no record";
	if (crash->record_is_torn)
		return "the record is torn";
	if (crash->guest_runs && record_awaits_restore(crash->record))
		return "a guest runs, and the record still names its file";

	return NULL;
}

void judge_power(struct tally *tally, const char *instant, const struct trace *trace,
		 const struct model_files *files, const char *announcement, model_judge judge,
		 void *context)
{
	struct model_result result = { 0 };

	model_check(trace, files, announcement, OMIT_NOTHING, judge, context, &result);
	tally->model.states += result.states;
	tally->model.wrong += result.wrong;
	if (result.wrong > 0)
		wrong(tally, instant, "after %zu calls the power fails, and %s (%lu of %lu states)",
		      result.at, result.first, result.wrong, result.states);
}

void judge_omission(struct tally *tally, enum model_omission omission, const char *what,
		    const struct trace *trace, const struct model_files *files,
		    const char *announcement, model_judge judge, void *context)
{
	struct model_result result = { 0 };

	model_check(trace, files, announcement, omission, judge, context, &result);
	if (result.wrong == 0)
		wrong(tally, what, "the model finds nothing wrong (%lu states)", result.states);
}

/* --- instants --- */

void kill_at_each(struct vm *vm, struct tally *tally,
		  void (*run_killed)(struct vm *vm, struct tally *tally, unsigned int at))
{
	const unsigned int calls = tally->calls;

	/* So an instant early in the path comes after one at which the VM was left whole. */
	for (unsigned int i = 0; i < calls && tally->wrong < WRONG_MAX; i++)
		run_killed(vm, tally, i % 2 ? calls - i / 2 : 1 + i / 2);
	/* The last of them is judged as well. */
	run_killed(vm, tally, 0);
}

/* --- all of them --- */

static bool play(const char *folder, const char *name, bool every_call)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		struct tally tally = { .scenario = name, .every_call = every_call };
		struct vm vm;

		if (strcmp(scenarios[i].name, name) != 0)
			continue;
		vm_make(&vm, folder, scenarios[i].vm);
		scenarios[i].play(&vm, &tally);
		printf("%s instants=%u calls=%u resumed=%u booted=%u refused=%u power=%lu wrong=%u\n",
		       name, tally.instants, tally.calls, tally.resumed, tally.booted,
		       tally.refused, tally.model.states, tally.wrong);
		(void)fflush(stdout);

		return tally.wrong == 0;
	}
	die("no scenario %s", name);
}

int main(int argc, char **argv)
{
	const bool every_call = argc > 3 && strcmp(argv[2], "every-call") == 0;
	bool good = true;

	if (!every_call && (argc <= 3 || strcmp(argv[2], "file-calls") != 0)) {
		fputs("usage: faults FOLDER every-call|file-calls SCENARIO...\n", stderr);

		return 125;
	}
	for (int i = 3; i < argc; i++)
		good = play(argv[1], argv[i], every_call) && good;

	return good ? 0 : 1;
}
