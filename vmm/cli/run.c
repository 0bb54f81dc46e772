/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "boot/firmware-descriptor.h"
#include "cli/option.h"
#include "cli/run-help.h"
#include "config/config.h"
#include "config/cpu-features.h"
#include "run/run.h"

#define CPUS_DEFAULT 1
#define MEMORY_DEFAULT (512ULL << 20)

enum option_id {
	OPTION_NAME = 1,
	OPTION_KERNEL,
	OPTION_FLAT,
	OPTION_FIRMWARE,
	OPTION_MACHINE_VERSION,
	OPTION_VARS,
	OPTION_INITRD,
	OPTION_APPEND,
	OPTION_DISK,
	OPTION_NET,
	OPTION_CPUS,
	OPTION_CPU_FEATURES,
	OPTION_MEMORY,
	OPTION_PSCI,
	OPTION_PSCI_VERSION,
	OPTION_IDLE_STATES,
	OPTION_ACPI,
	OPTION_ON_RESET,
	OPTION_ON_RESET2,
	OPTION_ON_PANIC,
	OPTION_SUSPEND,
	OPTION_WAKE_ON_NET,
	OPTION_FORWARD,
	OPTION_SLEEP_WHEN_IDLE,
	OPTION_PARK,
	OPTION_CONSOLE_DEVICE,
	OPTION_CONSOLE,
	OPTION_PSCI_TEST,
	OPTION_STRICT,
	OPTION_DISCARD,
	OPTION_FORCE,
	OPTION_HELP,
};

static const struct option options[] = {
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "kernel", required_argument, NULL, OPTION_KERNEL },
	{ "flat", required_argument, NULL, OPTION_FLAT },
	{ "firmware", required_argument, NULL, OPTION_FIRMWARE },
	{ "vars", required_argument, NULL, OPTION_VARS },
	{ "machine-version", required_argument, NULL, OPTION_MACHINE_VERSION },
	{ "initrd", required_argument, NULL, OPTION_INITRD },
	{ "append", required_argument, NULL, OPTION_APPEND },
	{ "disk", required_argument, NULL, OPTION_DISK },
	{ "net", required_argument, NULL, OPTION_NET },
	{ "cpus", required_argument, NULL, OPTION_CPUS },
	{ "cpu-features", required_argument, NULL, OPTION_CPU_FEATURES },
	{ "memory", required_argument, NULL, OPTION_MEMORY },
	{ "psci", required_argument, NULL, OPTION_PSCI },
	{ "psci-version", required_argument, NULL, OPTION_PSCI_VERSION },
	{ "idle-states", optional_argument, NULL, OPTION_IDLE_STATES },
	{ "acpi", no_argument, NULL, OPTION_ACPI },
	{ "on-reset", required_argument, NULL, OPTION_ON_RESET },
	{ "on-reset2", required_argument, NULL, OPTION_ON_RESET2 },
	{ "on-panic", required_argument, NULL, OPTION_ON_PANIC },
	{ "suspend", required_argument, NULL, OPTION_SUSPEND },
	{ "forward", required_argument, NULL, OPTION_FORWARD },
	{ "wake-on-net", required_argument, NULL, OPTION_WAKE_ON_NET },
	{ "sleep-when-idle", required_argument, NULL, OPTION_SLEEP_WHEN_IDLE },
	{ "park", required_argument, NULL, OPTION_PARK },
	{ "console", required_argument, NULL, OPTION_CONSOLE },
	{ "console-device", required_argument, NULL, OPTION_CONSOLE_DEVICE },
	{ "psci-test", required_argument, NULL, OPTION_PSCI_TEST },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "discard", no_argument, NULL, OPTION_DISCARD },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

/** A command line while it is parsed. */
struct parse {
	struct run_options *run;
	struct error *error;
	const char *machine_option; /**< The last one given that describes the machine. */
	bool help;
};

static int out_of_memory(struct parse *p)
{
	return error_set(p->error, -ENOMEM, "out of memory");
}

static int set_path(struct parse *p, char **to, const char *path, size_t length)
{
	return cli_set_path(to, path, length, p->error);
}

static int set_text(struct parse *p, char **to, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return out_of_memory(p);
	free(*to);
	*to = copy;

	return 0;
}

