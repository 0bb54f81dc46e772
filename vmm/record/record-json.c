/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/record-json.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time-text.h"
#include "board/board.h"
#include "record/environment-config.h"
#include "record/environment-json.h"
#include "record/images-json.h"
#include "record/suspension.h"
#include "record/text.h"

/*
 * Add @text to @object under @key. Returns whether it worked; also true if
 * there is no @text.
 */
static bool add_text(json_t *object, const char *key, const char *text)
{
	return !text || json_object_set_new(object, key, record_text_to_json(text)) == 0;
}

/* Likewise for any value, which it takes over; NULL is none. */
static bool add(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

/* Likewise for an address, in hexadecimal; 0 stands for none and is omitted. */
static bool add_address(json_t *object, const char *key, uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), "%#llx", (unsigned long long)address);

	return address == 0 || add_text(object, key, text);
}

/* Likewise for a generation ID, which a machine has with ACPI. */
static bool add_generation_id(json_t *object, const struct config *config)
{
	char text[2 * CONFIG_GENERATION_ID_SIZE + 1];

	for (size_t i = 0; i < CONFIG_GENERATION_ID_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", config->generation_id[i]);

	return !config->acpi || add_text(object, "generation-id", text);
}

/* The complete JSON, or NULL. */
static json_t *finish(json_t *json, bool complete)
{
	if (complete)
		return json;
	json_decref(json);

	return NULL;
}

static json_t *disk_to_json(const struct disk_config *disk)
{
	json_t *json = json_object();

	return finish(json, add_text(json, "path", disk->path) &&
				    add(json, "read-only", json_boolean(disk->read_only)));
}

static json_t *disks_to_json(const struct config *config)
{
	json_t *disks = json_array();
	bool complete = true;

	for (size_t i = 0; i < config->disk_count && complete; i++)
		complete = json_array_append_new(disks, disk_to_json(&config->disks[i])) == 0;

	return finish(disks, complete);
}

/* Omitted, if no option was given. */
static bool add_policy(json_t *object, const char *key, enum reset_policy policy)
{
	return policy == RESET_POLICY_NONE ||
	       add_text(object, key, config_reset_policy_word(policy));
}

/* Likewise for an option without a value. */
static bool add_flag(json_t *object, const char *key, bool said)
{
	return !said || add(object, key, json_true());
}

json_t *record_config_to_json(const struct config *config)
{
	json_t *json = json_object();

	return finish(
		json,
		add(json, "version", json_integer((json_int_t)config->machine_version)) &&
			add_text(json, "kernel", config->kernel) &&
			add_text(json, "flat", config->flat) &&
			add_address(json, "flat-address", config->flat_address) &&
			add_text(json, "firmware", config->firmware) &&
			add_text(json, "initrd", config->initrd) &&
			add_text(json, "append", config->append) &&
			add_text(json, "console", config->console) &&
			add(json, "disks", disks_to_json(config)) &&
			add(json, "cpus", json_integer((json_int_t)config->cpus)) &&
			add(json, "memory", json_integer((json_int_t)config->memory)) &&
			add_text(json, "psci", config_psci_server_word(config->psci)) &&
			add(json, "psci-version", json_integer((json_int_t)config->psci_version)) &&
			add_flag(json, "idle-states", config->idle_states) &&
			add_flag(json, "idle-clusters", config->idle_clusters) &&
			add_flag(json, "acpi", config->acpi) && add_generation_id(json, config) &&
			add_text(json, "suspend", config_suspend_policy_word(config->suspend)) &&
			add_policy(json, "on-reset", config->on_reset) &&
			add_policy(json, "on-reset2", config->on_reset2));
}

static json_t *cause_to_json(const struct cause *cause)
{
	char when[TIME_TEXT_SIZE];
	char cookie[24];
	json_t *json = json_object();
	bool complete;

	time_format(cause->when, when);
	/* As text: JSON's readers need not keep 64 bits of an integer. */
	snprintf(cookie, sizeof(cookie), "%#llx", (unsigned long long)cause->cookie);
	complete = add_text(json, "trigger", lifecycle_trigger_word(cause->trigger)) &&
		   add_text(json, "what", cause->what) && add_text(json, "when", when) &&
		   add(json, "vcpu", json_integer(cause->vcpu));
	if (complete && cause->type_known)
		complete = add(json, "type", json_integer((json_int_t)cause->type)) &&
			   add_text(json, "cookie", cookie);

	return finish(json, complete);
}

/* Omitted, if the guest is not suspended. */
static bool add_suspension(json_t *object, const struct record *record)
{
	return !record->suspension.known ||
	       add(object, "suspension", record_suspension_to_json(&record->suspension));
}

/* Omitted, unless the machine is or was saved. */
static bool add_saved(json_t *object, const struct record *record)
{
	json_t *json;

	if (!*record->saved_id)
		return true;
	json = json_object();

	return add(object, "saved",
		   finish(json, add_text(json, "id", record->saved_id) &&
					add_text(json, "file", record->saved_file)));
}

/* Omitted, before the machine's first run. */
static bool add_environment(json_t *object, const struct record *record)
{
	return record->signature_count == 0 ||
	       add(object, "environment", environment_to_json(record));
}

/* Omitted, if there was none. */
static bool add_images(json_t *object, const struct record *record)
{
	return record->image_count == 0 || add(object, "images", record_images_to_json(record));
}

/* The oldest whose readers understand it. */
static int record_format(const struct record *record)
{
	const struct config *config = &record->config;

	if (record->discard_image)
		return RECORD_FORMAT;
	if (config->acpi)
		return RECORD_FORMAT_OF_ACPI;

	return config->machine_version == BOARD_VERSION_1 ? RECORD_FORMAT_OF_VERSION_1
							  : RECORD_FORMAT_OF_VERSION_2;
}

json_t *record_to_json(const struct record *record, const char *name)
{
	const int format = record_format(record);
	json_t *json = json_object();

	return finish(json, add(json, "format", json_integer(format)) &&
				    add_text(json, "name", name) &&
				    add_text(json, "state", lifecycle_state_word(record->state)) &&
				    add(json, "cause", cause_to_json(&record->cause)) &&
				    add_suspension(json, record) && add_saved(json, record) &&
				    add_flag(json, "paused", record->paused) &&
				    add_flag(json, "discard-image", record->discard_image) &&
				    add(json, "pid", json_integer((json_int_t)record->pid)) &&
				    add(json, "boots", json_integer((json_int_t)record->boots)) &&
				    add_text(json, "host", record->host) &&
				    add(json, "machine", record_config_to_json(&record->config)) &&
				    add_environment(json, record) && add_images(json, record) &&
				    add_flag(json, "no-resume", record->no_resume));
}

/* record_text_from_json() for an optional value. */
static int optional_text_from_json(json_t *json, char **text)
{
	return json ? record_text_from_json(json, text) : 0;
}

/* Likewise into @size bytes; -EINVAL if it is longer. */
static int short_text_from_json(json_t *json, char *to, size_t size)
{
	char *text = NULL;
	int err = record_text_from_json(json, &text);

	if (!err && strlen(text) >= size)
		err = -EINVAL;
	if (!err)
		memcpy(to, text, strlen(text) + 1);
	free(text);

	return err;
}

static int disks_from_json(json_t *disks, struct config *config)
{
	size_t i;
	json_t *disk;

	if (!json_is_array(disks) || json_array_size(disks) > CONFIG_DISKS_MAX)
		return -EINVAL;
	json_array_foreach(disks, i, disk)
	{
		struct disk_config *to = &config->disks[i];
		json_t *path;
		int read_only;
		int err;

		if (json_unpack(disk, "{s:o, s:b}", "path", &path, "read-only", &read_only) < 0)
			return -EINVAL;
		to->read_only = read_only != 0;
		config->disk_count = i + 1;
		err = record_text_from_json(path, &to->path);
		if (err)
			return err;
	}

	return 0;
}

/* What the guest starts with: one of three. */
static int start_from_json(json_t *json, struct config *config)
{
	json_t *kernel = json_object_get(json, "kernel");
	json_t *flat = json_object_get(json, "flat");
	json_t *firmware = json_object_get(json, "firmware");
	json_t *address = json_object_get(json, "flat-address");
	const char *text = json_string_value(address);
	int err;

	if ((kernel != NULL) + (flat != NULL) + (firmware != NULL) != 1)
		return -EINVAL;
	if (address && (!flat || !text || config_parse_address(text, &config->flat_address) < 0))
		return -EINVAL;
	err = optional_text_from_json(kernel, &config->kernel);
	if (!err)
		err = optional_text_from_json(flat, &config->flat);

	return err ? err : optional_text_from_json(firmware, &config->firmware);
}

/* Both or neither, and not with what the tables cannot describe. */
static int acpi_from_json(json_t *json, struct config *config)
{
	static const char digits[] = "0123456789abcdef";
	const char *id = NULL;
	int acpi = 0;

	if (json_unpack(json, "{s?b, s?s}", "acpi", &acpi, "generation-id", &id) < 0 ||
	    (acpi != 0) != (id != NULL))
		return -EINVAL;
	if (!id)
		return 0;
	if (!config->kernel || config->idle_states ||
	    strlen(id) != 2 * (size_t)CONFIG_GENERATION_ID_SIZE || strspn(id, digits) != strlen(id))
		return -EINVAL;
	config->acpi = true;
	for (size_t i = 0; i < CONFIG_GENERATION_ID_SIZE; i++)
		config->generation_id[i] = (uint8_t)((strchr(digits, id[2 * i]) - digits) << 4 |
						     (strchr(digits, id[2 * i + 1]) - digits));

	return 0;
}

static int policies_from_json(json_t *json, struct config *config)
{
	const char *on_reset = NULL;
	const char *on_reset2 = NULL;
	const char *suspend = NULL;

	if (json_unpack(json, "{s?s, s?s, s?s}", "on-reset", &on_reset, "on-reset2", &on_reset2,
			"suspend", &suspend) < 0)
		return -EINVAL;
	if (suspend && config_parse_suspend_policy(suspend, &config->suspend) < 0)
		return -EINVAL;
	if (on_reset && config_parse_reset_policy(on_reset, &config->on_reset) < 0)
		return -EINVAL;
	if (on_reset2 && config_parse_reset_policy(on_reset2, &config->on_reset2) < 0)
		return -EINVAL;

	return 0;
}

/* On failure @config still has to be freed. */
static int config_from_json(json_t *json, struct config *config)
{
	json_t *initrd = NULL;
	json_t *append;
	json_t *console = NULL;
	json_t *disks;
	json_int_t cpus;
	json_int_t memory;
	json_int_t version;
	json_int_t machine_version = BOARD_VERSION_1;
	const char *server;
	int idle_states = 0, idle_clusters = 0;
	int err;

	if (json_unpack(json, "{s?I, s?o, s:o, s?o, s:o, s:I, s:I, s:s, s:I, s?b, s?b}", "version",
			&machine_version, "initrd", &initrd, "append", &append, "console", &console,
			"disks", &disks, "cpus", &cpus, "memory", &memory, "psci", &server,
			"psci-version", &version, "idle-states", &idle_states, "idle-clusters",
			&idle_clusters) < 0)
		return -EINVAL;
	if (machine_version < BOARD_VERSION_1 || machine_version > BOARD_VERSION_NEWEST ||
	    cpus < 1 || cpus > CONFIG_CPUS_MAX || memory < (json_int_t)CONFIG_MEMORY_MIN ||
	    memory > (json_int_t)CONFIG_MEMORY_MAX ||
	    memory % (json_int_t)CONFIG_MEMORY_ALIGNMENT || version < 0 || version > UINT32_MAX ||
	    config_parse_psci_server(server, &config->psci) < 0 || (idle_clusters && !idle_states))
		return -EINVAL;
	config->machine_version = (uint32_t)machine_version;
	config->cpus = (unsigned int)cpus;
	config->memory = (uint64_t)memory;
	config->psci_version = (uint32_t)version;
	config->idle_states = idle_states != 0;
	config->idle_clusters = idle_clusters != 0;
	err = start_from_json(json, config);
	if (!err)
		err = acpi_from_json(json, config);
	if (!err)
		err = optional_text_from_json(initrd, &config->initrd);
	if (!err)
		err = record_text_from_json(append, &config->append);
	if (!err)
		err = optional_text_from_json(console, &config->console);
	if (!err)
		err = policies_from_json(json, config);

	return err ? err : disks_from_json(disks, config);
}

/*
 * Parse a number in hexadecimal as cause_to_json() writes it. Returns 0 or
 * -EINVAL.
 */
static int parse_cookie(const char *text, uint64_t *cookie)
{
	char again[24];
	const unsigned long long value = strtoull(text, NULL, 16);

	snprintf(again, sizeof(again), "%#llx", value);
	if (strcmp(text, again) != 0)
		return -EINVAL;
	*cookie = (uint64_t)value;

	return 0;
}

static int cause_from_json(json_t *json, struct cause *cause)
{
	json_t *what;
	const char *trigger;
	const char *when;
	const char *cookie = NULL;
	json_int_t type = -1;
	json_int_t vcpu;

	if (json_unpack(json, "{s:s, s:o, s:s, s:I, s?I, s?s}", "trigger", &trigger, "what", &what,
			"when", &when, "vcpu", &vcpu, "type", &type, "cookie", &cookie) < 0)
		return -EINVAL;
	if (lifecycle_parse_trigger(trigger, &cause->trigger) < 0 ||
	    time_parse(when, &cause->when) < 0 || vcpu < CAUSE_VCPU_NONE || vcpu >= CONFIG_CPUS_MAX)
		return -EINVAL;
	cause->vcpu = (int)vcpu;
	/* Both or neither. */
	if (json_object_get(json, "type")) {
		if (type < 0 || type > UINT32_MAX || !cookie ||
		    parse_cookie(cookie, &cause->cookie) < 0)
			return -EINVAL;
		cause->type_known = true;
		cause->type = (uint32_t)type;
	} else if (cookie) {
		return -EINVAL;
	}

	return short_text_from_json(what, cause->what, sizeof(cause->what));
}

static int saved_from_json(json_t *json, struct record *record)
{
	json_t *file = NULL;
	const char *id;

	if (json_unpack(json, "{s:s, s?o}", "id", &id, "file", &file) < 0 ||
	    strlen(id) != RECORD_SAVED_ID_SIZE - 1 ||
	    strspn(id, "0123456789abcdef") != RECORD_SAVED_ID_SIZE - 1)
		return -EINVAL;
	memcpy(record->saved_id, id, sizeof(record->saved_id));

	return optional_text_from_json(file, &record->saved_file);
}

/* On failure @record still has to be freed. */
int record_from_json(json_t *json, struct record *record, struct error *reason)
{
	json_t *cause;
	json_t *machine;
	json_t *host;
	json_t *suspension = NULL;
	json_t *saved = NULL;
	json_t *environment = NULL;
	json_t *images = NULL;
	json_int_t pid;
	json_int_t boots;
	const char *state;
	int paused = 0;
	int no_resume = 0;
	int discard_image = 0;
	int err;

	error_set(reason, -EINVAL, "a value is missing or outside its range");
	if (json_unpack(json, "{s:s, s:o, s:I, s:I, s:o, s:o, s?o, s?o, s?b, s?b, s?o, s?o, s?b}",
			"state", &state, "cause", &cause, "pid", &pid, "boots", &boots, "host",
			&host, "machine", &machine, "suspension", &suspension, "saved", &saved,
			"paused", &paused, "discard-image", &discard_image, "environment",
			&environment, "images", &images, "no-resume", &no_resume) < 0)
		return -EINVAL;
	if (pid < 1 || pid > INT_MAX || boots < 0)
		return -EINVAL;
	record->pid = (long)pid;
	record->boots = (uint64_t)boots;
	record->paused = paused != 0;
	record->no_resume = no_resume != 0;
	record->discard_image = discard_image != 0;
	err = lifecycle_parse_state(state, &record->state);
	if (!err && suspension)
		err = record_suspension_from_json(suspension, &record->suspension);
	if (!err && saved)
		err = saved_from_json(saved, record);
	/* Otherwise the machine could never be started again. */
	if (!err && record->state == VM_SAVED && (!*record->saved_id || !record->saved_file))
		err = -EINVAL;
	if (!err)
		err = short_text_from_json(host, record->host, sizeof(record->host));
	if (!err)
		err = cause_from_json(cause, &record->cause);
	if (!err && images)
		err = record_images_from_json(images, record);
	if (!err && environment)
		err = environment_from_json(environment, record, reason);
	if (!err)
		err = config_from_json(machine, &record->config);
	if (!err && !environment)
		err = environment_set_former(&record->environment, &record->config);

	return err;
}
