/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times in the record, in status and in messages: UTC in RFC 3339, to the
 * second.
 */
#ifndef VMM_TIME_TEXT_H
#define VMM_TIME_TEXT_H

#include <time.h>

#define TIME_TEXT_SIZE 32

/** Write @when as text. A time that has no such text gives an empty string. */
void time_format(time_t when, char text[TIME_TEXT_SIZE]);

/**
 * The reverse. Returns 0, or -EINVAL for text that time_format() does not
 * write.
 */
int time_parse(const char *text, time_t *when);

#endif
