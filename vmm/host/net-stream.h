/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network's backend that is a stream socket to another program, in the
 * protocol of QEMU's -netdev stream: of each frame its length, 32 bits and
 * big-endian, then the frame. There are no offloads.
 *
 * The peer is not trusted: what it sends is bounded, and if it sends a length
 * that no frame has, the connection ends.
 */
#ifndef VMM_NET_STREAM_H
#define VMM_NET_STREAM_H

#include "host/net-backend.h"

/** How much of a frame's front is judged: the headers of Ethernet and of IPv6. */
#define NET_STREAM_FRONT 54

/** Where connections come from, and what their peer may be sent. */
struct net_stream_source {
	/**
	 * Make a connection. Returns a stream socket, which the caller closes,
	 * or -errno with @error set. It may wait for the host, as for the start
	 * of a program. From the thread of the backend. -ECHILD: the peer that
	 * there was has ended, and @error says why, which is to be reported; the
	 * next attempt may follow at once.
	 */
	int (*connect)(void *context, struct error *error);
	/** Longer frames are not sent, but lost; 0: NET_FRAME_MAX. */
	size_t frame_max;
	/**
	 * Whether a frame may be sent, of which @front are the first @size bytes:
	 * all, or NET_STREAM_FRONT. They are a copy, and are what is sent. Another
	 * frame is lost. NULL: each may be.
	 */
	bool (*may_pass)(const uint8_t *front, size_t size);
	/** As in struct net_backend_ops; both NULL: the peer says nothing. */
	int (*said_fd)(const void *context);
	void (*listen)(void *context);
	/** Free @context; may be NULL. */
	void (*destroy)(void *context);
	void *context;
};

/**
 * Make a backend that connects to the Unix socket at @path. Returns it, not
 * connected, or NULL if memory ran out.
 */
struct net_backend *net_stream_create(const char *path);

/**
 * Make a backend that gets its connections from @source, which is copied, and
 * destroyed with it; @name is for messages, and is copied. Returns NULL if
 * memory ran out, and then @source is the caller's.
 */
struct net_backend *net_stream_create_from(const struct net_stream_source *source,
					   const char *name);

#endif
