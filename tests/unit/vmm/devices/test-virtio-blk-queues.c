/* SPDX-License-Identifier: BSD-3-Clause */
/* A disk has several queues: each is served, none waits for another, all at once. */
#include "blk-rig.h"

#include <linux/virtio_mmio.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define QUEUES 4
#define MQ (1ULL << VIRTIO_BLK_F_MQ)
#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

/* Of request @i of a queue. */
static uint64_t data_of(const struct driver *queue, uint16_t i)
{
	return DRIVER_DATA + queue->offset + 0x1000 + 512ULL * i;
}

static uint64_t status_of(const struct driver *queue, uint16_t i)
{
	return DRIVER_DATA + queue->offset + 0x800 + i;
}

/*
 * Make request @i, up to 5, available to read or write a sector, without notifying the
 * device.
 */
static void offer(struct driver *queue, uint16_t i, uint32_t type, uint64_t sector)
{
	const struct virtio_blk_outhdr header = { .type = type, .sector = sector };
	const uint64_t at = DRIVER_DATA + queue->offset + sizeof(header) * i;
	const uint16_t direction = type == VIRTIO_BLK_T_OUT ? 0 : WRITE;
	const uint16_t head = (uint16_t)(3 * i);

	memcpy(driver_at(queue, at, sizeof(header)), &header, sizeof(header));
	*(uint8_t *)driver_at(queue, status_of(queue, i), 1) = RIG_NO_STATUS;
	driver_describe(queue, queue->offset + DRIVER_DESCRIPTORS, head,
			(struct vring_desc){ at, sizeof(header), NEXT, (uint16_t)(head + 1) });
	driver_describe(queue, queue->offset + DRIVER_DESCRIPTORS, (uint16_t)(head + 1),
			(struct vring_desc){ data_of(queue, i), 512, NEXT | direction,
					     (uint16_t)(head + 2) });
	driver_describe(queue, queue->offset + DRIVER_DESCRIPTORS, (uint16_t)(head + 2),
			(struct vring_desc){ status_of(queue, i), 1, WRITE, 0 });
	driver_offer(queue, head);
}

/* Wait until the device has used @count chains of a queue in all. */
static void await(struct driver *queue, uint16_t count)
{
	struct vring_used_elem used;

	while (queue->used < count) {
		if (!driver_collect(queue, &used))
			sched_yield();
	}
}

static uint8_t status(const struct driver *queue, uint16_t i)
{
	return *(uint8_t *)driver_at(queue, status_of(queue, i), 1);
}

/*
 * A disk whose driver has accepted @features; the queues are set up, and it waits for
 * DRIVER_OK.
 */
static void setup(struct rig *r, struct driver queues[QUEUES], uint64_t features)
{
	rig_create(r, false);
	driver_restart(&r->driver);
	assert_true(driver_negotiate(&r->blk.mmio, features));
	for (uint32_t i = 0; i < QUEUES; i++) {
		driver_add_queue(&queues[i], &r->driver, i);
		if (i > 0)
			driver_start_queue(&queues[i], &r->blk.mmio);
	}
}

static void a_disk_reports_its_number_of_queues(void **state)
{
	struct rig r;

	rig_create(&r, false);
	assert_true(driver_get(&r.blk.mmio, VIRTIO_MMIO_DEVICE_FEATURES) & MQ);
	assert_int_equal(virtio_mmio_read(&r.blk.mmio, VIRTIO_MMIO_CONFIG + 34, 2), QUEUES);
	for (uint32_t i = 0; i <= QUEUES; i++) {
		driver_set(&r.blk.mmio, VIRTIO_MMIO_QUEUE_SEL, i);
		assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX),
				 i < QUEUES ? VIRTQUEUE_SIZE_MAX : 0);
	}
	rig_teardown(&r);
}

static void each_queue_of_a_disk_is_served(void **state)
{
	struct driver queues[QUEUES];
	struct rig r;

	setup(&r, queues, MQ);
	driver_start(&queues[0], &r.blk.mmio);
	for (uint16_t round = 0; round < 5; round++) {
		for (uint32_t i = QUEUES; i-- > 0;) {
			offer(&queues[i], round, VIRTIO_BLK_T_IN, 10 * i + round);
			driver_set(&r.blk.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, i);
			await(&queues[i], (uint16_t)(round + 1));
			assert_int_equal(status(&queues[i], round), VIRTIO_BLK_S_OK);
			rig_assert_pattern(driver_at(&queues[i], data_of(&queues[i], round), 512),
					   (10 * i + round) * 512, 512);
		}
	}
	rig_teardown(&r);
}

