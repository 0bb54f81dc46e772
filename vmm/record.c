/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_FILE "record.json"
#define RECORD_TEMPORARY "record.json.new"

/* Raised when a reader of the old format would misunderstand the new one. */
#define RECORD_FORMAT 1

/* No record of ours comes near; a larger file is not one. */
#define RECORD_SIZE_MAX (256 * 1024)

void record_free(struct record *record)
{
	config_free(&record->config);
	*record = (struct record){ 0 };
}

static json_t *disks_to_json(const struct config *config)
{
	json_t *disks = json_array();

	for (size_t i = 0; i < config->disk_count; i++)
		json_array_append_new(disks, json_pack("{s:s, s:b}", "path", config->disks[i].path,
						       "read-only", config->disks[i].read_only));

	return disks;
}

static json_t *config_to_json(const struct config *config)
{
	return json_pack("{s:s, s:s*, s:s, s:s*, s:o, s:I, s:I, s:s, s:I}", "kernel",
			 config->kernel, "initrd", config->initrd, "append", config->append,
			 "console", config->console, "disks", disks_to_json(config), "cpus",
			 (json_int_t)config->cpus, "memory", (json_int_t)config->memory, "psci",
			 config_psci_server_word(config->psci), "psci-version",
			 (json_int_t)config->psci_version);
}

static json_t *cause_to_json(const struct cause *cause)
{
	char when[TIME_TEXT_SIZE];
	json_t *json;

	time_format(cause->when, when);
	json = json_pack("{s:s, s:s, s:s, s:i}", "trigger", lifecycle_trigger_word(cause->trigger),
			 "what", cause->what, "when", when, "vcpu", cause->vcpu);
	if (json && cause->type_known) {
		json_object_set_new(json, "type", json_integer((json_int_t)cause->type));
		/* As text: JSON's readers need not keep 64 bits of an integer. */
		char cookie[24];

		snprintf(cookie, sizeof(cookie), "%#llx", (unsigned long long)cause->cookie);
		json_object_set_new(json, "cookie", json_string(cookie));
	}

	return json;
}

static json_t *record_to_json(const struct record *record, const char *name)
{
	return json_pack("{s:i, s:s, s:s, s:o, s:I, s:I, s:s, s:o}", "format", RECORD_FORMAT,
			 "name", name, "state", lifecycle_state_word(record->state), "cause",
			 cause_to_json(&record->cause), "pid", (json_int_t)record->pid, "boots",
			 (json_int_t)record->boots, "host", record->host, "machine",
			 config_to_json(&record->config));
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		const ssize_t written = write(fd, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		size -= (size_t)written;
	}

	return 0;
}

