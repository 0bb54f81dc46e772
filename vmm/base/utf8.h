/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8, as JSON wants it, in text that may be anything. */
#ifndef VMM_UTF8_H
#define VMM_UTF8_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Decode the character at @bytes, of which @size can be read. Returns how many
 * bytes it has, with its number in @code, or 0 if there is none: what is too long
 * for its number, a surrogate, or beyond U+10FFFF is no character.
 */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

/**
 * Make a JSON string of a sentence for people. A byte that is not UTF-8, as a
 * file's name may have, becomes \xNN. Returns a new reference, or NULL if memory
 * ran out.
 */
json_t *utf8_to_json(const char *text);

#endif
