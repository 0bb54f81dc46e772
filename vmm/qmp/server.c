/* SPDX-License-Identifier: BSD-3-Clause */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/client.h"
#include "qmp/path.h"

/* What an event of epoll is about, if not the client of that number. */
#define LISTENER QMP_CLIENTS_MAX

struct qmp_server {
	int dir_fd;
	const struct qmp_commands *commands;
	int epoll_fd;
	int listener;
	unsigned int client_count;
	struct qmp_client clients[QMP_CLIENTS_MAX];
};

static int watch(const struct qmp_server *server, int op, int fd, uint32_t number, short events)
{
	/* EPOLLIN and EPOLLOUT are POLLIN and POLLOUT. */
	struct epoll_event event = { .events = (uint32_t)events, .data.u32 = number };

	return epoll_ctl(server->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

/* With as many clients as there may be, others wait for one to leave. */
static void watch_listener(const struct qmp_server *server)
{
	const bool has_room = server->client_count < QMP_CLIENTS_MAX;

	(void)watch(server, EPOLL_CTL_MOD, server->listener, LISTENER, has_room ? POLLIN : 0);
}

static void take_in(struct qmp_server *server)
{
	const int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	uint32_t number = 0;

	/* Gone again. */
	if (fd < 0)
		return;
	while (number < QMP_CLIENTS_MAX && server->clients[number].fd >= 0)
		number++;
	if (number == QMP_CLIENTS_MAX || watch(server, EPOLL_CTL_ADD, fd, number, POLLIN) < 0 ||
	    qmp_client_open(&server->clients[number], fd) < 0) {
		close(fd);
		return;
	}
	server->client_count++;
	watch_listener(server);
}

static void let_go(struct qmp_server *server, struct qmp_client *client)
{
	qmp_client_close(client);
	server->client_count--;
	watch_listener(server);
}

/* After anything has been done with a client. That it hangs up is always heard of. */
static void watch_client(const struct qmp_server *server, uint32_t number)
{
	const struct qmp_client *client = &server->clients[number];

	(void)watch(server, EPOLL_CTL_MOD, client->fd, number, qmp_client_events(client));
}

static void serve_client(struct qmp_server *server, uint32_t number)
{
	struct qmp_client *client = &server->clients[number];

	if (qmp_client_serve(client, server->commands))
		watch_client(server, number);
	else
		let_go(server, client);
}

void qmp_server_run(struct qmp_server *server)
{
	struct epoll_event events[QMP_CLIENTS_MAX + 1];
	const int ready = epoll_wait(server->epoll_fd, events, QMP_CLIENTS_MAX + 1, 0);

	for (int i = 0; i < ready; i++) {
		const uint32_t number = events[i].data.u32;

		if (number == LISTENER)
			take_in(server);
		else
			serve_client(server, number);
	}
}

void qmp_server_tell(struct qmp_server *server, const json_t *event)
{
	for (uint32_t i = 0; i < QMP_CLIENTS_MAX; i++) {
		struct qmp_client *client = &server->clients[i];

		if (client->fd < 0 || !client->negotiated)
			continue;
		qmp_client_send(client, event);
		watch_client(server, i);
	}
}

int qmp_server_fd(const struct qmp_server *server)
{
	return server ? server->epoll_fd : -1;
}

static int listen_in(struct qmp_server *server)
{
	struct sockaddr_un address;

	qmp_path(server->dir_fd, &address);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A socket's mode before it is bound becomes that of its file. */
	if (server->listener < 0 || fchmod(server->listener, S_IRUSR | S_IWUSR) < 0)
		return -errno;
	if (unlinkat(server->dir_fd, QMP_SOCKET, 0) < 0 && errno != ENOENT)
		return -errno;
	if (bind(server->listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server->listener, SOMAXCONN) < 0)
		return -errno;

	return watch(server, EPOLL_CTL_ADD, server->listener, LISTENER, POLLIN);
}

int qmp_server_open(struct qmp_server **result, int dir_fd, const char *name,
		    const struct qmp_commands *commands, struct error *error)
{
	struct qmp_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return error_set(error, -ENOMEM, "out of memory");
	server->dir_fd = dir_fd;
	server->commands = commands;
	server->listener = -1;
	for (size_t i = 0; i < QMP_CLIENTS_MAX; i++)
		server->clients[i].fd = -1;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = server->epoll_fd < 0 ? -errno : listen_in(server);
	if (err) {
		qmp_server_close(server);

		return error_set(error, err, "cannot have a control socket for %s: %s", name,
				 strerror(-err));
	}
	*result = server;

	return 0;
}

void qmp_server_close(struct qmp_server *server)
{
	if (!server)
		return;
	if (server->listener >= 0) {
		close(server->listener);
		(void)unlinkat(server->dir_fd, QMP_SOCKET, 0);
	}
	for (size_t i = 0; i < QMP_CLIENTS_MAX; i++)
		qmp_client_close(&server->clients[i]);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	free(server);
}
