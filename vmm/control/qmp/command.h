/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a message asks for, and the answer to it: QMP's envelope around commands,
 * which are rows of a table.
 */
#ifndef VMM_QMP_COMMAND_H
#define VMM_QMP_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct qmp_command {
	const char *name;
	/**
	 * Carry it out. @argument is what the client gave for it: a string, if the row
	 * names one, else NULL. Returns a new reference to what it
	 * returns, or NULL for a GenericError: @error says which, and that memory ran
	 * out unless it is set.
	 */
	json_t *(*execute)(void *context, const char *argument, struct error *error);
	const char *argument; /**< What must be given, or NULL: none takes more than one. */
};

struct qmp_commands {
	const struct qmp_command *rows;
	size_t count;
	void *context; /**< For each execute(). */
};

/**
 * Answer a message.
 *
 * @commands: what there is beside qmp_capabilities and query-commands
 * @negotiated: whether this client has ended the negotiation; set once it does
 * @text, @size: the message, JSON as QEMU takes it (dialect.h) or not
 *
 * Returns the answer's text, JSON in ASCII and one line, to be freed; or NULL if
 * memory ran out. It has the message's id, digit by digit, also if the message is
 * not JSON but for its id.
 */
char *qmp_answer(const struct qmp_commands *commands, bool *negotiated, const char *text,
		 size_t size);

/** An answer that tells of a failure of class @class, such as "GenericError", or NULL. */
json_t *qmp_error(const char *class, const char *description);

/** What is sent for @json: its text, JSON in ASCII and one line; to be freed, or NULL. */
char *qmp_text(const json_t *json);

/** What a client is greeted with: a new reference, or NULL. */
json_t *qmp_greeting(void);

/** What query-version returns, and the greeting: a new reference, or NULL. */
json_t *qmp_version(void);

#endif
