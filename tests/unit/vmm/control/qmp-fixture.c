/* SPDX-License-Identifier: BSD-3-Clause */
#include "qmp-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/qmp/command.h"
#include "control/qmp/path.h"
#include "support/scratch.h"

struct qmp_server *qmp_server;
int qmp_dir_fd;

/* --- the server's commands --- */

static json_t *works(void *context, const char *argument, struct error *error)
{
	return json_object();
}

static json_t *fails(void *context, const char *argument, struct error *error)
{
	error_set(error, -1, "it rains");

	return NULL;
}

void qmp_tell(const char *name)
{
	json_t *event = json_pack("{s:s}", "event", name);

	qmp_server_send_event(qmp_server, event);
	json_decref(event);
}

/* It sends an event before its answer. */
static json_t *tells(void *context, const char *argument, struct error *error)
{
	qmp_tell("HAPPENED");

	return json_object();
}

/* As an agent in a guest may. */
static json_t *has_nul(void *context, const char *argument, struct error *error)
{
	return json_pack("{s:s#}", "return", "a\0b", 3);
}

/* Likewise. */
static json_t *nests(void *context, const char *argument, struct error *error)
{
	json_t *json = json_array();

	for (unsigned int i = 0; i < 1024; i++)
		json = json_pack("[o]", json);

	return json;
}

unsigned int qmp_counted;

static json_t *counts(void *context, const char *argument, struct error *error)
{
	qmp_counted++;

	return json_object();
}

struct qmp_pending *qmp_begun;
unsigned int qmp_cancelled;

static int begin(void *context, const json_t *arguments, struct qmp_pending *pending,
		 struct error *error)
{
	if (qmp_begun)
		return error_set(error, -EBUSY, "one at a time");
	qmp_begun = pending;

	return 0;
}

static void cancel(void *context, struct qmp_pending *pending)
{
	assert_ptr_equal(pending, qmp_begun);
	qmp_begun = NULL;
	qmp_cancelled++;
}

void qmp_end(json_t *value)
{
	struct qmp_pending *pending = qmp_begun;

	assert_non_null(pending);
	qmp_begun = NULL;
	qmp_pending_end(pending, value, "it snows");
	qmp_serve();
}

static const struct qmp_command rows[] = {
	{ .name = "works", .execute = works },
	{ .name = "fails", .execute = fails },
	{ .name = "tells", .execute = tells },
	{ .name = "counts", .execute = counts },
	{ .name = "later", .begin = begin, .cancel = cancel },
	{ .name = "has-nul", .execute = has_nul },
	{ .name = "nests", .execute = nests },
};
const struct qmp_commands qmp_served = { rows, sizeof(rows) / sizeof(rows[0]), NULL };

int qmp_set_up(void **state)
{
	struct error error = { "" };

	qmp_dir_fd = open(scratch_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(qmp_dir_fd >= 0);
	if (qmp_server_open(&qmp_server, qmp_dir_fd, "vm", &qmp_served, &error) < 0)
		fail_msg("%s", error.text);

	return 0;
}

int qmp_tear_down(void **state)
{
	qmp_server_close(qmp_server);
	assert_int_equal(faccessat(qmp_dir_fd, QMP_SOCKET, F_OK, 0), -1);
	close(qmp_dir_fd);

	return 0;
}

void qmp_serve(void)
{
	struct pollfd fd = { .fd = qmp_server_fd(qmp_server), .events = POLLIN };

	while (poll(&fd, 1, 0) > 0)
		qmp_server_run(qmp_server);
}

/* --- clients --- */

int qmp_join(void)
{
	struct sockaddr_un address;
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	qmp_path(qmp_dir_fd, &address);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	qmp_serve();

	return fd;
}

void qmp_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	qmp_serve();
}

/* All that the client has been sent by now. */
const char *qmp_hear(int fd)
{
	static char text[1 << 16];
	const ssize_t size = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[size > 0 ? size : 0] = '\0';

	return text;
}

bool qmp_hears(int fd, const char *part)
{
	return strstr(qmp_hear(fd), part) != NULL;
}

/* Greeted and negotiated. */
int qmp_join_whole(void)
{
	const int fd = qmp_join();

	qmp_say(fd, "{\"execute\": \"qmp_capabilities\"}");
	assert_true(qmp_hears(fd, "\"return\""));

	return fd;
}

void qmp_join_all(int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		fds[i] = qmp_join_whole();
}

void qmp_leave_all(const int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
	qmp_serve();
}

/* This holds however many of them do nothing. */
