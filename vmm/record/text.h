/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strings of C in a record's JSON.
 *
 * Paths and command lines are bytes, and so is a message that names a path;
 * JSON's strings are Unicode. What is UTF-8 becomes a string. What is not becomes
 * an object with its bytes in hexadecimal, {"bytes": "2f746d702fff"}, and comes
 * back as it was.
 */
#ifndef VMM_RECORD_TEXT_H
#define VMM_RECORD_TEXT_H

#include <jansson.h>

/** Returns a new reference, or NULL if memory ran out. */
json_t *record_text_to_json(const char *text);

/**
 * The reverse, into memory of the caller's: to be freed, also on failure.
 * Returns 0, -EINVAL if @json, which may be NULL, is neither, or -ENOMEM.
 */
int record_text_from_json(json_t *json, char **text);

#endif
