/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent.h"
#include "record/lifecycle.h"
#include "record/text.h"
#include "run/check.h"

static const char help[] =
	"Usage: dormouse check [--json] NAME\n"
	"Compare what the guest of a virtual machine relies on with what it would find, and print a\n"
	"line for each: its name, \"same\", \"differs\" or \"unknown\", and the value, or what the\n"
	"guest needs; what its disks hold of hibernation images; and what is known to prevent its\n"
	"next hibernation, or makes it doubtful. Of a machine that runs only the last is printed.\n"
	"Nothing changes.\n"
	"\n"
	"  --json   print one JSON object instead\n"
	"\n"
	"Exit status: 0 the guest would resume, 1 dormouse failed, 2 the command line is invalid,\n"
	"3 it would not resume; of a machine that runs: its hibernation is prevented.\n";

#define STATUS_NOT 3

/* What fits beside a line's name; the others are in the JSON. */
#define SHOWN_MAX 60

enum result { SAME, DIFFERS, UNKNOWN };

static const char *const words[] = {
	[SAME] = "same",
	[DIFFERS] = "differs",
	[UNKNOWN] = "unknown",
};

static enum result compare(const struct check *check, enum environment_line line,
			   struct error *phrase)
{
	if (!check->before.values[line] || !check->now.values[line])
		return UNKNOWN;

	return environment_differs(&check->before, &check->now, line, phrase) ? DIFFERS : SAME;
}

/* Whether the machine had or has such a thing: without a firmware there are no variables. */
static bool has_line(const struct check *check, enum environment_line line)
{
	return check->before.values[line] || check->now.values[line];
}

/* The end of the sentence that begins with the VM's name. */
static const char *conclusion(const struct check *check)
{
	switch (check->outcome) {
	case CHECK_RESUMES:
		break;
	case CHECK_BOOTS:
		return "its guest would boot, since none of its images waits";
	case CHECK_DISCARDS:
		return "its guest would boot without its image, which is that of the VM that it is "
		       "a clone of";
	case CHECK_OTHER_IMAGE:
		return "its guest would boot, since what its disks hold wants another hardware "
		       "signature than the machine has";
	case CHECK_NEW_SIGNATURE:
		return "its guest would boot without its image, since its hardware signature would be another one";
	case CHECK_REFUSES:
		return "it would not be started, since its guest would not notice what differs";
	}

	return check->died ? "its guest would resume if it hibernated before its dormouse died"
			   : "its guest would resume";
}

static const char *state_word(const struct check *check)
{
	return check->died ? "crashed" : lifecycle_state_word(check->state);
}

/* How an image's wish relates to the signature that the guest was given. */
static const char *judge(const struct check *check, const struct swap_place *place)
{
	if (place->kind != SWAP_IMAGE || !place->header.wants_signature)
		return "";
	if (check->signature == 0)
		return ", and the machine had none";

	return place->header.hardware_signature == check->signature
		       ? ", which the machine had last"
		       : ", which is not the one that the machine had last";
}

static void print_places(const struct check *check)
{
	for (size_t i = 0; i < check->places.count; i++) {
		const struct run_place *found = &check->places.list[i];
		char disk[RUN_DISK_NAME_SIZE];
		char text[SWAP_TEXT_SIZE];

		run_name_disk(found->disk, disk);
		swap_describe(&found->place, text);
		printf("%-18s %s: %s%s\n", i == 0 ? "images" : "", disk, text,
		       judge(check, &found->place));
	}
	if (check->places.count == 0)
		printf("%-18s none was found; a swap file is looked for only by resume_offset=\n",
		       "images");
}

static void print_hindrances(const struct run_hindrances *hindrances)
{
	for (size_t i = 0; i < hindrances->count; i++) {
		const struct run_hindrance *hindrance = &hindrances->list[i];

		printf("%-18s %s: %s\n", i == 0 ? "hibernation" : "",
		       hindrance->prevents ? "prevented" : "doubtful", hindrance->reason);
	}
	if (hindrances->count == 0)
		printf("%-18s nothing is known to prevent it\n", "hibernation");
}

static void print_table(const char *name, const struct check *check)
{
	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++) {
		const char *value = check->now.values[i];
		struct error phrase;
		enum result result;
		const char *shown = "";

		if (!has_line(check, i))
			continue;
		result = compare(check, i, &phrase);
		if (result == DIFFERS)
			shown = phrase.text;
		else if (value && strlen(value) <= SHOWN_MAX && !strpbrk(value, "=\n"))
			shown = value;
		printf("%-18s %s%s%s\n", environment_key(i), words[result], *shown ? ": " : "",
		       shown);
	}
	print_places(check);
	print_hindrances(&check->hindrances);
	printf("%s is %s: %s\n", name, state_word(check), conclusion(check));
}

/* NULL becomes null. */
static json_t *value_to_json(const char *value)
{
	return value ? record_text_to_json(value) : json_null();
}