static int add_disk(struct parse *p, const char *argument)
{
	static const char read_only[] = ",ro";
	struct config *config = &p->run->config;
	struct disk_config *disk = &config->disks[config->disk_count];
	size_t length = strlen(argument);
	int err;

	if (config->disk_count == CONFIG_DISKS_MAX)
		return error_set(p->error, CLI_USAGE, "more than %d disks", CONFIG_DISKS_MAX);
	if (length >= sizeof(read_only) - 1 &&
	    strcmp(argument + length - (sizeof(read_only) - 1), read_only) == 0) {
		disk->read_only = true;
		length -= sizeof(read_only) - 1;
	}
	err = set_path(p, &disk->path, argument, length);
	if (!err)
		config->disk_count++;

	return err;
}

/* FILE or FILE@ADDRESS; an @ before anything else is part of the name. */
static int set_flat(struct parse *p, const char *argument)
{
	struct config *config = &p->run->config;
	const char *at = strrchr(argument, '@');
	size_t length = strlen(argument);

	config->flat_address = 0;
	if (at && config_parse_address(at + 1, &config->flat_address) == 0)
		length = (size_t)(at - argument);

	return set_path(p, &config->flat, argument, length);
}

/* FILE, or the distribution's, whose variables begin as a file of theirs. */
static int set_firmware(struct parse *p, const char *argument)
{
	struct firmware_files files;
	int err;

	free(p->run->vars_template);
	p->run->vars_template = NULL;
	if (strcmp(argument, "uefi") != 0)
		return set_path(p, &p->run->config.firmware, argument, strlen(argument));
	err = firmware_find_uefi(firmware_folders, &files, p->error);
	if (err)
		return err;
	free(p->run->config.firmware);
	p->run->config.firmware = files.code;
	p->run->vars_template = files.vars_template;

	return 0;
}

static int set_cpus(struct parse *p, const char *argument)
{
	char *end;
	const long cpus = strtol(argument, &end, 10);

	if (end == argument || *end || cpus < 1 || cpus > CONFIG_CPUS_MAX)
		return error_set(p->error, CLI_USAGE, "--cpus %s: must be from 1 to %d", argument,
				 CONFIG_CPUS_MAX);
	p->run->config.cpus = (unsigned int)cpus;

	return 0;
}

static int set_cpu_features(struct parse *p, const char *argument)
{
	return config_parse_cpu_features(argument, &p->run->config.cpu_features_off, p->error) < 0
		       ? CLI_USAGE
		       : 0;
}

static int set_memory(struct parse *p, const char *argument)
{
	uint64_t size;

	if (config_parse_size(argument, &size) < 0)
		return error_set(p->error, CLI_USAGE, "--memory %s: not a size, such as 512M or 2G",
				 argument);
	if (size < CONFIG_MEMORY_MIN || size > CONFIG_MEMORY_MAX)
		return error_set(p->error, CLI_USAGE,
				 "--memory %s: must be from %llu MiB to %llu GiB", argument,
				 CONFIG_MEMORY_MIN >> 20, CONFIG_MEMORY_MAX >> 30);
	if (size % CONFIG_MEMORY_ALIGNMENT)
		return error_set(p->error, CLI_USAGE, "--memory %s: must be a multiple of 2 MiB",
				 argument);
	p->run->config.memory = size;

	return 0;
}

static int set_machine_version(struct parse *p, const char *argument)
{
	if (config_parse_machine_version(argument, &p->run->config.machine_version) < 0)
		return error_set(p->error, CLI_USAGE, "--machine-version %s: must be from %d to %d",
				 argument, BOARD_VERSION_1, BOARD_VERSION_NEWEST);

	return 0;
}

static int set_psci(struct parse *p, const char *argument)
{
	if (config_parse_psci_server(argument, &p->run->config.psci) < 0)
		return error_set(p->error, CLI_USAGE,
				 "--psci %s: must be userspace, mixed or kernel", argument);

	return 0;
}

static int set_psci_version(struct parse *p, const char *argument)
{
	if (config_parse_psci_version(argument, &p->run->config.psci_version) < 0)
		return error_set(p->error, CLI_USAGE,
				 "--psci-version %s: must be 0.2, 1.0, 1.1, 1.2 or 1.3", argument);

	return 0;
}

static int set_idle_states(struct parse *p, const char *argument)
{
	if (argument && strcmp(argument, "clusters") != 0)
		return error_set(p->error, CLI_USAGE,
				 "--idle-states=%s: must be clusters, or nothing", argument);
	p->run->config.idle_states = true;
	p->run->config.idle_clusters = argument != NULL;

	return 0;
}

static int set_psci_test(struct parse *p, char *argument)
{
	return config_parse_psci_test(argument, &p->run->config.psci_test, p->error) < 0 ? CLI_USAGE
											 : 0;
}

