/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtio devices in a stream, as test-save-devices.c tests the others. */
#include "blk-rig.h"
#include "devices/virtio/rng.h"
#include "saved-state.h"
#include "virtio-driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void serialize_rng(void *device, struct stream *stream)
{
	struct rng *rng = device;

	virtio_mmio_freeze(&rng->mmio);
	if (!virtio_mmio_serialize(&rng->mmio, stream))
		stream_fail(stream);
	virtio_mmio_thaw(&rng->mmio);
}

static void serialize_blk(void *device, struct stream *stream)
{
	struct blk *blk = device;

	virtio_mmio_freeze(&blk->mmio);
	if (!virtio_mmio_serialize(&blk->mmio, stream))
		stream_fail(stream);
	virtio_mmio_thaw(&blk->mmio);
}

/* --- a source of randomness --- */

static void ignore(void *context, const char *message)
{
}

/* A device with a driver that has one buffer for it, saved. */
static void save_rng(struct driver *driver, struct saved *saved)
{
	struct rng rng;

	driver_create(driver, 64);
	assert_int_equal(rng_create(&rng, &driver->memory, ignore, NULL), 0);
	assert_true(driver_negotiate(&rng.mmio, 0));
	driver_start(driver, &rng.mmio);
	driver_describe(driver, DRIVER_DESCRIPTORS, 0,
			(struct vring_desc){ DRIVER_DATA, 64, VRING_DESC_F_WRITE, 0 });
	saved_save(serialize_rng, &rng, saved);
	rng_destroy(&rng);
}

static void a_restored_device_serves_the_buffers_of_its_driver(void **state)
{
	static struct saved saved;
	struct vring_used_elem used;
	struct driver driver;
	struct rng rng;

	save_rng(&driver, &saved);
	driver_offer(&driver, 0);
	assert_int_equal(rng_create(&rng, &driver.memory, ignore, NULL), 0);
	assert_int_equal(saved_restore(serialize_rng, &rng, &saved), 0);
	rng_serve(&rng);
	assert_true(driver_collect(&driver, &used));
	assert_int_equal(used.len, 64);
	rng_destroy(&rng);
	driver_destroy(&driver);
}

/* Whatever byte is changed, it is refused, or makes a device that can be served and reset. */
static void a_saved_device_with_any_byte_changed_is_refused_or_safe(void **state)
{
	static struct saved saved;
	struct driver driver;
	unsigned int refused = 0;

	save_rng(&driver, &saved);
	for (size_t i = 0; i < 2 * saved.size; i++) {
		struct saved changed = saved;
		struct rng rng;
		int err;

		changed.bytes[i / 2] ^= i % 2 ? 0xff : 0x01;
		driver_restart(&driver);
		driver_describe(&driver, DRIVER_DESCRIPTORS, 0,
				(struct vring_desc){ DRIVER_DATA, 64, VRING_DESC_F_WRITE, 0 });
		driver_offer(&driver, 0);
		assert_int_equal(rng_create(&rng, &driver.memory, ignore, NULL), 0);
		err = saved_restore(serialize_rng, &rng, &changed);
		assert_true(err == 0 || err == -EBADMSG);
		refused += err != 0;
		rng_serve(&rng);
		driver_set(&rng.mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(driver_get(&rng.mmio, VIRTIO_MMIO_STATUS), 0);
		rng_destroy(&rng);
	}
	/* Features, and the rings' size and places, at least. */
	assert_in_range(refused, 8, 2 * saved.size);
	driver_destroy(&driver);
}

/* --- a disk --- */

/* Its discard_sector_alignment, as a driver reads it. */
static uint32_t read_alignment(struct blk *blk)
{
	const uint64_t at =
		VIRTIO_MMIO_CONFIG + offsetof(struct virtio_blk_config, discard_sector_alignment);

	return (uint32_t)virtio_mmio_read(&blk->mmio, at, 4);
}

/* A disk of @r's image on a host whose file system has blocks of @block_size bytes. */
static void create_blk(struct rig *r, struct blk *blk, struct disk *disk, uint32_t block_size)
{
	struct error error;

	assert_int_equal(disk_open(disk, r->path, false, &error), 0);
	disk->block_size = block_size;
	assert_int_equal(blk_create(blk, disk, &r->driver.memory, ignore, NULL), 0);
}

static void destroy_blk(struct blk *blk, struct disk *disk)
{
	blk_destroy(blk);
	disk_close(disk);
}

/*
 * A disk whose driver has made available a write of 512 bytes, which the device has not
 * seen.
 */
static void save_blk(struct rig *r, struct saved *saved)
{
	rig_setup(r, RIG_FLUSH);
	virtio_mmio_quiesce(&r->blk.mmio);
	memset(rig_data(r), 0x3c, 512);
	rig_header(r, VIRTIO_BLK_T_OUT, 0);
	rig_describe(r, 0, RIG_HEADER, 16, VRING_DESC_F_NEXT);
	rig_describe(r, 1, RIG_DATA, 512, VRING_DESC_F_NEXT);
	rig_describe(r, 2, RIG_STATUS, 1, VRING_DESC_F_WRITE);
	driver_offer(&r->driver, 0);
	saved_save(serialize_blk, &r->blk, saved);
	destroy_blk(&r->blk, &r->disk);
}

/* Returns whether the image has the data of that write. */
static bool is_written(const struct rig *r)
{
	const int fd = open(r->path, O_RDONLY | O_CLOEXEC);
	uint8_t byte = 0;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, 0), 1);
	close(fd);

	return byte == 0x3c;
}

