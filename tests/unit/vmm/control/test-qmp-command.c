/* SPDX-License-Identifier: BSD-3-Clause */
/* QMP's envelope: the answer to each message. */
#include "control/qmp/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/version.h"

static unsigned int executed;

static json_t *works(void *context, const char *argument, struct error *error)
{
	executed++;
	assert_ptr_equal(context, &executed);

	return json_pack("{s:i}", "answer", 42);
}

static json_t *fails(void *context, const char *argument, struct error *error)
{
	error_set(error, -1, "it rains");

	return NULL;
}

static json_t *has_no_memory(void *context, const char *argument, struct error *error)
{
	return NULL;
}

static json_t *repeats(void *context, const char *argument, struct error *error)
{
	return json_pack("{s:s}", "file", argument);
}

static json_t *takes_options(void *context, const json_t *arguments, struct error *error)
{
	executed++;

	return arguments ? json_deep_copy(arguments) : json_null();
}

static const struct qmp_option options[] = {
	{ "count", JSON_INTEGER },
	{ "word", JSON_STRING },
	{ "flag", JSON_TRUE },
	{ 0 },
};

static const struct qmp_command rows[] = {
	{ .name = "works", .execute = works },
	{ .name = "fails", .execute = fails },
	{ .name = "has-no-memory", .execute = has_no_memory },
	{ .name = "repeats", .execute = repeats, .argument = "file" },
	{ .name = "opts", .execute_with = takes_options, .options = options },
};
static const struct qmp_commands commands = { rows, 5, &executed };

