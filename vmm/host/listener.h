/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A listening Unix socket whose clients always get an answer: one that cannot
 * be accepted, for lack of file descriptors, is sent a sentence. If even that
 * is impossible, the listener retries after some time, not at once and for
 * ever.
 *
 * All functions belong to one thread.
 */
#ifndef VMM_LISTENER_H
#define VMM_LISTENER_H

/** Private, except fd. All -1 before listener_open(). */
struct listener {
	int fd; /**< The listening socket, nonblocking. The caller sets it up. */
	int epoll_fd;
	int spare_fd; /**< Closed for a moment when no other descriptor is free. */
	int timer_fd;
};

/* The initial value of a listener. */
#define LISTENER_CLOSED ((struct listener){ -1, -1, -1, -1 })

/** Begin to wait for clients of @listener->fd. Returns 0 or -errno. */
int listener_open(struct listener *listener);

/** Close all, including fd. Harmless if it is not open. */
void listener_close(struct listener *listener);

/** Becomes readable when listener_accept() must be called. */
int listener_fd(const struct listener *listener);

/**
 * Accept a client, close-on-exec. Returns its socket, or a negative value if
 * there is no client, or none that can be accepted: that one has been sent
 * @sentence.
 */
int listener_accept(struct listener *listener, const char *sentence);

/** Send @sentence to @client, as far as it accepts it at once, and close it. */
void listener_refuse(int client, const char *sentence);

#endif
