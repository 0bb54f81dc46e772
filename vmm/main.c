/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "error.h"
#include "lifecycle.h"
#include "message.h"
#include "version.h"

static const char help[] =
	"Usage: dormouse COMMAND [OPTION]...\n"
	"Run arm64 virtual machines that can sleep.\n"
	"\n"
	"  run       start a virtual machine and stay until it ends\n"
	"  restore   go on with one that was saved in a file\n"
	"  status    say what is known of one\n"
	"  list      say which there are\n"
	"  features  say what this host offers, and which --psci that allows\n"
	"\n"
	"and of one that runs:\n"
	"\n"
	"  stop, cont         hold it up, and let it go on\n"
	"  wake               wake its guest, which has suspended itself to RAM\n"
	"  suspend, poweroff  ask its guest to do so\n"
	"  reset, kill        reset it, and end it, whatever its guest does\n"
	"  save               save it in a file while its guest is suspended, and end it\n"
	"  console            its console, if that is a socket\n"
	"  events             say what happens to it\n"
	"\n"
	"dormouse COMMAND --help tells more. A first run, of a kernel with an initrd:\n"
	"\n"
	"  dormouse run --name demo --kernel Image --initrd initrd.gz --cpus 2 --memory 512M \\\n"
	"      --disk disk.img --append 'console=ttyAMA0 root=/dev/vda'\n"
	"\n"
	"and again as it was, resuming it if it hibernated:\n"
	"\n"
	"  dormouse run --name demo\n";

static const struct {
	const char *word;
	int (*run)(int argc, char **argv, struct error *error);
} commands[] = {
	{ "run", cli_run },	      { "status", cli_status },	  { "list", cli_list },
	{ "features", cli_features }, { "stop", cli_control },	  { "cont", cli_control },
	{ "wake", cli_control },      { "suspend", cli_control }, { "reset", cli_control },
	{ "restore", cli_restore },   { "save", cli_control },	  { "poweroff", cli_control },
	{ "kill", cli_control },      { "console", cli_console }, { "events", cli_events },
};

static int usage(const char *command, const char *text)
{
	message("%s (try: dormouse %s%s--help)", text, command, *command ? " " : "");

	return EXIT_STATUS_USAGE;
}

/*
 * A standard stream that is closed must not become the first file that we open,
 * or a disk could find a message on it.
 */
static bool open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The lowest number that is free is this one. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	}

	return true;
}

int main(int argc, char **argv)
{
	struct error error = { "" };
	int ret;

	if (!open_standard_streams())
		return EXIT_STATUS_TROUBLE;

	if (argc < 2)
		return usage("", "no command given");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return fputs(help, stdout) < 0 ? EXIT_STATUS_TROUBLE : EXIT_SUCCESS;
	if (strcmp(argv[1], "--version") == 0)
		return puts("dormouse " DORMOUSE_VERSION) < 0 ? EXIT_STATUS_TROUBLE : EXIT_SUCCESS;

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
