/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_KEY "bytes"

json_t *record_text_to_json(const char *text)
{
	const size_t length = strlen(text);
	json_t *json = json_string(text);
	char *digits;

	if (json)
		return json;
	digits = malloc(2 * length + 1);
	if (!digits)
		return NULL;
	digits[0] = '\0';
	for (size_t i = 0; i < length; i++)
		snprintf(digits + 2 * i, 3, "%02x", (unsigned int)(unsigned char)text[i]);
	json = json_pack("{s:s}", BYTES_KEY, digits);
	free(digits);

	return json;
}

/* The value of a hexadecimal digit as they are written above, or -1. */
static int digit_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = strchr(digits, digit);

	return found ? (int)(found - digits) : -1;
}

int record_text_from_json(json_t *json, char **text)
{
	const char *from = json_string_value(json);
	size_t length;

	if (from) {
		*text = strdup(from);

		return *text ? 0 : -ENOMEM;
	}
	if (json_unpack(json, "{s:s}", BYTES_KEY, &from) < 0)
		return -EINVAL;
	length = strlen(from);
	*text = calloc(1, length / 2 + 1);
	if (!*text)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		const int value = digit_value(from[i]);
		char *byte = &(*text)[i / 2];

		if (value < 0 || length % 2)
			return -EINVAL;
		*byte = (char)((unsigned char)*byte << 4 | value);
		/* The end of a string, in the middle of one. */
		if (i % 2 && !*byte)
			return -EINVAL;
	}

	return 0;
}
