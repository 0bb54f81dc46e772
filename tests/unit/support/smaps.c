/* SPDX-License-Identifier: BSD-3-Clause */
#include "smaps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "START-END PERMISSIONS …", in hexadecimal. Returns false for any other line. */
static bool read_range(const char *line, struct mapping *mapping)
{
	char *rest;
	uintptr_t start;
	uintptr_t end;

	start = strtoull(line, &rest, 16);
	if (rest == line || *rest != '-')
		return false;
	line = rest + 1;
	end = strtoull(line, &rest, 16);
	if (rest == line || *rest != ' ')
		return false;
	*mapping = (struct mapping){ .readable = rest[1] == 'r' };
	/* A cast would hide the pointed-to type from the compiler. */
	memcpy(&mapping->start, &start, sizeof(start));
	memcpy(&mapping->end, &end, sizeof(end));

	return true;
}

void smaps_each(bool (*visit)(void *context, const struct mapping *mapping), void *context)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	struct mapping mapping = { 0 };
	char line[512];
	bool goes_on = true;

	assert_non_null(file);
	while (goes_on && fgets(line, sizeof(line), file)) {
		if (read_range(line, &mapping))
			continue;
		if (strncmp(line, "Rss:", 4) == 0) {
			mapping.resident = strtoull(line + 4, NULL, 10) * 1024;
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			/* The last line of each. */
			mapping.not_dumped = strstr(line, " dd");
			mapping.huge_pages = strstr(line, " hg");
			goes_on = visit(context, &mapping);
		}
	}
	(void)fclose(file);
}

struct search {
	const uint8_t *at;
	struct mapping *mapping;
	bool found;
};

static bool is_it(void *context, const struct mapping *mapping)
{
	struct search *search = context;

	search->found = search->at >= mapping->start && search->at < mapping->end;
	*search->mapping = *mapping;

	return !search->found;
}

bool smaps_find(const void *at, struct mapping *mapping)
{
	struct search search = { .at = at, .mapping = mapping };

	smaps_each(is_it, &search);

	return search.found;
}
