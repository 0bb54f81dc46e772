/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-blk on a host that takes long to flush, to discard or to write zeros: no vCPU
 * waits for it, a driver receives nothing after its reset, and code that needs the image
 * idle waits.
 *
 * fdatasync() and fallocate() are this program's own, and end when a test lets them.
 */
#include "blk-rig.h"

#include <fcntl.h>
#include <linux/virtio_mmio.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

static atomic_bool host_waits; /* A call ends once this is false. */
static atomic_bool host_busy; /* In such a call. */
static atomic_uint sync_count;

static void take_long(void)
{
	atomic_store(&host_busy, true);
	while (atomic_load(&host_waits))
		sched_yield();
	atomic_store(&host_busy, false);
}

int fdatasync(int fd)
{
	atomic_fetch_add(&sync_count, 1);
	take_long();

	return fsync(fd);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	take_long();

	return (int)syscall(SYS_fallocate, fd, mode, offset, size);
}

static void wait_until_host_is_busy(void)
{
	while (!atomic_load(&host_busy))
		sched_yield();
}

static void offer(struct rig *r, uint32_t type, uint32_t size)
{
	uint16_t at = 0;

	rig_header(r, type, 0);
	rig_describe(r, at++, RIG_HEADER, 16, NEXT);
	if (size > 0)
		rig_describe(r, at++, RIG_DATA, size, NEXT);
	rig_describe(r, at, RIG_STATUS, 1, WRITE);
	driver_offer(&r->driver, 0);
	rig_notify(r);
}

/* A flush, and each way to erase, in progress at the host. */
static void begin_long(struct rig *r, uint32_t type)
{
	const struct virtio_blk_discard_write_zeroes segment = { .num_sectors = 1 };

	atomic_store(&sync_count, 0);
	rig_setup(r, RIG_FLUSH | 1ULL << VIRTIO_BLK_F_DISCARD | 1ULL << VIRTIO_BLK_F_WRITE_ZEROES);
	memcpy(rig_data(r), &segment, sizeof(segment));
	atomic_store(&host_waits, true);
	offer(r, type, type == VIRTIO_BLK_T_FLUSH ? 0 : sizeof(segment));
	wait_until_host_is_busy();
}

static const uint32_t long_types[] = {
	VIRTIO_BLK_T_FLUSH,
	VIRTIO_BLK_T_DISCARD,
	VIRTIO_BLK_T_WRITE_ZEROES,
};
#define LONG_TYPES (sizeof(long_types) / sizeof(long_types[0]))

static void register_accesses_do_not_wait_for_a_slow_host(void **state)
{
	for (size_t i = 0; i < LONG_TYPES; i++) {
		struct rig r;

		begin_long(&r, long_types[i]);
		assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_QUEUE_READY), 1);
		driver_set(&r.blk.mmio, VIRTIO_MMIO_QUEUE_SEL, 1);
		driver_set(&r.blk.mmio, VIRTIO_MMIO_QUEUE_SEL, 0);
		assert_int_equal(rig_status(&r), RIG_NO_STATUS);
		atomic_store(&host_waits, false);
		assert_int_equal(rig_wait(&r, 0), 1);
		assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
		rig_teardown(&r);
	}
}

/* The memory of a driver that has reset its device is its own again. */
static void a_reset_does_not_wait_for_a_slow_host_and_no_answer_follows(void **state)
{
	for (size_t i = 0; i < LONG_TYPES; i++) {
		struct vring_used_elem used;
		struct rig r;

		begin_long(&r, long_types[i]);
		driver_set(&r.blk.mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_STATUS), 0);
		/* Another driver, whose requests wait their turn. */
		rig_start(&r, RIG_FLUSH);
		memset(rig_data(&r), 0x77, 512);
		offer(&r, VIRTIO_BLK_T_OUT, 512);
		assert_false(driver_collect(&r.driver, &used));
		atomic_store(&host_waits, false);
		assert_int_equal(rig_wait(&r, 0), 1);
		assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
		assert_false(driver_collect(&r.driver, &used));
		rig_assert_image(&r, 0, rig_data(&r), 512);
		rig_teardown(&r);
	}
}

/* Nor is it answered in a queue that its driver has stopped. */
static void a_queue_that_is_stopped_during_a_request_gets_no_answer(void **state)
{
	struct vring_used_elem used;
	struct rig r;

	begin_long(&r, VIRTIO_BLK_T_FLUSH);
	driver_set(&r.blk.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	atomic_store(&host_waits, false);
	virtio_mmio_freeze(&r.blk.mmio);
	virtio_mmio_thaw(&r.blk.mmio);
	assert_false(driver_collect(&r.driver, &used));
	rig_teardown(&r);
}

static void *let_host_go_on(void *argument)
{
	atomic_store(&host_waits, false);

	return argument;
}

/* Saving the device must not lose a request that is neither in the ring nor answered. */
static void holding_a_device_waits_for_a_slow_host(void **state)
{
	for (size_t i = 0; i < LONG_TYPES; i++) {
		struct vring_used_elem used;
		pthread_t thread;
		struct rig r;

		begin_long(&r, long_types[i]);
		assert_int_equal(pthread_create(&thread, NULL, let_host_go_on, NULL), 0);
		virtio_mmio_freeze(&r.blk.mmio);
		assert_true(driver_collect(&r.driver, &used));
		assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
		virtio_mmio_thaw(&r.blk.mmio);
		pthread_join(thread, NULL);
		rig_teardown(&r);
	}
}

static void a_drain_waits_for_a_slow_host_and_makes_its_writes_durable(void **state)
{
	struct vring_used_elem used;
	pthread_t thread;
	struct rig r;

	begin_long(&r, VIRTIO_BLK_T_DISCARD);
	virtio_mmio_quiesce(&r.blk.mmio);
	assert_int_equal(pthread_create(&thread, NULL, let_host_go_on, NULL), 0);
	assert_int_equal(blk_drain(&r.blk), 0);
	assert_false(atomic_load(&host_busy));
	assert_int_equal(atomic_load(&sync_count), 1);
	assert_false(driver_collect(&r.driver, &used));
	pthread_join(thread, NULL);
	rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(register_accesses_do_not_wait_for_a_slow_host),
		cmocka_unit_test(a_reset_does_not_wait_for_a_slow_host_and_no_answer_follows),
		cmocka_unit_test(a_queue_that_is_stopped_during_a_request_gets_no_answer),
		cmocka_unit_test(holding_a_device_waits_for_a_slow_host),
		cmocka_unit_test(a_drain_waits_for_a_slow_host_and_makes_its_writes_durable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
