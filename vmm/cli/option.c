/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/option.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "host/terminal.h"

int cli_set_path(char **to, const char *path, size_t length, struct error *error)
{
	char directory[PATH_MAX] = "";
	char *absolute;

	if (length == 0)
		return error_set(error, CLI_USAGE, "a file's name is empty");
	if (path[0] != '/' && !getcwd(directory, sizeof(directory)))
		return error_set(error, -errno, "cannot determine the current directory: %s",
				 strerror(errno));
	if (asprintf(&absolute, "%s%s%.*s", directory, path[0] == '/' ? "" : "/", (int)length,
		     path) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	free(*to);
	*to = absolute;

	return 0;
}

/* The text that follows @prefix in @text, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	const size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static int set_socket(char **to, const char *socket, struct error *error)
{
	char *path = NULL;
	char *text;
	int err = cli_set_path(&path, socket, strlen(socket), error);

	if (err)
		return err;
	if (asprintf(&text, TERMINAL_UNIX "%s", path) < 0)
		err = error_set(error, -ENOMEM, "out of memory");
	free(path);
	if (err)
		return err;
	free(*to);
	*to = text;

	return 0;
}

/* FILE[,limit=SIZE] */
static int set_file(struct config *config, const char *file, struct error *error)
{
	static const char key[] = ",limit=";
	const char *limit = strrchr(file, ',');
	size_t length = strlen(file);

	if (limit && strncmp(limit, key, sizeof(key) - 1) == 0) {
		length = (size_t)(limit - file);
		limit += sizeof(key) - 1;
		if (strcmp(limit, "none") == 0)
			config->console_limit = CONSOLE_FILE_UNLIMITED;
		else if (config_parse_size(limit, &config->console_limit) < 0 ||
			 config->console_limit < CONSOLE_FILE_LIMIT_MIN)
			return error_set(error, CLI_USAGE,
					 "--console %s: limit is none, or a size of at least 4K, "
					 "such as 64M",
					 file);
	}

	return cli_set_path(&config->console, file, length, error);
}

int cli_set_console(struct config *config, const char *argument, struct error *error)
{
	const char *file = after(argument, "file:");
	const char *socket = after(argument, TERMINAL_UNIX);
	char *text;

	/* Only a file has one; that of an earlier option does not remain. */
	config->console_limit = 0;
	if (socket)
		return set_socket(&config->console, socket, error);
	if (strcmp(argument, TERMINAL_NONE) == 0) {
		text = strdup(TERMINAL_NONE);
		if (!text)
			return error_set(error, -ENOMEM, "out of memory");
		free(config->console);
		config->console = text;

		return 0;
	}
	if (strcmp(argument, "tty") == 0) {
		free(config->console);
		config->console = NULL;

		return 0;
	}

	return set_file(config, file ? file : argument, error);
}

int cli_add_net(struct config *config, const char *argument, struct error *error)
{
	struct net_config *net = &config->nets[config->net_count];
	char *path = NULL;
	int err;

	if (config->net_count == CONFIG_NETS_MAX)
		return error_set(error, CLI_USAGE, "more than %d network devices", CONFIG_NETS_MAX);
	err = config_parse_net(argument, net, error);
	if (err)
		return err == -EINVAL ? CLI_USAGE : err;
	/* A MAC that was not given is chosen later. */
	if (config_has_mac(net) && config_uses_mac(config, net->mac))
		err = error_set(error, CLI_USAGE, "--net %s: another device has that MAC",
				argument);
	if (!err && net->kind == NET_KIND_UNIX)
		err = cli_set_path(&path, net->target, strlen(net->target), error);
	if (err || path) {
		free(net->target);
		net->target = path;
	}
	if (!err)
		config->net_count++;

	return err;
}

int cli_add_forward(struct config *config, const char *argument, struct error *error)
{
	struct config_forward *forward = &config->forwards[config->forward_count];
	const bool is_none = strcmp(argument, "none") == 0;

	if (is_none ? config->forward_count > 0 : config->no_forwards)
		return error_set(error, CLI_USAGE,
				 "--forward none and another --forward exclude each other");
	if (is_none) {
		config->no_forwards = true;
		return 0;
	}
	if (config->forward_count == CONFIG_FORWARDS_MAX)
		return error_set(error, CLI_USAGE, "more than %d forwarded ports",
				 CONFIG_FORWARDS_MAX);
	if (config_parse_forward(argument, forward, error) < 0)
		return CLI_USAGE;
	for (size_t i = 0; i < config->forward_count; i++)
		if (config_forwards_collide(&config->forwards[i], forward))
			return error_set(
				error, CLI_USAGE,
				"--forward %s: that port of the host is forwarded already, "
				"and passt forwards each to one port of the guest",
				argument);
	config->forward_count++;

	return 0;
}
