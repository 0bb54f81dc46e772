/* SPDX-License-Identifier: BSD-3-Clause */
/* dormouse agent: a command for the agent in a guest, and its answer. */
#include "cli/agent.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "control/qmp/scan.h"
#include "record/lifecycle.h"

#define TIMEOUT_DEFAULT 30 /* Seconds. */

static const char help[] =
	"Usage: dormouse agent [--timeout SECONDS] NAME COMMAND\n"
	"Pass a command to the agent in the guest of NAME, qemu-guest-agent, and print its answer,\n"
	"a JSON object in a line. COMMAND is a JSON object, or - to read one from standard input:\n"
	"\n"
	"  dormouse agent web '{\"execute\": \"guest-get-osinfo\"}'\n"
	"\n"
	"A command that is not answered if it is carried out, such as guest-shutdown, ends when the\n"
	"agent closes its port; nothing is printed then.\n"
	"\n"
	"  --timeout SECONDS  how long to wait for the answer (default: 30)\n"
	"\n"
	"Exit status: 0 the agent has carried it out, 1 it answered with an error, which is printed,\n"
	"or did not answer, 2 the command line is invalid.\n";

struct wish {
	const char *name;
	const char *command;
	int timeout;
};

/* Returns 0, 1 if help was all that was wanted, or CLI_USAGE with @error set. */
static int parse(int argc, char **argv, struct wish *wish, struct error *error)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;
	int err;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 't':
			err = cli_parse_timeout(optarg, &wish->timeout, error);
			if (err)
				return err;
			break;
		case 'h':
			fputs(help, stdout);
			return 1;
		default:
			return error_set(error, CLI_USAGE, "agent has no option %s",
					 argv[optind - 1]);
		}
	}
	if (argc != optind + 2)
		return error_set(error, CLI_USAGE, "agent wants one name and one command");
	wish->name = argv[optind];
	wish->command = argv[optind + 1];

	return 0;
}

/* Returns a new reference, or NULL with @error set. */
static json_t *read_command(const struct wish *wish, struct error *error)
{
	/* What dormouse reads of a message, in which the command is. */
	static char text[QMP_MESSAGE_SIZE - 128];
	const bool from_input = strcmp(wish->command, "-") == 0;
	const char *source = from_input ? text : wish->command;
	size_t size = from_input ? fread(text, 1, sizeof(text), stdin) : strlen(source);
	json_error_t where;
	json_t *command;

	if (from_input && ferror(stdin)) {
		error_set(error, -EIO, "cannot read standard input: %s", strerror(errno));

		return NULL;
	}
	if (size >= sizeof(text)) {
		error_set(error, CLI_USAGE, "the command for the agent is longer than 63 KiB");

		return NULL;
	}
	command = json_loadb(source, size, JSON_REJECT_DUPLICATES, &where);
	if (!command)
		error_set(error, CLI_USAGE, "the command for the agent is no JSON object: %s",
			  where.text);
	if (!command || json_is_object(command))
		return command;
	error_set(error, CLI_USAGE, "the command for the agent is no JSON object");
	json_decref(command);

	return NULL;
}

static int time_is_up(const struct wish *wish, struct error *error)
{
	return error_set(error, -ETIMEDOUT,
			 "the agent in the guest of %s has not answered within %d second%s; it may "
			 "still carry out the command",
			 wish->name, wish->timeout, wish->timeout == 1 ? "" : "s");
}

/* Returns 0 with the agent's answer, or -errno with @error set. */
static int ask(const struct wish *wish, const json_t *command, json_t **answer, struct error *error)
{
	json_t *arguments = json_pack("{s:O}", "command", command);
	struct qmp_client client;
	int err = cli_open_client(wish->name, wish->timeout, &client, error);

	if (!err) {
		err = qmp_client_ask(&client, "x-dormouse-agent", arguments, answer, error);
		if (err == -ETIMEDOUT)
			err = time_is_up(wish, error);
		qmp_client_close(&client);
	}
	json_decref(arguments);

	return err;
}

int cli_agent(int argc, char **argv, struct error *error)
{
	struct wish wish = { .timeout = TIMEOUT_DEFAULT };
	json_t *answer = NULL;
	json_t *command;
	int err = parse(argc, argv, &wish, error);

	if (err)
		return err == 1 ? EXIT_SUCCESS : err;
	command = read_command(&wish, error);
	if (!command)
		return *wish.command == '-' && ferror(stdin) ? -EIO : CLI_USAGE;
	err = ask(&wish, command, &answer, error);
	json_decref(command);
	if (err)
		return err;
	if (json_object_size(answer) > 0) {
		/* main() reports output that cannot be written. */
		if (json_dumpf(answer, stdout, JSON_ENSURE_ASCII) < 0 && !ferror(stdout))
			message("cannot print the answer: out of memory");
		putchar('\n');
	}
	err = json_object_get(answer, "error") ? EXIT_STATUS_TROUBLE : EXIT_SUCCESS;
	json_decref(answer);

	return err;
}

/* --- for status --- */

json_t *cli_query_agent(const char *name)
{
	return cli_query(name, "x-dormouse-query-agent");
}

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

void cli_print_agent(const json_t *facts)
{
	const json_t *os = json_object_get(facts, "os");
	const json_t *swap = json_object_get(facts, "swap");
	const char *problem = text_of(facts, "problem");
	const char *version = text_of(facts, "version");

	if (!json_is_true(json_object_get(facts, "open")))
		return;
	if (json_is_true(json_object_get(facts, "answers")))
		printf("agent: %s%s\n", version ? "qemu-guest-agent " : "yes",
		       version ? version : "");
	else
		printf("agent: %s\n", problem ? problem : "it has not answered yet");
	if (text_of(os, "pretty-name"))
		printf("guest-system: %s%s%s\n", text_of(os, "pretty-name"),
		       text_of(os, "kernel-release") ? ", kernel " : "",
		       text_of(os, "kernel-release") ? text_of(os, "kernel-release") : "");
	if (swap)
		printf("guest-swap: %lld MiB\n", (long long)(json_integer_value(swap) >> 20));
	if (text_of(facts, "no-hibernation"))
		printf("no-hibernation: %s\n", text_of(facts, "no-hibernation"));
}
