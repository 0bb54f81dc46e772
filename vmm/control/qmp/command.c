/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/utf8.h"
#include "base/version.h"
#include "control/qmp/dialect.h"

static const char generic[] = "GenericError";
static const char not_found[] = "CommandNotFound";

json_t *qmp_error(const char *class, const char *description)
{
	return json_pack("{s:{s:s, s:o}}", "error", "class", class, "desc",
			 utf8_to_json(description));
}

/*
 * Likewise with a sentence about a text that may be long, and is truncated
 * then.
 */
__attribute__((format(printf, 2, 3))) static json_t *error_about(const char *class,
								 const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Perhaps within a character. */
	for (size_t i = strlen(text); i > 0 && (text[i - 1] & 0x80); i--)
		text[i - 1] = '\0';

	return qmp_error(class, text);
}

json_t *qmp_version(void)
{
	return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "major", DORMOUSE_VERSION_MAJOR,
			 "minor", DORMOUSE_VERSION_MINOR, "micro", DORMOUSE_VERSION_MICRO,
			 "package", "dormouse " DORMOUSE_VERSION);
}

json_t *qmp_greeting(void)
{
	return json_pack("{s:{s:o, s:[]}}", "QMP", "version", qmp_version(), "capabilities");
}

char *qmp_text(const json_t *json)
{
	return json_dumps(json, JSON_ENSURE_ASCII);
}

/* A string without a NUL, so that C's functions see all of it; or NULL. */
static const char *plain_string(const json_t *json)
{
	const char *text = json_string_value(json);

	return text && strlen(text) == json_string_length(json) ? text : NULL;
}

static json_t *negotiate(bool *negotiated, json_t *arguments)
{
	json_t *enable = json_object_get(arguments, "enable");
	const char *name;
	json_t *value;

	if (*negotiated)
		return qmp_error(not_found,
				 "the negotiation has ended: qmp_capabilities has been answered");
	json_object_foreach(arguments, name, value)
	{
		if (strcmp(name, "enable") != 0)
			return error_about(generic, "qmp_capabilities takes no argument \"%s\"",
					   name);
	}
	if (enable && !json_is_array(enable))
		return qmp_error(generic, "\"enable\" must be an array of capabilities");
	if (json_array_size(enable) > 0)
		return error_about(generic, "there is no capability \"%s\": none are supported",
				   json_is_string(json_array_get(enable, 0))
					   ? json_string_value(json_array_get(enable, 0))
					   : "of another type than a string");
	*negotiated = true;

	return json_pack("{s:{}}", "return");
}

static json_t *list(const struct qmp_commands *commands)
{
	json_t *names =
		json_pack("[{s:s}, {s:s}]", "name", "qmp_capabilities", "name", "query-commands");

	for (size_t i = 0; i < commands->count && names; i++) {
		if (json_array_append_new(names,
					  json_pack("{s:s}", "name", commands->rows[i].name)) < 0) {
			json_decref(names);
			return NULL;
		}
	}

	return json_pack("{s:o}", "return", names);
}

static const struct qmp_command *find(const struct qmp_commands *commands, const char *name)
{
	for (size_t i = 0; i < commands->count; i++) {
		if (strcmp(name, commands->rows[i].name) == 0)
			return &commands->rows[i];
	}

	return NULL;
}

static const char *type_words(json_type type)
{
	if (type == JSON_TRUE)
		return "a boolean";

	return type == JSON_INTEGER ? "an integer" : "a string";
}

static bool has_type(const json_t *value, json_type type)
{
	if (type == JSON_TRUE)
		return json_is_boolean(value);

	return type == JSON_STRING ? plain_string(value) != NULL : json_typeof(value) == type;
}

/* Returns an error if @command does not take them, else NULL. */
static json_t *check_options(const struct qmp_command *command, json_t *arguments)
{
	const char *name;
	json_t *value;

	json_object_foreach(arguments, name, value)
	{
		const struct qmp_option *option = command->options;

		while (option->name && strcmp(option->name, name) != 0)
			option++;
		if (!option->name)
			return error_about(generic, "%s takes no argument \"%s\"", command->name,
					   name);
		if (!has_type(value, option->type))
			return error_about(generic, "the argument \"%s\" of %s must be %s", name,
					   command->name, type_words(option->type));
	}

	return NULL;
}

/* Returns an error, or NULL: it has begun. */
static json_t *begin(const struct qmp_commands *commands, const struct qmp_command *command,
		     const json_t *arguments, struct qmp_pending *pending)
{
	struct error error = { "out of memory" };

	if (!pending)
		return error_about(generic, "%s cannot be executed here", command->name);
	if (command->begin(commands->context, arguments, pending, &error) < 0)
		return qmp_error(generic, error.text);
	pending->command = command;
	pending->context = commands->context;

	return NULL;
}

static json_t *execute_with_options(const struct qmp_commands *commands,
				    const struct qmp_command *command, json_t *arguments)
{
	struct error error = { "out of memory" };
	json_t *value = check_options(command, arguments);

	if (value)
		return value;
	value = command->execute_with(commands->context, arguments, &error);

	return value ? json_pack("{s:o}", "return", value) : qmp_error(generic, error.text);
}

static json_t *execute(const struct qmp_commands *commands, const char *name, json_t *arguments,
		       struct qmp_pending *pending)
{
	const bool is_list = strcmp(name, "query-commands") == 0;
	const struct qmp_command *command = find(commands, name);
	struct error error = { "out of memory" };
	const char *argument;
	json_t *value;

