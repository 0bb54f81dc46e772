/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/main-loop.h"
#include "control/qmp/path.h"

static int64_t now(void)
{
	return (int64_t)(main_loop_now() / 1000);
}

/* Wait until there is something to read. Returns 0 or -errno. */
static int wait_for_input(const struct qmp_client *client)
{
	struct pollfd fds[] = {
		{ .fd = client->fd, .events = POLLIN },
		{ .fd = client->reader_fd },
	};

	for (;;) {
		const int64_t left =
			client->deadline == QMP_CLIENT_FOREVER ? -1 : client->deadline - now();
		int ready;

		if (client->deadline != QMP_CLIENT_FOREVER && left <= 0)
			return -ETIMEDOUT;
		ready = poll(fds, 2, (int)left);
		if (ready > 0)
			return fds[0].revents ? 0 : -EBADF;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
}

/* Returns 0, -EPIPE at the end, or another -errno. */
static int receive(struct qmp_client *client)
{
	ssize_t count;
	const int err = wait_for_input(client);

	if (err)
		return err;
	do
		count = recv(client->fd, client->bytes, sizeof(client->bytes), 0);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	client->first = 0;
	client->count = (size_t)count;

	return count ? 0 : -EPIPE;
}

static int fail(const struct qmp_client *client, int err, struct error *error)
{
	if (err == -ETIMEDOUT)
		return error_set(error, err, "the dormouse that runs %s has not answered in time",
				 client->name);
	if (err == -EPIPE)
		return error_set(error, err, "%s has ended", client->name);
	if (err == -EBADF)
		return error_set(error, err, "nothing reads standard output any more");

	return error_set(error, err, "cannot communicate with the dormouse that runs %s: %s",
			 client->name, strerror(-err));
}

/* If the message is an error, return that instead. */
static int refusal(json_t **message, struct error *error)
{
	const json_t *json = json_object_get(*message, "error");
	const char *description = json_string_value(json_object_get(json, "desc"));

	if (!json)
		return 0;
	error_set(error, -EREMOTEIO, "%s", description ? description : "an error without a reason");
	json_decref(*message);
	*message = NULL;

	return -EREMOTEIO;
}

int qmp_client_next(struct qmp_client *client, json_t **message, struct error *error)
{
	for (;;) {
		while (client->first < client->count) {
			const enum qmp_scan_result result =
				qmp_scan(&client->scan, client->bytes[client->first++]);

			if (result == QMP_SCAN_MORE)
				continue;
			/* Too long, or nested too deeply, as an agent's answer may be. */
			if (result != QMP_SCAN_MESSAGE)
				return fail(client, -EPROTO, error);
			/* An agent's answer is passed on, and is read as agent-reader.c does. */
			*message = json_loadb(client->scan.text, client->scan.size, JSON_ALLOW_NUL,
					      NULL);

			return *message ? refusal(message, error) : fail(client, -EPROTO, error);
		}

		const int err = receive(client);

		if (err)
			return fail(client, err, error);
	}
}

static int send_command(const struct qmp_client *client, const char *command,
			const json_t *arguments, struct error *error)
{
	json_t *json = json_pack("{s:s}", "execute", command);
	char *text;
	size_t size;
	int err = 0;

	if (arguments)
		(void)json_object_set_new(json, "arguments", json_deep_copy(arguments));
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text)
		return fail(client, -ENOMEM, error);
	size = strlen(text);
	/*
	 * A socket without pending output accepts so little at once. A closed
	 * one may hold messages that dormouse sent before: these are to be read
	 * first.
	 */
	if (send(client->fd, text, size, MSG_NOSIGNAL) != (ssize_t)size && errno != EPIPE &&
	    errno != ECONNRESET)
		err = fail(client, -EIO, error);
	free(text);

	return err;
}

int qmp_client_execute(struct qmp_client *client, const char *command, const json_t *arguments,
		       const char *event, struct error *error)
{
	bool answered = false;
	bool happened = !event;
	int err = send_command(client, command, arguments, error);

	while (!err && !(answered && happened)) {
		json_t *message = NULL;
		const char *name;

		err = qmp_client_next(client, &message, error);
		if (err)
			break;
		name = json_string_value(json_object_get(message, "event"));
		if (json_object_get(message, "return"))
			answered = true;
		else if (name && event && strcmp(name, event) == 0)
			happened = true;
		json_decref(message);
	}

	return err;
}

int qmp_client_ask(struct qmp_client *client, const char *command, const json_t *arguments,
		   json_t **value, struct error *error)
{
	int err = send_command(client, command, arguments, error);

	for (*value = NULL; !err && !*value;) {
		json_t *message = NULL;

		err = qmp_client_next(client, &message, error);
		*value = json_incref(json_object_get(message, "return"));
		json_decref(message);
	}

	return err;
}

static int greet(struct qmp_client *client, struct error *error)
{
	json_t *greeting = NULL;
	const int err = qmp_client_next(client, &greeting, error);

	json_decref(greeting);

	return err ? err : qmp_client_execute(client, "qmp_capabilities", NULL, NULL, error);
}

/*
 * connect() waits while a dormouse that is stopped has too many pending
 * connections.
 */
static void limit_connect(const struct qmp_client *client, int seconds)
{
	const struct timeval limit = { .tv_sec = seconds };

	if (seconds > 0)
		(void)setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

int qmp_client_open(struct qmp_client *client, int dir_fd, const char *name, int seconds,
		    struct error *error)
{
	struct sockaddr_un address;
	int err;

	memset(client, 0, sizeof(*client));
	client->name = name;
	client->deadline = seconds == QMP_CLIENT_FOREVER ? QMP_CLIENT_FOREVER
							 : now() + (int64_t)seconds * 1000;
	client->reader_fd = -1;
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return fail(client, -errno, error);
	limit_connect(client, seconds);
	qmp_path(dir_fd, &address);
	if (connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		err = fail(client, errno == EAGAIN ? -ETIMEDOUT : -errno, error);
	else
		err = greet(client, error);
	if (err)
		qmp_client_close(client);

	return err;
}

void qmp_client_close(struct qmp_client *client)
{
	close(client->fd);
	client->fd = -1;
}
