/* SPDX-License-Identifier: BSD-3-Clause */
/* The forwarded ports of a configuration in a record: a list of the words of --forward. */
#ifndef VMM_RECORD_FORWARD_JSON_H
#define VMM_RECORD_FORWARD_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "config/config.h"

/** Add them to @object, if there are any. Returns whether it worked. */
bool record_add_forwards(json_t *object, const struct config *config);

/** The reverse, of what @object has. Returns 0 or -EINVAL. */
int record_forwards_from_json(json_t *object, struct config *config);

#endif
