/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/message.h"
#include "base/version.h"
#include "cli/cli.h"
#include "record/lifecycle.h"

static const char help[] =
	"Usage: dormouse COMMAND [OPTION]...\n"
	"Run arm64 virtual machines that can sleep.\n"
	"\n"
	"  run       start a virtual machine and stay until it ends\n"
	"  restore   resume a virtual machine that was saved in a file\n"
	"  status    print the state of a virtual machine\n"
	"  check     compare what a guest relies on with what it would find\n"
	"  clone     make another virtual machine of one that does not run\n"
	"  list      list the virtual machines\n"
	"  features  print what this host offers, and which --psci that allows\n"
	"\n"
	"For a virtual machine that runs:\n"
	"\n"
	"  stop, cont         pause and resume it\n"
	"  wake               wake its guest, which has suspended itself to RAM\n"
	"  suspend, hibernate, poweroff\n"
	"                     ask its guest to, and wait until it has\n"
	"  reset, kill        reset it, or end it, whatever its guest does\n"
	"  park               give a suspended guest's memory back until it wakes\n"
	"  save               save it in a file while its guest is suspended, and end it\n"
	"  agent              pass a command to the agent in its guest\n"
	"  console            attach to its console, if that is a socket\n"
	"  events             print its events\n"
	"\n"
	"dormouse COMMAND --help describes a command. A first run, of a kernel with an initrd:\n"
	"\n"
	"  dormouse run --name demo --kernel Image --initrd initrd.gz --cpus 2 --memory 512M \\\n"
	"      --disk disk.img --append 'console=ttyAMA0 root=/dev/vda'\n"
	"\n"
	"To start this machine again, resuming it if it hibernated:\n"
	"\n"
	"  dormouse run --name demo\n";

static const struct {
	const char *word;
	int (*run)(int argc, char **argv, struct error *error);
} commands[] = {
	{ "run", cli_run },	      { "status", cli_status },	  { "list", cli_list },
	{ "features", cli_features }, { "stop", cli_control },	  { "cont", cli_control },
	{ "wake", cli_control },      { "suspend", cli_ask },	  { "reset", cli_control },
	{ "restore", cli_restore },   { "save", cli_control },	  { "poweroff", cli_ask },
	{ "kill", cli_control },      { "console", cli_console }, { "events", cli_events },
	{ "check", cli_check },	      { "clone", cli_clone },	  { "hibernate", cli_ask },
	{ "agent", cli_agent },	      { "park", cli_control },
};

static int usage(const char *command, const char *text)
{
	message("%s (try: dormouse %s%s--help)", text, command, *command ? " " : "");

	return EXIT_STATUS_USAGE;
}

/*
 * A closed standard stream must not become the first file that we open, or a
 * disk could receive a message. Standard output stays unwritable, so that the
 * loss of a command's output is reported.
 */
static bool open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		const int mode = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;

		/* The lowest number that is free is this one. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd)
			return false;
	}

	return true;
}

/*
 * Write the buffered output. Some file systems report at close() what they
 * could not write. Returns @status, or failure in the place of success.
 */
static int finish_output(int status)
{
	const bool had_failed = ferror(stdout);
	int err = 0;

	if (fflush(stdout) != 0)
		err = errno;
	if (close(STDOUT_FILENO) < 0 && !err)
		err = errno;
	if (!err && !had_failed)
		return status;
	message("cannot write standard output: %s",
		err ? strerror(err) : "a part of it was not written");

	return status == EXIT_SUCCESS ? EXIT_STATUS_TROUBLE : status;
}

static int run_command(int argc, char **argv)
{
	struct error error = { "" };
	int ret;

	if (argc < 2)
		return usage("", "no command given");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(help, stdout);

		return EXIT_SUCCESS;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("dormouse " DORMOUSE_VERSION);

		return EXIT_SUCCESS;
	}

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].word) != 0)
			continue;
		ret = commands[i].run(argc - 1, argv + 1, &error);
		if (ret == CLI_USAGE)
			return usage(commands[i].word, error.text);
		if (ret >= 0)
			return ret;
		message("%s", error.text);

		return EXIT_STATUS_TROUBLE;
	}
	error_set(&error, 0, "there is no command \"%s\"", argv[1]);

	return usage("", error.text);
}

int main(int argc, char **argv)
{
	/*
	 * A reader that has exited must cause an error of write(), not our
	 * death.
	 */
	(void)signal(SIGPIPE, SIG_IGN);
	if (!open_standard_streams())
		return EXIT_STATUS_TROUBLE;

	return finish_output(run_command(argc, argv));
}
