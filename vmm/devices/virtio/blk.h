/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-blk: a disk for the guest (virtio 1.2, Block Device).
 *
 * One thread for each disk carries out one request after the other, holding the
 * transport's lock (virtio/mmio.h) while it moves data between the image and
 * the guest's memory, in pieces of up to 32 MiB. Flushing, discarding and
 * writing zeros may take the host minutes and does not access the guest's
 * memory: the thread does that without the lock, so that no vCPU waits for it
 * in a device register, nor a stop, a reset or the end of the machine for that
 * vCPU. What needs the image idle, blk_drain() and virtio_mmio_freeze(), waits.
 * No other thread accesses the image or the queue. All signals are blocked in
 * the thread.
 *
 * There are several queues (VIRTIO_BLK_F_MQ), so that vCPUs need not wait for
 * each other to submit. The thread serves them in turn, one request of each:
 * none can keep another waiting. It is one thread, and the transport has one
 * interrupt, so more queues would gain nothing. Requests in different queues
 * are in no order, as the standard says; a flush covers the requests that were
 * answered before it was made available, in whichever queue. A driver that did
 * not accept the feature has queue 0.
 *
 * A flush is answered when the data is durable. If the driver did not accept
 * VIRTIO_BLK_F_FLUSH, so is every write; else the first BLK_EARLY_WRITES after
 * a reset are. A failure of the host's is an I/O error to the guest and has no
 * other effect. But once the host has failed to make data durable, which is
 * reported once, every later flush fails, and so does blk_drain().
 */
#ifndef VMM_VIRTIO_BLK_H
#define VMM_VIRTIO_BLK_H

#include "board/memory.h"
#include "devices/virtio/mmio.h"
#include "host/disk.h"

#include <linux/virtio_blk.h>
#include <pthread.h>
#include <stdint.h>

/**
 * How many writes after a reset are durable when they are answered: the one by
 * which a kernel uses up a hibernation image, and what LVM or RAID write before.
 */
#define BLK_EARLY_WRITES 8

/** CPUs submit without waiting for each other. */
#define BLK_QUEUES 4

struct blk {
	struct virtio_mmio mmio; /**< First. */
	struct disk *disk;
	char *name; /**< Constant: "disk PATH", for messages. */
	struct virtio_blk_config space; /**< Constant once vCPUs run. */
	struct virtqueue_chain chain; /**< The request in flight; the thread's. */
	bool dropped; /**< It was dropped, by a reset while its thread was away; the thread's. */
	bool loss_reported; /**< It was reported that data is not durable; the thread's. */
	unsigned int turn; /**< The queue that is served next; the thread's. */
	_Atomic uint64_t requests; /**< Taken so far. */
	uint64_t resets; /**< mmio.resets at the last write; the thread's. */
	unsigned int early_writes; /**< How many writes are still early; the thread's. */
	int stop_fd;
	pthread_t thread;
};

/** The board's device: a machine has one for each disk of its configuration. */
extern const struct device_ops blk_ops;

/**
 * Make a disk and start its thread. Before any vCPU runs.
 *
 * @blk: storage; must not move
 * @disk: open; must outlive it; its thread uses disk_sync()
 * @memory: the guest's RAM; must outlive it
 * @report, @context: as in struct virtio_mmio_config; also called, at most
 *   once, if written data could not be made durable
 *
 * Returns 0 or -errno.
 */
int blk_create(struct blk *blk, struct disk *disk, const struct memory *memory,
	       void (*report)(void *context, const char *message), void *context);

/**
 * Stop the thread, waiting for a request in flight, and free everything except
 * the disk.
 */
void blk_destroy(struct blk *blk);

/**
 * Quiesce, wait for the request in flight to complete or to be dropped, and
 * flush. Afterwards no I/O is in flight, and there is none until the machine is
 * reset or virtio_mmio_unquiesce(). No vCPU may run.
 *
 * Requests that were reported as complete are complete, and this makes them
 * durable. The one in flight may complete fully, partly or not at all, as in a
 * power failure, and is never reported. This is safe: the driver has not been
 * told that it completed, and an orderly shutdown has no request in flight.
 *
 * Returns 0, or the -errno of disk_sync(): then data may be lost, whether or
 * not the driver received an error.
 */
int blk_drain(struct blk *blk);

#endif
