/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio-driver.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

void *driver_at(const struct driver *driver, uint64_t address, uint64_t size)
{
	void *at = memory_at(&driver->memory, address, size);

	assert_non_null(at);

	return at;
}

/* A field of 16 bits that both sides access. */
static _Atomic uint16_t *field(const struct driver *driver, uint64_t address)
{
	return driver_at(driver, address, 2);
}

static uint64_t used_event(const struct driver *driver)
{
	return driver->offset + DRIVER_AVAILABLE + 4 + 2ULL * driver->size;
}

static uint64_t avail_event(const struct driver *driver)
{
	return driver->offset + DRIVER_USED + 4 + 8ULL * driver->size;
}

void driver_create(struct driver *driver, uint16_t size)
{
	*driver = (struct driver){ .size = size };
	assert_int_equal(memory_create(&driver->memory, DRIVER_RAM_SIZE), 0);
}

void driver_destroy(struct driver *driver)
{
	memory_destroy(&driver->memory);
}

void driver_add_queue(struct driver *other, const struct driver *driver, uint32_t queue)
{
	*other = *driver;
	other->queue = queue;
	other->offset = 0x100000ULL * queue;
	driver_restart(other);
}

void driver_restart(struct driver *driver)
{
	driver->available = 0;
	driver->used = 0;
	memset(driver_at(driver, driver->offset + DRIVER_DESCRIPTORS, 0x4000), 0, 0x4000);
}

struct virtqueue_setup driver_setup(const struct driver *driver)
{
	return (struct virtqueue_setup){
		.size = driver->size,
		.descriptors = driver->offset + DRIVER_DESCRIPTORS,
		.driver = driver->offset + DRIVER_AVAILABLE,
		.device = driver->offset + DRIVER_USED,
	};
}

void driver_describe(const struct driver *driver, uint64_t table, uint16_t index,
		     struct vring_desc desc)
{
	memcpy(driver_at(driver, table + sizeof(desc) * index, sizeof(desc)), &desc, sizeof(desc));
}

void driver_offer(struct driver *driver, uint16_t head)
{
	uint16_t slot = driver->available % driver->size;

	atomic_store(field(driver, driver->offset + DRIVER_AVAILABLE + 4 + 2ULL * slot), head);
	driver->available++;
	driver_set_available(driver, driver->available);
}

void driver_set_available(const struct driver *driver, uint16_t index)
{
	atomic_store(field(driver, driver->offset + DRIVER_AVAILABLE + 2), index);
}

bool driver_collect(struct driver *driver, struct vring_used_elem *used)
{
	uint16_t slot = driver->used % driver->size;

	if (atomic_load(field(driver, driver->offset + DRIVER_USED + 2)) == driver->used)
		return false;

	memcpy(used,
	       driver_at(driver, driver->offset + DRIVER_USED + 4 + sizeof(*used) * slot,
			 sizeof(*used)),
	       sizeof(*used));
	driver->used++;

	return true;
}

void driver_set_used_event(const struct driver *driver, uint16_t index)
{
	atomic_store(field(driver, used_event(driver)), index);
}

uint16_t driver_avail_event(const struct driver *driver)
{
	return atomic_load(field(driver, avail_event(driver)));
}

void driver_set_flags(const struct driver *driver, uint16_t flags)
{
	atomic_store(field(driver, driver->offset + DRIVER_AVAILABLE), flags);
}

uint16_t driver_device_flags(const struct driver *driver)
{
	return atomic_load(field(driver, driver->offset + DRIVER_USED));
}

uint32_t driver_get(struct virtio_mmio *mmio, uint64_t offset)
{
	return (uint32_t)virtio_mmio_read(mmio, offset, 4);
}

void driver_set(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	virtio_mmio_write(mmio, offset, value, 4);
}

bool driver_negotiate(struct virtio_mmio *mmio, uint64_t features)
{
	uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	features |= 1ULL << VIRTIO_F_VERSION_1;
	driver_set(mmio, VIRTIO_MMIO_STATUS, 0);
	driver_set(mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	driver_set(mmio, VIRTIO_MMIO_STATUS, status);
	for (uint32_t i = 0; i < 2; i++) {
		driver_set(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
		driver_set(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> (32 * i)));
	}
	driver_set(mmio, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);

	return driver_get(mmio, VIRTIO_MMIO_STATUS) == (status | VIRTIO_CONFIG_S_FEATURES_OK);
}

void driver_start_queue(const struct driver *driver, struct virtio_mmio *mmio)
{
	driver_set(mmio, VIRTIO_MMIO_QUEUE_SEL, driver->queue);
	driver_set(mmio, VIRTIO_MMIO_QUEUE_NUM, driver->size);
	driver_set(mmio, VIRTIO_MMIO_QUEUE_DESC_LOW,
		   (uint32_t)(driver->offset + DRIVER_DESCRIPTORS));
	driver_set(mmio, VIRTIO_MMIO_QUEUE_DESC_HIGH, 0);
	driver_set(mmio, VIRTIO_MMIO_QUEUE_AVAIL_LOW,
		   (uint32_t)(driver->offset + DRIVER_AVAILABLE));
	driver_set(mmio, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, 0);
	driver_set(mmio, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)(driver->offset + DRIVER_USED));
	driver_set(mmio, VIRTIO_MMIO_QUEUE_USED_HIGH, 0);
	driver_set(mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(driver_get(mmio, VIRTIO_MMIO_QUEUE_READY), 1);
}

void driver_start(const struct driver *driver, struct virtio_mmio *mmio)
{
	driver_start_queue(driver, mmio);
	driver_set(mmio, VIRTIO_MMIO_STATUS,
		   driver_get(mmio, VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
}
