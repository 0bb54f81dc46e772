/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/device.h"

#include <errno.h>
#include <linux/virtio_mmio.h>
#include <string.h>

#include "acpi/aml.h"
#include "base/error.h"
#include "board/board.h"
#include "boot/tree-writer.h"
#include "devices/virtio/slot.asl.h"

void virtio_device_place(struct device *device, struct virtio_mmio *mmio, size_t slot)
{
	device->self = mmio;
	device->base = BOARD_VIRTIO_BASE + slot * BOARD_VIRTIO_SIZE;
	device->size = BOARD_VIRTIO_SIZE;
	device->spi = (uint32_t)(BOARD_VIRTIO_SPI + slot);
	device->irq_fd = mmio->irq_fd;
	device->doorbell_fd = mmio->notify_fd;
	device->doorbell = VIRTIO_MMIO_QUEUE_NOTIFY;
}

/*
 * Only slots that hold a device: each empty one would cost the guest a probe.
 */
void virtio_device_describe(const struct device *device, struct tree_writer *tree)
{
	tree_begin_at(tree, "virtio_mmio", device->base);
	tree_text(tree, "compatible", "virtio,mmio");
	tree_place(tree, device, TREE_IRQ_EDGE_RISING);
	tree_flag(tree, "dma-coherent");
	tree_end(tree);
}

void virtio_device_describe_acpi(const struct device *device, struct aml *aml)
{
	const uint64_t slot = (device->base - BOARD_VIRTIO_BASE) / BOARD_VIRTIO_SIZE;
	uint8_t terms[sizeof(slot_aml)];

	memcpy(terms, slot_aml, sizeof(terms));
	aml_set_name(terms + SLOT_VR00_NAME, 2, (uint32_t)slot);
	aml_set_byte(terms + SLOT_VR00__UID_BYTE, (uint8_t)slot);
	aml_set_memory(terms + SLOT_VR00_REGS_MEMORY32, device);
	aml_set_interrupt(terms + SLOT_VR00_INTR_INTERRUPT, device->spi);
	aml_add(aml, terms, sizeof(terms));
}

uint64_t virtio_device_features(const void *self)
{
	return virtio_mmio_offered(self);
}

int virtio_device_serialize(void *self, struct stream *stream, struct error *error)
{
	const struct virtio_mmio *mmio = self;

	return virtio_mmio_serialize(self, stream)
		       ? 0
		       : error_set(error, -ENODEV, "%s does not match the saved device",
				   mmio->config.name);
}