static json_t *line_to_json(const struct check *check, enum environment_line line)
{
	struct error phrase = { "" };
	const enum result result = compare(check, line, &phrase);
	json_t *json = json_pack("{s:s, s:s, s:s}", "name", environment_key(line), "kind",
				 environment_kind(line) == ENVIRONMENT_CONSTANT ? "constant"
										: "left-behind",
				 "result", words[result]);
	int err = json_object_set_new(json, "before", value_to_json(check->before.values[line]));

	if (!err)
		err = json_object_set_new(json, "now", value_to_json(check->now.values[line]));
	if (!err && result == DIFFERS)
		err = json_object_set_new(json, "needs", record_text_to_json(phrase.text));
	if (!err)
		return json;
	json_decref(json);

	return NULL;
}

static json_t *to_json(const char *name, const struct check *check)
{
	static const char *const outcomes[] = {
		[CHECK_RESUMES] = "resumes",
		[CHECK_BOOTS] = "boots",
		[CHECK_DISCARDS] = "boots-without-image",
		[CHECK_OTHER_IMAGE] = "boots-without-image",
		[CHECK_NEW_SIGNATURE] = "boots-without-image",
		[CHECK_REFUSES] = "refused",
	};
	json_t *lines = json_array();
	char signature[16];
	int err = 0;

	for (enum environment_line i = 0; i < ENVIRONMENT_LINES && !err; i++) {
		if (has_line(check, i))
			err = json_array_append_new(lines, line_to_json(check, i));
	}
	if (err) {
		json_decref(lines);

		return NULL;
	}
	snprintf(signature, sizeof(signature), "%#" PRIx32, check->signature);

	return json_pack("{s:s, s:s, s:s, s:b, s:s?, s:o, s:o, s:o}", "name", name, "state",
			 state_word(check), "outcome", outcomes[check->outcome], "resumes",
			 check->outcome == CHECK_RESUMES, "hardware-signature",
			 check->signature ? signature : NULL, "lines", lines, "images",
			 run_places_to_json(&check->places), "hibernation",
			 run_hindrances_to_json(&check->hindrances));
}

/* @json's reference is taken. */
static int print_json(json_t *json, struct error *error)
{
	const bool printed =
		json && json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;

	json_decref(json);

	return printed ? 0 : error_set(error, -EIO, "cannot write the comparison as JSON");
}

/* An agent that does not answer says nothing. */
static void hear_agent(const char *name, struct run_hindrances *hindrances)
{
	json_t *facts = cli_query_agent(name);
	const json_t *os = json_object_get(facts, "os");
	const char *kernel = json_string_value(json_object_get(os, "kernel-release"));
	struct image_release release;

	if (json_is_true(json_object_get(facts, "answers"))) {
		run_hear_agent(hindrances,
			       json_string_value(json_object_get(facts, "no-hibernation")));
		if (kernel && image_parse_release(kernel, &release))
			run_hear_kernel(hindrances, &release);
	}
	json_decref(facts);
}

/* Its environment is in use; what may become of its hibernation can be said. */
static int check_running(const struct record *record, const char *name, bool json,
			 struct error *error)
{
	const char *state = lifecycle_state_word(record->state);
	struct run_hindrances hindrances;
	int err = run_find_hindrances_of(record, &hindrances, error);

	if (err)
		return err;
	hear_agent(name, &hindrances);
	if (json)
		err = print_json(json_pack("{s:s, s:s, s:o}", "name", name, "state", state,
					   "hibernation", run_hindrances_to_json(&hindrances)),
				 error);
	else
		print_hindrances(&hindrances);
	if (err)
		return err;

	return run_is_prevented(&hindrances) ? STATUS_NOT : EXIT_SUCCESS;
}

static int check_resting(const char *name, bool json, struct error *error)
{
	struct check check;
	int err = run_check(name, &check, error);

	if (err)
		return err;
	if (json)
		err = print_json(to_json(name, &check), error);
	else
		print_table(name, &check);
	check_free(&check);
	if (err)
		return err;

	return check.outcome == CHECK_RESUMES ? EXIT_SUCCESS : STATUS_NOT;
}

int cli_check(int argc, char **argv, struct error *error)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct record record = { 0 };
	struct error unknown;
	bool json = false;
	int option;
	int err;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(help, stdout);

			return EXIT_SUCCESS;
		default:
			return error_set(error, CLI_USAGE, "check has no option %s",
					 argv[optind - 1]);
		}
	}
	if (argc != optind + 1)
		return error_set(error, CLI_USAGE, "check wants one name");
	/* What is wrong with a record, run_check() says. */
	if (cli_load_record(argv[optind], &record, &unknown) == 0 &&
	    lifecycle_has_process(record.state))
		err = check_running(&record, argv[optind], json, error);
	else
		err = check_resting(argv[optind], json, error);
	record_free(&record);

	return err;
}
