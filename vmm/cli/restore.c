/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option.h"
#include "record/lifecycle.h"
#include "run/run.h"
#include "save/file.h"

static const char help[] =
	"Usage: dormouse restore [--console WHERE] [--force] [--verify] [--no-prefetch] [--parked]\n"
	"                        FILE\n"
	"Resume a virtual machine that \"dormouse save\" saved in FILE. Its guest sleeps until its\n"
	"clock's alarm, input on its console, another interrupt or \"dormouse wake\" wakes it, and\n"
	"then continues. Its disks must have their former paths and be unchanged. Stays until the\n"
	"machine ends, as \"dormouse run\" does, with its exit status. Until dormouse reports that\n"
	"the memory is copied, FILE must neither change nor become shorter.\n"
	"\n"
	"  --console WHERE  its console, see \"dormouse run --help\" (default: tty)\n"
	"  --force          restore it although it has run since it was saved\n"
	"  --verify         read all of FILE, and verify it, before the guest runs\n"
	"  --no-prefetch    read of the memory only what the guest accesses: FILE is needed\n"
	"                   until the machine ends or is reset\n"
	"  --parked         leave it parked in FILE, which is removed when something wakes its\n"
	"                   guest\n";

/*
 * Returns 0, 1 if help was all that was wanted, or CLI_USAGE or another with
 * @error set.
 */
static int parse(int argc, char **argv, struct run_options *run, struct save_file *file,
		 struct error *error)
{
	static const struct option options[] = {
		{ "console", required_argument, NULL, 'c' },
		{ "force", no_argument, NULL, 'f' },
		{ "verify", no_argument, NULL, 'v' },
		{ "no-prefetch", no_argument, NULL, 'p' },
		{ "parked", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;
	int err = 0;

	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			err = cli_set_console(&run->config, optarg, error);
			break;
		case 'f':
			run->force = true;
			break;
		case 'v':
			file->verify = true;
			break;
		case 'p':
			file->no_prefetch = true;
			break;
		case 'k':
			run->parked = true;
			break;
		case 'h':
			return 1;
		case ':':
			return error_set(error, CLI_USAGE, "%s wants an argument",
					 argv[optind - 1]);
		default:
			return error_set(error, CLI_USAGE, "restore has no option %s",
					 argv[optind - 1]);
		}
	}
	if (!err && argc != optind + 1)
		err = error_set(error, CLI_USAGE, "restore wants one file");
	if (!err && run->parked && (run->force || file->verify))
		err = error_set(error, CLI_USAGE, "--parked excludes --%s",
				run->force ? "force" : "verify");

	return err;
}

int cli_restore(int argc, char **argv, struct error *error)
{
	struct run_options run_options = { 0 };
	struct save_file wanted = { 0 };
	struct save_file file;
	char *path = NULL;
	int ret = parse(argc, argv, &run_options, &wanted, error);

	if (ret == 1) {
		fputs(help, stdout);
		ret = EXIT_SUCCESS;
	} else if (!ret) {
		/* The record keeps the name of one that it stays parked in. */
		if (run_options.parked)
			ret = cli_set_path(&path, argv[optind], strlen(argv[optind]), error);
		if (!ret)
			ret = save_file_open(path ? path : argv[optind], &file, error);
		if (!ret) {
			file.verify = wanted.verify;
			file.no_prefetch = wanted.no_prefetch;
			run_options.name = file.name;
			run_options.from = &file;
			ret = run(&run_options, error);
			save_file_close(&file);
		}
	}
	free(path);
	config_free(&run_options.config);

	return ret;
}
