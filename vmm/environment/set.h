/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of an environment that are sets: "NAME=VALUE\n" for each entry. */
#ifndef VMM_ENVIRONMENT_SET_H
#define VMM_ENVIRONMENT_SET_H

#include <stdbool.h>

/** A part of a text, for "%.*s". */
struct part {
	int length;
	const char *text;
};

bool part_equals(const struct part *a, const struct part *b);

/** The entry at whose beginning @set is, which becomes the next; false at the end. */
bool set_next(const char **set, struct part *name, struct part *value);

/** The value of @name; false if there is none. */
bool set_find(const char *set, const struct part *name, struct part *value);

/** Whether all of the text is entries. */
bool set_is_valid(const char *set);

#endif
