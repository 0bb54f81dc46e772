/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_decode(const char *bytes, size_t size, uint32_t *code)
{
	/* The least number that needs so many bytes. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char first = size > 0 ? (unsigned char)bytes[0] : 0xff;
	size_t length;

	if (first < 0x80) {
		*code = first;

		return 1;
	}
	if (first >= 0xc0 && first < 0xe0)
		length = 2;
	else if (first >= 0xe0 && first < 0xf0)
		length = 3;
	else if (first >= 0xf0 && first < 0xf8)
		length = 4;
	else
		return 0;
	if (length > size)
		return 0;
	*code = first & (0xffU >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		const unsigned char byte = (unsigned char)bytes[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (byte & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;

	return length;
}

json_t *utf8_to_json(const char *text)
{
	size_t left = strlen(text);
	/* A byte becomes four at most. */
	char *clean = malloc(4 * left + 1);
	char *at = clean;
	json_t *json;

	if (!clean)
		return NULL;
	while (left > 0) {
		uint32_t code;
		size_t length = utf8_decode(text, left, &code);

		if (length > 0) {
			memcpy(at, text, length);
			at += length;
		} else {
			length = 1;
			at += snprintf(at, 5, "\\x%02x", (unsigned int)(unsigned char)*text);
		}
		text += length;
		left -= length;
	}
	json = json_stringn(clean, (size_t)(at - clean));
	free(clean);

	return json;
}
