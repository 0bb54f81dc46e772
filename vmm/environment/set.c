/* SPDX-License-Identifier: BSD-3-Clause */
#include "environment/set.h"

#include <string.h>

bool part_equals(const struct part *a, const struct part *b)
{
	return a->length == b->length && memcmp(a->text, b->text, (size_t)a->length) == 0;
}

bool set_next(const char **set, struct part *name, struct part *value)
{
	const char *equals = strchr(*set, '=');
	const char *end = equals ? strchr(equals, '\n') : NULL;

	if (!end || equals == *set)
		return false;
	*name = (struct part){ (int)(equals - *set), *set };
	*value = (struct part){ (int)(end - equals - 1), equals + 1 };
	*set = end + 1;

	return true;
}

bool set_find(const char *set, const struct part *name, struct part *value)
{
	struct part found;

	while (set_next(&set, &found, value))
		if (part_equals(&found, name))
			return true;

	return false;
}

bool set_is_valid(const char *set)
{
	struct part name, value;

	while (set_next(&set, &name, &value))
		if (memchr(name.text, '\n', (size_t)name.length))
			return false;

	return *set == '\0';
}
