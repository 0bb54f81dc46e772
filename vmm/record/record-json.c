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
#include "record/config-json.h"
#include "record/environment-config.h"
#include "record/environment-json.h"
#include "record/images-json.h"
#include "record/object.h"
#include "record/suspension.h"
#include "record/text.h"

static json_t *cause_to_json(const struct cause *cause)
{
	char when[TIME_TEXT_SIZE];
	char cookie[24];
	json_t *json = json_object();
	bool complete;

	time_format(cause->when, when);
	/* As text: JSON's readers need not keep 64 bits of an integer. */
	snprintf(cookie, sizeof(cookie), "%#llx", (unsigned long long)cause->cookie);
	complete = record_add_text(json, "trigger", lifecycle_trigger_word(cause->trigger)) &&
		   record_add_text(json, "what", cause->what) &&
		   record_add_text(json, "when", when) &&
		   record_add(json, "vcpu", json_integer(cause->vcpu));
	if (complete && cause->type_known)
		complete = record_add(json, "type", json_integer((json_int_t)cause->type)) &&
			   record_add_text(json, "cookie", cookie);

	return record_finish(json, complete);
}

/* Omitted, if the guest is not suspended. */
static bool add_suspension(json_t *object, const struct record *record)
{
	return !record->suspension.known ||
	       record_add(object, "suspension", record_suspension_to_json(&record->suspension));
}

/* Omitted, if its guest was asked nothing. */
static bool add_request(json_t *object, const struct record *record)
{
	return record->request.what == REQUEST_NOTHING ||
	       record_add(object, "request", record_request_to_json(&record->request));
}

/* Omitted, unless the machine is or was saved. */
static bool add_saved(json_t *object, const struct record *record)
{
	json_t *json;

	if (!*record->saved_id)
		return true;
	json = json_object();

	return record_add(
		object, "saved",
		record_finish(json, record_add_text(json, "id", record->saved_id) &&
					    record_add_text(json, "file", record->saved_file) &&
					    record_add_text(json, "parked-in", record->parked_in)));
}

static const char *const restoring_words[] = {
	[RESTORING_BY_USERFAULTFD] = "userfaultfd",
	[RESTORING_BY_MAPPING] = "mapping",
};

const char *record_restoring_word(enum record_restoring restoring)
{
	return restoring_words[restoring];
}

const char *record_state_word(const struct record *record)
{
	return record->parked && record->state == VM_SUSPENDED
		       ? "parked"
		       : lifecycle_state_word(record->state);
}

/* Omitted, if RAM needs no file. */
static bool add_restoring(json_t *object, const struct record *record)
{
	return record->restoring == RESTORING_NOTHING ||
	       record_add_text(object, "restoring", record_restoring_word(record->restoring));
}

/* Omitted, before the machine's first run. */
static bool add_environment(json_t *object, const struct record *record)
{
	return record->signature_count == 0 ||
	       record_add(object, "environment", environment_to_json(record));
}

/* Omitted, if there was none. */
static bool add_images(json_t *object, const struct record *record)
{
	return record->image_count == 0 ||
	       record_add(object, "images", record_images_to_json(record));
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

	return record_finish(
		json, record_add(json, "format", json_integer(format)) &&
			      record_add_text(json, "name", name) &&
			      record_add_text(json, "state", lifecycle_state_word(record->state)) &&
			      record_add(json, "cause", cause_to_json(&record->cause)) &&
			      add_suspension(json, record) && add_request(json, record) &&
			      add_saved(json, record) && add_restoring(json, record) &&
			      record_add_flag(json, "parked", record->parked) &&
			      record_add_flag(json, "paused", record->paused) &&
			      record_add_flag(json, "discard-image", record->discard_image) &&
			      record_add(json, "pid", json_integer((json_int_t)record->pid)) &&
			      record_add(json, "boots", json_integer((json_int_t)record->boots)) &&
			      record_add_text(json, "host", record->host) &&
			      record_add(json, "machine", record_config_to_json(&record->config)) &&
			      add_environment(json, record) && add_images(json, record) &&
			      record_add_flag(json, "no-resume", record->no_resume));
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
	json_t *parked_in = NULL;
	const char *id;
	int err;

	if (json_unpack(json, "{s:s, s?o, s?o}", "id", &id, "file", &file, "parked-in",
			&parked_in) < 0 ||
	    strlen(id) != RECORD_SAVED_ID_SIZE - 1 ||
	    strspn(id, "0123456789abcdef") != RECORD_SAVED_ID_SIZE - 1)
		return -EINVAL;
	memcpy(record->saved_id, id, sizeof(record->saved_id));
	err = record_optional_text_from_json(file, &record->saved_file);

	return err ? err : record_optional_text_from_json(parked_in, &record->parked_in);
}

/* Where its RAM is. */
static int memory_from_json(json_t *json, struct record *record)
{
	const char *word = NULL;
	int parked = 0;

	if (json_unpack(json, "{s?s, s?b}", "restoring", &word, "parked", &parked) < 0)
		return -EINVAL;
	record->parked = parked != 0;
	if (!word)
		return 0;
	if (strcmp(word, restoring_words[RESTORING_BY_USERFAULTFD]) == 0)
		record->restoring = RESTORING_BY_USERFAULTFD;
	else if (strcmp(word, restoring_words[RESTORING_BY_MAPPING]) == 0)
		record->restoring = RESTORING_BY_MAPPING;
	else
		return -EINVAL;

	return 0;
}

/* Otherwise the machine could never be started again. */
static bool can_start(const struct record *record)
{
	return record->state != VM_SAVED || (*record->saved_id && record->saved_file);
}

/* On failure @record still has to be freed. */
int record_from_json(json_t *json, struct record *record, struct error *reason)
{
	json_t *cause;
	json_t *machine;
	json_t *host;
	json_t *suspension = NULL;
	json_t *request = NULL;
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
	if (json_unpack(
		    json, "{s:s, s:o, s:I, s:I, s:o, s:o, s?o, s?o, s?b, s?b, s?o, s?o, s?b, s?o}",
		    "state", &state, "cause", &cause, "pid", &pid, "boots", &boots, "host", &host,
		    "machine", &machine, "suspension", &suspension, "saved", &saved, "paused",
		    &paused, "discard-image", &discard_image, "environment", &environment, "images",
		    &images, "no-resume", &no_resume, "request", &request) < 0)
		return -EINVAL;
	if (pid < 1 || pid > INT_MAX || boots < 0)
		return -EINVAL;
	record->pid = (long)pid;
	record->boots = (uint64_t)boots;
	record->paused = paused != 0;
	record->no_resume = no_resume != 0;
	record->discard_image = discard_image != 0;
	err = lifecycle_parse_state(state, &record->state);
	if (!err)
		err = record_request_from_json(request, &record->request);
	if (!err && suspension)
		err = record_suspension_from_json(suspension, &record->suspension);
	if (!err && saved)
		err = saved_from_json(saved, record);
	if (!err)
		err = memory_from_json(json, record);
	if (!err && !can_start(record))
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
		err = record_config_from_json(machine, &record->config);
	if (!err && !environment)
		err = environment_set_former(&record->environment, &record->config);

	return err;
}
