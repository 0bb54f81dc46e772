/* SPDX-License-Identifier: BSD-3-Clause */
#include "environment/environment.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "environment/disks.h"
#include "environment/set.h"

/*
 * So many differences are named, each by so many bytes at most; the others are
 * counted.
 */
#define NAMED_MAX 4
#define PHRASE_SIZE 144

/* Of 2^63 and less. */
#define NUMBER_DIGITS_MAX 19

/* What a value looks like. */
enum form {
	TEXT,
	NUMBER, /* Decimal, not 0. */
	SET,
	DISKS, /* A set that environment/disks.h compares. */
};

/*
 * What a guest needs is before and behind the value that it had: "", "2",
 * " CPUs"; and of an entry of a set before and behind the entry's name. An
 * opaque value is not printed. A line that follows from others is not reported
 * beside them.
 */
static const struct {
	const char *key;
	enum environment_kind kind;
	enum form form;
	int since; /* The definition's version; 0: the first. */
	bool is_opaque;
	enum environment_line follows; /* Itself: from none. */
	const char *before;
	const char *behind;
	const char *behind_one; /* If the value is 1; NULL: no other. */
} lines[] = {
	[ENVIRONMENT_MACHINE_VERSION] = { .key = "machine-version",
					  .form = NUMBER,
					  .follows = ENVIRONMENT_MACHINE_VERSION,
					  .before = "machine version " },
	[ENVIRONMENT_CPUS] = { .key = "cpus",
			       .form = NUMBER,
			       .follows = ENVIRONMENT_CPUS,
			       .behind = " CPUs",
			       .behind_one = " CPU" },
	[ENVIRONMENT_MPIDRS] = { .key = "mpidrs",
				 .follows = ENVIRONMENT_CPUS,
				 .before = "CPUs whose MPIDRs are " },
	[ENVIRONMENT_CPU_FEATURES] = { .key = "cpu-features",
				       .form = SET,
				       .since = 2,
				       .follows = ENVIRONMENT_CPU_FEATURES,
				       .before = "the CPU feature ",
				       .behind = ": " },
	[ENVIRONMENT_ID_REGISTERS] = { .key = "id-registers",
				       .form = SET,
				       .follows = ENVIRONMENT_CPU_FEATURES,
				       .before = "CPUs whose ",
				       .behind = " is " },
	[ENVIRONMENT_COUNTER_FREQUENCY] = { .key = "counter-frequency",
					    .form = NUMBER,
					    .follows = ENVIRONMENT_COUNTER_FREQUENCY,
					    .before = "a counter of ",
					    .behind = " Hz" },
	[ENVIRONMENT_MEMORY] = { .key = "memory",
				 .form = NUMBER,
				 .follows = ENVIRONMENT_MEMORY,
				 .behind = " MiB of memory" },
	[ENVIRONMENT_TABLES] = { .key = "tables", .follows = ENVIRONMENT_TABLES },
	[ENVIRONMENT_DEVICES] = { .key = "devices",
				  .form = SET,
				  .follows = ENVIRONMENT_DISKS,
				  .before = "at ",
				  .behind = " the device " },
	[ENVIRONMENT_PSCI] = { .key = "psci", .follows = ENVIRONMENT_PSCI, .before = "PSCI " },
	[ENVIRONMENT_SMCCC] = { .key = "smccc",
				.form = SET,
				.follows = ENVIRONMENT_SMCCC,
				.before = "KVM's firmware register ",
				.behind = " as " },
	[ENVIRONMENT_IDLE_STATES] = { .key = "idle-states",
				      .follows = ENVIRONMENT_IDLE_STATES,
				      .before = "idle states: " },
	[ENVIRONMENT_KERNEL] = { .key = "kernel",
				 .is_opaque = true,
				 .follows = ENVIRONMENT_KERNEL,
				 .before = "the kernel that it had" },
	[ENVIRONMENT_INITRD] = { .key = "initrd",
				 .is_opaque = true,
				 .follows = ENVIRONMENT_INITRD,
				 .before = "the initrd that it had" },
	[ENVIRONMENT_COMMAND_LINE] = { .key = "command-line",
				       .is_opaque = true,
				       .follows = ENVIRONMENT_COMMAND_LINE,
				       .before = "the command line that it had" },
	[ENVIRONMENT_DISKS] = { .key = "disks",
				.kind = ENVIRONMENT_LEFT_BEHIND,
				.form = DISKS,
				.follows = ENVIRONMENT_DISKS },
	[ENVIRONMENT_VARIABLES] = { .key = "variables",
				    .since = 2,
				    .kind = ENVIRONMENT_LEFT_BEHIND,
				    .is_opaque = true,
				    .follows = ENVIRONMENT_VARIABLES,
				    .before = "its firmware's variables as its guest left them" },
};

