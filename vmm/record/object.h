/* SPDX-License-Identifier: BSD-3-Clause */
/* How the parts of a record make their objects of JSON. */
#ifndef VMM_RECORD_OBJECT_H
#define VMM_RECORD_OBJECT_H

#include <stdbool.h>

#include <jansson.h>

/**
 * Add @value, which it takes over, to @object under @key. Returns whether it
 * worked; false if one of them is NULL, since memory ran out.
 */
bool record_add(json_t *object, const char *key, json_t *value);

/** Likewise for a text. If it is NULL, nothing is added, and that works. */
bool record_add_text(json_t *object, const char *key, const char *text);

/** Likewise for a statement that is omitted if it is false. */
bool record_add_flag(json_t *object, const char *key, bool said);

/** Returns @json if it is @complete; else NULL, with @json released. */
json_t *record_finish(json_t *json, bool complete);

/** record_text_from_json() for an optional value: @json may be NULL. */
int record_optional_text_from_json(json_t *json, char **text);

#endif
