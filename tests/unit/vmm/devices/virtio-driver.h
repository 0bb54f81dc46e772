/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of virtio, for tests: RAM with one split virtqueue in it, and ways to
 * write any value into it, valid or not. Written from virtio 1.2, not from the device's
 * code.
 */
#ifndef TESTS_VIRTIO_DRIVER_H
#define TESTS_VIRTIO_DRIVER_H

#include "board/memory.h"
#include "devices/virtio/mmio.h"
#include "devices/virtio/queue.h"

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#define DRIVER_RAM_SIZE (8ULL << 20)
#define DRIVER_RAM_END (MEMORY_BASE + DRIVER_RAM_SIZE)

/* Where the queue's three parts are, a place for indirect tables, and one for data. */
#define DRIVER_DESCRIPTORS (MEMORY_BASE + 0x1000)
#define DRIVER_AVAILABLE (MEMORY_BASE + 0x3000)
#define DRIVER_USED (MEMORY_BASE + 0x4000)
#define DRIVER_INDIRECT (MEMORY_BASE + 0x8000)
#define DRIVER_DATA (MEMORY_BASE + 0x10000)

struct driver {
	struct memory memory;
	uint64_t offset; /**< How far the queue's parts are from the addresses above. */
	uint32_t queue; /**< Its number among the device's queues. */
	uint16_t size;
	uint16_t available; /**< Chains made available so far. */
	uint16_t used; /**< Chains collected so far. */
};

/** RAM with an empty queue of @size descriptors. Asserts that it can be had. */
void driver_create(struct driver *driver, uint16_t size);
void driver_destroy(struct driver *driver);

/** Another queue, with that number, in the RAM of @driver, which it must not outlive. */
void driver_add_queue(struct driver *other, const struct driver *driver, uint32_t queue);

/** Back to an empty queue, as after a reset of the device. */
void driver_restart(struct driver *driver);

/** How to set the queue up, without optional features. */
struct virtqueue_setup driver_setup(const struct driver *driver);

/** The host's address of a guest physical address; asserts that it is RAM. */
void *driver_at(const struct driver *driver, uint64_t address, uint64_t size);

/** Write a descriptor, in the queue's table or an indirect one at @table. */
void driver_describe(const struct driver *driver, uint64_t table, uint16_t index,
		     struct vring_desc desc);

/** Make the chain that begins at @head available. */
void driver_offer(struct driver *driver, uint16_t head);

/** Claim that @index chains were made available. */
void driver_set_available(const struct driver *driver, uint16_t index);

/** Take the next used chain. Returns false if there is none. */
bool driver_collect(struct driver *driver, struct vring_used_elem *used);

/** The fields of VIRTIO_RING_F_EVENT_IDX and the flags of either side. */
void driver_set_used_event(const struct driver *driver, uint16_t index);
uint16_t driver_avail_event(const struct driver *driver);
void driver_set_flags(const struct driver *driver, uint16_t flags);
uint16_t driver_device_flags(const struct driver *driver);

/** Access a register of 32 bits. */
uint32_t driver_get(struct virtio_mmio *mmio, uint64_t offset);
void driver_set(struct virtio_mmio *mmio, uint64_t offset, uint32_t value);

/**
 * Initialise a device as virtio 1.2, Device Initialization, prescribes, up to
 * FEATURES_OK, accepting VERSION_1 and @features. Returns whether that was agreed.
 */
bool driver_negotiate(struct virtio_mmio *mmio, uint64_t features);

/** The rest: set up the queue and DRIVER_OK; or the queue alone. */
void driver_start(const struct driver *driver, struct virtio_mmio *mmio);
void driver_start_queue(const struct driver *driver, struct virtio_mmio *mmio);

#endif
