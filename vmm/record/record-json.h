/* SPDX-License-Identifier: BSD-3-Clause */
/* A record as JSON: the two directions, beside each other. */
#ifndef VMM_RECORD_JSON_H
#define VMM_RECORD_JSON_H

#include <jansson.h>

#include "record/record.h"

/*
 * Raised when a reader of the old format would misunderstand the new one. To
 * one of format 1 every machine is of version 1; so those that are keep that
 * format, and those without ACPI theirs. A reader of format 3 would start a
 * clone with the image that it must not take.
 */
#define RECORD_FORMAT 4
#define RECORD_FORMAT_OF_ACPI 3
#define RECORD_FORMAT_OF_VERSION_2 2
#define RECORD_FORMAT_OF_VERSION_1 1

/**
 * Fill in @record, which is all zero. Returns 0, or -errno: -EINVAL if a value
 * is missing or outside its range, -ENOTSUP if a newer dormouse wrote it, both
 * with @reason set.
 */
int record_from_json(json_t *json, struct record *record, struct error *reason);

#endif
