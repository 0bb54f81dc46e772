/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that wait for the guest's driver, in the order in which they came. The
 * queue is bounded: while it is full, no frame is read from the network, and none is
 * taken back from the driver. It has no lock of its own.
 */
#ifndef VMM_VIRTIO_NET_KEEP_H
#define VMM_VIRTIO_NET_KEEP_H

#include "host/net-frame.h"

#include <stdbool.h>
#include <stddef.h>

#define NET_KEEP_FRAMES_MAX 256
#define NET_KEEP_BYTES_MAX (1U << 20)

struct net_kept;

/** Zero at first. Private, except @count and @bytes. */
struct net_keep {
	struct net_kept *first, **end;
	size_t count;
	size_t bytes; /**< Of all frames. */
};

/** Whether there may be no room for another frame. */
bool net_keep_is_full(const struct net_keep *keep);

/**
 * Add a copy of @frame to a queue that is not full. Returns false if there is no
 * memory for it.
 */
bool net_keep_add(struct net_keep *keep, const struct net_frame *frame);

/** The frame that came first, in memory of the queue's. It is not empty. */
struct net_frame net_keep_first(const struct net_keep *keep);

/** Drop that frame. */
void net_keep_drop(struct net_keep *keep);

/** Whether another frame, of @size bytes, may be added to @keep if it is to hold @other too. */
bool net_keep_fits(const struct net_keep *keep, const struct net_keep *other, size_t size);

/** Move all frames of @from, which is empty then, behind those of @keep. They fit. */
void net_keep_append(struct net_keep *keep, struct net_keep *from);

/** Drop all. */
void net_keep_clear(struct net_keep *keep);

#endif