/* The answer to @text, as JSON with its keys sorted; good until the next call. */
static const char *answer(bool *negotiated, const char *text)
{
	static char said[4096];
	char *sent = qmp_answer(&commands, negotiated, text, strlen(text));
	json_t *json;
	size_t size;

	assert_non_null(sent);
	for (const char *byte = sent; *byte; byte++)
		assert_in_range(*byte, ' ', '~');
	json = json_loads(sent, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	assert_non_null(json);
	json_decref(json);
	json = json_loads(sent, JSON_ALLOW_NUL, NULL);
	if (!json) {
		/* It has a number that is larger than Jansson's. */
		snprintf(said, sizeof(said), "%s", sent);
		free(sent);

		return said;
	}
	free(sent);
	size = json_dumpb(json, said, sizeof(said) - 1, JSON_SORT_KEYS | JSON_COMPACT);
	assert_in_range(size, 1, sizeof(said) - 1);
	said[size] = '\0';
	json_decref(json);

	return said;
}

static void answers(const char *text, const char *expected)
{
	bool negotiated = true;

	assert_string_equal(answer(&negotiated, text), expected);
	assert_true(negotiated);
}

static void fails_with(const char *text, const char *class, const char *part)
{
	bool negotiated = true;
	const char *said = answer(&negotiated, text);

	if (strncmp(said, "{\"error\":{\"class\":\"", 19) != 0 || !strstr(said, class) ||
	    !strstr(said, part))
		fail_msg("%s was answered by %s", text, said);
}

static void a_command_answers_with_its_return_value(void **state)
{
	answers("{\"execute\": \"works\"}", "{\"return\":{\"answer\":42}}");
	answers("{\"execute\": \"works\", \"arguments\": {}}", "{\"return\":{\"answer\":42}}");
	assert_int_equal(executed, 2);
}

static void an_id_of_any_type_is_repeated_in_the_answer(void **state)
{
	answers("{\"execute\": \"works\", \"id\": 7}", "{\"id\":7,\"return\":{\"answer\":42}}");
	answers("{\"id\": [{\"a\": null}], \"execute\": \"fails\"}",
		"{\"error\":{\"class\":\"GenericError\",\"desc\":\"it rains\"},\"id\":[{\"a\":null}]}");
	answers("{\"id\": \"x\"}",
		"{\"error\":{\"class\":\"GenericError\",\"desc\":\"the message lacks the member "
		"\\\"execute\\\"\"},\"id\":\"x\"}");
}

static void errors_have_the_classes_of_qmp(void **state)
{
	fails_with("{\"execute\": \"fails\"}", "GenericError", "it rains");
	fails_with("{\"execute\": \"has-no-memory\"}", "GenericError", "out of memory");
	fails_with("{\"execute\": \"fly\"}", "CommandNotFound", "fly");
	fails_with("{\"execute\": \"works\", \"arguments\": {\"a\": 1}}", "GenericError",
		   "works takes no arguments");
	fails_with("{\"execute\": \"qmp_capabilities\"}", "CommandNotFound", "has ended");
}

static void a_message_that_is_no_command_gets_an_error(void **state)
{
	fails_with("{", "GenericError", "not JSON");
	fails_with("}", "GenericError", "not JSON");
	fails_with("{\"execute\": \"works\", \"execute\": \"works\"}", "GenericError", "not JSON");
	fails_with("{\"execute\": \"\xff\"}", "GenericError", "not JSON");
	fails_with("{\"execute\": \"a\\qb\"}", "GenericError", "not JSON");
	fails_with("{\"execute\": \"a\tb\"}", "GenericError", "not JSON");
	fails_with("{\"execute\": \"\xc0\xaf\"}", "GenericError", "not JSON");
	fails_with("{\"execute\": \"\\ud800\"}", "GenericError", "not JSON");
	fails_with("{\"execute\": %s}", "GenericError", "not JSON");
	fails_with("{'execute': 'works\"}", "GenericError", "not JSON");
	fails_with("{\"execute\": \"works\", }", "GenericError", "not JSON");
	fails_with("{\"execute\": True}", "GenericError", "not JSON");
	fails_with("[]", "GenericError", "must be an object");
	fails_with("42 ", "GenericError", "must be an object");
	fails_with("{\"execute\": 1}", "GenericError", "must be a string");
	fails_with("{\"execute\": \"works\", \"arguments\": []}", "GenericError",
		   "must be an object");
	fails_with("{\"execute\": \"works\", \"exec\": 1}", "GenericError", "\\\"exec\\\"");
}

/* What QEMU accepts beyond RFC 8259, and its documents use. */
static void a_command_may_use_single_quotes(void **state)
{
	answers("{'execute': 'works'}", "{\"return\":{\"answer\":42}}");
	answers("{'execute': 'repeats', 'arguments': {'file': 'a \"b\" \\' \\\" \\\\'}}",
		"{\"return\":{\"file\":\"a \\\"b\\\" ' \\\" \\\\\"}}");
	answers("{\"execute\": \"repeats\", \"arguments\": {\"file\": \"it's \\' here\"}}",
		"{\"return\":{\"file\":\"it's ' here\"}}");
	answers("{'execute': 'works', 'id': {'a': ['}', \"'\"]}}",
		"{\"id\":{\"a\":[\"}\",\"'\"]},\"return\":{\"answer\":42}}");
	answers("\t{\r\n'execute'\n:\t'works'} ", "{\"return\":{\"answer\":42}}");
}

static void an_answer_escapes_all_characters_outside_of_ascii(void **state)
{
	bool negotiated = true;
	static const char text[] = "{'execute': 'works', 'id': '\u00f6\u20ac\U0001f42d\xc0\x80'}";
	char *sent = qmp_answer(&commands, &negotiated, text, sizeof(text) - 1);

	assert_string_equal(sent, "{\"return\": {\"answer\": 42}, \"id\": "
				  "\"\\u00f6\\u20ac\\ud83d\\udc2d\\u0000\"}");
	free(sent);
	answers("{'execute': 'repeats', 'arguments': {'file': '\u00f6\U0001f42d'}}",
		"{\"return\":{\"file\":\"\u00f6\U0001f42d\"}}");
}

/* A part of a name does not count as the whole. */
static void a_nul_in_a_name_does_not_end_it(void **state)
{
	executed = 0;
	fails_with("{'execute': 'works\\u0000'}", "CommandNotFound", "NUL");
	fails_with("{'execute': 'repeats', 'arguments': {'file': '/a\\u0000/b'}}", "GenericError",
		   "wants an argument");
	assert_int_equal(executed, 0);
}

static void an_id_that_is_a_number_keeps_its_digits(void **state)
{
	static const char *const ids[] = {
		"9223372036854775807",
		"-9223372036854775808",
		"9223372036854775808",
		"18446744073709551615",
		"-9223372036854775809",
		"99999999999999999999999999999999999999999",
		"[1,{\"a\":18446744073709551615},\"b\"]",
		"1.50",
		"-0",
		"1e3",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char text[200];
		char expected[200];
		char *sent;
		bool negotiated = true;

		snprintf(text, sizeof(text), "{\"id\": %s\n, \"execute\": \"works\"}", ids[i]);
		snprintf(expected, sizeof(expected), "{\"return\": {\"answer\": 42}, \"id\": %s}",
			 ids[i]);
		sent = qmp_answer(&commands, &negotiated, text, strlen(text));
		assert_string_equal(sent, expected);
		free(sent);
	}
}

static void a_message_that_is_no_json_gets_an_error_with_its_id(void **state)
{
	static const char *const texts[] = {
		"{'id': 'x', 'execute': works}",
		"{\"execute\": , \"id\": \"x\"}",
		"{\"execute\": \"\\q\", \"id\": \"x\"}",
		"{\"execute\": \"works\", \"id\": \"x\",}",
		"{\"execute\": \"works\", \"execute\": \"works\", \"id\": \"x\"}",
	};
	static const char *const unknown[] = {
		"{'id': x, 'execute': works}",	   "{'id': 'x', 'id': 'y', 'execute': works}",
		"{'id': ['x', 'execute': works}",  "{'id': 'x', 'execute': works",
		"[{'id': 'x', 'execute': works}]", "{'arguments': {'id': 'x'}, 'execute': works}",
	};
	bool negotiated = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fails_with(texts[i], "GenericError", "not JSON");
		assert_non_null(strstr(answer(&negotiated, texts[i]), ",\"id\":\"x\"}"));
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		fails_with(unknown[i], "GenericError", "not JSON");
		if (i != 3)
			assert_null(strstr(answer(&negotiated, unknown[i]), "\"id\":"));
	}
}

