/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-rng: the host's randomness for the guest (virtio 1.2, Entropy Device).
 *
 * It has no thread: requests are rare and short, so that a thread that waits
 * for many descriptors can serve it among them.
 */
#ifndef VMM_VIRTIO_RNG_H
#define VMM_VIRTIO_RNG_H

#include "board/memory.h"
#include "devices/virtio/mmio.h"

#include <stdint.h>

struct rng {
	struct virtio_mmio mmio; /**< First. */
	struct virtqueue_chain chain; /**< The request in flight; guarded by mmio.lock. */
};

/** The board's device, in the last slot. */
extern const struct device_ops rng_ops;

/**
 * Make the device. Before any vCPU runs.
 *
 * @rng: storage; must not move
 * @memory: the guest's RAM; must outlive it
 * @report, @context: as in struct virtio_mmio_config
 *
 * Returns 0 or -errno.
 */
int rng_create(struct rng *rng, const struct memory *memory,
	       void (*report)(void *context, const char *message), void *context);

void rng_destroy(struct rng *rng);

/**
 * The descriptor that becomes readable when rng_serve() must be called. It
 * never changes.
 */
int rng_fd(const struct rng *rng);

/**
 * Answer requests: some if there are many, and then rng_fd() stays readable.
 * Does not block. From one thread.
 */
void rng_serve(struct rng *rng);

#endif