	if (!command && !is_list)
		return error_about(not_found, "there is no command \"%s\"", name);
	if (command && command->options)
		return execute_with_options(commands, command, arguments);
	if (command && command->begin)
		return begin(commands, command, arguments, pending);
	argument = command ? command->argument : NULL;
	if (argument && !plain_string(json_object_get(arguments, argument)))
		return error_about(generic, "%s wants an argument \"%s\", a string", name,
				   argument);
	if (json_object_size(arguments) > (argument ? 1 : 0))
		return argument ? error_about(generic, "%s takes no argument but \"%s\"", name,
					      argument)
				: error_about(generic, "%s takes no arguments", name);
	if (is_list)
		return list(commands);
	value = command->execute(commands->context,
				 json_string_value(json_object_get(arguments, argument)), &error);

	return value ? json_pack("{s:o}", "return", value) : qmp_error(generic, error.text);
}

/* @request is an object. */
static json_t *answer_object(const struct qmp_commands *commands, bool *negotiated,
			     struct qmp_pending *pending, json_t *request)
{
	json_t *command = json_object_get(request, "execute");
	json_t *arguments = json_object_get(request, "arguments");
	const char *name;
	json_t *value;

	json_object_foreach(request, name, value)
	{
		if (strcmp(name, "execute") != 0 && strcmp(name, "arguments") != 0 &&
		    strcmp(name, "id") != 0)
			return error_about(generic, "a message has no member \"%s\"", name);
	}
	if (!command)
		return qmp_error(generic, "the message lacks the member \"execute\"");
	if (!json_is_string(command))
		return qmp_error(generic, "the member \"execute\" must be a string");
	if (arguments && !json_is_object(arguments))
		return qmp_error(generic, "the member \"arguments\" must be an object");
	name = plain_string(command);
	if (!name)
		return qmp_error(not_found, "there is no command with a NUL in its name");
	if (strcmp(name, "qmp_capabilities") == 0)
		return negotiate(negotiated, arguments);
	if (!*negotiated)
		return qmp_error(not_found,
				 "qmp_capabilities must come first, to end the negotiation");

	return execute(commands, name, arguments, pending);
}

/*
 * The text of @answer with the member "id" of that text at its end. @answer's
 * reference is taken.
 */
static char *add_id(json_t *answer, const char *id, size_t id_size)
{
	static const char key[] = ", \"id\": ";
	char *text = qmp_text(answer);
	const size_t size = text ? strlen(text) : 0;
	char *whole = text && id ? malloc(size + sizeof(key) + id_size) : NULL;

	json_decref(answer);
	if (!text || !id)
		return text;
	if (whole) {
		/* In place of the last brace, which is appended after it. */
		memcpy(whole, text, size - 1);
		memcpy(whole + size - 1, key, sizeof(key) - 1);
		memcpy(whole + size - 1 + sizeof(key) - 1, id, id_size);
		memcpy(whole + size - 1 + sizeof(key) - 1 + id_size, "}", 2);
	}
	free(text);

	return whole;
}

/* Whether the id of a message that is not JSON is JSON by itself. */
static bool id_is_known(const struct qmp_translation *message)
{
	json_t *id = message->id ? json_loadb(message->text + message->id_start,
					      message->id_end - message->id_start,
					      JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
				 : NULL;
	const bool is_known = id;

	json_decref(id);

	return is_known;
}

static void keep_id(struct qmp_pending *pending, const char *id, size_t size)
{
	pending->id = id ? strndup(id, size) : NULL;
	pending->id_size = pending->id ? size : 0;
}

static char *answer_translated(const struct qmp_commands *commands, bool *negotiated,
			       struct qmp_pending *pending, const struct qmp_translation *message)
{
	json_error_t where;
	json_t *request =
		json_loadb(message->text, message->size,
			   JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
	const char *id = message->id;
	json_t *answer;

	if (!request) {
		answer = error_about(generic, "the message is not JSON: %s", where.text);
		if (!id_is_known(message))
			id = NULL;
	} else if (json_is_object(request)) {
		answer = answer_object(commands, negotiated, pending, request);
	} else {
		answer = qmp_error(generic, "the message must be an object");
		id = NULL;
	}
	json_decref(request);
	if (pending && pending->command) {
		keep_id(pending, id, message->id_size);

		return NULL;
	}

	return add_id(answer, id, message->id_size);
}

char *qmp_answer_or_begin(const struct qmp_commands *commands, bool *negotiated,
			  struct qmp_pending *pending, const char *text, size_t size)
{
	struct qmp_translation message;
	char *answer;

	if (qmp_translate(text, size, &message) < 0)
		return NULL;
	answer = answer_translated(commands, negotiated, pending, &message);
	qmp_translation_free(&message);

	return answer;
}

char *qmp_answer(const struct qmp_commands *commands, bool *negotiated, const char *text,
		 size_t size)
{
	return qmp_answer_or_begin(commands, negotiated, NULL, text, size);
}

void qmp_pending_end(struct qmp_pending *pending, json_t *value, const char *error)
{
	json_t *answer = value ? json_pack("{s:o}", "return", value)
			       : qmp_error(generic, error ? error : "out of memory");

	pending->answer = add_id(answer, pending->id, pending->id_size);
	pending->ended = true;
	(void)eventfd_write(pending->wake_fd, 1);
}

void qmp_pending_clear(struct qmp_pending *pending)
{
	if (pending->command && !pending->ended)
		pending->command->cancel(pending->context, pending);
	free(pending->id);
	free(pending->answer);
	*pending = (struct qmp_pending){ .wake_fd = pending->wake_fd };
}
