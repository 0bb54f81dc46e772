/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8 for JSON, from text that may contain any bytes. */
#ifndef VMM_UTF8_H
#define VMM_UTF8_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Decode the character at @bytes, of which @size can be read. Returns its
 * length, with its code point in @code, or 0 if there is none: an overlong
 * encoding, a surrogate, or a code point beyond U+10FFFF is no character.
 */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

/**
 * Make a JSON string of a sentence for users. A byte that is not UTF-8, as in a
 * file's name, becomes \xNN. Returns a new reference, or NULL if memory ran
 * out.
 */
json_t *utf8_to_json(const char *text);

#endif
