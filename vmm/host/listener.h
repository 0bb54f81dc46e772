/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A listening Unix socket whose clients are never left without a word: one that
 * cannot be accepted, for want of file descriptors, gets a sentence. If not even
 * that is possible, it is tried again after a while, not at once and for ever.
 *
 * All functions belong to one thread.
 */
#ifndef VMM_LISTENER_H
#define VMM_LISTENER_H

/** Private, but for fd. All -1 before listener_open(). */
struct listener {
	int fd; /**< The listening socket, nonblocking. The caller's to set up. */
	int epoll_fd;
	int spare_fd; /**< Given up for a moment when there is no other. */
	int timer_fd;
};

/* What a listener is before it is opened. */
#define LISTENER_CLOSED ((struct listener){ -1, -1, -1, -1 })

/** Begin to wait for clients of @listener->fd. Returns 0 or -errno. */
int listener_open(struct listener *listener);

/** Close all, fd as well. Harmless for one that is not open. */
void listener_close(struct listener *listener);

/** What becomes readable when listener_accept() is to be called. */
int listener_fd(const struct listener *listener);

/**
 * Accept a client, close-on-exec. Returns its socket, or a negative value if there
 * is none, or none that can be had: that one has been sent @sentence.
 */
int listener_accept(struct listener *listener, const char *sentence);

/** Send @sentence to @client as far as it takes it at once, and close it. */
void listener_refuse(int client, const char *sentence);

#endif
