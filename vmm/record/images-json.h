/* SPDX-License-Identifier: BSD-3-Clause */
/* The hibernation images of a VM's record, in its JSON. */
#ifndef VMM_RECORD_IMAGES_JSON_H
#define VMM_RECORD_IMAGES_JSON_H

#include <jansson.h>

#include "record/record.h"

/** Returns a new reference, or NULL if memory ran out. */
json_t *record_images_to_json(const struct record *record);

/** The reverse, into @record. Returns 0, or -EINVAL for what cannot be an image. */
int record_images_from_json(json_t *json, struct record *record);

#endif
