/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* With this much unsent no further message is read: the rest is for events. */
#define OUTPUT_BUSY (QMP_CONNECTION_OUTPUT / 2)

/* --- output --- */

/* A client that no longer receives may still have sent unread data. */
static void flush(struct qmp_connection *connection)
{
	size_t sent = 0;

	while (sent < connection->pending && !connection->deaf) {
		const ssize_t n = send(connection->fd, connection->output + sent,
				       connection->pending - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			connection->deaf = true;
	}
	connection->pending = connection->deaf ? 0 : connection->pending - sent;
	memmove(connection->output, connection->output + sent, connection->pending);
}

static bool queue(struct qmp_connection *connection, const char *bytes, size_t size)
{
	if (size > QMP_CONNECTION_OUTPUT - connection->pending)
		return false;
	memcpy(connection->output + connection->pending, bytes, size);
	connection->pending += size;

	return true;
}

static void send_line(struct qmp_connection *connection, const char *text)
{
	if (connection->deaf)
		return;
	if (text && queue(connection, text, strlen(text)) && queue(connection, "\r\n", 2)) {
		flush(connection);
		return;
	}
	connection->lost = true;
	(void)shutdown(connection->fd, SHUT_RDWR);
}

void qmp_connection_send(struct qmp_connection *connection, const json_t *json)
{
	char *text = qmp_text(json);

	send_line(connection, text);
	free(text);
}

/* --- input --- */

static bool refuse(struct qmp_connection *connection, const char *why)
{
	json_t *error = qmp_error("GenericError", why);

	qmp_connection_send(connection, error);
	json_decref(error);

	return !connection->lost;
}

static bool handle(struct qmp_connection *connection, const struct qmp_commands *commands,
		   enum qmp_scan_result result)
{
	char *answer;

	if (result == QMP_SCAN_MORE)
		return true;
	connection->messages++;
	if (result == QMP_SCAN_TOO_LONG)
		return refuse(connection, "the message is too long");
	if (result == QMP_SCAN_TOO_DEEP)
		return refuse(connection, "the message is nested too deeply");
	answer = qmp_answer_or_begin(commands, &connection->negotiated, &connection->later,
				     connection->scan.text, connection->scan.size);
	if (connection->later.command)
		return true;
	send_line(connection, answer);
	free(answer);

	return !connection->lost;
}

/* Up to a command whose answer comes later. */
static bool handle_input(struct qmp_connection *connection, const struct qmp_commands *commands)
{
	while (connection->input_count > 0 && !connection->later.command) {
		const char byte = connection->input[connection->input_first++];

		connection->input_count--;
		if (!handle(connection, commands, qmp_scan(&connection->scan, byte)))
			return false;
	}

	return true;
}

static bool has_work(const struct qmp_connection *connection)
{
	return connection->pending > 0 || connection->later.command;
}

static bool read_messages(struct qmp_connection *connection, const struct qmp_commands *commands)
{
	const ssize_t count =
		recv(connection->fd, connection->input, sizeof(connection->input), MSG_DONTWAIT);

	if (count < 0)
		return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
	if (count == 0) {
		/* It may have closed only its own end, and still read. */
		connection->input_ended = true;
		return handle(connection, commands, qmp_scan_end(&connection->scan)) &&
		       has_work(connection);
	}
	connection->input_first = 0;
	connection->input_count = (size_t)count;

	return handle_input(connection, commands);
}

static bool is_read(const struct qmp_connection *connection)
{
	return !connection->input_ended && connection->pending < OUTPUT_BUSY &&
	       !connection->later.command;
}

/* Whether the client is gone: it has closed both directions. */
static bool is_gone(const struct qmp_connection *connection)
{
	struct pollfd client = { .fd = connection->fd };

	return poll(&client, 1, 0) > 0;
}

/*
 * Send an answer that came later, or give it up if the client is gone, and handle what was
 * read behind its command.
 */
static bool go_on(struct qmp_connection *connection, const struct qmp_commands *commands)
{
	if (!connection->later.command)
		return true;
	if (connection->later.ended)
		send_line(connection, connection->later.answer);
	else if (!is_gone(connection))
		return true;
	qmp_pending_clear(&connection->later);

	return !connection->lost && handle_input(connection, commands);
}

bool qmp_connection_serve(struct qmp_connection *connection, const struct qmp_commands *commands)
{
	if (connection->lost)
		return false;
	flush(connection);
	if (!go_on(connection, commands))
		return false;
	if (connection->input_ended)
		return has_work(connection);

	return !is_read(connection) || read_messages(connection, commands);
}

short qmp_connection_events(const struct qmp_connection *connection)
{
	return (short)((is_read(connection) ? POLLIN : 0) |
		       (connection->pending > 0 ? POLLOUT : 0));
}

/* --- the client --- */

int qmp_connection_open(struct qmp_connection *connection, int fd, int wake_fd)
{
	char *output = malloc(QMP_CONNECTION_OUTPUT);
	json_t *greeting = qmp_greeting();

	if (!output || !greeting) {
		free(output);
		json_decref(greeting);

		return -ENOMEM;
	}
	/* Not the buffers: what is not touched takes no memory. */
	memset(connection, 0, offsetof(struct qmp_connection, scan.text));
	connection->fd = fd;
	connection->later.wake_fd = wake_fd;
	connection->output = output;
	qmp_connection_send(connection, greeting);
	json_decref(greeting);

	return 0;
}

void qmp_connection_close(struct qmp_connection *connection)
{
	if (connection->fd < 0)
		return;
	qmp_pending_clear(&connection->later);
	close(connection->fd);
	free(connection->output);
	connection->fd = -1;
	connection->output = NULL;
}