/* All write one sector, which ends with the data of the last writer. */
static void a_full_queue_of_a_disk_does_not_delay_another(void **state)
{
	struct driver queues[QUEUES];
	struct rig r;

	setup(&r, queues, MQ);
	for (uint16_t i = 0; i < 5; i++) {
		memset(driver_at(&queues[0], data_of(&queues[0], i), 512), 0x10 + i, 512);
		offer(&queues[0], i, VIRTIO_BLK_T_OUT, 7);
	}
	memset(driver_at(&queues[3], data_of(&queues[3], 0), 512), 0xff, 512);
	offer(&queues[3], 0, VIRTIO_BLK_T_OUT, 7);
	/* It finds them all there. */
	driver_start(&queues[0], &r.blk.mmio);
	await(&queues[0], 5);
	await(&queues[3], 1);
	rig_assert_image(&r, 7ULL * 512, driver_at(&queues[0], data_of(&queues[0], 4), 512), 512);
	rig_teardown(&r);
}

/* A driver that did not accept the feature has only the first. */
static void a_disk_has_one_queue_without_the_multiqueue_feature(void **state)
{
	struct vring_used_elem used;
	struct driver queues[QUEUES];
	struct rig r;

	setup(&r, queues, 0);
	offer(&queues[1], 0, VIRTIO_BLK_T_IN, 1);
	driver_start(&queues[0], &r.blk.mmio);
	for (uint16_t i = 0; i < 3; i++) {
		offer(&queues[0], i, VIRTIO_BLK_T_IN, 1);
		rig_notify(&r);
		await(&queues[0], (uint16_t)(i + 1));
	}
	assert_int_equal(blk_drain(&r.blk), 0);
	assert_false(driver_collect(&queues[1], &used));
	rig_teardown(&r);
}

/* --- all at once --- */

#define ROUNDS 300

struct submitter {
	struct rig *rig;
	struct driver *queue;
	unsigned int wrong;
	pthread_t thread;
};

/* Writes a sector of its own and reads it back, again and again. */
static void *submit(void *argument)
{
	struct submitter *s = argument;
	struct driver *queue = s->queue;
	uint8_t *written = driver_at(queue, data_of(queue, 0), 512);
	const uint8_t *found = driver_at(queue, data_of(queue, 1), 512);

	for (uint16_t round = 0; round < ROUNDS; round++) {
		memset(written, (int)(round + queue->queue), 512);
		offer(queue, 0, VIRTIO_BLK_T_OUT, queue->queue);
		driver_set(&s->rig->blk.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue->queue);
		await(queue, (uint16_t)(2 * round + 1));
		offer(queue, 1, VIRTIO_BLK_T_IN, queue->queue);
		driver_set(&s->rig->blk.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue->queue);
		await(queue, (uint16_t)(2 * round + 2));
		if (status(queue, 0) || status(queue, 1) || memcmp(written, found, 512) != 0)
			s->wrong++;
	}

	return NULL;
}

static void all_queues_of_a_disk_may_be_used_at_once(void **state)
{
	struct submitter submitters[QUEUES];
	struct driver queues[QUEUES];
	struct rig r;

	setup(&r, queues, MQ | RIG_FLUSH);
	driver_start(&queues[0], &r.blk.mmio);
	for (uint32_t i = 0; i < QUEUES; i++) {
		submitters[i] = (struct submitter){ .rig = &r, .queue = &queues[i] };
		assert_int_equal(
			pthread_create(&submitters[i].thread, NULL, submit, &submitters[i]), 0);
	}
	for (uint32_t i = 0; i < QUEUES; i++) {
		assert_int_equal(pthread_join(submitters[i].thread, NULL), 0);
		assert_int_equal(submitters[i].wrong, 0);
	}
	assert_int_equal(atomic_load(&r.reports), 0);
	rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_reports_its_number_of_queues),
		cmocka_unit_test(each_queue_of_a_disk_is_served),
		cmocka_unit_test(a_full_queue_of_a_disk_does_not_delay_another),
		cmocka_unit_test(a_disk_has_one_queue_without_the_multiqueue_feature),
		cmocka_unit_test(all_queues_of_a_disk_may_be_used_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
