/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net: frames that the driver had not looked at when its guest falls asleep. */
#include "net-rig.h"

#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DEADLINE_MS 60000

static const uint8_t own[MAC_SIZE] = NET_RIG_MAC;

/* Frames, by whether the guest has a driver that takes them. */
struct seen {
	atomic_uint driver, absent;
};

static bool note_received(void *context, const uint8_t *frame, size_t size, bool driver)
{
	struct seen *seen = context;

	atomic_fetch_add(driver ? &seen->driver : &seen->absent, 1);

	return true;
}

static void create(struct net_rig *r, struct seen *seen)
{
	const struct net_observer observer = { .received = note_received, .context = seen };

	*seen = (struct seen){ 0 };
	net_rig_create(r, false);
	net_rig_observe(r, &observer);
}

static void await(struct net_rig *r, const atomic_uint *count, unsigned int wanted)
{
	for (int tries = 0; atomic_load(count) < wanted; tries++) {
		assert_in_range(tries, 0, DEADLINE_MS);
		(void)poll(NULL, 0, 1);
	}
	/* The device has its lock until the last of them is in the ring. */
	(void)driver_get(&r->net.mmio, VIRTIO_MMIO_QUEUE_READY);
}

static void reset(struct net_rig *r)
{
	driver_set(&r->net.mmio, VIRTIO_MMIO_STATUS, 0);
}

/* A frame was reported as one that the driver has, and was never given to it. */
static void create_without_room(struct net_rig *r, struct seen *seen)
{
	create(r, seen);
	net_rig_start(r, NET_RIG_MERGEABLE);
	net_rig_offer(r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(r);
	net_rig_peer_sends(r, own, 7, 3 * NET_RIG_BUFFER_SIZE);
	await(r, &seen->driver, 1);
}

static void a_frame_that_had_no_room_is_reported_again(void **state)
{
	struct net_rig r;
	struct seen seen;

	create_without_room(&r, &seen);
	/* The guest falls asleep, with its driver at work. */
	net_report_unseen(&r.net);
	assert_int_equal(atomic_load(&seen.driver), 2);
	/* Or resets it before. */
	reset(&r);
	assert_int_equal(atomic_load(&seen.absent), 1);
	/* It wakes once, though another driver does not take it either. */
	net_rig_start(&r, NET_RIG_MERGEABLE);
	reset(&r);
	assert_int_equal(atomic_load(&seen.absent), 1);
	net_rig_start(&r, NET_RIG_MERGEABLE);
	for (uint16_t i = 0; i < 4; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	for (uint16_t i = 0; i < 4; i++)
		assert_int_equal(net_rig_wait_received(&r, i),
				 i < 3 ? NET_RIG_BUFFER_SIZE : NET_HEADER_SIZE);
	net_rig_teardown(&r);
}

static void a_frame_that_had_no_room_does_not_wake_twice(void **state)
{
	struct net_rig r;
	struct seen seen;

	create_without_room(&r, &seen);
	pthread_mutex_lock(&r.net.mmio.lock);
	net_pass_unseen(&r.net);
	pthread_mutex_unlock(&r.net.mmio.lock);
	net_report_unseen(&r.net);
	assert_int_equal(atomic_load(&seen.driver), 1);
	net_rig_teardown(&r);
}

/* Fill and empty the ring so often that its indices begin again. */
static void all_of_them_are_reported_after_any_number_of_frames(void **state)
{
	const unsigned int before = 0x10000 - 2;
	struct net_rig r;
	struct seen seen;

	create(&r, &seen);
	net_rig_start(&r, NET_RIG_EVENT_IDX);
	for (unsigned int i = 0; i < before; i++) {
		net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
		net_rig_notify(&r);
		net_rig_peer_sends(&r, own, 1, 60);
		(void)net_rig_wait_received(&r, 0);
	}
	for (uint16_t i = 0; i < 5; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	driver_set_used_event(&r.receive, r.receive.used);
	net_rig_notify(&r);
	for (unsigned int i = 0; i < 5; i++)
		net_rig_peer_sends(&r, own, 2, 60);
	await(&r, &seen.driver, before + 5);
	net_report_unseen(&r.net);
	assert_int_equal(atomic_load(&seen.driver), before + 10);
	net_rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_that_had_no_room_is_reported_again),
		cmocka_unit_test(a_frame_that_had_no_room_does_not_wake_twice),
		cmocka_unit_test(all_of_them_are_reported_after_any_number_of_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
