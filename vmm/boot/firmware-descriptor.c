/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/firmware-descriptor.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The board is this one's as far as a firmware is concerned. */
#define MACHINE "virt-9.2"
#define ARCHITECTURE "aarch64"

#define PACKAGE "qemu-efi-aarch64"

const char *const firmware_folders[] = { "/usr/share/qemu/firmware", "/etc/qemu/firmware", NULL };

/* The names of the descriptors of all folders, each once, sorted. */
struct names {
	char **all;
	size_t count;
};

static bool has_text(json_t *array, const char *text)
{
	json_t *entry;
	size_t i;

	json_array_foreach(array, i, entry)
	{
		const char *value = json_string_value(entry);

		if (value && strcmp(value, text) == 0)
			return true;
	}

	return false;
}

static bool is_for_board(json_t *targets)
{
	json_t *target;
	size_t i;

	json_array_foreach(targets, i, target)
	{
		const char *architecture =
			json_string_value(json_object_get(target, "architecture"));
		json_t *machine;
		size_t k;

		if (!architecture || strcmp(architecture, ARCHITECTURE) != 0)
			continue;
		json_array_foreach(json_object_get(target, "machines"), k, machine)
		{
			const char *pattern = json_string_value(machine);

			if (pattern && fnmatch(pattern, MACHINE, 0) == 0)
				return true;
		}
	}

	return false;
}

/* The path of a raw file, absolute, or NULL. */
static const char *raw_file(json_t *mapping, const char *key)
{
	const char *path = NULL;
	const char *format = NULL;

	if (json_unpack(mapping, "{s:{s:s, s:s}}", key, "filename", &path, "format", &format) < 0 ||
	    strcmp(format, "raw") != 0 || path[0] != '/')
		return NULL;

	return path;
}

/* Without a mode, code and variables are split, too. */
static bool is_split_flash(json_t *mapping)
{
	const char *device = NULL;
	const char *mode = "split";

	return json_unpack(mapping, "{s:s, s?s}", "device", &device, "mode", &mode) == 0 &&
	       strcmp(device, "flash") == 0 && strcmp(mode, "split") == 0;
}

static bool is_wanted(json_t *descriptor)
{
	json_t *features = json_object_get(descriptor, "features");

	return has_text(json_object_get(descriptor, "interface-types"), "uefi") &&
	       is_for_board(json_object_get(descriptor, "targets")) &&
	       !has_text(features, "secure-boot") && !has_text(features, "enrolled-keys");
}

/* Returns 0 with @files filled in, -ENOENT if it is not wanted, or -ENOMEM. */
static int take(json_t *descriptor, struct firmware_files *files)
{
	json_t *mapping = json_object_get(descriptor, "mapping");
	const char *code = raw_file(mapping, "executable");
	const char *vars = raw_file(mapping, "nvram-template");

	if (!is_wanted(descriptor) || !is_split_flash(mapping) || !code || !vars)
		return -ENOENT;
	files->code = strdup(code);
	files->vars_template = strdup(vars);
	if (files->code && files->vars_template)
		return 0;
	free(files->code);
	free(files->vars_template);

	return -ENOMEM;
}

/* --- the folders --- */

static bool is_json(const char *name)
{
	const size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".json") == 0;
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->all[i]);
	free(names->all);
}

static int add_name(struct names *names, const char *name)
{
	char **all;

	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->all[i], name) == 0)
			return 0;
	all = realloc(names->all, (names->count + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	names->all = all;
	all[names->count] = strdup(name);
	if (!all[names->count])
		return -ENOMEM;
	names->count++;

	return 0;
}

static int add_folder(struct names *names, const char *folder)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;
	int err = 0;

	while (directory && !err && (entry = readdir(directory)))
		if (is_json(entry->d_name))
			err = add_name(names, entry->d_name);
	if (directory)
		closedir(directory);

	return err;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The descriptor of the last folder that has the name. */
static int try_name(const char *const *folders, const char *name, struct firmware_files *files)
{
	char path[PATH_MAX] = "";
	struct stat status;
	json_t *json;
	int err;

	for (; *folders; folders++) {
		char candidate[PATH_MAX];

		if (snprintf(candidate, sizeof(candidate), "%s/%s", *folders, name) <
			    (int)sizeof(candidate) &&
		    stat(candidate, &status) == 0)
			memcpy(path, candidate, sizeof(path));
	}
	/* An empty file, or a link to /dev/null, is no JSON. */
	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
		return -ENOENT;
	json = json_load_file(path, 0, NULL);
	err = json ? take(json, files) : -ENOENT;
	json_decref(json);

	return err;
}

static int find(const char *const *folders, struct names *names, struct firmware_files *files)
{
	int err = 0;

	for (size_t i = 0; folders[i] && !err; i++)
		err = add_folder(names, folders[i]);
	if (err)
		return err;
	if (names->count)
		qsort(names->all, names->count, sizeof(*names->all), by_name);
	err = -ENOENT;
	for (size_t i = 0; i < names->count && err == -ENOENT; i++)
		err = try_name(folders, names->all[i], files);

	return err;
}

int firmware_find_uefi(const char *const *folders, struct firmware_files *files,
		       struct error *error)
{
	struct names names = { 0 };
	const int err = find(folders, &names, files);

	free_names(&names);
	if (err == -ENOENT)
		return error_set(error, err,
				 "no UEFI firmware for arm64 is described in %s: install Debian's "
				 "package " PACKAGE ", or name a firmware's file (./uefi, if it is "
				 "called so)",
				 folders[0]);

	return err ? error_set(error, err, "out of memory") : 0;
}
