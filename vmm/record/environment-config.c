/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/environment-config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* A record has room for those of all disks. */
#define PATH_LENGTH 255

static const char *idle_states(const struct config *config)
{
	if (config->idle_clusters)
		return "of CPUs and clusters";

	return config->idle_states ? "of CPUs" : "none";
}

/* What each record has, of every release. */
static int set_recorded(struct environment *environment, const struct config *config)
{
	char version[CONFIG_VERSION_TEXT_SIZE];
	int err = environment_set(environment, ENVIRONMENT_MACHINE_VERSION, "%u",
				  config->machine_version);

	config_format_psci_version(config->psci_version, version);
	if (!err)
		err = environment_set(environment, ENVIRONMENT_CPUS, "%u", config->cpus);
	if (!err)
		err = environment_set(environment, ENVIRONMENT_MEMORY, "%llu",
				      (unsigned long long)config->memory >> 20);
	if (!err)
		err = environment_set_text(environment, ENVIRONMENT_TABLES,
					   config_has_acpi(config) ? "a device tree and ACPI"
								   : "a device tree");
	if (!err)
		err = environment_set(environment, ENVIRONMENT_PSCI, "%s from --psci %s", version,
				      config_psci_server_word(config->psci));
	if (!err)
		err = environment_set_text(environment, ENVIRONMENT_IDLE_STATES,
					   idle_states(config));

	return err;
}

int environment_set_config(struct environment *environment, const struct config *config)
{
	const size_t length = strlen(config->append);
	const int err = set_recorded(environment, config);

	return err ? err
		   : environment_set(
			     environment, ENVIRONMENT_COMMAND_LINE, "size:%zu hash:%016llx", length,
			     (unsigned long long)hash_add(HASH_BEGIN, config->append, length));
}

int environment_set_former(struct environment *environment, const struct config *config)
{
	int err = set_recorded(environment, config);

	if (!err)
		err = environment_set_text(environment, ENVIRONMENT_DISKS, "");
	for (size_t i = 0; i < config->disk_count && !err; i++)
		err = environment_add_disk(environment, i, &config->disks[i], "");

	return err;
}

/*
 * The end of a path, which tells two apart well enough. The end of a line ends
 * an entry.
 */
static char *short_path(const char *path)
{
	const size_t length = strlen(path);
	char *text = strdup(path + (length > PATH_LENGTH ? length - PATH_LENGTH : 0));

	for (char *at = text; at && *at; at++)
		if (*at == '\n')
			*at = '?';

	return text;
}

int environment_add_disk(struct environment *environment, size_t number,
			 const struct disk_config *disk, const char *identity)
{
	char name[] = "vda";
	char *path = short_path(disk->path);
	int err;

	if (!path)
		return -ENOMEM;
	name[2] = (char)('a' + (int)number);
	err = environment_add(environment, ENVIRONMENT_DISKS, name, "%s%saccess:%s path:%s",
			      identity, *identity ? " " : "",
			      disk->read_only ? "read-only" : "writable", path);
	free(path);

	return err;
}
