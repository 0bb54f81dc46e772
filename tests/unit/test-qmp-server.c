/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket, with clients of every kind, and the end that dormouse's commands use. */
#include "qmp/call.h"
#include "qmp/client.h"
#include "qmp/path.h"
#include "qmp/server.h"
#include "scratch.h"

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

static struct qmp_server *server;
static int dir_fd;

/* --- what it serves --- */

static json_t *works(void *context, const char *argument, struct error *error)
{
	return json_object();
}

static json_t *fails(void *context, const char *argument, struct error *error)
{
	error_set(error, -1, "it rains");

	return NULL;
}

static void tell(const char *name)
{
	json_t *event = json_pack("{s:s}", "event", name);

	qmp_server_tell(server, event);
	json_decref(event);
}

/* Tells of something before it is answered. */
static json_t *tells(void *context, const char *argument, struct error *error)
{
	tell("HAPPENED");

	return json_object();
}

static unsigned int counted;

static json_t *counts(void *context, const char *argument, struct error *error)
{
	counted++;

	return json_object();
}

static const struct qmp_command rows[] = {
	{ "works", works, NULL },
	{ "fails", fails, NULL },
	{ "tells", tells, NULL },
	{ "counts", counts, NULL },
};
static const struct qmp_commands commands = { rows, 4, NULL };

static int set_up(void **state)
{
	struct error error = { "" };

	dir_fd = open(scratch_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir_fd >= 0);
	if (qmp_server_open(&server, dir_fd, "vm", &commands, &error) < 0)
		fail_msg("%s", error.text);

	return 0;
}

static int tear_down(void **state)
{
	qmp_server_close(server);
	assert_int_equal(faccessat(dir_fd, QMP_SOCKET, F_OK, 0), -1);
	close(dir_fd);

	return 0;
}

static void serve(void)
{
	struct pollfd fd = { .fd = qmp_server_fd(server), .events = POLLIN };

	while (poll(&fd, 1, 0) > 0)
		qmp_server_run(server);
}

/* --- clients --- */

static int join(void)
{
	struct sockaddr_un address;
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	qmp_path(dir_fd, &address);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	serve();

	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	serve();
}

/* All that it has been sent by now. */
static const char *hear(int fd)
{
	static char text[1 << 16];
	const ssize_t size = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[size > 0 ? size : 0] = '\0';

	return text;
}

static bool hears(int fd, const char *part)
{
	return strstr(hear(fd), part) != NULL;
}

/* Greeted and negotiated. */
static int join_whole(void)
{
	const int fd = join();

	say(fd, "{\"execute\": \"qmp_capabilities\"}");
	assert_true(hears(fd, "\"return\""));

	return fd;
}

static void clients_are_greeted_and_answered_each(void **state)
{
	const int a = join();
	const int b = join();

	assert_true(hears(a, "{\"QMP\""));
	say(a, "{\"execute\": \"qmp_capabilities\"}");
	assert_true(hears(a, "\"return\""));
	assert_true(hears(b, "{\"QMP\""));
	say(b, "{\"execute\": \"works\"}");
	assert_true(hears(b, "CommandNotFound"));
	say(a, "{\"execute\": \"works\", \"id\": 1}{\"execute\": \"fails\", \"id\": 2}\n");
	assert_string_equal(hear(a), "{\"return\": {}, \"id\": 1}\r\n{\"error\": {\"class\": "
				     "\"GenericError\", \"desc\": \"it rains\"}, \"id\": 2}\r\n");
	assert_string_equal(hear(b), "");
	close(a);
	close(b);
}

static void a_message_may_come_in_pieces(void **state)
{
	const int fd = join_whole();

	say(fd, "{\"exec");
	say(fd, "ute\": \"wor");
	assert_string_equal(hear(fd), "");
	say(fd, "ks\"}");
	assert_string_equal(hear(fd), "{\"return\": {}}\r\n");
	close(fd);
}

