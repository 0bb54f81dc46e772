/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/qmp/connection.h"
#include "control/qmp/path.h"
#include "host/listener.h"

#define CLIENTS (QMP_CLIENTS_MAX + QMP_CLIENTS_LATE)

/* The numbers of epoll events that are not a client's. */
#define LISTENER CLIENTS
#define LATER (CLIENTS + 1)

static const char no_descriptor[] =
	"{\"error\": {\"class\": \"GenericError\", \"desc\": \"dormouse cannot "
	"open another file, and so cannot serve this client\"}}\r\n";
static const char no_memory[] =
	"{\"error\": {\"class\": \"GenericError\", \"desc\": \"dormouse has no memory for this "
	"client\"}}\r\n";
static const char replaced[] =
	"this connection is closed for a newer one: all connections are in use, "
	"and this one was idle for the longest time";

struct slot {
	/* Times of the server's clock, which counts clients' actions; 0: there is no client. */
	unsigned long joined, active;
	struct qmp_connection *connection; /* Constant. */
};

struct qmp_server {
	int dir_fd;
	const struct qmp_commands *commands;
	int epoll_fd;
	int later_fd; /* An eventfd: a command has ended whose answer came later. */
	struct listener listener;
	unsigned long clock;
	struct slot slots[CLIENTS];
	struct qmp_connection connections[CLIENTS]; /* Of the slots. */
};

static int watch(const struct qmp_server *server, int op, int fd, uint32_t number, short events)
{
	/* EPOLLIN and EPOLLOUT are POLLIN and POLLOUT. */
	struct epoll_event event = { .events = (uint32_t)events, .data.u32 = number };

	return epoll_ctl(server->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

static bool is_open(const struct slot *slot)
{
	return slot->joined > 0;
}

/* How many have been there for longer. */
static unsigned int seniors(const struct qmp_server *server, const struct slot *slot)
{
	unsigned int count = 0;

	for (size_t i = 0; i < CLIENTS; i++)
		count += is_open(&server->slots[i]) && server->slots[i].joined < slot->joined;

	return count;
}

/* A free slot, or the one that has to be vacated. */
static struct slot *choose(struct qmp_server *server)
{
	struct slot *chosen = NULL;

	for (size_t i = 0; i < CLIENTS; i++) {
		struct slot *slot = &server->slots[i];

		if (!is_open(slot))
			return slot;
		if (seniors(server, slot) >= QMP_CLIENTS_MAX &&
		    (!chosen || slot->active < chosen->active))
			chosen = slot;
	}

	return chosen;
}

static void vacate(struct slot *slot)
{
	qmp_connection_close(slot->connection);
	slot->joined = 0;
}

static void make_way(struct slot *slot)
{
	json_t *error = qmp_error("GenericError", replaced);

	qmp_connection_send(slot->connection, error);
	json_decref(error);
	vacate(slot);
}

static void take_in(struct qmp_server *server)
{
	const int fd = listener_accept(&server->listener, no_descriptor);
	struct slot *slot;
	int err;

	if (fd < 0)
		return;
	slot = choose(server);
	if (is_open(slot))
		make_way(slot);
	err = watch(server, EPOLL_CTL_ADD, fd, (uint32_t)(slot - server->slots), POLLIN);
	if (!err)
		err = qmp_connection_open(slot->connection, fd, server->later_fd);
	if (err) {
		listener_refuse(fd, no_memory);
		return;
	}
	slot->joined = slot->active = ++server->clock;
}

/* After each action for a client. epoll always reports a hang-up. */
static void watch_client(const struct qmp_server *server, uint32_t number)
{
	const struct qmp_connection *connection = server->slots[number].connection;

	(void)watch(server, EPOLL_CTL_MOD, connection->fd, number,
		    qmp_connection_events(connection));
}

static void serve_client(struct qmp_server *server, uint32_t number)
{
	struct slot *slot = &server->slots[number];
	struct qmp_connection *connection = slot->connection;
	const unsigned long messages = connection->messages;

	if (!qmp_connection_serve(connection, server->commands)) {
		vacate(slot);
		return;
	}
	if (connection->messages != messages)
		slot->active = ++server->clock;
	watch_client(server, number);
}

static void serve_ended(struct qmp_server *server)
{
	eventfd_t count;

	(void)eventfd_read(server->later_fd, &count);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		if (is_open(&server->slots[i]) && server->slots[i].connection->later.ended)
			serve_client(server, i);
	}
}

void qmp_server_run(struct qmp_server *server)
{
	struct epoll_event events[CLIENTS + 2];
	const int ready = epoll_wait(server->epoll_fd, events, CLIENTS + 2, 0);

	for (int i = 0; i < ready; i++) {
		const uint32_t number = events[i].data.u32;

		if (number == LISTENER)
			take_in(server);
		else if (number == LATER)
			serve_ended(server);
		else if (is_open(&server->slots[number]))
			serve_client(server, number);
	}
}

void qmp_server_send_event(struct qmp_server *server, const json_t *event)
{
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct qmp_connection *connection = server->slots[i].connection;

		if (!is_open(&server->slots[i]) || !connection->negotiated)
			continue;
		qmp_connection_send(connection, event);
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
	int err;

	qmp_path(server->dir_fd, &address);
	server->listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A socket's mode before it is bound becomes that of its file. */
	if (server->listener.fd < 0 || fchmod(server->listener.fd, S_IRUSR | S_IWUSR) < 0)
		return -errno;
	if (unlinkat(server->dir_fd, QMP_SOCKET, 0) < 0 && errno != ENOENT)
		return -errno;
	if (bind(server->listener.fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server->listener.fd, SOMAXCONN) < 0)
		return -errno;
	err = listener_open(&server->listener);

	if (!err)
		err = watch(server, EPOLL_CTL_ADD, listener_fd(&server->listener), LISTENER,
			    POLLIN);

	return err ? err : watch(server, EPOLL_CTL_ADD, server->later_fd, LATER, POLLIN);
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
	server->listener = LISTENER_CLOSED;
	for (size_t i = 0; i < CLIENTS; i++)
		server->slots[i].connection = &server->connections[i];
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->later_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = server->epoll_fd < 0 || server->later_fd < 0 ? -errno : listen_in(server);
	if (err) {
		qmp_server_close(server);

		return error_set(error, err, "cannot create the control socket of %s: %s", name,
				 strerror(-err));
	}
	*result = server;

	return 0;
}

void qmp_server_close(struct qmp_server *server)
{
	if (!server)
		return;
	if (server->listener.fd >= 0)
		(void)unlinkat(server->dir_fd, QMP_SOCKET, 0);
	listener_close(&server->listener);
	for (size_t i = 0; i < CLIENTS; i++)
		if (is_open(&server->slots[i]))
			vacate(&server->slots[i]);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	if (server->later_fd >= 0)
		close(server->later_fd);
	free(server);
}
