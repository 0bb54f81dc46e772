/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/environment-json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/text.h"

/* As text: JSON's readers need not keep 64 bits of an integer. */
static json_t *number_to_json(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%#llx", (unsigned long long)number);

	return json_string(text);
}

/* Returns 0 or -EINVAL. */
static int number_from_json(json_t *json, uint64_t max, uint64_t *number)
{
	const char *text = json_string_value(json);
	const unsigned long long value = text ? strtoull(text, NULL, 16) : 0;
	json_t *again = number_to_json(value);
	const bool equal = text && again && strcmp(json_string_value(again), text) == 0;

	json_decref(again);
	if (!equal || value > max)
		return -EINVAL;
	*number = value;

	return 0;
}

static json_t *signatures_to_json(const struct record *record)
{
	json_t *json = json_array();
	bool complete = json != NULL;

	for (size_t i = 0; i < record->signature_count && complete; i++)
		complete = json_array_append_new(json, number_to_json(record->signatures[i])) == 0;
	if (complete)
		return json;
	json_decref(json);

	return NULL;
}

static json_t *lines_to_json(const struct environment *environment)
{
	json_t *json = json_object();
	bool complete = json != NULL;

	for (enum environment_line i = 0; i < ENVIRONMENT_LINES && complete; i++) {
		const char *value = environment->values[i];

		complete = !value || json_object_set_new(json, environment_key(i),
							 record_text_to_json(value)) == 0;
	}
	if (complete)
		return json;
	json_decref(json);

	return NULL;
}

json_t *environment_to_json(const struct record *record)
{
	json_t *json = json_object();

	/* A machine of an earlier version has the record that an earlier dormouse reads. */
	if (json_object_set_new(json, "version",
				json_integer(environment_version(&record->environment))) == 0 &&
	    json_object_set_new(json, "generation", number_to_json(record->generation)) == 0 &&
	    json_object_set_new(json, "signatures", signatures_to_json(record)) == 0 &&
	    json_object_set_new(json, "lines", lines_to_json(&record->environment)) == 0)
		return json;
	json_decref(json);

	return NULL;
}

/* @key of the environment is not what it can be. */
static int refuse(const char *key, const char *problem, struct error *reason)
{
	return error_set(reason, -EINVAL, "environment.%s %s", key, problem);
}

static int signatures_from_json(json_t *json, struct record *record)
{
	size_t i;
	json_t *one;

	if (!json_is_array(json) || json_array_size(json) == 0 ||
	    json_array_size(json) > RECORD_SIGNATURES_MAX)
		return -EINVAL;
	json_array_foreach(json, i, one)
	{
		uint64_t signature;

		if (number_from_json(one, UINT32_MAX, &signature) < 0 || signature == 0)
			return -EINVAL;
		record->signatures[i] = (uint32_t)signature;
	}
	record->signature_count = json_array_size(json);

	return 0;
}

static int refuse_line(enum environment_line line, const char *problem, struct error *reason)
{
	char key[64];

	snprintf(key, sizeof(key), "lines.%s", environment_key(line));

	return refuse(key, problem, reason);
}

static int line_from_json(json_t *lines, int version, enum environment_line line, char **to,
			  struct error *reason)
{
	json_t *json = json_object_get(lines, environment_key(line));
	int err;

	/* What a run leaves behind is not known while it runs. */
	if (!json && (environment_kind(line) == ENVIRONMENT_LEFT_BEHIND ||
		      environment_since(line) > version))
		return 0;
	if (!json)
		return refuse_line(line, "is missing", reason);
	err = record_text_from_json(json, to);
	if (err == -ENOMEM)
		return err;
	if (err || !environment_is_valid(line, *to))
		return refuse_line(line, "has a value that it cannot have", reason);

	return 0;
}

static int lines_from_json(json_t *lines, int version, struct environment *environment,
			   struct error *reason)
{
	size_t known = 0;
	int err = 0;

	if (!json_is_object(lines))
		return refuse("lines", "is missing or has another type", reason);
	for (enum environment_line i = 0; i < ENVIRONMENT_LINES && !err; i++) {
		known += environment_since(i) <= version &&
			 json_object_get(lines, environment_key(i)) != NULL;
		err = line_from_json(lines, version, i, &environment->values[i], reason);
	}
	if (!err && json_object_size(lines) != known)
		err = refuse("lines", "has a line that its version does not have", reason);

	return err;
}

int environment_from_json(json_t *json, struct record *record, struct error *reason)
{
	const json_t *version = json_object_get(json, "version");

	if (!json_is_integer(version) || json_integer_value(version) < 1)
		return refuse("version", "is missing or no version", reason);
	if (json_integer_value(version) > ENVIRONMENT_VERSION)
		return error_set(reason, -ENOTSUP,
				 "environment.version is %lld, and this dormouse knows versions up "
				 "to %d",
				 (long long)json_integer_value(version), ENVIRONMENT_VERSION);
	if (number_from_json(json_object_get(json, "generation"), UINT64_MAX, &record->generation) <
	    0)
		return refuse("generation", "is missing or no number", reason);
	if (signatures_from_json(json_object_get(json, "signatures"), record) < 0)
		return refuse("signatures", "is missing or no list of signatures", reason);

	return lines_from_json(json_object_get(json, "lines"), (int)json_integer_value(version),
			       &record->environment, reason);
}
