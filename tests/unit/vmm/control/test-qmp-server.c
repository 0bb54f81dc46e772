/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket, with clients of every kind. */
#include "control/qmp/connection.h"
#include "control/qmp/path.h"
#include "control/qmp/server.h"
#include "qmp-fixture.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static void each_client_is_greeted_and_answered(void **state)
{
	const int a = qmp_join();
	const int b = qmp_join();

	assert_true(qmp_hears(a, "{\"QMP\""));
	qmp_say(a, "{\"execute\": \"qmp_capabilities\"}");
	assert_true(qmp_hears(a, "\"return\""));
	assert_true(qmp_hears(b, "{\"QMP\""));
	qmp_say(b, "{\"execute\": \"works\"}");
	assert_true(qmp_hears(b, "CommandNotFound"));
	qmp_say(a, "{\"execute\": \"works\", \"id\": 1}{\"execute\": \"fails\", \"id\": 2}\n");
	assert_string_equal(qmp_hear(a),
			    "{\"return\": {}, \"id\": 1}\r\n{\"error\": {\"class\": "
			    "\"GenericError\", \"desc\": \"it rains\"}, \"id\": 2}\r\n");
	assert_string_equal(qmp_hear(b), "");
	close(a);
	close(b);
}

static void a_message_may_come_in_pieces(void **state)
{
	const int fd = qmp_join_whole();

	qmp_say(fd, "{\"exec");
	qmp_say(fd, "ute\": \"wor");
	assert_string_equal(qmp_hear(fd), "");
	qmp_say(fd, "ks\"}");
	assert_string_equal(qmp_hear(fd), "{\"return\": {}}\r\n");
	close(fd);
}

static void events_reach_all_clients_that_have_negotiated(void **state)
{
	const int a = qmp_join_whole();
	const int b = qmp_join_whole();
	const int greeted = qmp_join();

	qmp_hear(greeted);
	qmp_say(a, "{\"execute\": \"tells\"}");
	assert_string_equal(qmp_hear(a), "{\"event\": \"HAPPENED\"}\r\n{\"return\": {}}\r\n");
	assert_string_equal(qmp_hear(b), "{\"event\": \"HAPPENED\"}\r\n");
	assert_string_equal(qmp_hear(greeted), "");
	close(a);
	close(b);
	close(greeted);
}

static bool is_closed(int fd)
{
	char bytes[4096];
	ssize_t size;

	do {
		qmp_serve();
		size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	} while (size > 0);

	return size == 0 || errno == ECONNRESET;
}

static void a_client_that_never_reads_is_disconnected_and_others_are_served(void **state)
{
	const unsigned int open_files = scratch_open_files();
	const int deaf = qmp_join_whole();
	const int other = qmp_join_whole();
	char name[500];

	memset(name, 'A', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t size = 0; size < 4 * QMP_CONNECTION_OUTPUT; size += sizeof(name)) {
		qmp_tell(name);
		while (*qmp_hear(other))
			qmp_serve();
	}
	assert_true(is_closed(deaf));
	while (*qmp_hear(other))
		qmp_serve();
	qmp_say(other, "{\"execute\": \"works\"}");
	assert_true(qmp_hears(other, "return"));
	close(deaf);
	close(other);
	qmp_serve();
	assert_int_equal(scratch_open_files(), open_files);
}

/* It would have to receive the answers. */
static void input_of_a_client_that_never_reads_is_not_processed(void **state)
{
	static const char text[] = "{\"execute\": \"query-commands\"}\n";
	const int fd = qmp_join_whole();
	size_t said = 0;

	while (said < 64000000) {
		const ssize_t size = send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);

		qmp_serve();
		if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		assert_int_equal(size, sizeof(text) - 1);
		said += (size_t)size;
	}
	/* It has to wait, and stays connected; once it reads, its input is processed. */
	assert_in_range(said, 1, 63999999);
	while (*qmp_hear(fd))
		qmp_serve();
	qmp_say(fd, "{\"execute\": \"works\"}");
	assert_true(qmp_hears(fd, "\"return\": {}"));
	close(fd);
}

/* Of what is too long the server keeps nothing. */
static void a_thousand_times_too_much_without_a_newline_gets_one_error(void **state)
{
	static char bytes[1 << 15];
	const int fd = qmp_join_whole();

	qmp_say(fd, "{\"");
	memset(bytes, 'x', sizeof(bytes));
	for (size_t size = 0; size < 1000 * QMP_MESSAGE_SIZE; size += sizeof(bytes)) {
		assert_int_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		qmp_serve();
	}
	assert_string_equal(qmp_hear(fd),
			    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"the "
			    "message is too long\"}}\r\n");
	qmp_say(fd, "\n{\"execute\": \"works\"}");
	assert_string_equal(qmp_hear(fd), "{\"return\": {}}\r\n");
	close(fd);
}

