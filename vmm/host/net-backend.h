/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's side of a network device: where frames go and come from.
 *
 * A backend is used by one thread at a time, its device's. To connect and to
 * disconnect, to set offloads and to destroy it may wait for the host; nothing
 * else does. It is connected or not; while it is not, it has no descriptor.
 */
#ifndef VMM_NET_BACKEND_H
#define VMM_NET_BACKEND_H

#include "base/error.h"
#include "host/net-frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/** The most pieces in which a frame can be sent. */
#define NET_BACKEND_PARTS_MAX 256

struct net_backend;

/** A kind of backend. */
struct net_backend_ops {
	/** See net_backend_connect() and the others. */
	int (*connect)(struct net_backend *backend, struct error *error);
	void (*disconnect)(struct net_backend *backend);
	int (*send)(struct net_backend *backend, const struct virtio_net_hdr_v1 *header,
		    const struct iovec *parts, unsigned int count, size_t size);
	int (*flush)(struct net_backend *backend);
	int (*receive)(struct net_backend *backend, struct net_frame *frame, struct error *error);
	/** NULL: the kind has no offloads. */
	int (*set_offloads)(struct net_backend *backend, uint64_t features);
	/** NULL, both: its peer says nothing. */
	int (*said_fd)(const struct net_backend *backend);
	void (*listen)(struct net_backend *backend);
	void (*destroy)(struct net_backend *backend);
};

/** Private, except @fd, @name, @path and @connects_later, which are to be read. */
struct net_backend {
	const struct net_backend_ops *ops;
	int fd; /**< -1: not connected. */
	const char *name; /**< For messages, such as "tap0". */
	const char *path; /**< Of the Unix socket that it connects to, or NULL. */
	/**
	 * Its peer may come later. Otherwise a backend that cannot connect at
	 * first cannot be used; nor can one that fails with -ENAMETOOLONG.
	 */
	bool connects_later;
};

/**
 * Connect a backend that is not. Returns 0, or -errno with @error set to a
 * sentence's end: "cannot ...". -ECHILD: see struct net_stream_source.
 */
int net_backend_connect(struct net_backend *backend, struct error *error);

/** Close the connection, if there is one. What was not sent is lost. */
void net_backend_disconnect(struct net_backend *backend);

/**
 * Send a frame.
 *
 * @header: what is left to do, with num_buffers 0; for a kind without offloads
 *   all zero
 * @parts, @count: the frame, in up to NET_BACKEND_PARTS_MAX pieces
 * @size: of all of them; NET_FRAME_MIN to NET_FRAME_MAX
 *
 * Returns 0 if the frame was taken; -EAGAIN if there is no room for it now, and
 * there will be when the descriptor is writable; another -errno if the frame is
 * lost. Whether the connection is, net_backend_receive() reports. If memory of
 * the guest is lost, so is the machine (memory-error.h).
 */
int net_backend_send(struct net_backend *backend, const struct virtio_net_hdr_v1 *header,
		     const struct iovec *parts, unsigned int count, size_t size);

/**
 * Send what is left of a frame that was taken. Returns 0, or -EAGAIN if some is
 * left: then to wait until the descriptor is writable.
 */
int net_backend_flush(struct net_backend *backend);

/**
 * Receive a frame, into memory that is the backend's until the next call.
 * Returns 1 with @frame set, 0 if there is none now, or -errno with @error set
 * if the connection is lost or the peer cannot be understood: then to
 * disconnect.
 */
int net_backend_receive(struct net_backend *backend, struct net_frame *frame, struct error *error);

/**
 * What a driver accepts in frames, of VIRTIO_NET_F_GUEST_*, as bits. Returns 0
 * or -errno.
 */
int net_backend_set_offloads(struct net_backend *backend, uint64_t features);

/**
 * A descriptor that is readable when the peer has said something for messages,
 * connected or not; then to call net_backend_listen(). -1: none.
 */
int net_backend_said_fd(const struct net_backend *backend);
void net_backend_listen(struct net_backend *backend);

/** Disconnect and free. NULL has no effect. */
void net_backend_destroy(struct net_backend *backend);

#endif
