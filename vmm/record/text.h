/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * C strings in a record's JSON.
 *
 * Paths and command lines are bytes, and so is a message that names a path;
 * JSON's strings are Unicode. UTF-8 becomes a string. Any other text becomes an
 * object with its bytes in hexadecimal, {"bytes": "2f746d702fff"}, and is
 * converted back unchanged.
 */
#ifndef VMM_RECORD_TEXT_H
#define VMM_RECORD_TEXT_H

#include <jansson.h>

/** Returns a new reference, or NULL if memory ran out. */
json_t *record_text_to_json(const char *text);

/**
 * The reverse. The caller frees @text, also on failure. Returns 0, -EINVAL if
 * @json, which may be NULL, is neither, or -ENOMEM.
 */
int record_text_from_json(json_t *json, char **text);

#endif
