/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* How long a client waits that cannot be accepted at all. */
#define BACK_OFF_NS 100000000L

static int watch(const struct listener *listener, int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(listener->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

static int take_spare(struct listener *listener)
{
	listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return listener->spare_fd < 0 ? -errno : 0;
}

int listener_open(struct listener *listener)
{
	int err;

	listener->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	listener->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (listener->epoll_fd < 0 || listener->timer_fd < 0)
		return -errno;
	err = take_spare(listener);
	if (!err)
		err = watch(listener, EPOLL_CTL_ADD, listener->fd, EPOLLIN);
	if (!err)
		err = watch(listener, EPOLL_CTL_ADD, listener->timer_fd, EPOLLIN);

	return err;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void listener_close(struct listener *listener)
{
	close_if_open(listener->fd);
	close_if_open(listener->epoll_fd);
	close_if_open(listener->spare_fd);
	close_if_open(listener->timer_fd);
	*listener = LISTENER_CLOSED;
}

int listener_fd(const struct listener *listener)
{
	return listener->epoll_fd;
}

void listener_refuse(int client, const char *sentence)
{
	(void)send(client, sentence, strlen(sentence), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(client);
}

/* Poll the socket again after a while: it stays readable. */
static void back_off(const struct listener *listener)
{
	const struct itimerspec after = { .it_value = { .tv_nsec = BACK_OFF_NS } };

	(void)watch(listener, EPOLL_CTL_MOD, listener->fd, 0);
	(void)timerfd_settime(listener->timer_fd, 0, &after, NULL);
}

/*
 * Refuse the next client with the descriptor that is reserved for it. Returns
 * whether it worked.
 */
static bool refuse_next(struct listener *listener, const char *sentence)
{
	int client;

	close_if_open(listener->spare_fd);
	client = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	if (client >= 0)
		listener_refuse(client, sentence);
	(void)take_spare(listener);

	return client >= 0;
}

int listener_accept(struct listener *listener, const char *sentence)
{
	uint64_t expirations;
	int client;

	if (read(listener->timer_fd, &expirations, sizeof(expirations)) > 0)
		(void)watch(listener, EPOLL_CTL_MOD, listener->fd, EPOLLIN);
	client = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	if (client >= 0)
		return client;
	/* Gone again, or for the next time. */
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
		return -EAGAIN;
	if ((errno != EMFILE && errno != ENFILE) || !refuse_next(listener, sentence))
		back_off(listener);

	return -EMFILE;
}
