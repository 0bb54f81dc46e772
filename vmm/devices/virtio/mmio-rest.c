/* SPDX-License-Identifier: BSD-3-Clause */
/* How a device comes to rest, and the state that is saved then. */
#include "devices/virtio/mmio.h"

#include <linux/virtio_config.h>
#include <sys/eventfd.h>

void virtio_mmio_quiesce(void *self)
{
	struct virtio_mmio *mmio = self;

	/* Not by Status: a vCPU that still runs could write it again. */
	atomic_store(&mmio->quiesced, true);
}

void virtio_mmio_unquiesce(void *self)
{
	struct virtio_mmio *mmio = self;

	if (atomic_exchange(&mmio->quiesced, false))
		(void)eventfd_write(mmio->notify_fd, 1);
}

uint64_t virtio_mmio_leave(struct virtio_mmio *mmio)
{
	const uint64_t resets = mmio->resets;

	mmio->away = true;
	pthread_mutex_unlock(&mmio->lock);

	return resets;
}

bool virtio_mmio_return(struct virtio_mmio *mmio, uint64_t left)
{
	pthread_mutex_lock(&mmio->lock);
	mmio->away = false;
	pthread_cond_broadcast(&mmio->returned);

	return mmio->resets == left;
}

void virtio_mmio_await(struct virtio_mmio *mmio)
{
	/* Once it is back it has the lock until its request is done. */
	while (mmio->away)
		pthread_cond_wait(&mmio->returned, &mmio->lock);
}

void virtio_mmio_freeze(void *self)
{
	struct virtio_mmio *mmio = self;

	pthread_mutex_lock(&mmio->lock);
	virtio_mmio_await(mmio);
}

void virtio_mmio_thaw(void *self)
{
	struct virtio_mmio *mmio = self;

	pthread_mutex_unlock(&mmio->lock);
}

uint64_t virtio_mmio_given(const void *self)
{
	const struct virtio_mmio *mmio = self;
	uint64_t given = 0;

	for (unsigned int i = 0; i < mmio->config.queue_count; i++)
		given += mmio->queues[i].published;

	return given;
}

/*
 * Serialize the configuration space. Returns whether it is as it is here, apart
 * from what only advises the driver.
 */
static bool serialize_space(const struct virtio_mmio_config *config, struct stream *stream)
{
	const uint8_t *bytes = config->space;
	uint8_t *advice = config->advice;
	const uint8_t *advice_end = advice ? advice + config->advice_size : NULL;
	bool same = true;

	for (size_t i = 0; i < config->space_size; i++) {
		uint8_t byte = bytes[i];

		stream_serialize(stream, &byte, 1);
		if (advice && bytes + i >= advice && bytes + i < advice_end)
			advice[bytes + i - advice] = byte;
		else
			same = same && byte == bytes[i];
	}

	return same;
}

static void serialize_atomic(atomic_uint *value, struct stream *stream)
{
	uint32_t number = atomic_load(value);

	stream_serialize_u32(stream, &number);
	atomic_store(value, number);
}

bool virtio_mmio_serialize(struct virtio_mmio *mmio, struct stream *stream)
{
	bool same = serialize_space(&mmio->config, stream);

	serialize_atomic(&mmio->interrupt_status, stream);
	stream_serialize_u32(stream, &mmio->device_features_sel);
	stream_serialize_u32(stream, &mmio->driver_features_sel);
	stream_serialize_u32(stream, &mmio->queue_sel);
	stream_serialize_u64(stream, &mmio->driver_features);
	for (unsigned int i = 0; i < mmio->config.queue_count; i++)
		virtqueue_serialize(&mmio->queues[i], &mmio->setup[i], mmio->config.memory, stream);
	serialize_atomic(&mmio->status, stream);
	if (atomic_load(&mmio->status) & VIRTIO_CONFIG_S_FEATURES_OK &&
	    mmio->driver_features & ~virtio_mmio_offered(mmio))
		same = false;

	return same;
}