static void nesting_without_an_end_gets_one_error(void **state)
{
	const int fd = qmp_join_whole();
	char bytes[4096];

	memset(bytes, '[', sizeof(bytes));
	assert_int_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	qmp_serve();
	assert_string_equal(qmp_hear(fd),
			    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"the "
			    "message is nested too deeply\"}}\r\n");
	close(fd);
}

static void a_client_that_leaves_within_a_message_is_dropped(void **state)
{
	const unsigned int open_files = scratch_open_files();
	const int fd = qmp_join_whole();

	qmp_say(fd, "{\"execute\": ");
	close(fd);
	qmp_serve();
	assert_int_equal(scratch_open_files(), open_files);
}

static void a_client_that_shuts_its_sending_side_gets_the_answers(void **state)
{
	const int fd = qmp_join_whole();

	assert_int_equal(send(fd, "{\"execute\": \"works\"}", 20, 0), 20);
	shutdown(fd, SHUT_WR);
	qmp_serve();
	assert_true(qmp_hears(fd, "return"));
	assert_true(is_closed(fd));
	close(fd);
}

/* As `echo ... | socat` does, and scripts that do not wait for the answer. */
static void a_command_sent_before_its_client_left_is_carried_out(void **state)
{
	static const char text[] = "{'execute': 'qmp_capabilities'}{'execute': 'counts'}";
	const unsigned int open_files = scratch_open_files();
	struct sockaddr_un address;

	for (int i = 0; i < 3; i++) {
		const int fd =
			i == 2 ? qmp_join_whole() : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		qmp_counted = 0;
		qmp_path(qmp_dir_fd, &address);
		if (i < 2)
			assert_int_equal(
				connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
		/* Before the greeting, after it, and long after. */
		if (i == 1)
			qmp_serve();
		assert_int_equal(send(fd, text, sizeof(text) - 1, 0), sizeof(text) - 1);
		close(fd);
		qmp_tell("HAPPENED");
		qmp_serve();
		assert_int_equal(qmp_counted, 1);
	}
	assert_int_equal(scratch_open_files(), open_files);
}

static void many_commands_of_a_client_that_left_are_all_carried_out(void **state)
{
	static const char text[] = "{'execute': 'counts', 'id': 'a number to be sent back'}\n";
	const int fd = qmp_join_whole();
	unsigned int sent = 0;

	qmp_counted = 0;
	while (send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		sent++;
	assert_in_range(sent, 100, 1000000);
	close(fd);
	qmp_serve();
	assert_int_equal(qmp_counted, sent);
}

static void an_unfinished_message_gets_an_error_at_the_end_of_input(void **state)
{
	const int fd = qmp_join_whole();

	assert_int_equal(send(fd, "{'id': 1, 'execute'", 19, 0), 19);
	shutdown(fd, SHUT_WR);
	qmp_serve();
	assert_true(qmp_hears(fd, "not JSON"));
	assert_true(is_closed(fd));
	close(fd);
}

/* --- more clients than there is room for --- */

static void a_command_is_served_beside_any_number_of_idle_clients(void **state)
{
	int fds[QMP_CLIENTS_MAX + 50];

	qmp_join_all(fds, QMP_CLIENTS_MAX + 50);
	qmp_say(fds[QMP_CLIENTS_MAX + 49], "{\"execute\": \"works\"}");
	assert_true(qmp_hears(fds[QMP_CLIENTS_MAX + 49], "\"return\": {}"));
	/* The first ones are not disturbed, and receive all events. */
	qmp_tell("HAPPENED");
	for (unsigned int i = 0; i < QMP_CLIENTS_MAX; i++)
		assert_string_equal(qmp_hear(fds[i]), "{\"event\": \"HAPPENED\"}\r\n");
	qmp_leave_all(fds, QMP_CLIENTS_MAX + 50);
}

static void the_longest_idle_late_client_is_disconnected_with_the_reason(void **state)
{
	int fds[QMP_CLIENTS_MAX + QMP_CLIENTS_LATE];
	int *late = &fds[QMP_CLIENTS_MAX];
	int next;

	qmp_join_all(fds, QMP_CLIENTS_MAX + QMP_CLIENTS_LATE);
	qmp_say(late[0], "{\"execute\": \"works\"}");
	qmp_hear(late[0]);
	next = qmp_join_whole();
	assert_true(qmp_hears(late[1], "{\"error\": {\"class\": \"GenericError\", \"desc\": \"this "
				       "connection is closed for a newer one"));
	assert_true(is_closed(late[1]));
	qmp_say(late[0], "{\"execute\": \"works\"}");
	assert_string_equal(qmp_hear(late[0]), "{\"return\": {}}\r\n");
	/* One of the first leaves: the next in age is as safe as it was, idle or not. */
	close(fds[3]);
	qmp_serve();
	for (unsigned int i = 2; i < QMP_CLIENTS_LATE; i++)
		qmp_say(late[i], "{\"execute\": \"works\"}");
	qmp_say(next, "{\"execute\": \"works\"}");
	qmp_hear(late[2]);
	fds[3] = qmp_join_whole();
	close(late[1]);
	late[1] = qmp_join_whole();
	assert_true(qmp_hears(late[2], "for a newer one"));
	qmp_say(late[0], "{\"execute\": \"works\"}");
	assert_string_equal(qmp_hear(late[0]), "{\"return\": {}}\r\n");
	close(next);
	qmp_leave_all(fds, QMP_CLIENTS_MAX + QMP_CLIENTS_LATE);
}

/* The errno of accept4(), or 0; and how often it has been called. */
static int accept_error;
static unsigned int accepts;

/* It calls the library's, and its callers need no address here; it may also fail. */
int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
	accepts++;
	if (accept_error) {
		errno = accept_error;

		return -1;
	}

	return (int)syscall(SYS_accept4, fd, NULL, NULL, flags);
}

static void a_client_is_told_that_the_server_lacks_file_descriptors(void **state)
{
	const int other = qmp_join_whole();
	struct rlimit limit;
	struct rlimit none;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int next = dup(fd);
	struct sockaddr_un address;

	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	qmp_path(qmp_dir_fd, &address);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	qmp_serve();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(qmp_hears(
		fd, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"dormouse cannot open "
		    "another file"));
	assert_true(is_closed(fd));
	close(fd);
	qmp_say(other, "{\"execute\": \"works\"}");
	assert_true(qmp_hears(other, "return"));
	close(other);
	fd = qmp_join_whole();
	close(fd);
}

/* qmp_serve() ends only if the server has nothing to do, with a client that waits. */
static void a_client_waits_and_the_server_does_not_spin_while_memory_is_short(void **state)
{
	struct pollfd fd = { .fd = qmp_server_fd(qmp_server), .events = POLLIN };
	int client;

	accept_error = ENOMEM;
	accepts = 0;
	client = qmp_join();
	assert_int_equal(accepts, 1);
	accept_error = 0;
	while (accepts < 2) {
		assert_int_equal(poll(&fd, 1, 60000), 1);
		qmp_server_run(qmp_server);
	}
	assert_true(qmp_hears(client, "{\"QMP\""));
	close(client);
}

static void the_qmp_socket_is_accessible_to_its_owner_only(void **state)
{
	struct stat status;

	assert_int_equal(fstatat(qmp_dir_fd, QMP_SOCKET, &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_qmp_socket_that_was_left_behind_is_replaced(void **state)
{
	struct error error = { "" };
	struct sockaddr_un address;
	const int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd;

	qmp_server_close(qmp_server);
	qmp_path(qmp_dir_fd, &address);
	assert_int_equal(bind(left, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(left);
	assert_int_equal(qmp_server_open(&qmp_server, qmp_dir_fd, "vm", &qmp_served, &error), 0);
	fd = qmp_join();
	assert_true(qmp_hears(fd, "QMP"));
	close(fd);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, qmp_set_up, qmp_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(each_client_is_greeted_and_answered),
		CASE(a_message_may_come_in_pieces),
		CASE(events_reach_all_clients_that_have_negotiated),
		CASE(a_client_that_never_reads_is_disconnected_and_others_are_served),
		CASE(input_of_a_client_that_never_reads_is_not_processed),
		CASE(a_thousand_times_too_much_without_a_newline_gets_one_error),
		CASE(nesting_without_an_end_gets_one_error),
		CASE(a_client_that_leaves_within_a_message_is_dropped),
		CASE(a_client_that_shuts_its_sending_side_gets_the_answers),
		CASE(a_command_sent_before_its_client_left_is_carried_out),
		CASE(many_commands_of_a_client_that_left_are_all_carried_out),
		CASE(an_unfinished_message_gets_an_error_at_the_end_of_input),
		CASE(a_command_is_served_beside_any_number_of_idle_clients),
		CASE(the_longest_idle_late_client_is_disconnected_with_the_reason),
		CASE(a_client_is_told_that_the_server_lacks_file_descriptors),
		CASE(a_client_waits_and_the_server_does_not_spin_while_memory_is_short),
		CASE(the_qmp_socket_is_accessible_to_its_owner_only),
		CASE(a_qmp_socket_that_was_left_behind_is_replaced),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