static_assert(sizeof(lines) / sizeof(lines[0]) == ENVIRONMENT_LINES, "each has its row");

void environment_free(struct environment *environment)
{
	for (size_t i = 0; i < ENVIRONMENT_LINES; i++)
		free(environment->values[i]);
	*environment = (struct environment){ 0 };
}

int environment_copy(struct environment *to, const struct environment *from)
{
	*to = (struct environment){ 0 };
	for (size_t i = 0; i < ENVIRONMENT_LINES; i++) {
		if (!from->values[i])
			continue;
		to->values[i] = strdup(from->values[i]);
		if (!to->values[i]) {
			environment_free(to);
			return -ENOMEM;
		}
	}

	return 0;
}

/* Takes over @value, which is NULL if memory ran out. */
static int replace(struct environment *environment, enum environment_line line, char *value)
{
	free(environment->values[line]);
	environment->values[line] = value;

	return value ? 0 : -ENOMEM;
}

int environment_set(struct environment *environment, enum environment_line line, const char *format,
		    ...)
{
	char *value;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&value, format, args);
	va_end(args);

	return replace(environment, line, length < 0 ? NULL : value);
}

int environment_set_text(struct environment *environment, enum environment_line line,
			 const char *text)
{
	return replace(environment, line, strdup(text));
}

int environment_add(struct environment *environment, enum environment_line line, const char *name,
		    const char *format, ...)
{
	char *so_far = environment->values[line];
	const size_t used = so_far ? strlen(so_far) : 0;
	size_t size;
	char *value;
	char *all;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&value, format, args);
	va_end(args);
	if (length < 0)
		return replace(environment, line, NULL);
	/* A set can be long: it is not printed anew for each of its entries. */
	size = strlen(name) + (size_t)length + sizeof("=\n");
	all = realloc(so_far, used + size);
	if (all) {
		environment->values[line] = all;
		snprintf(all + used, size, "%s=%s\n", name, value);
	}
	free(value);

	return all ? 0 : replace(environment, line, NULL);
}

int environment_set_variables(struct environment *environment, uint64_t hash)
{
	return environment_set(environment, ENVIRONMENT_VARIABLES, "hash:%016llx",
			       (unsigned long long)hash);
}

void environment_forget(struct environment *environment, enum environment_line line)
{
	(void)replace(environment, line, NULL);
}

void environment_forget_left_behind(struct environment *environment)
{
	for (enum environment_line line = 0; line < ENVIRONMENT_LINES; line++)
		if (lines[line].kind == ENVIRONMENT_LEFT_BEHIND)
			environment_forget(environment, line);
}

const char *environment_key(enum environment_line line)
{
	return lines[line].key;
}

enum environment_kind environment_kind(enum environment_line line)
{
	return lines[line].kind;
}

int environment_since(enum environment_line line)
{
	return lines[line].since ? lines[line].since : 1;
}

int environment_version(const struct environment *environment)
{
	int version = 1;

	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++)
		if (environment->values[i] && environment_since(i) > version)
			version = environment_since(i);

	return version;
}

bool environment_is_valid(enum environment_line line, const char *value)
{
	switch (lines[line].form) {
	case TEXT:
		break;
	case NUMBER:
		return *value >= '1' && *value <= '9' && strlen(value) <= NUMBER_DIGITS_MAX &&
		       strspn(value, "0123456789") == strlen(value);
	case SET:
	case DISKS:
		return set_is_valid(value);
	}

	return true;
}

