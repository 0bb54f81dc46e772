/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transport of virtio devices: virtio 1.2, Virtio Over MMIO, version 2.
 *
 * A device begins with a struct virtio_mmio, waits on notify_fd in a thread of
 * its own, and serves its queues holding the lock, one request at a time:
 *
 *	lock; if virtio_mmio_running(): pop, carry out, push; unlock
 *
 * vCPUs take the lock too when they access anything but the interrupt and
 * notification registers. So once a reset has the lock no request is in flight,
 * and it gets the lock soon: status is 0 already, which stops the device's
 * thread at its next request. A request that takes long checks
 * virtio_mmio_running() now and then, and is dropped if that is false: a vCPU
 * that waits for the lock cannot be kicked.
 *
 * Work that may take the host any time and does not access the guest's memory
 * is done without the lock, between virtio_mmio_leave() and
 * virtio_mmio_return(). Meanwhile the request is the thread's: it has been
 * popped, and its chain is a copy. The queues, registers and the guest's memory
 * are not the thread's then: vCPUs may use registers, reset the device and
 * start it again. virtio_mmio_return() reports whether they have: then the
 * request was another driver's, or an earlier one of this driver, and neither
 * its memory nor its ring is accessed any more.
 *
 * KVM may write notify_fd (ioeventfd on VIRTIO_MMIO_QUEUE_NOTIFY, 4 bytes, any
 * value) and read irq_fd (irqfd on the edge-triggered SPI); without the former,
 * the write comes through the bus and has this effect, too.
 */
#ifndef VMM_VIRTIO_MMIO_H
#define VMM_VIRTIO_MMIO_H

#include "base/stream.h"
#include "board/device.h"
#include "board/memory.h"
#include "devices/virtio/queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_MMIO_QUEUES_MAX 6
/** VendorID: "DRMS". */
#define VIRTIO_MMIO_VENDOR_ID 0x534d5244

struct virtio_mmio;

/** Everything that is fixed for the device's life. */
struct virtio_mmio_config {
	const char *name; /**< For messages; must outlive the device. */
	const struct memory *memory; /**< Must outlive the device. */
	uint32_t device_id; /**< VIRTIO_ID_*. */
	uint64_t features; /**< Of its type; those of ring and transport are added. */
	unsigned int queue_count; /**< 1 to VIRTIO_MMIO_QUEUES_MAX. */
	/**
	 * The configuration space; must outlive the device. It is constant once
	 * vCPUs run, unless @space_varies: then it changes with the lock held,
	 * and virtio_mmio_space_changed() follows.
	 */
	const void *space;
	size_t space_size;
	bool space_varies;
	/**
	 * A part of @space that only advises the driver and depends on the
	 * host, such as an alignment, or that varies: it is saved with the
	 * state. Or NULL.
	 */
	void *advice;
	size_t advice_size;
	/**
	 * Called, at most once between two resets of the machine, when the
	 * guest broke the protocol; may be NULL. A reset by the driver does not
	 * count, or a guest could flood the log. Called with the lock held,
	 * from the device's or a vCPU's thread: must not call the device.
	 */
	void (*report)(void *context, const char *message);
	void *context; /**< For @report. */
	/**
	 * The registers are about to be reset, by the driver or, at @power_on,
	 * with the machine; the queues are still set up. With the lock held;
	 * @mmio is the device. Or NULL.
	 */
	void (*before_reset)(struct virtio_mmio *mmio, bool power_on);
};

struct virtio_mmio {
	struct virtio_mmio_config config; /**< Constant. */
	int notify_fd; /**< Constant. Readable when the driver notified, or started, the device. */
	int irq_fd; /**< Constant. Written once for each interrupt. */
	atomic_uint status;
	atomic_uint interrupt_status;
	atomic_uint generation; /**< ConfigGeneration. */
	/**
	 * From virtio_mmio_quiesce() to the next reset or
	 * virtio_mmio_unquiesce().
	 */
	atomic_bool quiesced;
	pthread_mutex_t lock; /**< Guards all below, and the queues' contents. */
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint64_t driver_features;
	bool reported;
	bool away; /**< The device's thread has left a request for the time being. */
	pthread_cond_t returned; /**< The thread has returned. */
	uint64_t resets; /**< How often registers were reset. */
	struct virtqueue_setup setup[VIRTIO_MMIO_QUEUES_MAX];
	struct virtqueue queues[VIRTIO_MMIO_QUEUES_MAX];
};

