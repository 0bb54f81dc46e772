/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command in a message, and the answer to it: QMP's envelope around
 * commands, which are rows of a table.
 */
#ifndef VMM_QMP_COMMAND_H
#define VMM_QMP_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** An argument that a client may omit. */
struct qmp_option {
	const char *name;
	json_type type;
};

struct qmp_command {
	const char *name;
	/**
	 * Execute it. @argument is the value that the client gave for it: a
	 * string, if the row names one, otherwise NULL. Returns a new reference
	 * to the return value, or NULL for a GenericError: @error says which;
	 * if it is not set, memory ran out.
	 */
	json_t *(*execute)(void *context, const char *argument, struct error *error);
	const char *argument; /**< The required argument, or NULL: none takes more than one. */
	/**
	 * In place of execute(), for a command that has options: @arguments has
	 * those that the client gave, each of its type; NULL if it gave none.
	 */
	json_t *(*execute_with)(void *context, const json_t *arguments, struct error *error);
	const struct qmp_option *options; /**< Up to one without a name. */
};

struct qmp_commands {
	const struct qmp_command *rows;
	size_t count;
	void *context; /**< For each execute(). */
};

/**
 * Answer a message.
 *
 * @commands: the commands, except qmp_capabilities and query-commands
 * @negotiated: whether this client has ended the negotiation; set once it does
 * @text, @size: the message, JSON as QEMU accepts it (dialect.h) or not
 *
 * Returns the answer's text, JSON in ASCII and one line, to be freed; or NULL
 * if memory ran out. It has the message's id, digit by digit, even if only the
 * id is valid JSON.
 */
char *qmp_answer(const struct qmp_commands *commands, bool *negotiated, const char *text,
		 size_t size);

/** An answer with an error of class @class, such as "GenericError", or NULL. */
json_t *qmp_error(const char *class, const char *description);

/**
 * The text of @json as it is sent: JSON in ASCII and one line; to be freed, or
 * NULL.
 */
char *qmp_text(const json_t *json);

/** The greeting for a client: a new reference, or NULL. */
json_t *qmp_greeting(void);

/**
 * The return value of query-version, which is also in the greeting: a new
 * reference, or NULL.
 */
json_t *qmp_version(void);

#endif