/* The restored machine may be refused after this, or never run: the image is unchanged. */
static void a_restored_disk_starts_pending_requests_only_when_resumed(void **state)
{
	static struct saved saved;
	struct rig r;

	save_blk(&r, &saved);
	create_blk(&r, &r.blk, &r.disk, 4096);
	virtio_mmio_quiesce(&r.blk.mmio);
	assert_int_equal(saved_restore(serialize_blk, &r.blk, &saved), 0);
	assert_false(virtio_mmio_running(&r.blk.mmio));
	rig_notify(&r);
	assert_false(is_written(&r));
	destroy_blk(&r.blk, &r.disk);
	assert_false(is_written(&r));

	create_blk(&r, &r.blk, &r.disk, 4096);
	virtio_mmio_quiesce(&r.blk.mmio);
	assert_int_equal(saved_restore(serialize_blk, &r.blk, &saved), 0);
	virtio_mmio_unquiesce(&r.blk.mmio);
	(void)rig_wait(&r, 0);
	assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
	assert_true(is_written(&r));
	rig_teardown(&r);
}

/* It is the advice of this file system; the guest was given that of the former. */
static void a_saved_disk_is_restored_on_a_file_system_of_another_block_size(void **state)
{
	static const uint32_t sizes[] = { 512, 4096, 131072, 1 << 20 };
	static struct saved saved;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t alignment;
		struct rig r;

		rig_setup(&r, RIG_FLUSH);
		alignment = read_alignment(&r.blk);
		saved_save(serialize_blk, &r.blk, &saved);
		destroy_blk(&r.blk, &r.disk);
		create_blk(&r, &r.blk, &r.disk, sizes[i]);
		assert_int_equal(read_alignment(&r.blk), sizes[i] / 512);
		assert_int_equal(saved_restore(serialize_blk, &r.blk, &saved), 0);
		assert_int_equal(read_alignment(&r.blk), alignment);
		rig_teardown(&r);
	}
}

/* Each other byte that its driver knows must match. */
static void a_saved_disk_that_differs_is_refused(void **state)
{
	const size_t advice = offsetof(struct virtio_blk_config, discard_sector_alignment);
	static struct saved saved;
	struct rig r;

	save_blk(&r, &saved);
	for (size_t i = 0; i < sizeof(struct virtio_blk_config); i++) {
		const bool may_differ = i >= advice && i < advice + 4;
		struct saved changed = saved;

		changed.bytes[i] ^= 1;
		create_blk(&r, &r.blk, &r.disk, 4096);
		virtio_mmio_quiesce(&r.blk.mmio);
		assert_int_equal(saved_restore(serialize_blk, &r.blk, &changed),
				 may_differ ? 0 : -EBADMSG);
		destroy_blk(&r.blk, &r.disk);
	}
	driver_destroy(&r.driver);
	unlink(r.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restored_device_serves_the_buffers_of_its_driver),
		cmocka_unit_test(a_saved_device_with_any_byte_changed_is_refused_or_safe),
		cmocka_unit_test(a_restored_disk_starts_pending_requests_only_when_resumed),
		cmocka_unit_test(a_saved_disk_is_restored_on_a_file_system_of_another_block_size),
		cmocka_unit_test(a_saved_disk_that_differs_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
