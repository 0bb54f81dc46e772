/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent-reader.h"

#include "control/qmp/dialect.h"

#define DELIMITER 0xff

void agent_reader_begin(struct agent_reader *reader, int64_t id, bool owes)
{
	reader->id = id;
	reader->synced = false;
	reader->in_line = false;
	reader->discarded = 0;
	reader->discarded_max = AGENT_DISCARD_SIZE + (owes ? AGENT_OWED_SIZE : 0);
	reader->size = 0;
}

/* Returns a new reference, or NULL if it is no object. */
static json_t *load(const char *text, size_t size)
{
	json_t *json = json_loadb(text, size, JSON_ALLOW_NUL, NULL);

	if (json_is_object(json))
		return json;
	json_decref(json);

	return NULL;
}

/* Jansson takes no integer above INT64_MAX, as which an agent has some of 64 bits. */
static json_t *load_answer(const struct agent_reader *reader)
{
	json_t *json = load(reader->line, reader->size);
	struct qmp_translation translation;

	if (json || qmp_translate(reader->line, reader->size, &translation) < 0)
		return json;
	json = load(translation.text, translation.size);
	qmp_translation_free(&translation);

	return json;
}

/* Whether the line is the answer to the sync: an earlier one has another id. */
static bool is_sync(const struct agent_reader *reader)
{
	json_t *json = load(reader->line, reader->size);
	const json_t *id = json_object_get(json, "return");
	const bool is = json_is_integer(id) && json_integer_value(id) == reader->id;

	json_decref(json);

	return is;
}

static enum agent_read end_line(struct agent_reader *reader, json_t **answer)
{
	if (reader->synced) {
		*answer = load_answer(reader);
		reader->size = 0;

		return *answer ? AGENT_READ_ANSWER : AGENT_READ_NOT_JSON;
	}
	reader->synced = is_sync(reader);
	reader->in_line = reader->synced;
	reader->size = 0;

	return reader->synced ? AGENT_READ_SYNCED : AGENT_READ_MORE;
}

static enum agent_read discard(struct agent_reader *reader)
{
	return ++reader->discarded > reader->discarded_max ? AGENT_READ_FLOOD : AGENT_READ_MORE;
}

static enum agent_read feed(struct agent_reader *reader, uint8_t byte, json_t **answer)
{
	if (byte == DELIMITER && !reader->synced) {
		reader->in_line = true;
		reader->size = 0;

		return discard(reader);
	}
	/* The answer to another sync, which its user has sent as a command. */
	if (byte == DELIMITER && reader->size == 0)
		return AGENT_READ_MORE;
	if (!reader->in_line)
		return discard(reader);
	if (byte == '\n')
		return reader->size > 0 ? end_line(reader, answer) : AGENT_READ_MORE;
	if (reader->size == AGENT_ANSWER_SIZE) {
		if (reader->synced)
			return AGENT_READ_TOO_LONG;
		/* No answer to a sync is that long. */
		reader->in_line = false;
	} else {
		reader->line[reader->size++] = (char)byte;
	}

	return reader->synced ? AGENT_READ_MORE : discard(reader);
}

enum agent_read agent_reader_feed(struct agent_reader *reader, const uint8_t *bytes, size_t size,
				  size_t *used, json_t **answer)
{
	enum agent_read result = AGENT_READ_MORE;

	*answer = NULL;
	for (*used = 0; *used < size && result == AGENT_READ_MORE; ++*used)
		result = feed(reader, bytes[*used], answer);

	return result;
}
