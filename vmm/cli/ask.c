/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands that ask a guest to sleep or to power off. Deadline and policy are
 * those of the dormouse that runs the VM, and hold if this process ends; it waits
 * for the outcome.
 */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/utf8.h"
#include "cli/client.h"
#include "record/lifecycle.h"
#include "record/record.h"

#define TIMEOUT_DEFAULT 60
/* Dormouse has so much longer than the guest has, to report the outcome, */
#define TIMEOUT_REPORT 30
/* and to save it. */
#define TIMEOUT_SAVE 600

#define STATUS_LEFT 3
#define STATUS_ELSE 4

struct verb {
	const char *word;
	const char *command;
	const char *help;
};

static const struct verb verbs[] = {
	{ "suspend", "x-dormouse-suspend",
	  "Ask the guest of NAME to suspend itself to RAM, by its agent or its sleep button, and\n"
	  "wait until it has. A guest that hibernates instead, as its own policy for the button\n"
	  "may be, has done it, too.\n" },
	{ "hibernate", "x-dormouse-hibernate",
	  "Ask the guest of NAME to hibernate, by its agent or its sleep button, and wait until it\n"
	  "has. A guest that suspends itself to RAM instead has not done it.\n" },
	{ "poweroff", "system_powerdown",
	  "Ask the guest of NAME to power off, by its agent or its power button, and wait until it\n"
	  "has.\n" },
};

static const char help[] =
	"Usage: dormouse %s [OPTION]... NAME\n"
	"%s"
	"\n"
	"A guest has a sleep and a power button if it was given ACPI tables, by --acpi or by a\n"
	"firmware.\n"
	"\n"
	"  --timeout SECONDS  how long the guest has for it (default: %d)\n"
	"  --else WHAT        what follows if it does not do it, at once if it cannot be asked:\n"
	"                     leave it (the default); save it, after it was asked to suspend itself\n"
	"                     to RAM, as saved-1 or saved-2 and so on in NAME's directory; ask it to\n"
	"                     poweroff; or kill it\n"
	"  --json             print the outcome as a JSON object\n"
	"\n"
	"Exit status: 0 the guest has done it, 1 it was not asked or dormouse failed, 2 the command\n"
	"line is invalid, 3 it has not done it, 4 it has not done it and what --else says was done.\n";

struct wish {
	const struct verb *verb;
	const char *name;
	const char *otherwise; /* Or NULL. */
	int timeout;
	bool json;
};

struct outcome {
	bool known;
	enum request_outcome outcome;
	char state[32];
	struct error reason;
};

static const struct verb *find(const char *word)
{
	const struct verb *verb = verbs;

	/* main.c has no others. */
	while (strcmp(verb->word, word) != 0)
		verb++;

	return verb;
}

static int parse_else(const struct verb *verb, const char *text, const char **otherwise,
		      struct error *error)
{
	enum request_else parsed;

	if (request_parse_else(text, &parsed) < 0)
		return error_set(error, CLI_USAGE,
				 "--else wants leave, save, poweroff or kill, not %s", text);
	if (parsed == REQUEST_ELSE_POWEROFF && strcmp(verb->word, "poweroff") == 0)
		return error_set(error, CLI_USAGE,
				 "poweroff --else poweroff would ask for the same again");
	*otherwise = text;

	return 0;
}

/*
 * Returns 0, or 1 if help was all that was wanted, or CLI_USAGE with @error
 * set.
 */
static int parse(int argc, char **argv, struct wish *wish, struct error *error)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 't' },
		{ "else", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;
	int err = 0;

	opterr = 0;
	optind = 1;
	while (!err && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			wish->json = true;
			break;
		case 't':
			err = cli_parse_timeout(optarg, &wish->timeout, error);
			break;
		case 'e':
			err = parse_else(wish->verb, optarg, &wish->otherwise, error);
			break;
		case 'h':
			printf(help, wish->verb->word, wish->verb->help, TIMEOUT_DEFAULT);

			return 1;
		default:
			return error_set(error, CLI_USAGE, "%s has no option %s", argv[0],
					 argv[optind - 1]);
		}
	}
	if (err)
		return err;
	if (argc != optind + 1)
		return error_set(error, CLI_USAGE, "%s wants one name", argv[0]);
	wish->name = argv[optind];

	return 0;
}

/* --- to wait for the outcome --- */

/* The guest may have its time twice, if something else is asked of it then. */
static int patience(const struct wish *wish)
{
	const bool left = !wish->otherwise || strcmp(wish->otherwise, "leave") == 0;

	return left ? wish->timeout + TIMEOUT_REPORT : 2 * wish->timeout + TIMEOUT_SAVE;
}