static void events_reach_all_that_have_negotiated(void **state)
{
	const int a = join_whole();
	const int b = join_whole();
	const int greeted = join();

	hear(greeted);
	say(a, "{\"execute\": \"tells\"}");
	assert_string_equal(hear(a), "{\"event\": \"HAPPENED\"}\r\n{\"return\": {}}\r\n");
	assert_string_equal(hear(b), "{\"event\": \"HAPPENED\"}\r\n");
	assert_string_equal(hear(greeted), "");
	close(a);
	close(b);
	close(greeted);
}

static bool is_closed(int fd)
{
	char bytes[4096];
	ssize_t size;

	do {
		serve();
		size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	} while (size > 0);

	return size == 0 || errno == ECONNRESET;
}

static void who_never_reads_is_let_go_and_others_are_served(void **state)
{
	const unsigned int open_files = scratch_open_files();
	const int deaf = join_whole();
	const int other = join_whole();

	for (unsigned int i = 0; i < 200000; i++) {
		tell("AGAIN");
		if (i % 100 == 0)
			while (*hear(other))
				serve();
	}
	assert_true(is_closed(deaf));
	while (*hear(other))
		serve();
	say(other, "{\"execute\": \"works\"}");
	assert_true(hears(other, "return"));
	close(deaf);
	close(other);
	serve();
	assert_int_equal(scratch_open_files(), open_files);
}

/* It would have to be told the answers. */
static void who_never_reads_is_not_listened_to(void **state)
{
	static const char text[] = "{\"execute\": \"query-commands\"}\n";
	const int fd = join_whole();
	size_t said = 0;

	while (said < 64000000) {
		const ssize_t size = send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);

		serve();
		if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		assert_int_equal(size, sizeof(text) - 1);
		said += (size_t)size;
	}
	/* It is made to wait, and still there; once it reads, it is heard. */
	assert_in_range(said, 1, 63999999);
	while (*hear(fd))
		serve();
	say(fd, "{\"execute\": \"works\"}");
	assert_true(hears(fd, "\"return\": {}"));
	close(fd);
}

static void a_gigabyte_without_a_newline_is_one_error(void **state)
{
	static char bytes[1 << 15];
	const int fd = join_whole();

	say(fd, "{\"");
	memset(bytes, 'x', sizeof(bytes));
	for (unsigned int i = 0; i < (1U << 30) / sizeof(bytes); i++) {
		assert_int_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		serve();
	}
	assert_string_equal(hear(fd), "{\"error\": {\"class\": \"GenericError\", \"desc\": \"the "
				      "message is too long\"}}\r\n");
	say(fd, "\n{\"execute\": \"works\"}");
	assert_string_equal(hear(fd), "{\"return\": {}}\r\n");
	close(fd);
}

static void nesting_without_an_end_is_one_error(void **state)
{
	const int fd = join_whole();
	char bytes[4096];

	memset(bytes, '[', sizeof(bytes));
	assert_int_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	serve();
	assert_string_equal(hear(fd), "{\"error\": {\"class\": \"GenericError\", \"desc\": \"the "
				      "message is too deep\"}}\r\n");
	close(fd);
}

static void who_leaves_within_a_message_is_forgotten(void **state)
{
	const unsigned int open_files = scratch_open_files();
	const int fd = join_whole();

	say(fd, "{\"execute\": ");
	close(fd);
	serve();
	assert_int_equal(scratch_open_files(), open_files);
}

static void who_stops_speaking_hears_the_answers(void **state)
{
	const int fd = join_whole();

	assert_int_equal(send(fd, "{\"execute\": \"works\"}", 20, 0), 20);
	shutdown(fd, SHUT_WR);
	serve();
	assert_true(hears(fd, "return"));
	assert_true(is_closed(fd));
	close(fd);
}

