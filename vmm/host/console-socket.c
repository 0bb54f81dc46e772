/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/console-socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/listener.h"

static const char turned_away[] = "dormouse: this console is in use by another client\r\n";

static const char not_read[] =
	"dormouse: the guest has not yet read the input of earlier clients of "
	"this console, and no more is kept\r\n";
static const char no_descriptor[] = "dormouse: this console cannot be used: dormouse cannot open "
				    "another file\r\n";

/*
 * Clients that have disconnected, and whose input the guest has not read
 * completely.
 */
#define GONE_MAX 8

/* The source of an epoll event. */
enum source {
	SOURCE_LISTENER,
	SOURCE_CLIENT,
	SOURCE_GONE,
};

struct console_socket {
	int epoll_fd;
	struct listener listener;
	struct sockaddr_un address;
	dev_t device; /* The identity of the socket at the path: only ours is removed. */
	ino_t inode;
	pthread_mutex_t lock; /* Guards all below. */
	int client; /* -1 while no client is connected. */
	bool input_ended; /* The client will send no more. */
	bool input_wanted;
	bool blocked; /* The client did not accept all pending output. */
	bool deaf; /* The client receives nothing more, but may have sent unread data. */
	bool gone_watched; /* The first of these is polled. */
	size_t gone_count;
	int gone[GONE_MAX]; /* In the order of disconnection: their input comes first. */
	size_t first, count; /* The ring of kept output. */
	uint8_t kept[CONSOLE_SOCKET_KEPT];
};

