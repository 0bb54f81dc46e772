/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest may rely on: the environment of its machine, a line of text for
 * each property. environment.c has the one table of them. The record, the
 * hardware signature, the comparison before a start and `dormouse check` follow
 * it.
 */
#ifndef VMM_ENVIRONMENT_H
#define VMM_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/**
 * The newest version of the definition, for records. It grows when a line is
 * added or a value's meaning changes.
 */
#define ENVIRONMENT_VERSION 2

/** In the order in which differences are reported. */
enum environment_line {
	ENVIRONMENT_MACHINE_VERSION,
	ENVIRONMENT_CPUS,
	ENVIRONMENT_MPIDRS,
	ENVIRONMENT_CPU_FEATURES,
	ENVIRONMENT_ID_REGISTERS,
	ENVIRONMENT_COUNTER_FREQUENCY,
	ENVIRONMENT_MEMORY,
	ENVIRONMENT_TABLES,
	ENVIRONMENT_DEVICES,
	ENVIRONMENT_PSCI,
	ENVIRONMENT_SMCCC,
	ENVIRONMENT_IDLE_STATES,
	ENVIRONMENT_KERNEL,
	ENVIRONMENT_INITRD,
	ENVIRONMENT_COMMAND_LINE,
	ENVIRONMENT_DISKS,
	ENVIRONMENT_VARIABLES,
	ENVIRONMENT_LINES
};

enum environment_kind {
	/** Of a run: part of the hardware signature. */
	ENVIRONMENT_CONSTANT,
	/**
	 * By a run: recorded at its end and compared before the next, and no
	 * part of the signature.
	 */
	ENVIRONMENT_LEFT_BEHIND,
};

/**
 * The values, which it owns. NULL: not known, for example because the dormouse
 * that recorded it did not know the line; that is no difference.
 *
 * A value is one text, or a set: lines of "NAME=VALUE", each ended by '\n'.
 */
struct environment {
	char *values[ENVIRONMENT_LINES];
};

void environment_free(struct environment *environment);

/** Returns 0 or -ENOMEM, with @to all unknown. */
int environment_copy(struct environment *to, const struct environment *from);

/** Set a line. Returns 0 or -ENOMEM, with the line unknown. */
__attribute__((format(printf, 3, 4))) int environment_set(struct environment *environment,
							  enum environment_line line,
							  const char *format, ...);

/** Likewise, to @text. */
int environment_set_text(struct environment *environment, enum environment_line line,
			 const char *text);

/**
 * Add "@name=VALUE" to a line that is a set, which may be unknown so far.
 * Returns 0 or -ENOMEM, with the line unknown.
 */
__attribute__((format(printf, 4, 5))) int environment_add(struct environment *environment,
							  enum environment_line line,
							  const char *name, const char *format,
							  ...);

/** Set ENVIRONMENT_VARIABLES. Returns 0 or -ENOMEM. */
int environment_set_variables(struct environment *environment, uint64_t hash);

/** Make a line unknown. */
void environment_forget(struct environment *environment, enum environment_line line);

/** Make all lines unknown that a run leaves behind: a guest is about to change them. */
void environment_forget_left_behind(struct environment *environment);

/** Whether a value could be one of this line. */
bool environment_is_valid(enum environment_line line, const char *value);

/** The line's name in records and in `dormouse check`. */
const char *environment_key(enum environment_line line);
enum environment_kind environment_kind(enum environment_line line);

/** The version of the definition that it came with. */
int environment_since(enum environment_line line);

/** The earliest version that has all lines that are known: of its record. */
int environment_version(const struct environment *environment);

/**
 * The hardware signature of a machine: of all constants, and of @generation,
 * which is the host's means to make it another one. It is never 0.
 */
uint32_t environment_signature(const struct environment *environment, uint64_t generation);

/**
 * Whether a line differs. If it does, @phrase says what a guest of @before
 * needs, such as "2 CPUs, not 4".
 */
bool environment_differs(const struct environment *before, const struct environment *after,
			 enum environment_line line, struct error *phrase);

/**
 * How many lines differ, besides those that follow from one that does. @phrases
 * are the first of these, "A; B; and 2 more"; empty if there is none.
 */
size_t environment_compare(const struct environment *before, const struct environment *after,
			   struct error *phrases);

#endif
