/* SPDX-License-Identifier: BSD-3-Clause */
/* Where messages of QMP begin and end, whatever bytes are received. */
#include "control/qmp/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct qmp_scan *fresh(void)
{
	struct qmp_scan *scan = calloc(1, sizeof(*scan));

	assert_non_null(scan);

	return scan;
}

/* Expect that the messages in @bytes are exactly these. */
static void finds(const char *bytes, const char *const *messages, size_t count)
{
	struct qmp_scan *scan = fresh();
	size_t found = 0;

	for (; *bytes; bytes++) {
		if (qmp_scan(scan, *bytes) != QMP_SCAN_MESSAGE)
			continue;
		if (found < count) {
			assert_int_equal(scan->size, strlen(messages[found]));
			assert_memory_equal(scan->text, messages[found], scan->size);
		}
		found++;
	}
	assert_int_equal(found, count);
	free(scan);
}

#define FINDS(bytes, ...)                                  \
	finds(bytes, (const char *const[]){ __VA_ARGS__ }, \
	      sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void a_message_ends_with_its_last_brace(void **state)
{
	FINDS("{}", "{}");
	FINDS(" \r\n\t{\"a\": {\"b\": [1, {}]}} ", "{\"a\": {\"b\": [1, {}]}}");
	FINDS("{}{\"x\":1}[2]\n{}", "{}", "{\"x\":1}", "[2]", "{}");
}

static void braces_within_a_string_do_not_count(void **state)
{
	FINDS("{\"}\": \"{[\"}{}", "{\"}\": \"{[\"}", "{}");
	FINDS("{\"\\\"}\": 1}", "{\"\\\"}\": 1}");
	FINDS("{\"\\\\\": 1}", "{\"\\\\\": 1}");
}

static void a_value_that_is_no_object_is_a_message_as_well(void **state)
{
	FINDS("42 {}", "42 ", "{}");
	FINDS("\"{\"{}", "\"{\"", "{}");
	FINDS("}]{}", "}", "]", "{}");
}

static void a_newline_in_a_string_ends_the_message(void **state)
{
	FINDS("{\"a\n{}", "{\"a\n", "{}");
	FINDS("{\"a\\\n{}", "{\"a\\\n", "{}");
}

static void a_string_in_single_quotes_is_a_string(void **state)
{
	FINDS("{'}': '{[\"'}{}", "{'}': '{[\"'}", "{}");
	FINDS("{'\\'}': 1}{\"'\": 1}", "{'\\'}': 1}", "{\"'\": 1}");
	FINDS("'{'{}", "'{'", "{}");
	FINDS("{'a\n{}", "{'a\n", "{}");
}

/* QMP's specification tells clients to send one before a message that must be understood. */
static void an_impossible_byte_ends_the_message(void **state)
{
	FINDS("{\"a\": [\x01{}", "{\"a\": [\x01", "{}");
	FINDS("{\"a\": '\xff{}", "{\"a\": '\xff", "{}");
	FINDS("\xff\xff \x01\n{}", "\xff", "{}");
	FINDS("{\"a\r\n{}", "{\"a\r", "{}");
	/* One message that is broken is answered once. */
	FINDS("{\"a\": \"b\tc\", \"d\": {}}\n{}", "{\"a\": \"b\t", "{}");
	FINDS("{\"a\": \"\xfe\"} \x02 {}", "{\"a\": \"\xfe", "{}");
	FINDS("{\"a\": \"\xfe\"}\x02 x {}\n{}", "{\"a\": \"\xfe", "{}");
}

static void the_end_of_input_ends_an_unfinished_message(void **state)
{
	struct qmp_scan *scan = fresh();

	assert_int_equal(qmp_scan_end(scan), QMP_SCAN_MORE);
	qmp_scan(scan, ' ');
	assert_int_equal(qmp_scan_end(scan), QMP_SCAN_MORE);
	qmp_scan(scan, '{');
	assert_int_equal(qmp_scan_end(scan), QMP_SCAN_MESSAGE);
	assert_int_equal(scan->size, 1);
	assert_int_equal(qmp_scan_end(scan), QMP_SCAN_MORE);
	free(scan);
}

static void an_unfinished_message_is_not_returned(void **state)
{
	finds("", NULL, 0);
	finds(" \n\n", NULL, 0);
	finds("{\"a\": [", NULL, 0);
}

/* Gives @byte @count times; returns how often each result came. */
static void repeat(struct qmp_scan *scan, char byte, size_t count, size_t *results)
{
	for (size_t i = 0; i < count; i++)
		results[qmp_scan(scan, byte)]++;
}

static void a_message_that_is_too_long_is_skipped_up_to_a_newline_with_one_error(void **state)
{
	struct qmp_scan *scan = fresh();
	size_t results[4] = { 0 };

	repeat(scan, 'x', QMP_MESSAGE_SIZE, results);
	assert_int_equal(results[QMP_SCAN_MORE], QMP_MESSAGE_SIZE);
	assert_int_equal(qmp_scan(scan, 'x'), QMP_SCAN_TOO_LONG);
	repeat(scan, '}', 1000000, results);
	assert_int_equal(results[QMP_SCAN_MORE], QMP_MESSAGE_SIZE + 1000000);
	assert_int_equal(qmp_scan(scan, '\n'), QMP_SCAN_MORE);
	assert_int_equal(qmp_scan(scan, '{'), QMP_SCAN_MORE);
	assert_int_equal(qmp_scan(scan, '}'), QMP_SCAN_MESSAGE);
	assert_int_equal(scan->size, 2);
	free(scan);
}

static void a_message_of_the_greatest_length_is_accepted(void **state)
{
	struct qmp_scan *scan = fresh();
	size_t results[4] = { 0 };

	qmp_scan(scan, '[');
	repeat(scan, ' ', QMP_MESSAGE_SIZE - 2, results);
	assert_int_equal(qmp_scan(scan, ']'), QMP_SCAN_MESSAGE);
	assert_int_equal(scan->size, QMP_MESSAGE_SIZE);
	free(scan);
}

static void a_message_nested_too_deeply_is_refused(void **state)
{
	struct qmp_scan *scan = fresh();
	size_t results[4] = { 0 };

	repeat(scan, '[', QMP_MESSAGE_DEPTH, results);
	repeat(scan, ']', QMP_MESSAGE_DEPTH, results);
	assert_int_equal(results[QMP_SCAN_MESSAGE], 1);
	repeat(scan, '{', QMP_MESSAGE_DEPTH, results);
	assert_int_equal(qmp_scan(scan, '['), QMP_SCAN_TOO_DEEP);
	repeat(scan, '[', 100000, results);
	assert_int_equal(results[QMP_SCAN_TOO_DEEP], 0);
	qmp_scan(scan, '\n');
	qmp_scan(scan, '{');
	assert_int_equal(qmp_scan(scan, '}'), QMP_SCAN_MESSAGE);
	free(scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_ends_with_its_last_brace),
		cmocka_unit_test(braces_within_a_string_do_not_count),
		cmocka_unit_test(a_value_that_is_no_object_is_a_message_as_well),
		cmocka_unit_test(a_newline_in_a_string_ends_the_message),
		cmocka_unit_test(a_string_in_single_quotes_is_a_string),
		cmocka_unit_test(an_impossible_byte_ends_the_message),
		cmocka_unit_test(the_end_of_input_ends_an_unfinished_message),
		cmocka_unit_test(an_unfinished_message_is_not_returned),
		cmocka_unit_test(
			a_message_that_is_too_long_is_skipped_up_to_a_newline_with_one_error),
		cmocka_unit_test(a_message_of_the_greatest_length_is_accepted),
		cmocka_unit_test(a_message_nested_too_deeply_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
