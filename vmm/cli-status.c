/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "image.h"
#include "record.h"
#include "vm-dir.h"

static const char status_help[] =
	"Usage: dormouse status NAME\n"
	"Say what is known of a virtual machine, as lines of \"key: value\": its state (running,\n"
	"hibernated, off, crashed), since when and why, and what it is made of.\n";

static const char list_help[] = "Usage: dormouse list\n"
				"Say which virtual machines there are: name, state, since when.\n";

/*
 * The record as it is now. One that says "running" is right only while a
 * dormouse holds the lock: else that one died without a word.
 */
static int load(const char *name, struct record *record, struct error *error)
{
	struct vm_dir dir;
	bool locked;
	long pid = 0;
	long seen;
	int err = vm_dir_open(name, false, &dir, error);

	if (err)
		return err;
	/*
	 * The lock first: a dormouse that ends in between has written its record
	 * by then. One that starts in between is seen to hold the lock when the
	 * same record is read again.
	 */
	do {
		record_free(record);
		seen = pid;
		locked = vm_dir_is_locked(&dir);
		err = record_load(dir.fd, name, record, error);
		pid = record->pid;
	} while (!err && record->state == VM_RUNNING && !locked && pid != seen);
	vm_dir_close(&dir);
	if (err == -ENOENT)
		return error_set(error, err, "%s has never run", name);
	if (err)
		return err;
	if (record->state == VM_RUNNING && !locked) {
		record->state = VM_CRASHED;
		snprintf(record->cause.what, sizeof(record->cause.what),
			 "the dormouse that ran it (pid %ld) died", record->pid);
	}

	return 0;
}

static const char *psci_server_name(enum psci_server server)
{
	switch (server) {
	case PSCI_SERVER_ANY:
	case PSCI_SERVER_USERSPACE:
		break;
	case PSCI_SERVER_MIXED:
		return "KVM and libpsci";
	case PSCI_SERVER_KERNEL:
		return "KVM";
	}

	return "libpsci";
}

static void print_status(const char *name, const struct record *record)
{
	const struct config *config = &record->config;
	char what[CAUSE_TEXT_SIZE];
	char when[TIME_TEXT_SIZE];
	char version[CONFIG_VERSION_TEXT_SIZE];

	cause_format(&record->cause, what);
	time_format(record->cause.when, when);
	config_format_psci_version(config->psci_version, version);
	printf("name: %s\nstate: %s\nsince: %s\ncause: %s\n", name,
	       lifecycle_state_word(record->state), when, what);
	if (record->state == VM_RUNNING)
		printf("pid: %ld\n", record->pid);
	printf("boots: %llu\nhost: Linux %s\ncpus: %u\nmemory: %llu MiB\npsci: %s, %s\n",
	       (unsigned long long)record->boots, record->host, config->cpus,
	       (unsigned long long)config->memory >> 20, version, psci_server_name(config->psci));
	if (config->kernel)
		printf("kernel: %s\n", config->kernel);
	if (config->flat)
		printf("flat: %s at %#llx\n", config->flat,
		       (unsigned long long)image_flat_address(config));
	if (config->firmware)
		printf("firmware: %s\n", config->firmware);
	if (config->idle_states)
		printf("idle-states: %s\n", config->idle_clusters ? "clusters" : "yes");
	if (config->on_reset == RESET_POLICY_EXIT)
		puts("on-reset: exit");
	if (config->on_reset2 == RESET_POLICY_EXIT)
		puts("on-reset2: exit");
	if (config->initrd)
		printf("initrd: %s\n", config->initrd);
	for (size_t i = 0; i < config->disk_count; i++)
		printf("disk: %s%s\n", config->disks[i].path,
		       config->disks[i].read_only ? " (read-only)" : "");
	printf("append: %s\n", config->append);
	if (config->console)
		printf("console: %s\n", config->console);
}

static bool wants_help(const char *argument)
{
	return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

int cli_status(int argc, char **argv, struct error *error)
{
	struct record record = { 0 };
	int err;

	if (argc == 2 && wants_help(argv[1])) {
		fputs(status_help, stdout);

		return 0;
	}
	if (argc != 2)
		return error_set(error, CLI_USAGE, "status wants one name");
	err = load(argv[1], &record, error);
	if (err)
		return err;
	print_status(argv[1], &record);
	record_free(&record);

	return 0;
}

/*
 * A VM that cannot be read is listed as such: the others still matter. One that
 * has never run, because its first run failed, is none yet.
 */
static int print_row(const char *name, void *context)
{
	struct record record = { 0 };
	struct error error;
	char when[TIME_TEXT_SIZE];
	const int err = load(name, &record, &error);

	if (err == -ENOENT)
		return 0;
	if (err) {
		printf("%-24s %-12s %s\n", name, "unknown", error.text);

		return 0;
	}
	time_format(record.cause.when, when);
	printf("%-24s %-12s %s\n", name, lifecycle_state_word(record.state), when);
	record_free(&record);

	return 0;
}

int cli_list(int argc, char **argv, struct error *error)
{
	if (argc == 2 && wants_help(argv[1])) {
		fputs(list_help, stdout);

		return 0;
	}
	if (argc != 1)
		return error_set(error, CLI_USAGE, "list takes no argument");

	return vm_dir_list(print_row, NULL, error);
}
