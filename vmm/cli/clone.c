/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option.h"
#include "clone/clone.h"
#include "config/config.h"

static const char help[] =
	"Usage: dormouse clone [--disk FILE]... NAME CLONE\n"
	"Make another virtual machine CLONE of NAME, which does not run. It has the configuration of\n"
	"NAME, and disks of its own; read-only disks are shared. If NAME has hibernated, CLONE boots\n"
	"without its image. If it is saved in DIR/FILE, CLONE is saved in DIR/CLONE-FILE, and its\n"
	"guest notices after \"dormouse restore\" that it is a clone, if it has ACPI.\n"
	"\n"
	"  --disk FILE  a disk of CLONE, which is a copy of NAME's; once for each disk that is not\n"
	"               read-only, in their order (default: each DIR/FILE is copied to\n"
	"               DIR/CLONE-FILE)\n";

struct parsed {
	char *disks[CONFIG_DISKS_MAX];
	struct clone_options options;
};

static int add_disk(struct parsed *parsed, const char *path, struct error *error)
{
	if (parsed->options.disk_count == CONFIG_DISKS_MAX)
		return error_set(error, CLI_USAGE, "a machine has at most %d disks",
				 CONFIG_DISKS_MAX);

	return cli_set_path(&parsed->disks[parsed->options.disk_count++], path, strlen(path),
			    error);
}

/*
 * Returns 0, 1 if help was all that was wanted, or CLI_USAGE or another with
 * @error set.
 */
static int parse(int argc, char **argv, struct parsed *parsed, struct error *error)
{
	static const struct option options[] = {
		{ "disk", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;
	int err = 0;

	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			err = add_disk(parsed, optarg, error);
			break;
		case 'h':
			return 1;
		case ':':
			return error_set(error, CLI_USAGE, "%s wants an argument",
					 argv[optind - 1]);
		default:
			return error_set(error, CLI_USAGE, "clone has no option %s",
					 argv[optind - 1]);
		}
	}
	if (!err && argc != optind + 2)
		err = error_set(error, CLI_USAGE, "clone wants two names");
	if (err)
		return err;
	parsed->options.from = argv[optind];
	parsed->options.to = argv[optind + 1];

	return 0;
}

int cli_clone(int argc, char **argv, struct error *error)
{
	struct parsed parsed = { .options.disks = NULL };
	int ret = parse(argc, argv, &parsed, error);

	parsed.options.disks = parsed.disks;
	if (ret == 1) {
		fputs(help, stdout);
		ret = EXIT_SUCCESS;
	} else if (!ret) {
		ret = clone_vm(&parsed.options, error);
		if (!ret)
			printf("%s: cloned from %s\n", parsed.options.to, parsed.options.from);
	}
	for (size_t i = 0; i < parsed.options.disk_count; i++)
		free(parsed.disks[i]);

	return ret;
}