/* As `echo ... | socat` and scripts do that do not wait for the answer. */
static void what_was_sent_before_the_client_left_is_carried_out(void **state)
{
	static const char text[] = "{'execute': 'qmp_capabilities'}{'execute': 'counts'}";
	const unsigned int open_files = scratch_open_files();
	struct sockaddr_un address;

	for (int i = 0; i < 3; i++) {
		const int fd =
			i == 2 ? join_whole() : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		counted = 0;
		qmp_path(dir_fd, &address);
		if (i < 2)
			assert_int_equal(
				connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
		/* Before it is greeted, after it has been, and long after. */
		if (i == 1)
			serve();
		assert_int_equal(send(fd, text, sizeof(text) - 1, 0), sizeof(text) - 1);
		close(fd);
		tell("HAPPENED");
		serve();
		assert_int_equal(counted, 1);
	}
	assert_int_equal(scratch_open_files(), open_files);
}

static void all_of_many_commands_is_carried_out_for_a_client_that_left(void **state)
{
	static const char text[] = "{'execute': 'counts', 'id': 'a number to be sent back'}\n";
	const int fd = join_whole();
	unsigned int sent = 0;

	counted = 0;
	while (send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		sent++;
	assert_in_range(sent, 100, 1000000);
	close(fd);
	serve();
	assert_int_equal(counted, sent);
}

static void an_unfinished_message_is_answered_at_the_end(void **state)
{
	const int fd = join_whole();

	assert_int_equal(send(fd, "{'id': 1, 'execute'", 19, 0), 19);
	shutdown(fd, SHUT_WR);
	serve();
	assert_true(hears(fd, "not JSON"));
	assert_true(is_closed(fd));
	close(fd);
}

/* --- more clients than there is room for --- */

static void join_all(int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		fds[i] = join_whole();
}

static void leave_all(const int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
	serve();
}

/* However many of them do nothing. */
static void a_command_always_gets_in(void **state)
{
	int fds[QMP_CLIENTS_MAX + 50];

	join_all(fds, QMP_CLIENTS_MAX + 50);
	say(fds[QMP_CLIENTS_MAX + 49], "{\"execute\": \"works\"}");
	assert_true(hears(fds[QMP_CLIENTS_MAX + 49], "\"return\": {}"));
	/* Those that were first are not disturbed, and hear of everything. */
	tell("HAPPENED");
	for (unsigned int i = 0; i < QMP_CLIENTS_MAX; i++)
		assert_string_equal(hear(fds[i]), "{\"event\": \"HAPPENED\"}\r\n");
	leave_all(fds, QMP_CLIENTS_MAX + 50);
}

static void the_longest_idle_of_the_late_is_told_why_it_has_to_go(void **state)
{
	int fds[QMP_CLIENTS_MAX + QMP_CLIENTS_LATE];
	int *late = &fds[QMP_CLIENTS_MAX];
	int next;

	join_all(fds, QMP_CLIENTS_MAX + QMP_CLIENTS_LATE);
	say(late[0], "{\"execute\": \"works\"}");
	hear(late[0]);
	next = join_whole();
	assert_true(hears(late[1], "{\"error\": {\"class\": \"GenericError\", \"desc\": \"this "
				   "connection is closed in favour of a newer one"));
	assert_true(is_closed(late[1]));
	say(late[0], "{\"execute\": \"works\"}");
	assert_string_equal(hear(late[0]), "{\"return\": {}}\r\n");
	/* One of the first leaves: the next in age is as safe as it was, idle or not. */
	close(fds[3]);
	serve();
	for (unsigned int i = 2; i < QMP_CLIENTS_LATE; i++)
		say(late[i], "{\"execute\": \"works\"}");
	say(next, "{\"execute\": \"works\"}");
	hear(late[2]);
	fds[3] = join_whole();
	close(late[1]);
	late[1] = join_whole();
	assert_true(hears(late[2], "in favour of a newer one"));
	say(late[0], "{\"execute\": \"works\"}");
	assert_string_equal(hear(late[0]), "{\"return\": {}}\r\n");
	close(next);
	leave_all(fds, QMP_CLIENTS_MAX + QMP_CLIENTS_LATE);
}

/* What accept4() fails with, or 0; and how often it has been called. */
static int accept_error;
static unsigned int accepts;

/* The library's, whose callers want no address here; and it may fail. */
int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
	accepts++;
	if (accept_error) {
		errno = accept_error;

		return -1;
	}

	return (int)syscall(SYS_accept4, fd, NULL, NULL, flags);
}

static void without_descriptors_a_client_is_told_so(void **state)
{
	const int other = join_whole();
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
	qmp_path(dir_fd, &address);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	serve();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(hears(
		fd, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"dormouse cannot open "
		    "another file"));
	assert_true(is_closed(fd));
	close(fd);
	say(other, "{\"execute\": \"works\"}");
	assert_true(hears(other, "return"));
	close(other);
	fd = join_whole();
	close(fd);
}

/* serve() ends only if the server is at rest, with a client that waits. */
static void without_memory_a_client_waits_and_the_server_rests(void **state)
{
	struct pollfd fd = { .fd = qmp_server_fd(server), .events = POLLIN };
	int client;

	accept_error = ENOMEM;
	accepts = 0;
	client = join();
	assert_int_equal(accepts, 1);
	accept_error = 0;
	while (accepts < 2) {
		assert_int_equal(poll(&fd, 1, 60000), 1);
		qmp_server_run(server);
	}
	assert_true(hears(client, "{\"QMP\""));
	close(client);
}

static void the_socket_is_its_owners_alone(void **state)
{
	struct stat status;

	assert_int_equal(fstatat(dir_fd, QMP_SOCKET, &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void one_that_was_left_behind_is_replaced(void **state)
{
	struct error error = { "" };
	struct sockaddr_un address;
	const int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd;

	qmp_server_close(server);
	qmp_path(dir_fd, &address);
	assert_int_equal(bind(left, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(left);
	assert_int_equal(qmp_server_open(&server, dir_fd, "vm", &commands, &error), 0);
	fd = join();
	assert_true(hears(fd, "QMP"));
	close(fd);
}

/* --- dormouse's own end --- */

static void *serve_until_told(void *context)
{
	const int *stop_fd = context;
	struct pollfd fds[] = {
		{ .fd = *stop_fd, .events = POLLIN },
		{ .fd = qmp_server_fd(server), .events = POLLIN },
	};

	while (poll(fds, 2, -1) > 0 && !(fds[0].revents & POLLIN))
		qmp_server_run(server);

	return NULL;
}

struct served {
	pthread_t thread;
	int stop_fd;
	struct qmp_call call;
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
	assert_int_equal(qmp_call_open(&s.call, dir_fd, "vm", QMP_CALL_FOREVER, &s.error), 0);
	assert_int_equal(qmp_call_execute(&s.call, "works", NULL, NULL, &s.error), 0);
	assert_int_equal(qmp_call_execute(&s.call, "tells", NULL, "HAPPENED", &s.error), 0);
	assert_int_equal(qmp_call_execute(&s.call, "fails", NULL, NULL, &s.error), -EREMOTEIO);
	assert_string_equal(s.error.text, "it rains");
	assert_int_equal(qmp_call_execute(&s.call, "fly", NULL, NULL, &s.error), -EREMOTEIO);
	qmp_call_close(&s.call);
	end_serving(&s);
}

static void a_call_ends_when_its_time_is_up(void **state)
{
	struct served s;

	/* Connected, since the kernel does that, and never served. */
	assert_int_equal(qmp_call_open(&s.call, dir_fd, "vm", 0, &s.error), -ETIMEDOUT);
	scratch_says(&s.error, "vm", "in time");
}

static void a_call_ends_with_the_server(void **state)
{
	struct served s;
	json_t *message = NULL;

	begin_serving(&s);
	assert_int_equal(qmp_call_open(&s.call, dir_fd, "vm", QMP_CALL_FOREVER, &s.error), 0);
	end_serving(&s);
	tell("LAST");
	qmp_server_close(server);
	assert_int_equal(qmp_call_next(&s.call, &message, &s.error), 0);
	assert_string_equal(json_string_value(json_object_get(message, "event")), "LAST");
	json_decref(message);
	assert_int_equal(qmp_call_next(&s.call, &message, &s.error), -EPIPE);
	scratch_says(&s.error, "vm", "has ended");
	assert_int_equal(qmp_call_execute(&s.call, "works", NULL, NULL, &s.error), -EPIPE);
	qmp_call_close(&s.call);
	assert_int_equal(qmp_call_open(&s.call, dir_fd, "vm", 1, &s.error), -ENOENT);
	server = NULL;
}

/* What the server said before it closed the connection is not lost on who writes next. */
static void a_call_hears_why_it_was_turned_away(void **state)
{
	struct served s;
	int fds[QMP_CLIENTS_MAX + QMP_CLIENTS_LATE];

	join_all(fds, QMP_CLIENTS_MAX);
	begin_serving(&s);
	assert_int_equal(qmp_call_open(&s.call, dir_fd, "vm", QMP_CALL_FOREVER, &s.error), 0);
	end_serving(&s);
	join_all(&fds[QMP_CLIENTS_MAX], QMP_CLIENTS_LATE);
	assert_int_equal(qmp_call_execute(&s.call, "works", NULL, NULL, &s.error), -EREMOTEIO);
	scratch_says(&s.error, "connection", "in favour of a newer one");
	qmp_call_close(&s.call);
	leave_all(fds, QMP_CLIENTS_MAX + QMP_CLIENTS_LATE);
}

static void a_call_ends_with_the_reader_of_what_it_is_for(void **state)
{
	struct served s;
	json_t *message = NULL;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	begin_serving(&s);
	assert_int_equal(qmp_call_open(&s.call, dir_fd, "vm", QMP_CALL_FOREVER, &s.error), 0);
	s.call.reader_fd = ends[1];
	close(ends[0]);
	assert_int_equal(qmp_call_next(&s.call, &message, &s.error), -EBADF);
	scratch_says(&s.error, "standard output", "nothing reads");
	close(ends[1]);
	qmp_call_close(&s.call);
	end_serving(&s);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(clients_are_greeted_and_answered_each),
		CASE(a_message_may_come_in_pieces),
		CASE(events_reach_all_that_have_negotiated),
		CASE(who_never_reads_is_let_go_and_others_are_served),
		CASE(who_never_reads_is_not_listened_to),
		CASE(a_gigabyte_without_a_newline_is_one_error),
		CASE(nesting_without_an_end_is_one_error),
		CASE(who_leaves_within_a_message_is_forgotten),
		CASE(who_stops_speaking_hears_the_answers),
		CASE(what_was_sent_before_the_client_left_is_carried_out),
		CASE(all_of_many_commands_is_carried_out_for_a_client_that_left),
		CASE(an_unfinished_message_is_answered_at_the_end),
		CASE(a_command_always_gets_in),
		CASE(the_longest_idle_of_the_late_is_told_why_it_has_to_go),
		CASE(without_descriptors_a_client_is_told_so),
		CASE(without_memory_a_client_waits_and_the_server_rests),
		CASE(the_socket_is_its_owners_alone),
		CASE(one_that_was_left_behind_is_replaced),
		CASE(a_call_is_carried_out_or_refused),
		CASE(a_call_ends_when_its_time_is_up),
		CASE(a_call_ends_with_the_server),
		CASE(a_call_hears_why_it_was_turned_away),
		CASE(a_call_ends_with_the_reader_of_what_it_is_for),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
