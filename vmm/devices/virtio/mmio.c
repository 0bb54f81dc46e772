/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/mmio.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#define VIRTIO_MMIO_NO_LEGACY
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAGIC 0x74726976 /* "virt" */
#define VERSION 2

#define BIT(number) (1ULL << (number))
#define COMMON_FEATURES \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX))

uint64_t virtio_mmio_offered(const struct virtio_mmio *mmio)
{
	return mmio->config.features | COMMON_FEATURES;
}

bool virtio_mmio_has(const struct virtio_mmio *mmio, unsigned int feature)
{
	return (mmio->driver_features & BIT(feature)) != 0;
}

bool virtio_mmio_running(const struct virtio_mmio *mmio)
{
	unsigned int status = atomic_load(&mmio->status);

	return (status & VIRTIO_CONFIG_S_DRIVER_OK) && !(status & VIRTIO_CONFIG_S_NEEDS_RESET) &&
	       !atomic_load(&mmio->quiesced);
}

static void interrupt(struct virtio_mmio *mmio, unsigned int reason)
{
	/*
	 * This is done each time, though the bit may be set already: a driver
	 * may acknowledge it after it has looked at the queues for the last
	 * time.
	 */
	atomic_fetch_or(&mmio->interrupt_status, reason);
	(void)eventfd_write(mmio->irq_fd, 1);
}

void virtio_mmio_interrupt(struct virtio_mmio *mmio)
{
	interrupt(mmio, VIRTIO_MMIO_INT_VRING);
}

/* Report a fault to the user, once. With the lock held. */
static void report(struct virtio_mmio *mmio, const char *reason)
{
	char text[1024];

	if (mmio->reported || !mmio->config.report)
		return;

	mmio->reported = true;
	snprintf(text, sizeof(text), "%s: the guest's driver broke the protocol, %s",
		 mmio->config.name, reason);
	mmio->config.report(mmio->config.context, text);
}

void virtio_mmio_fail(struct virtio_mmio *mmio, const char *reason)
{
	unsigned int status = atomic_fetch_or(&mmio->status, VIRTIO_CONFIG_S_NEEDS_RESET);

	report(mmio, reason);
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		interrupt(mmio, VIRTIO_MMIO_INT_CONFIG);
}

/*
 * Return to the state that a driver finds when it has written 0 to Status. With
 * the lock held.
 */
static void reset_registers(struct virtio_mmio *mmio)
{
	mmio->device_features_sel = 0;
	mmio->driver_features_sel = 0;
	mmio->queue_sel = 0;
	mmio->driver_features = 0;
	mmio->resets++;
	for (unsigned int i = 0; i < mmio->config.queue_count; i++) {
		mmio->setup[i] = (struct virtqueue_setup){ 0 };
		virtqueue_stop(&mmio->queues[i]);
	}
	atomic_store(&mmio->status, 0);
	atomic_store(&mmio->interrupt_status, 0);
}

/* Reset with no request in flight. Called without the lock. */
static void reset_device(struct virtio_mmio *mmio, bool power_on)
{
	eventfd_t count;

	/* Before the lock is taken, so that the device's thread releases it. */
	atomic_store(&mmio->status, 0);

	pthread_mutex_lock(&mmio->lock);
	if (mmio->config.before_reset)
		mmio->config.before_reset(mmio, power_on);
	reset_registers(mmio);
	if (power_on) {
		mmio->reported = false;
		atomic_store(&mmio->quiesced, false);
		(void)eventfd_read(mmio->irq_fd, &count);
	}
	pthread_mutex_unlock(&mmio->lock);
}

void virtio_mmio_reset(void *self)
{
	reset_device(self, true);
}

/* The configuration space never changes, so neither does ConfigGeneration. */
static uint64_t read_space(const struct virtio_mmio *mmio, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	if (offset >= mmio->config.space_size)
		return 0;
	if (size > mmio->config.space_size - offset)
		size = (unsigned int)(mmio->config.space_size - offset);
	memcpy(&value, (const uint8_t *)mmio->config.space + offset, size);

	return value;
}

/* One half of 64 features. */
static uint32_t select_features(uint64_t features, uint32_t select)
{
	return select < 2 ? (uint32_t)(features >> (32 * select)) : 0;
}

static uint32_t read_locked(const struct virtio_mmio *mmio, uint64_t offset)
{
	bool exists = mmio->queue_sel < mmio->config.queue_count;

	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return select_features(virtio_mmio_offered(mmio), mmio->device_features_sel);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return exists ? VIRTQUEUE_SIZE_MAX : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return exists && mmio->queues[mmio->queue_sel].ready;
	default:
		return 0;
	}
}

static uint32_t read_register(struct virtio_mmio *mmio, uint64_t offset)
{
	uint32_t value;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return mmio->config.device_id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VIRTIO_MMIO_VENDOR_ID;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return atomic_load(&mmio->interrupt_status);
	case VIRTIO_MMIO_STATUS:
		return atomic_load(&mmio->status);
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		/* No device has shared memory: all ones. */
		return UINT32_MAX;
	default:
		pthread_mutex_lock(&mmio->lock);
		value = read_locked(mmio, offset);
		pthread_mutex_unlock(&mmio->lock);
		return value;
	}
}

uint64_t virtio_mmio_read(void *self, uint64_t offset, unsigned int size)
{
	struct virtio_mmio *mmio = self;

	if (offset >= VIRTIO_MMIO_CONFIG)
		return read_space(mmio, offset - VIRTIO_MMIO_CONFIG, size);
	/* The registers are for aligned accesses of 32 bits only. */
	if (offset % 4 != 0 || size != 4)
		return 0;

	return read_register(mmio, offset);
}