static int watch(const struct console_socket *s, int op, int fd, enum source source,
		 uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = source };

	return epoll_ctl(s->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

/*
 * Watch the client for the events that matter now; a hang-up always does. With
 * the lock held.
 */
static void watch_client(const struct console_socket *s)
{
	uint32_t events = 0;

	if (s->client < 0)
		return;
	if (s->input_wanted && !s->input_ended && s->gone_count == 0)
		events |= EPOLLIN;
	if (s->blocked)
		events |= EPOLLOUT;
	(void)watch(s, EPOLL_CTL_MOD, s->client, SOURCE_CLIENT, events);
}

/*
 * Only while its input is wanted: its hang-up would be reported for ever. With
 * the lock held.
 */
static void watch_gone(struct console_socket *s)
{
	const bool wanted = s->gone_count > 0 && s->input_wanted;

	if (wanted == s->gone_watched)
		return;
	s->gone_watched = wanted;
	(void)watch(s, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->gone[0], SOURCE_GONE, EPOLLIN);
}

/* With the lock held. */
static void lose_client(struct console_socket *s)
{
	close(s->client);
	s->client = -1;
	s->blocked = false;
	s->deaf = false;
}

/* --- output --- */

/* Keep a byte, replacing the oldest if the ring is full. With the lock held. */
static void keep(struct console_socket *s, uint8_t byte)
{
	s->kept[(s->first + s->count) % CONSOLE_SOCKET_KEPT] = byte;
	if (s->count < CONSOLE_SOCKET_KEPT)
		s->count++;
	else
		s->first = (s->first + 1) % CONSOLE_SOCKET_KEPT;
}

/* Whether there is a client to send to. With the lock held. */
static bool has_listener(const struct console_socket *s)
{
	return s->client >= 0 && !s->deaf;
}

/*
 * Send the kept output to the client, as far as it accepts it. A client that
 * receives nothing more is closed when it hangs up. With the lock held.
 */
static void flush(struct console_socket *s)
{
	s->blocked = false;
	while (has_listener(s) && s->count > 0 && !s->blocked) {
		const size_t end = CONSOLE_SOCKET_KEPT - s->first;
		const size_t size = s->count < end ? s->count : end;
		const ssize_t sent =
			send(s->client, s->kept + s->first, size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent >= 0) {
			s->first = (s->first + (size_t)sent) % CONSOLE_SOCKET_KEPT;
			s->count -= (size_t)sent;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			s->blocked = true;
		} else if (errno != EINTR) {
			s->deaf = true;
		}
	}
}

bool console_socket_send(struct console_socket *s, uint8_t byte)
{
	bool taken;

	pthread_mutex_lock(&s->lock);
	taken = !s->blocked;
	if (taken) {
		keep(s, byte);
		flush(s);
		if (s->blocked)
			watch_client(s);
	}
	pthread_mutex_unlock(&s->lock);

	return taken;
}

bool console_socket_is_sent(struct console_socket *s)
{
	bool sent;

	pthread_mutex_lock(&s->lock);
	flush(s);
	sent = !has_listener(s) || s->count == 0;
	pthread_mutex_unlock(&s->lock);

	return sent;
}

/* --- input --- */

/*
 * All that the first of those that have gone had sent is read. With the lock
 * held.
 */
static void forget_gone(struct console_socket *s)
{
	/* Closing it also ends its polling. */
	close(s->gone[0]);
	s->gone_watched = false;
	s->gone_count--;
	memmove(s->gone, s->gone + 1, s->gone_count * sizeof(s->gone[0]));
	watch_gone(s);
	watch_client(s);
}

/*
 * Returns how many bytes there were, 0 if it has sent no more. With the lock
 * held.
 */
static size_t receive_from_gone(struct console_socket *s, uint8_t *bytes, size_t size)
{
	ssize_t count;

	do
		count = recv(s->gone[0], bytes, size, MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	if (count <= 0)
		forget_gone(s);

	return count > 0 ? (size_t)count : 0;
}

/* With the lock held. */
static size_t receive_from_client(struct console_socket *s, uint8_t *bytes, size_t size)
{
	ssize_t count;

	if (s->client < 0 || s->input_ended)
		return 0;
	count = recv(s->client, bytes, size, MSG_DONTWAIT);
	if (count == 0) {
		/* It may still read; EPOLLHUP reports if not. */
		s->input_ended = true;
		watch_client(s);
	}
	if (count < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
		lose_client(s);

	return count > 0 ? (size_t)count : 0;
}

size_t console_socket_receive(struct console_socket *s, uint8_t *bytes, size_t size)
{
	size_t count = 0;

	pthread_mutex_lock(&s->lock);
	if (s->input_wanted && size > 0) {
		while (s->gone_count > 0 && count == 0)
			count = receive_from_gone(s, bytes, size);
		if (count == 0)
			count = receive_from_client(s, bytes, size);
	}
	pthread_mutex_unlock(&s->lock);

	return count;
}

void console_socket_want_input(struct console_socket *s, bool wanted)
{
	pthread_mutex_lock(&s->lock);
	if (wanted != s->input_wanted) {
		s->input_wanted = wanted;
		watch_gone(s);
		watch_client(s);
	}
	pthread_mutex_unlock(&s->lock);
}

/* --- clients --- */

/* With the lock held. */
static void take_in(struct console_socket *s)
{
	const int client = listener_accept(&s->listener, no_descriptor);

	if (client < 0)
		return;
	if (s->client >= 0 || s->gone_count == GONE_MAX) {
		listener_refuse(client, s->client >= 0 ? turned_away : not_read);
		return;
	}
	if (watch(s, EPOLL_CTL_ADD, client, SOURCE_CLIENT, 0) < 0) {
		listener_refuse(client, no_descriptor);
		return;
	}
	s->client = client;
	s->input_ended = false;
	flush(s);
	watch_client(s);
}

/* Whether it has sent unread data. With the lock held. */
static bool has_input(const struct console_socket *s)
{
	uint8_t byte;

	return !s->input_ended && recv(s->client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/*
 * It has hung up. The guest can read its remaining input later, while other
 * clients connect: there is room, or this one would not have been accepted.
 * With the lock held.
 */
static void let_client_go(struct console_socket *s)
{
	if (!has_input(s)) {
		lose_client(s);
		return;
	}
	(void)watch(s, EPOLL_CTL_DEL, s->client, SOURCE_CLIENT, 0);
	s->gone[s->gone_count++] = s->client;
	s->client = -1;
	s->blocked = false;
	s->deaf = false;
	watch_gone(s);
}

/* With the lock held. */
static void serve_client(struct console_socket *s, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR)) {
		let_client_go(s);
	} else {
		flush(s);
		watch_client(s);
	}
}

void console_socket_run(struct console_socket *s)
{
	struct epoll_event events[3];
	const int ready = epoll_wait(s->epoll_fd, events, 3, 0);

	pthread_mutex_lock(&s->lock);
	/* A client that disconnects makes room for the next. */
	for (int i = 0; i < ready; i++) {
		if (events[i].data.u32 == SOURCE_CLIENT && s->client >= 0)
			serve_client(s, events[i].events);
	}
	for (int i = 0; i < ready; i++) {
		if (events[i].data.u32 == SOURCE_LISTENER)
			take_in(s);
	}
	pthread_mutex_unlock(&s->lock);
}

int console_socket_fd(const struct console_socket *s)
{
	return s->epoll_fd;
}

/* --- the socket --- */

/* Whether the path is a socket on which no process listens. */
static bool is_abandoned(const struct sockaddr_un *address)
{
	struct stat status;
	int fd;
	int err = 0;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		err = errno;
	close(fd);

	return err == ECONNREFUSED;
}

static int bind_address(const struct console_socket *s)
{
	const struct sockaddr *address = (const struct sockaddr *)&s->address;

	if (bind(s->listener.fd, address, sizeof(s->address)) == 0)
		return 0;
	if (errno != EADDRINUSE || !is_abandoned(&s->address))
		return -errno;
	if (unlink(s->address.sun_path) < 0 ||
	    bind(s->listener.fd, address, sizeof(s->address)) < 0)
		return -errno;

	return 0;
}

static int listen_at(struct console_socket *s)
{
	struct stat status;
	int err;

	s->listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A socket's mode before it is bound becomes that of its file. */
	if (s->listener.fd < 0 || fchmod(s->listener.fd, S_IRUSR | S_IWUSR) < 0)
		return -errno;
	err = bind_address(s);
	if (err)
		return err;
	if (lstat(s->address.sun_path, &status) == 0) {
		s->device = status.st_dev;
		s->inode = status.st_ino;
	}
	if (listen(s->listener.fd, SOMAXCONN) < 0)
		return -errno;
	err = listener_open(&s->listener);

	return err ? err
		   : watch(s, EPOLL_CTL_ADD, listener_fd(&s->listener), SOURCE_LISTENER, EPOLLIN);
}

static int say(int err, const char *path, struct error *error)
{
	if (err == -EADDRINUSE)
		return error_set(
			error, err,
			"cannot create the console's socket %s: this path exists, and is not an "
			"abandoned socket",
			path);

	return error_set(error, err, "cannot create the console's socket %s: %s", path,
			 strerror(-err));
}

int console_socket_open(struct console_socket **socket, const char *path, struct error *error)
{
	const size_t length = strlen(path);
	struct console_socket *s;
	int err;

	if (length >= sizeof(s->address.sun_path))
		return error_set(
			error, -ENAMETOOLONG,
			"cannot create the console's socket %s: a socket's path has at most %zu "
			"bytes",
			path, sizeof(s->address.sun_path) - 1);
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(error, -ENOMEM, "out of memory");
	s->address.sun_family = AF_UNIX;
	memcpy(s->address.sun_path, path, length + 1);
	s->listener = LISTENER_CLOSED;
	s->client = -1;
	s->input_wanted = true;
	pthread_mutex_init(&s->lock, NULL);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = s->epoll_fd < 0 ? -errno : listen_at(s);
	if (err) {
		console_socket_close(s);

		return say(err, path, error);
	}
	*socket = s;

	return 0;
}

/* Unless another file is there now. */
static void remove_path(const struct console_socket *s)
{
	struct stat status;

	if (s->inode && lstat(s->address.sun_path, &status) == 0 && status.st_dev == s->device &&
	    status.st_ino == s->inode)
		(void)unlink(s->address.sun_path);
}

void console_socket_close(struct console_socket *s)
{
	remove_path(s);
	if (s->client >= 0) {
		flush(s);
		if (s->client >= 0)
			close(s->client);
	}
	for (size_t i = 0; i < s->gone_count; i++)
		close(s->gone[i]);
	listener_close(&s->listener);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