static json_t *fails_about_a_file(void *context, const char *argument, struct error *error)
{
	error_set(error, -1, "cannot open /\xff\xc3\xb6\xc3");

	return NULL;
}

static void an_error_whose_text_is_no_utf_8_is_escaped(void **state)
{
	static const struct qmp_command row = { .name = "opens", .execute = fails_about_a_file };
	static const struct qmp_commands one = { &row, 1, NULL };
	bool negotiated = true;
	char *sent = qmp_answer(&one, &negotiated, "{'execute': 'opens'}", 20);

	assert_string_equal(sent,
			    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"cannot open "
			    "/\\\\xff\\u00F6\\\\xc3\"}}");
	free(sent);
}

static void a_long_name_in_an_error_is_cut_between_characters(void **state)
{
	char name[2 * 300 + 1] = "";
	char text[1024];
	bool negotiated = true;

	for (size_t i = 0; i < sizeof(name) - 1; i += 2)
		memcpy(&name[i], "\u00f6", 2);
	snprintf(text, sizeof(text), "{\"execute\": \"%s\"}", name);
	assert_non_null(strstr(answer(&negotiated, text), "CommandNotFound"));
}

static void a_command_before_the_negotiation_is_not_carried_out(void **state)
{
	bool negotiated = false;

	executed = 0;
	assert_non_null(strstr(answer(&negotiated, "{\"execute\": \"works\"}"), "CommandNotFound"));
	assert_non_null(strstr(answer(&negotiated, "{\"execute\": \"query-commands\"}"),
			       "CommandNotFound"));
	assert_int_equal(executed, 0);
	assert_non_null(strstr(
		answer(&negotiated,
		       "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"oob\"]}}"),
		"oob"));
	assert_non_null(
		strstr(answer(&negotiated,
			      "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"x\": 1}}"),
		       "GenericError"));
	assert_non_null(strstr(
		answer(&negotiated,
		       "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": 1}}"),
		"GenericError"));
	assert_false(negotiated);
	assert_string_equal(answer(&negotiated,
				   "{\"execute\": \"qmp_capabilities\", \"arguments\": "
				   "{\"enable\": []}}"),
			    "{\"return\":{}}");
	assert_true(negotiated);
}

static void an_argument_of_another_name_type_or_number_is_refused(void **state)
{
	answers("{\"execute\": \"repeats\", \"arguments\": {\"file\": \"/a\"}}",
		"{\"return\":{\"file\":\"/a\"}}");
	fails_with("{\"execute\": \"repeats\"}", "GenericError", "wants an argument");
	fails_with("{\"execute\": \"repeats\", \"arguments\": {\"fil\": \"/a\"}}", "GenericError",
		   "wants an argument");
	fails_with("{\"execute\": \"repeats\", \"arguments\": {\"file\": 1}}", "GenericError",
		   "wants an argument");
	fails_with("{\"execute\": \"repeats\", \"arguments\": {\"file\": \"\", \"a\": 1}}",
		   "GenericError", "no argument but");
}

