/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/time-text.h"

#include <errno.h>
#include <string.h>

void time_format(time_t when, char text[TIME_TEXT_SIZE])
{
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&when, &tm))
		strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int time_parse(const char *text, time_t *when)
{
	struct tm tm = { 0 };
	char again[TIME_TEXT_SIZE];
	time_t parsed;

	if (!strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return -EINVAL;
	parsed = timegm(&tm);
	/*
	 * strptime() lets blanks, missing digits and the 31st of November pass.
	 */
	time_format(parsed, again);
	if (strcmp(text, again) != 0)
		return -EINVAL;
	*when = parsed;

	return 0;
}