/* Whether an event is the outcome, which it then describes. */
static bool read_outcome(const json_t *event, struct outcome *outcome)
{
	const json_t *data = json_object_get(event, "data");
	const char *name = json_string_value(json_object_get(event, "event"));
	const char *word = json_string_value(json_object_get(data, "outcome"));
	const char *state = json_string_value(json_object_get(data, "state"));
	const char *reason = json_string_value(json_object_get(data, "reason"));

	if (!name || strcmp(name, "X_DORMOUSE_REQUEST") != 0 || !word || !state)
		return false;
	outcome->known = true;
	outcome->outcome = REQUEST_LEFT;
	if (strcmp(word, request_outcome_word(REQUEST_DONE)) == 0)
		outcome->outcome = REQUEST_DONE;
	else if (strcmp(word, request_outcome_word(REQUEST_REPLACED_BY_ELSE)) == 0)
		outcome->outcome = REQUEST_REPLACED_BY_ELSE;
	snprintf(outcome->state, sizeof(outcome->state), "%s", state);
	error_set(&outcome->reason, 0, "%s", reason ? reason : "");

	return true;
}

/* Whether the VM ends with it, after which it can be started again. */
static bool ends_run(const struct outcome *outcome)
{
	enum vm_state state;

	return lifecycle_parse_state(outcome->state, &state) == 0 && !lifecycle_has_process(state);
}

/* Returns 0 with @outcome known, or -errno with @error set. */
static int await(struct qmp_client *client, struct outcome *outcome, struct error *error)
{
	int err = 0;

	while (!err && !outcome->known) {
		json_t *message = NULL;

		err = qmp_client_next(client, &message, error);
		if (!err)
			(void)read_outcome(message, outcome);
		json_decref(message);
	}
	/* The end of the connection, which it has by then. */
	while (!err && ends_run(outcome)) {
		json_t *message = NULL;
		struct error ended;

		err = qmp_client_next(client, &message, &ended);
		json_decref(message);
	}

	return outcome->known ? 0 : err;
}

static int ask(const struct wish *wish, struct outcome *outcome, struct error *error)
{
	json_t *arguments = json_pack("{s:i}", "timeout", wish->timeout);
	struct qmp_client client;
	int err;

	if (wish->otherwise)
		(void)json_object_set_new(arguments, "else", json_string(wish->otherwise));
	err = cli_open_client(wish->name, patience(wish), &client, error);
	if (!err) {
		err = qmp_client_execute(&client, wish->verb->command, arguments, NULL, error);
		if (!err)
			err = await(&client, outcome, error);
		qmp_client_close(&client);
	}
	json_decref(arguments);

	return err;
}

/* --- to print it --- */

static int exit_status(int err, const struct outcome *outcome)
{
	if (err)
		return EXIT_STATUS_TROUBLE;
	switch (outcome->outcome) {
	case REQUEST_DONE:
		return EXIT_SUCCESS;
	case REQUEST_REPLACED_BY_ELSE:
		return STATUS_ELSE;
	case REQUEST_WAITING:
	case REQUEST_LEFT:
		break;
	}

	return STATUS_LEFT;
}

static int print_json(const struct wish *wish, int err, const struct outcome *outcome,
		      const struct error *error)
{
	const bool done = !err && outcome->outcome == REQUEST_DONE;
	json_t *json = json_pack("{s:s, s:s, s:b}", "name", wish->name, "command", wish->verb->word,
				 "done", (int)done);
	int status = exit_status(err, outcome);

	if (!err) {
		(void)json_object_set_new(json, "outcome",
					  json_string(request_outcome_word(outcome->outcome)));
		(void)json_object_set_new(json, "state", json_string(outcome->state));
	}
	if (!done)
		(void)json_object_set_new(json, "error",
					  utf8_to_json(err ? error->text : outcome->reason.text));
	/* main() reports output that cannot be written. */
	if (json_dumpf(json, stdout, 0) < 0 && !ferror(stdout)) {
		message("cannot print the outcome as JSON: out of memory");
		status = EXIT_STATUS_TROUBLE;
	}
	putchar('\n');
	json_decref(json);

	return status;
}

int cli_ask(int argc, char **argv, struct error *error)
{
	struct wish wish = { .verb = find(argv[0]), .timeout = TIMEOUT_DEFAULT };
	struct outcome outcome = { 0 };
	int err = parse(argc, argv, &wish, error);

	if (err)
		return err == 1 ? EXIT_SUCCESS : err;
	err = ask(&wish, &outcome, error);
	if (wish.json)
		return print_json(&wish, err, &outcome, error);
	if (err)
		return err;
	if (outcome.outcome == REQUEST_DONE)
		printf("%s: %s\n", wish.name, outcome.state);
	else
		message("%s: the request to %s failed: %s", wish.name, wish.verb->word,
			outcome.reason.text);

	return exit_status(0, &outcome);
}
