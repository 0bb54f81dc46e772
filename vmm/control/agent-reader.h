/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Splits what an agent sends into answers: a JSON object a line, and in front of
 * that of guest-sync-delimited the byte 0xff, which no JSON has. The guest is not
 * trusted: an answer has a bound, and so has what is discarded.
 */
#ifndef VMM_AGENT_READER_H
#define VMM_AGENT_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_ANSWER_SIZE 65536 /* The length limit of an answer, in bytes. */
#define AGENT_DISCARD_SIZE (1UL << 20) /* That of what precedes the answer to a sync, */
/* if the agent owes no answer, which may be to guest-file-read: 48 MiB, in base64. */
#define AGENT_OWED_SIZE (64UL << 20)

enum agent_read {
	AGENT_READ_MORE, /**< More bytes are needed. */
	AGENT_READ_SYNCED, /**< The answer to the sync with the id. */
	AGENT_READ_ANSWER, /**< An answer; the sync was before. */
	AGENT_READ_TOO_LONG, /**< An answer is longer than AGENT_ANSWER_SIZE. */
	AGENT_READ_NOT_JSON, /**< A line is no JSON object. */
	AGENT_READ_FLOOD, /**< More than may be discarded, and no answer to the sync. */
};

/** Private. */
struct agent_reader {
	int64_t id; /**< Of the sync. */
	bool synced;
	bool in_line; /**< Bytes are kept: from the beginning, or since a 0xff. */
	size_t discarded, discarded_max;
	size_t size;
	char line[AGENT_ANSWER_SIZE];
};

/**
 * Begin with the sync of @id: all before its answer is discarded.
 *
 * @owes: the agent has not answered an earlier command, or not as a whole
 */
void agent_reader_begin(struct agent_reader *reader, int64_t id, bool owes);

/**
 * Read up to @size bytes at @bytes, and set @used to how many. @answer is set to a
 * new reference for AGENT_READ_ANSWER, and otherwise to NULL. After anything but
 * MORE, SYNCED and ANSWER the reader has to begin again.
 */
enum agent_read agent_reader_feed(struct agent_reader *reader, const uint8_t *bytes, size_t size,
				  size_t *used, json_t **answer);

#endif
