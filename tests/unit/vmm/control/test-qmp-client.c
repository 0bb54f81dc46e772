/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of the control socket that dormouse's own commands use. */
#include "control/qmp/client.h"
#include "control/qmp/connection.h"
#include "qmp-fixture.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

static void *serve_until_told(void *context)
{
	const int *stop_fd = context;
	struct pollfd fds[] = {
		{ .fd = *stop_fd, .events = POLLIN },
		{ .fd = qmp_server_fd(qmp_server), .events = POLLIN },
	};

	while (poll(fds, 2, -1) > 0 && !(fds[0].revents & POLLIN))
		qmp_server_run(qmp_server);

	return NULL;
}

struct served {
	pthread_t thread;
	int stop_fd;
	struct qmp_client client;
	struct error error;
};

static void begin_serving(struct served *s)
{
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(pthread_create(&s->thread, NULL, serve_until_told, &s->stop_fd), 0);
}

static void end_serving(struct served *s)
{
	eventfd_write(s->stop_fd, 1);
	pthread_join(s->thread, NULL);
	close(s->stop_fd);
}

static void a_call_is_carried_out_or_refused(void **state)
{
	struct served s;

	begin_serving(&s);
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", QMP_CLIENT_FOREVER, &s.error),
			 0);
	assert_int_equal(qmp_client_execute(&s.client, "works", NULL, NULL, &s.error), 0);
	assert_int_equal(qmp_client_execute(&s.client, "tells", NULL, "HAPPENED", &s.error), 0);
	assert_int_equal(qmp_client_execute(&s.client, "fails", NULL, NULL, &s.error), -EREMOTEIO);
	assert_string_equal(s.error.text, "it rains");
	assert_int_equal(qmp_client_execute(&s.client, "fly", NULL, NULL, &s.error), -EREMOTEIO);
	qmp_client_close(&s.client);
	end_serving(&s);
}

static void an_answer_that_contains_nul_is_received_as_a_whole(void **state)
{
	struct served s;
	json_t *value = NULL;
	const json_t *text;

	begin_serving(&s);
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", QMP_CLIENT_FOREVER, &s.error),
			 0);
	assert_int_equal(qmp_client_ask(&s.client, "has-nul", NULL, &value, &s.error), 0);
	text = json_object_get(value, "return");
	assert_int_equal(json_string_length(text), 3);
	assert_memory_equal(json_string_value(text), "a\0b", 3);
	json_decref(value);
	qmp_client_close(&s.client);
	end_serving(&s);
}

static void an_answer_that_is_nested_too_deeply_is_no_answer(void **state)
{
	struct served s;
	json_t *value = NULL;

	begin_serving(&s);
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", 20, &s.error), 0);
	assert_int_equal(qmp_client_ask(&s.client, "nests", NULL, &value, &s.error), -EPROTO);
	assert_null(value);
	assert_string_equal(s.error.text, "cannot communicate with the dormouse that runs vm: "
					  "Protocol error");
	qmp_client_close(&s.client);
	end_serving(&s);
}

static void a_call_ends_when_its_time_is_up(void **state)
{
	struct served s;

	/* It is connected, since the kernel does that, and never served. */
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", 0, &s.error), -ETIMEDOUT);
	scratch_says(&s.error, "vm", "in time");
}

static void a_call_ends_with_the_server(void **state)
{
	struct served s;
	json_t *message = NULL;

	begin_serving(&s);
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", QMP_CLIENT_FOREVER, &s.error),
			 0);
	end_serving(&s);
	qmp_tell("LAST");
	qmp_server_close(qmp_server);
	assert_int_equal(qmp_client_next(&s.client, &message, &s.error), 0);
	assert_string_equal(json_string_value(json_object_get(message, "event")), "LAST");
	json_decref(message);
	assert_int_equal(qmp_client_next(&s.client, &message, &s.error), -EPIPE);
	scratch_says(&s.error, "vm", "has ended");
	assert_int_equal(qmp_client_execute(&s.client, "works", NULL, NULL, &s.error), -EPIPE);
	qmp_client_close(&s.client);
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", 1, &s.error), -ENOENT);
	qmp_server = NULL;
}

/* A client that writes next still receives what the server sent before it closed. */
static void a_call_that_is_turned_away_reports_the_reason(void **state)
{
	struct served s;
	int fds[QMP_CLIENTS_MAX + QMP_CLIENTS_LATE];

	qmp_join_all(fds, QMP_CLIENTS_MAX);
	begin_serving(&s);
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", QMP_CLIENT_FOREVER, &s.error),
			 0);
	end_serving(&s);
	qmp_join_all(&fds[QMP_CLIENTS_MAX], QMP_CLIENTS_LATE);
	assert_int_equal(qmp_client_execute(&s.client, "works", NULL, NULL, &s.error), -EREMOTEIO);
	scratch_says(&s.error, "connection", "for a newer one");
	qmp_client_close(&s.client);
	qmp_leave_all(fds, QMP_CLIENTS_MAX + QMP_CLIENTS_LATE);
}

static void a_call_ends_once_nothing_reads_its_output(void **state)
{
	struct served s;
	json_t *message = NULL;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	begin_serving(&s);
	assert_int_equal(qmp_client_open(&s.client, qmp_dir_fd, "vm", QMP_CLIENT_FOREVER, &s.error),
			 0);
	s.client.reader_fd = ends[1];
	close(ends[0]);
	assert_int_equal(qmp_client_next(&s.client, &message, &s.error), -EBADF);
	scratch_says(&s.error, "standard output", "nothing reads");
	close(ends[1]);
	qmp_client_close(&s.client);
	end_serving(&s);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, qmp_set_up, qmp_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_call_is_carried_out_or_refused),
		CASE(an_answer_that_contains_nul_is_received_as_a_whole),
		CASE(an_answer_that_is_nested_too_deeply_is_no_answer),
		CASE(a_call_ends_when_its_time_is_up),
		CASE(a_call_ends_with_the_server),
		CASE(a_call_that_is_turned_away_reports_the_reason),
		CASE(a_call_ends_once_nothing_reads_its_output),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
