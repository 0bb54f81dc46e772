/* SPDX-License-Identifier: BSD-3-Clause */
#include "blk-rig.h"

#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

/* Far longer than any request takes; only a bug waits that long. */
#define DEADLINE_MS 60000

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

static void record_report(void *context, const char *message)
{
	struct rig *r = context;

	strncpy(r->report, message, sizeof(r->report) - 1);
	atomic_fetch_add(&r->reports, 1);
}

/* Byte @at of the image as it is at first: no two sectors are equal. */
static uint8_t pattern(size_t at)
{
	return (uint8_t)(at / 512 * 7 + at % 512 * 3 + 1);
}

void rig_create(struct rig *r, bool read_only)
{
	static uint8_t image[RIG_SIZE];
	struct error error;
	int fd;

	memset(r, 0, sizeof(*r));

	strcpy(r->path, "/tmp/test-blk-XXXXXX");
	fd = mkstemp(r->path);
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = pattern(i);
	assert_int_equal(write(fd, image, sizeof(image)), sizeof(image));
	close(fd);

	driver_create(&r->driver, 16);
	assert_int_equal(disk_open(&r->disk, r->path, read_only, &error), 0);
	assert_int_equal(blk_create(&r->blk, &r->disk, &r->driver.memory, record_report, r), 0);
}

void rig_start(struct rig *r, uint64_t features)
{
	driver_restart(&r->driver);
	assert_true(driver_negotiate(&r->blk.mmio, features));
	driver_start(&r->driver, &r->blk.mmio);
}

void rig_setup(struct rig *r, uint64_t features)
{
	rig_create(r, false);
	rig_start(r, features);
}

void rig_teardown(struct rig *r)
{
	blk_destroy(&r->blk);
	disk_close(&r->disk);
	driver_destroy(&r->driver);
	unlink(r->path);
}

void rig_notify(struct rig *r)
{
	driver_set(&r->blk.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

static void wait_for_interrupt(struct rig *r)
{
	struct pollfd fd = { .fd = r->blk.mmio.irq_fd, .events = POLLIN };
	eventfd_t count;

	assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
	assert_int_equal(eventfd_read(fd.fd, &count), 0);
}

uint32_t rig_wait(struct rig *r, uint16_t head)
{
	struct vring_used_elem used;

	while (!driver_collect(&r->driver, &used)) {
		/*
		 * Ask for a notification of the next one only, then look again: virtio
		 * 1.2, used_event.
		 */
		driver_set_used_event(&r->driver, r->driver.used);
		if (driver_collect(&r->driver, &used))
			break;
		wait_for_interrupt(r);
		driver_set(&r->blk.mmio, VIRTIO_MMIO_INTERRUPT_ACK, 3);
	}
	assert_int_equal(used.id, head);

	return used.len;
}

void rig_wait_until_broken(struct rig *r)
{
	wait_for_interrupt(r);
	assert_int_equal(driver_get(&r->blk.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) &
				 VIRTIO_MMIO_INT_CONFIG,
			 VIRTIO_MMIO_INT_CONFIG);
	assert_true(driver_get(&r->blk.mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

void rig_header(struct rig *r, uint32_t type, uint64_t sector)
{
	struct virtio_blk_outhdr header = { .type = type, .sector = sector };

	memcpy(driver_at(&r->driver, RIG_HEADER, sizeof(header)), &header, sizeof(header));
	*(uint8_t *)driver_at(&r->driver, RIG_STATUS, 1) = RIG_NO_STATUS;
}

void rig_describe(struct rig *r, uint16_t index, uint64_t address, uint32_t size, uint16_t flags)
{
	driver_describe(&r->driver, DRIVER_DESCRIPTORS, index,
			(struct vring_desc){ address, size, flags, (uint16_t)(index + 1) });
}

uint8_t *rig_data(struct rig *r)
{
	return driver_at(&r->driver, RIG_DATA, 0x10000);
}

uint8_t rig_status(struct rig *r)
{
	return *(uint8_t *)driver_at(&r->driver, RIG_STATUS, 1);
}

uint8_t rig_request(struct rig *r, uint32_t type, uint64_t sector, uint32_t size)
{
	uint16_t direction = type == VIRTIO_BLK_T_OUT ? 0 : WRITE;
	uint16_t at = 0;
	uint32_t used;

	rig_header(r, type, sector);
	rig_describe(r, at++, RIG_HEADER, 16, NEXT);
	if (size > 0)
		rig_describe(r, at++, RIG_DATA, size, NEXT | direction);
	rig_describe(r, at, RIG_STATUS, 1, WRITE);
	driver_offer(&r->driver, 0);
	rig_notify(r);
	used = rig_wait(r, 0);
	assert_int_equal(used, direction == WRITE ? size + 1 : 1);

	return rig_status(r);
}

void rig_assert_image(struct rig *r, uint64_t offset, const void *wanted, size_t size)
{
	static uint8_t found[RIG_SIZE];
	int fd = open(r->path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, found, size, (off_t)offset), size);
	assert_memory_equal(found, wanted, size);
	close(fd);
}

void rig_assert_pattern(const uint8_t *found, size_t from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(found[i], pattern(from + i));
}