static int set_reset_policy(struct parse *p, const char *option, const char *argument,
			    enum reset_policy *policy)
{
	if (config_parse_reset_policy(argument, policy) < 0)
		return error_set(p->error, CLI_USAGE, "--%s %s: must be restart or exit", option,
				 argument);

	return 0;
}

static int bad_seconds(struct parse *p, const char *option, const char *argument)
{
	return error_set(p->error, CLI_USAGE, "--%s %s: must be off, or seconds from 1 to %u",
			 option, argument, CONFIG_IDLE_MAX);
}

static int take_option(struct parse *p, enum option_id id, char *argument)
{
	struct config *config = &p->run->config;

	switch (id) {
	case OPTION_NAME:
		p->run->name = argument;
		return 0;
	case OPTION_KERNEL:
		return set_path(p, &config->kernel, argument, strlen(argument));
	case OPTION_FLAT:
		return set_flat(p, argument);
	case OPTION_FIRMWARE:
		return set_firmware(p, argument);
	case OPTION_VARS:
		return set_path(p, &config->vars, argument, strlen(argument));
	case OPTION_MACHINE_VERSION:
		return set_machine_version(p, argument);
	case OPTION_INITRD:
		return set_path(p, &config->initrd, argument, strlen(argument));
	case OPTION_APPEND:
		return set_text(p, &config->append, argument);
	case OPTION_DISK:
		return add_disk(p, argument);
	case OPTION_NET:
		return cli_add_net(config, argument, p->error);
	case OPTION_CPUS:
		return set_cpus(p, argument);
	case OPTION_CPU_FEATURES:
		return set_cpu_features(p, argument);
	case OPTION_MEMORY:
		return set_memory(p, argument);
	case OPTION_PSCI:
		return set_psci(p, argument);
	case OPTION_PSCI_VERSION:
		return set_psci_version(p, argument);
	case OPTION_IDLE_STATES:
		return set_idle_states(p, argument);
	case OPTION_ACPI:
		config->acpi = true;
		return 0;
	case OPTION_ON_RESET:
		return set_reset_policy(p, "on-reset", argument, &config->on_reset);
	case OPTION_ON_RESET2:
		return set_reset_policy(p, "on-reset2", argument, &config->on_reset2);
	case OPTION_ON_PANIC:
		if (config_parse_panic_policy(argument, &config->on_panic) < 0)
			return error_set(p->error, CLI_USAGE,
					 "--on-panic %s: must be stay, exit or restart", argument);
		return 0;
	case OPTION_SUSPEND:
		if (config_parse_suspend_policy(argument, &config->suspend) < 0)
			return error_set(p->error, CLI_USAGE, "--suspend %s: must be allow or deny",
					 argument);
		return 0;
	case OPTION_FORWARD:
		return cli_add_forward(config, argument, p->error);
	case OPTION_WAKE_ON_NET:
		if (config_parse_wake_on_net(argument, &config->wake_on_net) < 0)
			return error_set(p->error, CLI_USAGE,
					 "--wake-on-net %s: must be directed, any, magic or off",
					 argument);
		return 0;
	case OPTION_SLEEP_WHEN_IDLE:
		if (config_parse_idle(argument, &config->sleep_when_idle) < 0)
			return bad_seconds(p, "sleep-when-idle", argument);
		return 0;
	case OPTION_PARK:
		if (config_parse_park(argument, &config->park) < 0)
			return bad_seconds(p, "park", argument);
		return 0;
	case OPTION_CONSOLE:
		return cli_set_console(config, argument, p->error);
	case OPTION_CONSOLE_DEVICE:
		if (config_parse_console_device(argument, &config->console_device) < 0)
			return error_set(p->error, CLI_USAGE,
					 "--console-device %s: must be uart or hvc", argument);
		return 0;
	case OPTION_PSCI_TEST:
		return set_psci_test(p, argument);
	case OPTION_STRICT:
		p->run->strict = true;
		return 0;
	case OPTION_DISCARD:
		p->run->discard = true;
		return 0;
	case OPTION_FORCE:
		p->run->force = true;
		return 0;
	case OPTION_HELP:
		p->help = true;
		return 0;
	}

	return 0;
}

static bool describes_machine(enum option_id id)
{
	return id >= OPTION_MACHINE_VERSION && id <= OPTION_ACPI;
}