/* --- the signature --- */

/* With its end, so that no two sequences of texts are hashed alike. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_add(hash, text, strlen(text) + 1);
}

uint32_t environment_signature(const struct environment *environment, uint64_t generation)
{
	uint64_t hash = HASH_BEGIN;
	uint32_t signature;

	for (size_t i = 0; i < ENVIRONMENT_LINES; i++) {
		if (lines[i].kind != ENVIRONMENT_CONSTANT || !environment->values[i])
			continue;
		hash = hash_text(hash, lines[i].key);
		hash = hash_text(hash, environment->values[i]);
	}
	hash = hash_add_u64(hash, generation);
	signature = (uint32_t)(hash ^ hash >> 32);

	return signature ? signature : 1;
}

/* --- the comparison --- */

/* The value of @name in a set; a register that is not listed is 0, or absent. */
static struct part value_of(const char *set, const struct part *name)
{
	struct part value;

	return set_find(set, name, &value) ? value : (struct part){ 4, "none" };
}

/* The first entry of @set whose value is another in @other. */
static bool first_difference(const char *set, const char *other, struct part *name)
{
	struct part value;

	while (set_next(&set, name, &value)) {
		const struct part there = value_of(other, name);

		if (!part_equals(&value, &there))
			return true;
	}

	return false;
}

static void say_entry(enum environment_line line, const char *before, const char *after,
		      struct error *phrase)
{
	struct part name;
	struct part had, has;

	if (!first_difference(before, after, &name) && !first_difference(after, before, &name))
		name = (struct part){ 0, "" };
	had = value_of(before, &name);
	has = value_of(after, &name);
	error_set(phrase, 0, "%s%.*s%s%.*s, not %.*s", lines[line].before, name.length, name.text,
		  lines[line].behind, had.length, had.text, has.length, has.text);
}

bool environment_differs(const struct environment *before, const struct environment *after,
			 enum environment_line line, struct error *phrase)
{
	const char *had = before->values[line];
	const char *has = after->values[line];
	const char *first = lines[line].before ? lines[line].before : "";
	const char *last = lines[line].behind ? lines[line].behind : "";

	if (!had || !has || strcmp(had, has) == 0)
		return false;
	if (lines[line].behind_one && strcmp(had, "1") == 0)
		last = lines[line].behind_one;
	if (lines[line].form == DISKS)
		return environment_disks_differ(had, has, phrase);
	if (lines[line].form == SET)
		say_entry(line, had, has, phrase);
	else if (lines[line].is_opaque)
		error_set(phrase, 0, "%s", first);
	else
		error_set(phrase, 0, "%s%s%s, not %s", first, had, last, has);

	return true;
}

/* Whether it follows from another line that differs too. */
static bool is_implied(const struct environment *before, const struct environment *after,
		       enum environment_line line)
{
	const enum environment_line from = lines[line].follows;
	struct error phrase;

	return from != line && environment_differs(before, after, from, &phrase);
}

size_t environment_compare(const struct environment *before, const struct environment *after,
			   struct error *phrases)
{
	struct error phrase;
	size_t count = 0;
	size_t used = 0;

	phrases->text[0] = '\0';
	for (enum environment_line line = 0; line < ENVIRONMENT_LINES; line++) {
		const size_t room = sizeof(phrases->text) - used;
		int length;

		if (!environment_differs(before, after, line, &phrase) ||
		    is_implied(before, after, line))
			continue;
		if (++count > NAMED_MAX)
			continue;
		if (strlen(phrase.text) > PHRASE_SIZE)
			memcpy(&phrase.text[PHRASE_SIZE], "...", sizeof("..."));
		length = snprintf(phrases->text + used, room, "%s%s", count > 1 ? "; " : "",
				  phrase.text);
		used += length < (int)room ? (size_t)length : room - 1;
	}
	if (count > NAMED_MAX)
		snprintf(phrases->text + used, sizeof(phrases->text) - used, "; and %zu more",
			 count - NAMED_MAX);

	return count;
}
