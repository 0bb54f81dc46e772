/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands of the control socket whose answer comes later. */
#include "qmp-fixture.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void later_commands_of_a_client_wait_for_an_answer_that_comes_later(void **state)
{
	const int fd = qmp_join_whole();

	qmp_say(fd, "{'execute': 'counts', 'id': 1}{'execute': 'later', 'id': [2]}"
		    "{'execute': 'works', 'id': 3}{'execute': 'fa");
	assert_string_equal(qmp_hear(fd), "{\"return\": {}, \"id\": 1}\r\n");
	qmp_say(fd, "ils', 'id': 4}");
	assert_string_equal(qmp_hear(fd), "");
	qmp_end(json_integer(7));
	assert_string_equal(qmp_hear(fd),
			    "{\"return\": 7, \"id\": [2]}\r\n{\"return\": {}, \"id\": 3}\r\n"
			    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"it rains\"}, "
			    "\"id\": 4}\r\n");
	/* Several of them, one after the other. */
	qmp_say(fd, "{'execute': 'later'}{'execute': 'later', 'id': 5}");
	qmp_end(NULL);
	assert_string_equal(qmp_hear(fd), "{\"error\": {\"class\": \"GenericError\", \"desc\": "
					  "\"it snows\"}}\r\n");
	qmp_end(json_null());
	assert_string_equal(qmp_hear(fd), "{\"return\": null, \"id\": 5}\r\n");
	close(fd);
	qmp_serve();
	assert_int_equal(qmp_cancelled, 0);
}

static void other_clients_are_served_and_events_sent_meanwhile(void **state)
{
	const int fd = qmp_join_whole();
	const int other = qmp_join_whole();

	qmp_say(fd, "{'execute': 'later', 'id': 1}");
	qmp_say(other, "{'execute': 'works'}{'execute': 'later'}");
	assert_string_equal(qmp_hear(other),
			    "{\"return\": {}}\r\n{\"error\": {\"class\": \"GenericError\", "
			    "\"desc\": \"one at a time\"}}\r\n");
	qmp_tell("HAPPENED");
	assert_true(qmp_hears(fd, "HAPPENED"));
	qmp_end(json_object());
	assert_string_equal(qmp_hear(fd), "{\"return\": {}, \"id\": 1}\r\n");
	close(fd);
	close(other);
	qmp_serve();
}

static void a_command_of_a_client_that_leaves_is_cancelled(void **state)
{
	const int fd = qmp_join_whole();
	const int other = qmp_join_whole();

	qmp_cancelled = 0;
	qmp_say(fd, "{'execute': 'later'}");
	close(fd);
	qmp_serve();
	assert_int_equal(qmp_cancelled, 1);
	assert_null(qmp_begun);
	qmp_say(other, "{'execute': 'later'}");
	qmp_end(json_object());
	assert_string_equal(qmp_hear(other), "{\"return\": {}}\r\n");
	close(other);
	qmp_serve();
}

/* It has sent them before it left, and so they are carried out. */
static void commands_after_one_that_is_cancelled_are_carried_out(void **state)
{
	const int fd = qmp_join_whole();
	const int other = qmp_join_whole();

	qmp_cancelled = 0;
	qmp_say(fd, "{'execute': 'later'}{'execute': 'counts'}{'execute': 'later'}");
	qmp_say(fd, "{'execute': 'counts'}");
	qmp_counted = 0;
	close(fd);
	qmp_serve();
	qmp_serve();
	assert_int_equal(qmp_cancelled, 2);
	assert_int_equal(qmp_counted, 2);
	assert_null(qmp_begun);
	qmp_say(other, "{'execute': 'works'}");
	assert_string_equal(qmp_hear(other), "{\"return\": {}}\r\n");
	close(other);
	qmp_serve();
}

/* As of a command in a pipe. */
static void a_client_that_sends_nothing_more_gets_its_answer_later(void **state)
{
	const int fd = qmp_join_whole();

	qmp_cancelled = 0;
	qmp_say(fd, "{'execute': 'later'}{'execute': 'works'}");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	qmp_serve();
	assert_int_equal(qmp_cancelled, 0);
	qmp_end(json_object());
	assert_string_equal(qmp_hear(fd), "{\"return\": {}}\r\n{\"return\": {}}\r\n");
	qmp_serve();
	close(fd);
}

static void a_command_is_cancelled_when_the_server_closes(void **state)
{
	const int fd = qmp_join_whole();

	qmp_cancelled = 0;
	qmp_say(fd, "{'execute': 'later', 'id': 1}");
	assert_int_equal(qmp_tear_down(state), 0);
	assert_int_equal(qmp_cancelled, 1);
	close(fd);
	assert_int_equal(qmp_set_up(state), 0);
}

/* One that ended just before its client left. */
static void an_answer_of_a_client_that_has_left_is_dropped(void **state)
{
	const int fd = qmp_join_whole();

	qmp_cancelled = 0;
	qmp_say(fd, "{'execute': 'later', 'id': 1}");
	close(fd);
	qmp_end(json_object());
	assert_int_equal(qmp_cancelled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			later_commands_of_a_client_wait_for_an_answer_that_comes_later, qmp_set_up,
			qmp_tear_down),
		cmocka_unit_test_setup_teardown(other_clients_are_served_and_events_sent_meanwhile,
						qmp_set_up, qmp_tear_down),
		cmocka_unit_test_setup_teardown(a_command_of_a_client_that_leaves_is_cancelled,
						qmp_set_up, qmp_tear_down),
		cmocka_unit_test_setup_teardown(
			commands_after_one_that_is_cancelled_are_carried_out, qmp_set_up,
			qmp_tear_down),
		cmocka_unit_test_setup_teardown(
			a_client_that_sends_nothing_more_gets_its_answer_later, qmp_set_up,
			qmp_tear_down),
		cmocka_unit_test_setup_teardown(a_command_is_cancelled_when_the_server_closes,
						qmp_set_up, qmp_tear_down),
		cmocka_unit_test_setup_teardown(an_answer_of_a_client_that_has_left_is_dropped,
						qmp_set_up, qmp_tear_down),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