/*
 * The word that getopt_long() rejected, and why: optopt is a short option's
 * letter, or the id of a long option that has an argument and takes none, or 0.
 */
static int unknown_option(struct parse *p, const char *word)
{
	if (optopt >= ' ')
		return error_set(p->error, CLI_USAGE, "there is no option -%c", optopt);
	if (optopt)
		return error_set(p->error, CLI_USAGE, "%.*s takes no argument",
				 (int)strcspn(word, "="), word);

	return error_set(p->error, CLI_USAGE, "there is no option %s", word);
}

static int take_options(struct parse *p, int argc, char **argv)
{
	int id;
	int index;
	int err = 0;

	opterr = 0;
	while (!err && !p->help && (id = getopt_long(argc, argv, ":h", options, &index)) != -1) {
		if (id == 'h')
			id = OPTION_HELP;
		if (id == ':')
			return error_set(p->error, CLI_USAGE, "%s wants an argument",
					 argv[optind - 1]);
		if (id == '?')
			return unknown_option(p, argv[optind - 1]);
		if (describes_machine((enum option_id)id))
			p->machine_option = options[index].name;
		err = take_option(p, (enum option_id)id, optarg);
	}

	return err;
}

/* What goes with a firmware, and what does not. */
static int check_firmware(struct parse *p)
{
	const struct config *config = &p->run->config;

	if (p->run->vars_template && config->machine_version &&
	    config->machine_version < BOARD_VERSION_3)
		return error_set(p->error, CLI_USAGE,
				 "--firmware uefi with --machine-version %u: UEFI needs flash that "
				 "keeps its variables, which version %d has",
				 config->machine_version, BOARD_VERSION_3);
	if (config->vars && !config->firmware)
		return error_set(p->error, CLI_USAGE,
				 "--vars without --firmware: only a firmware keeps variables");
	if (config->firmware && !config->kernel && config->initrd)
		return error_set(p->error, CLI_USAGE,
				 "--initrd with --firmware: a firmware itself finds what it boots, "
				 "unless it is given a kernel, too, by --kernel");

	return 0;
}

/* Check the combination of the options. */
static int check(struct parse *p, int argc, char **argv)
{
	struct config *config = &p->run->config;

	if (optind < argc)
		return error_set(p->error, CLI_USAGE, "unexpected argument \"%s\"", argv[optind]);
	if (!p->run->name)
		return error_set(p->error, CLI_USAGE, "--name is missing");
	if (!config_describes_machine(config) && p->machine_option)
		return error_set(p->error, CLI_USAGE,
				 "--%s without --kernel, --flat or --firmware: without these the "
				 "machine is as in its last run",
				 p->machine_option);
	if (config->flat && (config->kernel || config->firmware))
		return error_set(p->error, CLI_USAGE, "--flat excludes --kernel and --firmware");
	if (check_firmware(p) < 0)
		return CLI_USAGE;
	if (config->idle_states && config->psci != PSCI_SERVER_ANY &&
	    config->psci != PSCI_SERVER_USERSPACE)
		return error_set(p->error, CLI_USAGE,
				 "--idle-states with --psci %s: only --psci userspace has them",
				 config_psci_server_word(config->psci));
	if (config->acpi && config->firmware)
		return error_set(p->error, CLI_USAGE,
				 "--acpi with --firmware: a firmware is handed ACPI tables anyway");
	if (config->acpi && config->flat)
		return error_set(p->error, CLI_USAGE,
				 "--acpi with --flat: only a kernel is handed ACPI tables");
	if (config->acpi && config->idle_states)
		return error_set(p->error, CLI_USAGE,
				 "--acpi with --idle-states: the ACPI tables have no idle states");
	if (p->run->strict + p->run->discard + p->run->force > 1)
		return error_set(p->error, CLI_USAGE,
				 "--strict, --discard and --force exclude each other");
	if (config->cpus == 0)
		config->cpus = CPUS_DEFAULT;
	if (config->memory == 0)
		config->memory = MEMORY_DEFAULT;

	return config->append ? 0 : set_text(p, &config->append, "");
}

int cli_run(int argc, char **argv, struct error *error)
{
	struct run_options run_options = { 0 };
	struct parse p = { .run = &run_options, .error = error };
	int ret = take_options(&p, argc, argv);

	if (!ret && p.help) {
		cli_print_run_help();
	} else {
		if (!ret)
			ret = check(&p, argc, argv);
		if (!ret)
			ret = run(&run_options, error);
	}
	free(run_options.vars_template);
	config_free(&run_options.config);

	return ret;
}