/* As in struct device_ops, of a device that begins with its virtio_mmio. */
uint64_t virtio_mmio_read(void *self, uint64_t offset, unsigned int size);
void virtio_mmio_write(void *self, uint64_t offset, uint64_t value, unsigned int size);
void virtio_mmio_reset(void *self);

/**
 * Make a device in its state after power-on. Returns 0 or -errno. Before any
 * vCPU runs.
 */
int virtio_mmio_create(struct virtio_mmio *mmio, const struct virtio_mmio_config *config);

/** Free what virtio_mmio_create() took. No thread may use it any more. */
void virtio_mmio_destroy(struct virtio_mmio *mmio);

/**
 * Whether the queues may be served: the driver is up, no error has occurred and
 * the device is not quiesced. With the lock held, or away, where it is a hint.
 */
bool virtio_mmio_running(const struct virtio_mmio *mmio);

/** The features that the device offers, with those of ring and transport. */
uint64_t virtio_mmio_offered(const struct virtio_mmio *mmio);

/**
 * Whether the driver accepted a feature, given by its bit number. With the lock
 * held.
 */
bool virtio_mmio_has(const struct virtio_mmio *mmio, unsigned int feature);

/** Interrupt the driver: a queue has used buffers. From any thread. */
void virtio_mmio_interrupt(struct virtio_mmio *mmio);

/**
 * The configuration space has changed: interrupt the driver, if it is up. With
 * the lock held.
 */
void virtio_mmio_space_changed(struct virtio_mmio *mmio);

/**
 * The guest broke the protocol: set DEVICE_NEEDS_RESET, interrupt the driver,
 * report. The device does nothing more until it is reset. With the lock held.
 *
 * @reason: what the guest did, e.g. "a descriptor lies outside RAM"
 */
void virtio_mmio_fail(struct virtio_mmio *mmio, const char *reason);

/**
 * Begin no request until the machine is reset or virtio_mmio_unquiesce(),
 * whatever the driver does. The driver does not notice: registers keep their
 * values. Nothing is taken back from the used ring; the request in flight, if
 * there is one, may be dropped. vCPUs may run. Call it without the lock: the
 * thread that holds the lock releases it the sooner.
 */
void virtio_mmio_quiesce(void *self);

/**
 * Undo virtio_mmio_quiesce(), if that was called, and have the device look at
 * its queues: after a restore, requests waited in memory that was not loaded
 * yet.
 */
void virtio_mmio_unquiesce(void *self);

/**
 * Release the lock for a time, with a request in flight that does not access
 * the guest's memory meanwhile. From the device's thread, with the lock held.
 * Returns what virtio_mmio_return() takes.
 */
uint64_t virtio_mmio_leave(struct virtio_mmio *mmio);

/**
 * Take the lock again. Returns whether the request is still the driver's: else
 * it is dropped, and no memory of the guest's is accessed for it.
 */
bool virtio_mmio_return(struct virtio_mmio *mmio, uint64_t left);

/**
 * Wait for a request whose thread is away. With the lock held, which is
 * released meanwhile.
 */
void virtio_mmio_await(struct virtio_mmio *mmio);

/**
 * Keep the device from its queues until virtio_mmio_thaw(): wait for the
 * request in flight, also for one whose thread is away, then keep the lock. No
 * vCPU runs.
 */
void virtio_mmio_freeze(void *self);
void virtio_mmio_thaw(void *self);

/** How many chains the driver of a frozen device was given back, modulo 65,536 for a queue. */
uint64_t virtio_mmio_given(const void *self);

/**
 * Serialize the state of a device that is frozen. State is loaded into one in
 * its state after power-on but quiesced, whose rings are in memory that need
 * not be loaded yet; virtio_mmio_unquiesce() is called once it is. Returns
 * false if this device differs from the saved one in features or in its
 * configuration space, which the driver knows, apart from what only advises the
 * driver.
 */
bool virtio_mmio_serialize(struct virtio_mmio *mmio, struct stream *stream);

#endif
