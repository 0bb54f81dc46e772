/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* With this much unsent no further message is heard: the rest is for events. */
#define OUTPUT_BUSY (QMP_CLIENT_OUTPUT / 2)

/* Bytes heard before others have their turn. */
#define INPUT_CHUNK 4096

/* --- output --- */

/* A client that takes nothing more may still have sent what is not read yet. */
static void flush(struct qmp_client *client)
{
	size_t sent = 0;

	while (sent < client->pending && !client->deaf) {
		const ssize_t n = send(client->fd, client->output + sent, client->pending - sent,
				       MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			client->deaf = true;
	}
	client->pending = client->deaf ? 0 : client->pending - sent;
	memmove(client->output, client->output + sent, client->pending);
}

static bool queue(struct qmp_client *client, const char *bytes, size_t size)
{
	if (size > QMP_CLIENT_OUTPUT - client->pending)
		return false;
	memcpy(client->output + client->pending, bytes, size);
	client->pending += size;

	return true;
}

static void send_line(struct qmp_client *client, const char *text)
{
	if (client->deaf)
		return;
	if (text && queue(client, text, strlen(text)) && queue(client, "\r\n", 2)) {
		flush(client);
		return;
	}
	client->lost = true;
	(void)shutdown(client->fd, SHUT_RDWR);
}

void qmp_client_send(struct qmp_client *client, const json_t *json)
{
	char *text = qmp_text(json);

	send_line(client, text);
	free(text);
}

/* --- input --- */

static bool refuse(struct qmp_client *client, const char *why)
{
	json_t *error = qmp_error("GenericError", why);

	qmp_client_send(client, error);
	json_decref(error);

	return !client->lost;
}

static bool handle(struct qmp_client *client, const struct qmp_commands *commands,
		   enum qmp_scan_result result)
{
	char *answer;

	if (result == QMP_SCAN_MORE)
		return true;
	client->messages++;
	if (result == QMP_SCAN_TOO_LONG)
		return refuse(client, "the message is too long");
	if (result == QMP_SCAN_TOO_DEEP)
		return refuse(client, "the message is nested too deeply");
	answer = qmp_answer(commands, &client->negotiated, client->scan.text, client->scan.size);
	send_line(client, answer);
	free(answer);

	return !client->lost;
}

static bool hear(struct qmp_client *client, const struct qmp_commands *commands)
{
	char bytes[INPUT_CHUNK];
	const ssize_t count = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (count < 0)
		return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
	if (count == 0) {
		/* It may have closed its own end only, and read on. */
		client->input_ended = true;
		return handle(client, commands, qmp_scan_end(&client->scan)) && client->pending > 0;
	}
	for (ssize_t i = 0; i < count; i++) {
		if (!handle(client, commands, qmp_scan(&client->scan, bytes[i])))
			return false;
	}

	return true;
}

static bool is_heard(const struct qmp_client *client)
{
	return !client->input_ended && client->pending < OUTPUT_BUSY;
}

bool qmp_client_serve(struct qmp_client *client, const struct qmp_commands *commands)
{
	if (client->lost)
		return false;
	flush(client);
	if (client->input_ended)
		return client->pending > 0;

	return !is_heard(client) || hear(client, commands);
}

short qmp_client_events(const struct qmp_client *client)
{
	return (short)((is_heard(client) ? POLLIN : 0) | (client->pending > 0 ? POLLOUT : 0));
}

/* --- the client --- */

int qmp_client_open(struct qmp_client *client, int fd)
{
	char *output = malloc(QMP_CLIENT_OUTPUT);
	json_t *greeting = qmp_greeting();

	if (!output || !greeting) {
		free(output);
		json_decref(greeting);

		return -ENOMEM;
	}
	memset(client, 0, sizeof(*client));
	client->fd = fd;
	client->output = output;
	qmp_client_send(client, greeting);
	json_decref(greeting);

	return 0;
}

void qmp_client_close(struct qmp_client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	free(client->output);
	client->fd = -1;
	client->output = NULL;
}
