/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands for a VM that runs: each is a word or two of QMP to its
 * dormouse.
 */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "base/time-text.h"
#include "base/utf8.h"
#include "cli/client.h"
#include "cli/option.h"
#include "control/qmp/client.h"
#include "record/lifecycle.h"
#include "record/record.h"

#define TIMEOUT_DEFAULT 30 /* Seconds: a reset clears all RAM. */
#define TIMEOUT_SAVE 600 /* Saving takes longer, depending on the size of the memory. */

struct verb {
	const char *word;
	const char *argument; /* QMP's name for a file that is wanted, too, or NULL. */
	const char *command;
	const char *compressing; /* That of --compress, or NULL. */
	const char *event; /* The event that completes it, or NULL if its answer does. */
	const char *done;
	const char *help;
};

static const struct verb verbs[] = {
	{ "stop", NULL, "stop", NULL, NULL, "stopped",
	  "Pause all vCPUs of NAME. Its guest's counter stands still meanwhile: for it no time passes." },
	{ "cont", NULL, "cont", NULL, NULL, "resumed",
	  "Resume the vCPUs of NAME after \"dormouse stop\"." },
	{ "wake", NULL, "system_wakeup", NULL, NULL, "awake",
	  "Wake the guest of NAME, which has suspended itself to RAM." },
	{ "reset", NULL, "system_reset", NULL, "RESET", "reset",
	  "Reset NAME, with empty RAM, as a reset button does. Data that the guest has not written\n"
	  "to its disks is lost." },
	{ "kill", NULL, "quit", NULL, "SHUTDOWN", "ended",
	  "End NAME at once. Data that the guest has not written to its disks is lost." },
	{ "save", "file", "x-dormouse-save", "x-dormouse-save-compressed", "SHUTDOWN", "saved",
	  "Save NAME, whose guest has suspended itself to RAM, in FILE, which must not exist, and\n"
	  "end it: \"dormouse restore FILE\" resumes it, here or on another host. Of its memory FILE\n"
	  "has all that is not zero, as it is, so that it can be restored at once." },
	{ "park", NULL, "x-dormouse-park", NULL, NULL, "parked",
	  "Write the memory of NAME, whose guest has suspended itself to RAM, to a file in its\n"
	  "directory, and give it back to the host. Whatever wakes the guest brings it back." },
};

struct errand {
	const char *word;
	bool compress;
	const char *name;
	const char *file; /* The file as given, or NULL. */
	bool json;
	int timeout;
};

static const struct verb *find(const char *word)
{
	const struct verb *verb = verbs;

	/* main.c has no others. */
	while (strcmp(verb->word, word) != 0)
		verb++;

	return verb;
}

static void print_usage(const char *word, bool wants_file, const char *text)
{
	printf("Usage: dormouse %s [--json] [--timeout SECONDS]%s NAME%s\n%s\n\n", word,
	       wants_file ? " [--compress]" : "", wants_file ? " FILE" : "", text);
}

/*
 * Returns 0, or 1 if help was all that was wanted, or CLI_USAGE with @error
 * set.
 */
static int parse(int argc, char **argv, const char *text, const struct verb *verb,
		 struct errand *errand, struct error *error)
{
	const bool wants_file = verb && verb->argument;
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 't' },
		{ "compress", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;
	int err;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			errand->json = true;
			break;
		case 't':
			err = cli_parse_timeout(optarg, &errand->timeout, error);
			if (err)
				return err;
			break;
		case 'c':
			errand->compress = true;
			break;
		case 'h':
			print_usage(argv[0], wants_file, text);
			return 1;
		default:
			return error_set(error, CLI_USAGE, "%s has no option %s", argv[0],
					 argv[optind - 1]);
		}
	}
	if (errand->compress && !wants_file)
		return error_set(error, CLI_USAGE, "%s has no option --compress", argv[0]);
	if (argc != optind + 1 + wants_file)
		return error_set(error, CLI_USAGE, "%s wants one name%s", argv[0],
				 wants_file ? " and one file" : "");
	errand->word = argv[0];
	errand->name = argv[optind];
	errand->file = wants_file ? argv[optind + 1] : NULL;

	return 0;
}

/* Returns NULL with @error set. */
static json_t *make_arguments(const struct errand *errand, const struct verb *verb,
			      struct error *error)
{
	/* Of a VM's own dormouse the current directory is another. */
	char *path = NULL;
	json_t *arguments = NULL;

	if (cli_set_path(&path, errand->file, strlen(errand->file), error) == 0) {
		arguments = json_pack("{s:s}", verb->argument, path);
		if (!arguments)
			error_set(error, -EILSEQ, "%s: the file name must be UTF-8", errand->file);
	}
	free(path);

	return arguments;
}

/* The VM received the request, and may still carry it out. */
static int time_is_up(const struct errand *errand, struct error *error)
{
	struct record record = { 0 };
	struct error unknown;
	const char *state = "not known";

	if (cli_load_record(errand->name, &record, &unknown) == 0)
		state = record_state_word(&record);
	error_set(error, -ETIMEDOUT,
		  "%s was asked to %s, but has not done so within %d second%s: it is %s%s",
		  errand->name, errand->word, errand->timeout, errand->timeout == 1 ? "" : "s",
		  state, record.paused ? ", paused" : "");
	record_free(&record);

	return -ETIMEDOUT;
}

