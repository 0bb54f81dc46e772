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
	json_type type; /**< JSON_INTEGER, JSON_STRING, or JSON_TRUE for a boolean. */
};

struct qmp_pending;

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
	/**
	 * In place of execute(): begin it, with the arguments that the client gave,
	 * or NULL. Returns 0, and qmp_pending_end() follows, not from within this
	 * call, unless cancel() comes first: the client has gone. Or -errno with
	 * @error set.
	 */
	int (*begin)(void *context, const json_t *arguments, struct qmp_pending *pending,
		     struct error *error);
	void (*cancel)(void *context, struct qmp_pending *pending);
};

/**
 * A command whose answer comes later: while there is one, a client's later commands
 * wait. Private, except command.
 */
struct qmp_pending {
	const struct qmp_command *command; /**< NULL: there is none. */
	void *context; /**< The commands'. */
	char *id; /**< The member of the message, or NULL. */
	size_t id_size;
	bool ended;
	char *answer; /**< Once it has ended; NULL if memory ran out. */
	int wake_fd; /**< Constant. An eventfd that is written when it ends. */
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

/**
 * Likewise, and commands may be begun, too: then NULL is returned, and @pending,
 * which was zero but for wake_fd, has the command.
 */
char *qmp_answer_or_begin(const struct qmp_commands *commands, bool *negotiated,
			  struct qmp_pending *pending, const char *text, size_t size);

/**
 * The command is carried out: @value is its return value, whose reference is taken;
 * NULL for a GenericError, which @error says, or if memory ran out.
 */
void qmp_pending_end(struct qmp_pending *pending, json_t *value, const char *error);

/** Make it zero again, but for wake_fd; if the command has not ended, it is cancelled. */
void qmp_pending_clear(struct qmp_pending *pending);

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
