/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "board/board.h"
#include "record/config-json.h"
#include "record/file.h"
#include "record/record-json.h"

/*
 * The size of a record besides the machine: paths and causes, of at most six
 * bytes a character.
 */
#define REST_SIZE_MAX (96L * 1024)

void record_free(struct record *record)
{
	config_free(&record->config);
	environment_free(&record->environment);
	free(record->saved_file);
	free(record->parked_in);
	*record = (struct record){ 0 };
}

uint32_t record_signature(const struct record *record)
{
	return record->signatures[record->signature_count - 1];
}

int record_make_saved_id(struct record *record)
{
	uint8_t bits[(RECORD_SAVED_ID_SIZE - 1) / 2];
	const int err = random_fill(bits, sizeof(bits));

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(record->saved_id + 2 * i, 3, "%02x", bits[i]);

	return 0;
}

int record_check_config(const struct config *config, const char *name, struct error *error)
{
	json_t *json = record_config_to_json(config);
	const size_t size = json ? json_dumpb(json, NULL, 0, JSON_INDENT(2)) : 0;

	json_decref(json);
	if (size == 0)
		return error_set(error, -ENOMEM, "out of memory");
	if (size > RECORD_SIZE_MAX - REST_SIZE_MAX)
		return error_set(
			error, -E2BIG,
			"the machine of %s needs %zu bytes in its record, which has room for "
			"%ld: shorten --append or the paths",
			name, size, RECORD_SIZE_MAX - REST_SIZE_MAX);

	return 0;
}

int record_save(int dir_fd, const char *name, const struct record *record, struct error *error)
{
	json_t *json = record_to_json(record, name);
	char *text = malloc(RECORD_SIZE_MAX);
	const size_t size =
		json && text ? json_dumpb(json, text, RECORD_SIZE_MAX, JSON_INDENT(2)) : 0;
	int err = size > 0 ? 0 : -ENOMEM;

	/*
	 * A record that cannot be read back would keep the machine from ever
	 * starting again.
	 */
	if (size >= RECORD_SIZE_MAX)
		err = -EFBIG;
	if (!err)
		err = record_file_replace(dir_fd, text, size);
	free(text);
	json_decref(json);
	if (err)
		return error_set(error, err, "cannot write the record of %s: %s", name,
				 strerror(-err));

	return 0;
}

int record_parse(const char *text, size_t size, const char *name, struct record *record,
		 struct error *error)
{
	json_error_t where;
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	struct record loaded = { 0 };
	struct error reason;
	json_int_t format;
	json_int_t version;
	int err = -EINVAL;

	if (!json) {
		error_set(error, err, "the record of %s is damaged: line %d: %s", name, where.line,
			  where.text);
	} else if (json_unpack(json, "{s:I}", "format", &format) < 0) {
		error_set(error, err, "the record of %s is damaged: it does not say its format",
			  name);
	} else if (format < RECORD_FORMAT_OF_VERSION_1 || format > RECORD_FORMAT) {
		error_set(error, err,
			  "the record of %s has format %lld, which this dormouse (up to format %d) "
			  "does not know",
			  name, (long long)format, RECORD_FORMAT);
	} else if (json_unpack(json, "{s:{s:I}}", "machine", "version", &version) == 0 &&
		   version > BOARD_VERSION_NEWEST) {
		error_set(error, err,
			  "the record of %s is of machine version %lld, which this dormouse (up to "
			  "%d) does not know",
			  name, (long long)version, BOARD_VERSION_NEWEST);
	} else {
		err = record_from_json(json, &loaded, &reason);
		if (err)
			error_set(error, err, "the record of %s is %s: %s", name,
				  err == -ENOTSUP ? "of a newer dormouse" : "damaged",
				  err == -ENOMEM ? strerror(ENOMEM) : reason.text);
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
	size = record_file_read(dir_fd, text, RECORD_SIZE_MAX);
	if (size == -ENOENT)
		err = -ENOENT;
	else if (size < 0)
		err = error_set(error, (int)size, "cannot read the record of %s: %s", name,
				strerror((int)-size));
	else if (size == RECORD_SIZE_MAX)
		err = error_set(error, -EFBIG, "the record of %s is damaged: too large", name);
	else
		err = record_parse(text, (size_t)size, name, record, error);
	free(text);

	return err;
}