static int carry_out(const struct errand *errand, const struct verb *verb, struct error *error)
{
	json_t *arguments = NULL;
	struct qmp_client client;
	int err;

	if (errand->file) {
		arguments = make_arguments(errand, verb, error);
		if (!arguments)
			return -EINVAL;
	}
	err = cli_open_client(errand->name, errand->timeout, &client, error);
	if (err) {
		json_decref(arguments);

		return err;
	}
	err = qmp_client_execute(&client, errand->compress ? verb->compressing : verb->command,
				 arguments, verb->event, error);
	qmp_client_close(&client);
	json_decref(arguments);

	return err == -ETIMEDOUT ? time_is_up(errand, error) : err;
}

/* The outcome, and the resulting state of the VM. */
static int print_json(const struct errand *errand, int err, const struct error *reason)
{
	struct record record = { 0 };
	struct error unknown;
	json_t *json = json_pack("{s:s, s:s, s:b}", "name", errand->name, "command", errand->word,
				 "done", err == 0);

	if (err)
		(void)json_object_set_new(json, "error", utf8_to_json(reason->text));
	if (cli_load_record(errand->name, &record, &unknown) == 0) {
		(void)json_object_set_new(json, "state", json_string(record_state_word(&record)));
		(void)json_object_set_new(json, "paused", json_boolean(record.paused));
		record_free(&record);
	}
	/* main() reports output that cannot be written. */
	if (json_dumpf(json, stdout, 0) < 0 && !ferror(stdout)) {
		message("cannot print the outcome as JSON: out of memory");
		err = -ENOMEM;
	}
	putchar('\n');
	json_decref(json);

	return err ? EXIT_STATUS_TROUBLE : EXIT_SUCCESS;
}

static const char options_help[] =
	"  --json             print the outcome as a JSON object\n"
	"  --timeout SECONDS  how long to wait for the outcome (default: %d)\n";

static const char compress_help[] =
	"  --compress         compress FILE, for an archive or a transport: restoring it reads all\n";

int cli_control(int argc, char **argv, struct error *error)
{
	const struct verb *verb = find(argv[0]);
	const bool writes = verb->argument || strcmp(verb->word, "park") == 0;
	const int timeout = writes ? TIMEOUT_SAVE : TIMEOUT_DEFAULT;
	struct errand errand = { .timeout = timeout };
	int err = parse(argc, argv, verb->help, verb, &errand, error);

	if (err == 1) {
		printf(options_help, timeout);
		if (verb->compressing)
			fputs(compress_help, stdout);

		return EXIT_SUCCESS;
	}
	if (err)
		return err;
	err = carry_out(&errand, verb, error);
	if (errand.json)
		return print_json(&errand, err, error);
	if (!err)
		printf("%s: %s\n", errand.name, verb->done);

	return err;
}

/* --- events --- */

static const char events_help[] =
	"Print QMP's events of NAME, one a line, until it ends.\n"
	"\n"
	"  --json             print each event as the JSON object of QMP\n"
	"  --timeout SECONDS  also end after this time (default: never)\n";

static void print_event(const json_t *event, bool json)
{
	const json_t *timestamp = json_object_get(event, "timestamp");
	const json_t *data = json_object_get(event, "data");
	char when[TIME_TEXT_SIZE];

	if (json) {
		(void)json_dumpf(event, stdout, 0);
	} else {
		time_format((time_t)json_integer_value(json_object_get(timestamp, "seconds")),
			    when);
		printf("%s %s", when, json_string_value(json_object_get(event, "event")));
		if (json_object_get(data, "reason"))
			printf(" %s", json_string_value(json_object_get(data, "reason")));
		if (json_object_get(data, "netdev-id"))
			printf(" %s", json_string_value(json_object_get(data, "netdev-id")));
	}
	putchar('\n');
	(void)fflush(stdout);
}

/*
 * The connection has ended: because the VM has ended, or it runs and further
 * events will come.
 */
static int check_end(const struct errand *errand, bool shut_down, struct error *error)
{
	struct record record = { 0 };
	struct error unknown;
	bool runs;

	if (shut_down || cli_load_record(errand->name, &record, &unknown) < 0)
		return EXIT_SUCCESS;
	runs = lifecycle_has_process(record.state);
	record_free(&record);
	if (!runs)
		return EXIT_SUCCESS;

	return error_set(error, -EPIPE,
			 "the dormouse that runs %s has closed the connection: events were read "
			 "too slowly, and some are lost",
			 errand->name);
}

int cli_events(int argc, char **argv, struct error *error)
{
	struct errand errand = { .timeout = QMP_CLIENT_FOREVER };
	struct qmp_client client;
	bool shut_down = false;
	int err = parse(argc, argv, events_help, NULL, &errand, error);

	if (err == 1)
		return EXIT_SUCCESS;
	if (!err)
		err = cli_open_client(errand.name, errand.timeout, &client, error);
	if (err)
		return err;
	client.reader_fd = STDOUT_FILENO;
	while (!err && !ferror(stdout)) {
		json_t *event = NULL;
		const char *name;

		err = qmp_client_next(&client, &event, error);
		name = json_string_value(json_object_get(event, "event"));
		if (!err && name) {
			print_event(event, errand.json);
			shut_down = shut_down || strcmp(name, "SHUTDOWN") == 0;
		}
		json_decref(event);
	}
	qmp_client_close(&client);
	if (err == -EPIPE)
		return check_end(&errand, shut_down, error);

	return err == -ETIMEDOUT ? EXIT_SUCCESS : err;
}
