/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A split virtqueue, from the device's side (virtio 1.2, Split Virtqueues).
 *
 * The guest may write any value into the rings at any time. Every value is
 * copied first and checked then; an invalid one makes the queue faulty, which
 * it stays until it is set up again.
 *
 * A queue has no lock: its owner, a virtio device, guards it with its own.
 */
#ifndef VMM_VIRTIO_QUEUE_H
#define VMM_VIRTIO_QUEUE_H

#include "base/stream.h"
#include "board/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/**
 * The largest queue and the longest descriptor chain, indirect descriptors
 * included.
 */
#define VIRTQUEUE_SIZE_MAX 256

/** What the driver sets up. */
struct virtqueue_setup {
	uint32_t size; /**< In descriptors. */
	uint64_t descriptors; /**< Guest physical addresses of the three parts. */
	uint64_t driver; /**< Also called the available ring. */
	uint64_t device; /**< Also called the used ring. */
	bool event_idx; /**< VIRTIO_RING_F_EVENT_IDX was negotiated. */
	bool indirect; /**< VIRTIO_RING_F_INDIRECT_DESC was negotiated. */
};

/** Private, except @ready, @fault, @size, @next_used and @published. */
struct virtqueue {
	bool ready; /**< Between virtqueue_start() and virtqueue_stop(). */
	const char *fault; /**< What the guest did wrong, or NULL. A constant string. */
	const struct memory *memory;
	uint16_t size;
	bool event_idx;
	bool indirect;
	uint16_t next_available; /**< Free-running, as in the rings. */
	uint16_t next_used;
	uint16_t published; /**< What the driver can see of it. */
	uint16_t looked; /**< As far as it has looked, at least: at most @size behind. */
	bool quiet; /**< The driver was told not to notify; without EVENT_IDX only. */
	const uint8_t *descriptors;
	uint8_t *driver;
	uint8_t *device;
};

/**
 * One chain of descriptors, which the guest cannot change; it can change the
 * bytes that they name.
 */
struct virtqueue_chain {
	uint16_t head;
	unsigned int readable_count; /**< The first of @parts, which the device reads. */
	unsigned int writable_count; /**< Those after them, which the device writes. */
	uint64_t readable_size; /**< In bytes. Both sizes together are less than 4 GiB. */
	uint64_t writable_size;
	struct iovec parts[VIRTQUEUE_SIZE_MAX];
};

/**
 * Set up a queue that is not ready. Returns 0, or -EPROTO if the guest's setup
 * is invalid: then @queue->fault says why and the queue is not ready.
 */
int virtqueue_start(struct virtqueue *queue, const struct memory *memory,
		    const struct virtqueue_setup *setup);

/** Reset a queue. Allowed for one that is not ready or faulty. */
void virtqueue_stop(struct virtqueue *queue);

/**
 * Take the next chain that the driver made available, from a queue that is
 * ready.
 *
 * Returns 1 with @chain filled; 0 if there is none, and then the driver will
 * notify when there is; -EPROTO if the queue is or has become faulty.
 */
int virtqueue_pop(struct virtqueue *queue, struct virtqueue_chain *chain);

/**
 * Whether there is a chain to pop, which stays where it is. Returns as
 * virtqueue_pop().
 */
int virtqueue_peek(struct virtqueue *queue);

/**
 * Put the last @count chains that were popped back, in front of all others.
 * None of them, and none popped since, was given back to the driver.
 */
void virtqueue_unpop(struct virtqueue *queue, uint16_t count);

/**
 * Give a chain back to the driver.
 *
 * @head: of the chain
 * @written: how many bytes of its writable part were written, from its start on
 *
 * Returns whether the driver wants an interrupt for it.
 */
bool virtqueue_push(struct virtqueue *queue, uint16_t head, uint32_t written);

/**
 * The same in two steps: the driver sees none of the chains that are put before
 * they are published, and then sees all of them at once.
 */
void virtqueue_put(struct virtqueue *queue, uint16_t head, uint32_t written);

/** Returns whether the driver wants an interrupt for any of them. */
bool virtqueue_publish(struct virtqueue *queue);

/**
 * How many of the chains that were published last the driver has not looked at,
 * at most: while it polls it does not say with EVENT_IDX how far it has come. 0 if
 * that was not negotiated. It is never more than were published since the queue
 * was set up or loaded, nor than @queue->size, whatever the driver says.
 */
uint16_t virtqueue_unseen(const struct virtqueue *queue);

/**
 * Read again the chain at @head, which was given back and which the driver has
 * not looked at. Returns 0 with @chain as it is in memory now, or -EPROTO if the
 * guest has changed it to something invalid; the queue does not become faulty.
 */
int virtqueue_reread(const struct virtqueue *queue, uint16_t head, struct virtqueue_chain *chain);

/**
 * Serialize a queue and what its driver has set up. It is loaded into a queue
 * that is not ready; if no driver could have started the saved queue, that
 * fails.
 */
void virtqueue_serialize(struct virtqueue *queue, struct virtqueue_setup *setup,
			 const struct memory *memory, struct stream *stream);

#endif
