/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/dialect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/*
 * Bytes that one can become at most: one of two that are a character, \uXXXX.
 */
#define GROWTH 3

struct translator {
	const char *from, *end;
	struct qmp_translation *to;
	unsigned int depth; /* Of objects and arrays. */
	bool is_object; /* The outermost one is. */
	bool wants_key; /* The next string at depth 1 is a member's name. */
	bool has_id_key; /* The last such name was "id". */
	bool in_id; /* The value of "id" follows. */
	unsigned int ids;
};

static void put(struct translator *t, const char *bytes, size_t size)
{
	struct qmp_translation *to = t->to;

	memcpy(to->text + to->size, bytes, size);
	to->size += size;
	if (t->in_id) {
		memcpy(to->id + to->id_size, bytes, size);
		to->id_size += size;
	}
}

/* Keep the next @count bytes as they are. */
static void copy(struct translator *t, size_t count)
{
	put(t, t->from, count);
	t->from += count;
}

static void put_utf16(struct translator *t, uint32_t unit)
{
	char text[7];

	put(t, text, (size_t)snprintf(text, sizeof(text), "\\u%04x", (unsigned int)unit));
}

/* A character of a string that is not ASCII, or an invalid byte. */
static void translate_character(struct translator *t)
{
	uint32_t code;
	const size_t length = utf8_decode(t->from, (size_t)(t->end - t->from), &code);

	if (length == 0 && t->end - t->from >= 2 && memcmp(t->from, "\xc0\x80", 2) == 0) {
		put_utf16(t, 0);
		t->from += 2;
	} else if (length <= 1) {
		copy(t, 1);
	} else {
		if (code >= 0x10000) {
			put_utf16(t, 0xd800 + ((code - 0x10000) >> 10));
			code = 0xdc00 + ((code - 0x10000) & 0x3ff);
		}
		put_utf16(t, code);
		t->from += length;
	}
}

/* With the backslash next. */
static void translate_escape(struct translator *t)
{
	if (t->end - t->from >= 2 && t->from[1] == '\'') {
		t->from++;
		copy(t, 1);
	} else {
		copy(t, t->end - t->from >= 2 && !(t->from[1] & 0x80) ? 2 : 1);
	}
}

static void translate_string(struct translator *t)
{
	const char quote = *t->from;
	const size_t start = t->to->size;

	t->from++;
	put(t, "\"", 1);
	while (t->from < t->end && *t->from != quote) {
		if (*t->from == '\\') {
			translate_escape(t);
		} else if (*t->from == '"') {
			put(t, "\\\"", 2);
			t->from++;
		} else {
			translate_character(t);
		}
	}
	if (t->from < t->end) {
		put(t, "\"", 1);
		t->from++;
	}
	if (t->depth == 1 && t->wants_key) {
		t->has_id_key =
			t->to->size - start == 4 && memcmp(t->to->text + start, "\"id\"", 4) == 0;
		t->wants_key = false;
	}
}

static bool is_one_of(char byte, const char *bytes)
{
	return byte && strchr(bytes, byte);
}

/* An integer that no int64_t holds becomes a floating-point number. */
static void translate_number(struct translator *t)
{
	const char *start = t->from;
	bool is_integer = true;
	size_t length = 0;
	const bool in_id = t->in_id;

	while (start + length < t->end && is_one_of(start[length], "0123456789-+.eE")) {
		is_integer = is_integer && !is_one_of(start[length], "+.eE") &&
			     (length == 0 || start[length] != '-');
		length++;
	}
	copy(t, length);
	if (!is_integer)
		return;
	/* The number ends at any other character. */
	t->to->text[t->to->size] = '\0';
	errno = 0;
	(void)strtoll(t->to->text + t->to->size - length, NULL, 10);
	if (errno != ERANGE)
		return;
	t->in_id = false;
	put(t, ".0", 2);
	t->in_id = in_id;
}

static void begin_id(struct translator *t)
{
	t->in_id = true;
	t->ids++;
	t->to->id_size = 0;
	t->to->id_start = t->to->size;
}

static void end_id(struct translator *t)
{
	if (t->in_id)
		t->to->id_end = t->to->size;
	t->in_id = false;
}

static void translate_structure(struct translator *t)
{
	const char byte = *t->from;
	const bool at_members = t->depth == 1 && t->is_object;

	if (at_members && (byte == ',' || byte == '}'))
		end_id(t);
	if (t->in_id && is_one_of(byte, " \t\r\n")) {
		/* An answer is one line. */
		t->in_id = false;
		copy(t, 1);
		t->in_id = true;
	} else {
		copy(t, 1);
	}
	if (byte == '{' || byte == '[') {
		if (t->depth == 0)
			t->is_object = t->wants_key = byte == '{';
		t->depth++;
	} else if ((byte == '}' || byte == ']') && t->depth > 0) {
		t->depth--;
	} else if (at_members && byte == ',') {
		t->wants_key = true;
		t->has_id_key = false;
	} else if (at_members && byte == ':' && t->has_id_key) {
		t->has_id_key = false;
		begin_id(t);
	}
}

int qmp_translate(const char *message, size_t size, struct qmp_translation *translation)
{
	struct translator t = { .from = message, .end = message + size, .to = translation };

	/*
	 * And the end of the text, and ".0" behind a number that is the whole
	 * text.
	 */
	*translation = (struct qmp_translation){
		.text = malloc(GROWTH * size + 3),
		.id = malloc(GROWTH * size + 1),
	};
	if (!translation->text || !translation->id) {
		qmp_translation_free(translation);

		return -ENOMEM;
	}
	while (t.from < t.end) {
		if (*t.from == '"' || *t.from == '\'')
			translate_string(&t);
		else if ((*t.from >= '0' && *t.from <= '9') || *t.from == '-')
			translate_number(&t);
		else
			translate_structure(&t);
	}
	/*
	 * Which of two is meant, or where one ends that is not ended, is not
	 * known.
	 */
	if (t.ids != 1 || t.in_id) {
		free(translation->id);
		translation->id = NULL;
	}

	return 0;
}

void qmp_translation_free(struct qmp_translation *translation)
{
	free(translation->text);
	free(translation->id);
	*translation = (struct qmp_translation){ 0 };
}