static void write_features(struct virtio_mmio *mmio, uint32_t value)
{
	uint32_t select = mmio->driver_features_sel;

	/* The features that were agreed on with FEATURES_OK stay. */
	if (select >= 2 || (atomic_load(&mmio->status) & VIRTIO_CONFIG_S_FEATURES_OK))
		return;

	mmio->driver_features &= ~((uint64_t)UINT32_MAX << (32 * select));
	mmio->driver_features |= (uint64_t)value << (32 * select);
}

/* A driver may only add to Status; the bits that it leaves out stay. */
static void write_status(struct virtio_mmio *mmio, uint32_t value)
{
	unsigned int old;

	value &= VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_DRIVER_OK |
		 VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_FAILED;
	if ((mmio->driver_features & ~virtio_mmio_offered(mmio)) ||
	    !virtio_mmio_has(mmio, VIRTIO_F_VERSION_1))
		value &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
	/*
	 * A driver whose features were refused, or never offered, is refused.
	 */
	old = atomic_load(&mmio->status);
	if (!((old | value) & VIRTIO_CONFIG_S_FEATURES_OK))
		value &= ~(uint32_t)VIRTIO_CONFIG_S_DRIVER_OK;

	old = atomic_fetch_or(&mmio->status, value);
	/*
	 * Requests that were made available, and notified of, before now are
	 * served now.
	 */
	if ((value & ~old) & VIRTIO_CONFIG_S_DRIVER_OK)
		(void)eventfd_write(mmio->notify_fd, 1);
}

static void write_ready(struct virtio_mmio *mmio, uint32_t value)
{
	struct virtqueue *queue = &mmio->queues[mmio->queue_sel];
	struct virtqueue_setup *setup = &mmio->setup[mmio->queue_sel];

	if (!(value & 1)) {
		virtqueue_stop(queue);
		return;
	}
	if (queue->ready)
		return;

	setup->event_idx = virtio_mmio_has(mmio, VIRTIO_RING_F_EVENT_IDX);
	setup->indirect = virtio_mmio_has(mmio, VIRTIO_RING_F_INDIRECT_DESC);
	if (virtqueue_start(queue, mmio->config.memory, setup) < 0)
		virtio_mmio_fail(mmio, queue->fault);
	else
		/* If the device runs already, there may be work. */
		(void)eventfd_write(mmio->notify_fd, 1);
}

static void set_low(uint64_t *address, uint32_t value)
{
	*address = (*address & ~(uint64_t)UINT32_MAX) | value;
}

static void set_high(uint64_t *address, uint32_t value)
{
	*address = (*address & UINT32_MAX) | (uint64_t)value << 32;
}

/* The registers of the queue that QueueSel selects. */
static void write_queue(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	struct virtqueue_setup *setup;

	if (mmio->queue_sel >= mmio->config.queue_count)
		return;
	if (offset == VIRTIO_MMIO_QUEUE_READY) {
		write_ready(mmio, value);
		return;
	}
	/* A driver must not change a queue in use; the write is ignored. */
	if (mmio->queues[mmio->queue_sel].ready)
		return;

	setup = &mmio->setup[mmio->queue_sel];
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		setup->size = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		set_low(&setup->descriptors, value);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_high(&setup->descriptors, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
		set_low(&setup->driver, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_high(&setup->driver, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
		set_low(&setup->device, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_high(&setup->device, value);
		break;
	default:
		break;
	}
}

static void write_locked(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		mmio->device_features_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		write_features(mmio, value);
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		mmio->driver_features_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		mmio->queue_sel = value;
		break;
	case VIRTIO_MMIO_STATUS:
		write_status(mmio, value);
		break;
	default:
		write_queue(mmio, offset, value);
		break;
	}
}

void virtio_mmio_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
	struct virtio_mmio *mmio = self;

	/* No device has a configuration field that a driver may write. */
	if (offset >= VIRTIO_MMIO_CONFIG || offset % 4 != 0 || size != 4)
		return;

	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		(void)eventfd_write(mmio->notify_fd, 1);
		return;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		atomic_fetch_and(&mmio->interrupt_status, ~(unsigned int)value);
		return;
	default:
		break;
	}

	if (offset == VIRTIO_MMIO_STATUS && value == 0) {
		reset_device(mmio, false);
		return;
	}
	pthread_mutex_lock(&mmio->lock);
	write_locked(mmio, offset, (uint32_t)value);
	pthread_mutex_unlock(&mmio->lock);
}

int virtio_mmio_create(struct virtio_mmio *mmio, const struct virtio_mmio_config *config)
{
	int err;

	*mmio = (struct virtio_mmio){ .config = *config };
	mmio->notify_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mmio->notify_fd < 0)
		return -errno;
	mmio->irq_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mmio->irq_fd < 0) {
		err = -errno;
		close(mmio->notify_fd);
		return err;
	}
	pthread_mutex_init(&mmio->lock, NULL);
	pthread_cond_init(&mmio->returned, NULL);

	return 0;
}

void virtio_mmio_destroy(struct virtio_mmio *mmio)
{
	close(mmio->notify_fd);
	close(mmio->irq_fd);
	pthread_cond_destroy(&mmio->returned);
	pthread_mutex_destroy(&mmio->lock);
}
