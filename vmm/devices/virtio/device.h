/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio devices have in common as devices of the machine: their
 * addresses, and how they come to rest. A device's table begins with
 * VIRTIO_DEVICE_OPS and adds its own functions.
 */
#ifndef VMM_VIRTIO_DEVICE_H
#define VMM_VIRTIO_DEVICE_H

#include "board/device.h"
#include "devices/virtio/mmio.h"

/**
 * All functions receive the device as @self. Its struct begins with the
 * transport, so an access takes no more steps than one to any other device:
 *
 *	static_assert(offsetof(struct rng, mmio) == 0, "virtio/device.h");
 */
#define VIRTIO_DEVICE_OPS                                                                   \
	.read = virtio_mmio_read, .write = virtio_mmio_write, .reset = virtio_mmio_reset,   \
	.describe = virtio_device_describe, .describe_acpi = virtio_device_describe_acpi,   \
	.quiesce = virtio_mmio_quiesce, .unquiesce = virtio_mmio_unquiesce,                 \
	.freeze = virtio_mmio_freeze, .thaw = virtio_mmio_thaw, .given = virtio_mmio_given, \
	.features = virtio_device_features

/**
 * For create(): fill in @device, which is @mmio, in the transport's slot @slot.
 */
void virtio_device_place(struct device *device, struct virtio_mmio *mmio, size_t slot);

uint64_t virtio_device_features(const void *self);
void virtio_device_describe(const struct device *device, struct tree_writer *tree);
void virtio_device_describe_acpi(const struct device *device, struct aml *aml);

/** For a device without state of its own: that of the transport. */
int virtio_device_serialize(void *self, struct stream *stream, struct error *error);

#endif