/* Write, fsync, rename, fsync the directory: before or after, never neither. */
static int replace_file(int dir_fd, const char *data, size_t size)
{
	int err;
	const int fd =
		openat(dir_fd, RECORD_TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	err = write_all(fd, data, size);
	if (!err && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(dir_fd, RECORD_TEMPORARY, dir_fd, RECORD_FILE) < 0)
		err = -errno;
	if (err) {
		unlinkat(dir_fd, RECORD_TEMPORARY, 0);

		return err;
	}

	return fsync(dir_fd) < 0 ? -errno : 0;
}

int record_save(int dir_fd, const char *name, const struct record *record, struct error *error)
{
	json_t *json = record_to_json(record, name);
	char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	int err = -ENOMEM;

	if (text)
		err = replace_file(dir_fd, text, strlen(text));
	free(text);
	json_decref(json);
	if (err)
		return error_set(error, err, "cannot write the record of %s: %s", name,
				 strerror(-err));

	return 0;
}

static int disks_from_json(json_t *disks, struct config *config)
{
	size_t i;
	json_t *disk;

	if (json_array_size(disks) > CONFIG_DISKS_MAX)
		return -EINVAL;
	json_array_foreach(disks, i, disk)
	{
		const char *path;
		int read_only;

		if (json_unpack(disk, "{s:s, s:b}", "path", &path, "read-only", &read_only) < 0)
			return -EINVAL;
		config->disks[i] = (struct disk_config){
			.path = strdup(path),
			.read_only = read_only != 0,
		};
		config->disk_count = i + 1;
		if (!config->disks[i].path)
			return -ENOMEM;
	}

	return 0;
}

/* On failure @config holds what has to be freed all the same. */
static int config_from_json(json_t *json, struct config *config)
{
	struct config from = { 0 };
	json_t *disks;
	json_int_t cpus;
	json_int_t memory;
	json_int_t version;
	const char *server;
	int err;

	/* The strings stay the document's: config_copy() makes our own. */
	if (json_unpack(json, "{s:s, s?s, s:s, s?s, s:o, s:I, s:I, s:s, s:I}", "kernel",
			&from.kernel, "initrd", &from.initrd, "append", &from.append, "console",
			&from.console, "disks", &disks, "cpus", &cpus, "memory", &memory, "psci",
			&server, "psci-version", &version) < 0)
		return -EINVAL;
	if (!json_is_array(disks) || cpus < 1 || cpus > CONFIG_CPUS_MAX ||
	    memory < (json_int_t)CONFIG_MEMORY_MIN || version < 0 || version > UINT32_MAX ||
	    config_parse_psci_server(server, &from.psci) < 0)
		return -EINVAL;
	from.cpus = (unsigned int)cpus;
	from.memory = (uint64_t)memory;
	from.psci_version = (uint32_t)version;
	err = config_copy(config, &from);

	return err ? err : disks_from_json(disks, config);
}

/* Copy a word of at most the size of @to; -EINVAL if it is longer. */
static int copy_text(char *to, size_t size, const char *from)
{
	const size_t length = strlen(from);

	if (length >= size)
		return -EINVAL;
	memcpy(to, from, length + 1);

	return 0;
}

static int cause_from_json(json_t *json, struct cause *cause)
{
	const char *trigger;
	const char *what;
	const char *when;
	const char *cookie = NULL;
	json_int_t type = -1;

	if (json_unpack(json, "{s:s, s:s, s:s, s:i, s?I, s?s}", "trigger", &trigger, "what", &what,
			"when", &when, "vcpu", &cause->vcpu, "type", &type, "cookie", &cookie) < 0)
		return -EINVAL;
	if (lifecycle_parse_trigger(trigger, &cause->trigger) < 0 ||
	    copy_text(cause->what, sizeof(cause->what), what) < 0 ||
	    time_parse(when, &cause->when) < 0 || type > UINT32_MAX)
		return -EINVAL;
	if (type >= 0 && cookie) {
		cause->type_known = true;
		cause->type = (uint32_t)type;
		cause->cookie = strtoull(cookie, NULL, 16);
	}

	return 0;
}

/* On failure @record holds what has to be freed all the same. */
static int record_from_json(json_t *json, struct record *record)
{
	json_t *cause;
	json_t *machine;
	json_int_t pid;
	json_int_t boots;
	const char *state;
	const char *host;
	int err;

	if (json_unpack(json, "{s:s, s:o, s:I, s:I, s:s, s:o}", "state", &state, "cause", &cause,
			"pid", &pid, "boots", &boots, "host", &host, "machine", &machine) < 0)
		return -EINVAL;
	record->pid = (long)pid;
	record->boots = (uint64_t)boots;
	err = lifecycle_parse_state(state, &record->state);
	if (!err)
		err = copy_text(record->host, sizeof(record->host), host);
	if (!err)
		err = cause_from_json(cause, &record->cause);
	if (!err)
		err = config_from_json(machine, &record->config);

	return err;
}

/* Returns the size read, or -errno. */
static ssize_t read_file(int dir_fd, char *data, size_t size)
{
	size_t done = 0;
	const int fd = openat(dir_fd, RECORD_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (done < size) {
		const ssize_t count = read(fd, data + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			const int err = -errno;

			close(fd);

			return err;
		}
		if (count == 0)
			break;
		done += (size_t)count;
	}
	close(fd);

	return (ssize_t)done;
}

static int parse(const char *text, size_t size, const char *name, struct record *record,
		 struct error *error)
{
	json_error_t where;
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	struct record loaded = { 0 };
	json_int_t format;
	int err = -EINVAL;

	if (!json) {
		error_set(error, err, "the record of %s is damaged: line %d: %s", name, where.line,
			  where.text);
	} else if (json_unpack(json, "{s:I}", "format", &format) < 0) {
		error_set(error, err, "the record of %s is damaged: it does not say its format",
			  name);
	} else if (format != RECORD_FORMAT) {
		error_set(error, err,
			  "the record of %s has format %lld, which this dormouse (format %d) "
			  "does not know",
			  name, (long long)format, RECORD_FORMAT);
	} else {
		err = record_from_json(json, &loaded);
		if (err)
			error_set(error, err, "the record of %s is damaged: %s", name,
				  err == -EINVAL ? "a value is missing or outside its range"
						 : strerror(-err));
	}
	json_decref(json);
	if (err) {
		record_free(&loaded);

		return err;
	}
	*record = loaded;

	return 0;
}

int record_load(int dir_fd, const char *name, struct record *record, struct error *error)
{
	char *text = malloc(RECORD_SIZE_MAX);
	ssize_t size;
	int err;

	if (!text)
		return error_set(error, -ENOMEM, "out of memory");
	size = read_file(dir_fd, text, RECORD_SIZE_MAX);
	if (size == -ENOENT)
		err = -ENOENT;
	else if (size < 0)
		err = error_set(error, (int)size, "cannot read the record of %s: %s", name,
				strerror((int)-size));
	else if (size == RECORD_SIZE_MAX)
		err = error_set(error, -EFBIG, "the record of %s is damaged: too large", name);
	else
		err = parse(text, (size_t)size, name, record, error);
	free(text);

	return err;
}
