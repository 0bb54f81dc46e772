/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment in a record's JSON: its generation, signature and lines. */
#ifndef VMM_ENVIRONMENT_JSON_H
#define VMM_ENVIRONMENT_JSON_H

#include <jansson.h>

#include "record/record.h"

/** Returns a new reference, or NULL if memory ran out. */
json_t *environment_to_json(const struct record *record);

/**
 * The reverse, into @record, whose environment the caller frees, also on
 * failure. Returns 0; with @reason set, which names the field, -ENOTSUP if it is
 * of a newer definition, or -EINVAL if a value is missing or outside its range;
 * or -ENOMEM.
 */
int environment_from_json(json_t *json, struct record *record, struct error *reason);

#endif
