/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine of a record as JSON: the two directions, beside each other. */
#ifndef VMM_RECORD_CONFIG_JSON_H
#define VMM_RECORD_CONFIG_JSON_H

#include <jansson.h>

#include "config/config.h"

/** A new object, or NULL if there is no memory. */
json_t *record_config_to_json(const struct config *config);

/**
 * Fill in @config, which is all zero. Returns 0, -EINVAL if a value is missing
 * or outside its range, or -ENOMEM. On failure @config still has to be freed.
 */
int record_config_from_json(json_t *json, struct config *config);

#endif