static void options_may_be_omitted_and_have_their_type(void **state)
{
	answers("{'execute': 'opts'}", "{\"return\":null}");
	answers("{'execute': 'opts', 'arguments': {}}", "{\"return\":{}}");
	answers("{'execute': 'opts', 'arguments': {'word': 'a', 'count': 7}}",
		"{\"return\":{\"count\":7,\"word\":\"a\"}}");
	executed = 0;
	fails_with("{'execute': 'opts', 'arguments': {'words': 'a'}}", "GenericError",
		   "opts takes no argument \\\"words\\\"");
	fails_with("{'execute': 'opts', 'arguments': {'word': 1}}", "GenericError",
		   "the argument \\\"word\\\" of opts must be a string");
	fails_with("{'execute': 'opts', 'arguments': {'word': 'a\\u0000b'}}", "GenericError",
		   "must be a string");
	fails_with("{'execute': 'opts', 'arguments': {'count': 1.0}}", "GenericError",
		   "the argument \\\"count\\\" of opts must be an integer");
	fails_with("{'execute': 'opts', 'arguments': {'count': 99999999999999999999}}",
		   "GenericError", "must be an integer");
	fails_with("{'execute': 'opts', 'arguments': {'flag': 1}}", "GenericError",
		   "the argument \\\"flag\\\" of opts must be a boolean");
	assert_int_equal(executed, 0);
	answers("{'execute': 'opts', 'arguments': {'flag': false}}",
		"{\"return\":{\"flag\":false}}");
	answers("{'execute': 'opts', 'arguments': {'flag': true}}", "{\"return\":{\"flag\":true}}");
}

static void query_commands_lists_all_commands(void **state)
{
	answers("{\"execute\": \"query-commands\"}",
		"{\"return\":[{\"name\":\"qmp_capabilities\"},{\"name\":\"query-commands\"},"
		"{\"name\":\"works\"},{\"name\":\"fails\"},{\"name\":\"has-no-memory\"},"
		"{\"name\":\"repeats\"},{\"name\":\"opts\"}]}");
}

static void the_greeting_has_the_version_and_no_capabilities(void **state)
{
	json_t *greeting = qmp_greeting();
	int major = -1;
	int minor = -1;
	int micro = -1;
	const char *package = NULL;
	char composed[64];
	json_t *capabilities = NULL;

	assert_int_equal(json_unpack(greeting, "{s:{s:{s:{s:i, s:i, s:i}, s:s}, s:o}}", "QMP",
				     "version", "qemu", "major", &major, "minor", &minor, "micro",
				     &micro, "package", &package, "capabilities", &capabilities),
			 0);
	assert_int_equal(major, DORMOUSE_VERSION_MAJOR);
	assert_int_equal(minor, DORMOUSE_VERSION_MINOR);
	assert_int_equal(micro, DORMOUSE_VERSION_MICRO);
	assert_string_equal(package, "dormouse " DORMOUSE_VERSION);
	snprintf(composed, sizeof(composed), "dormouse %d.%d.%d", major, minor, micro);
	assert_string_equal(package, composed);
	assert_true(json_is_array(capabilities));
	assert_int_equal(json_array_size(capabilities), 0);
	json_decref(greeting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_answers_with_its_return_value),
		cmocka_unit_test(an_id_of_any_type_is_repeated_in_the_answer),
		cmocka_unit_test(errors_have_the_classes_of_qmp),
		cmocka_unit_test(a_message_that_is_no_command_gets_an_error),
		cmocka_unit_test(a_command_may_use_single_quotes),
		cmocka_unit_test(an_answer_escapes_all_characters_outside_of_ascii),
		cmocka_unit_test(a_nul_in_a_name_does_not_end_it),
		cmocka_unit_test(an_id_that_is_a_number_keeps_its_digits),
		cmocka_unit_test(a_message_that_is_no_json_gets_an_error_with_its_id),
		cmocka_unit_test(an_error_whose_text_is_no_utf_8_is_escaped),
		cmocka_unit_test(a_long_name_in_an_error_is_cut_between_characters),
		cmocka_unit_test(a_command_before_the_negotiation_is_not_carried_out),
		cmocka_unit_test(an_argument_of_another_name_type_or_number_is_refused),
		cmocka_unit_test(options_may_be_omitted_and_have_their_type),
		cmocka_unit_test(query_commands_lists_all_commands),
		cmocka_unit_test(the_greeting_has_the_version_and_no_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
