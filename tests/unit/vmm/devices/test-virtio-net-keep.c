/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net without a driver: frames are observed, kept, and delivered later. */
#include "net-rig.h"

#include <arpa/inet.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define DEADLINE_MS 60000

static const uint8_t own[MAC_SIZE] = NET_RIG_MAC;
static const uint8_t noise[MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* --- an observer --- */

struct seen {
	int fd; /* Written for each frame received. */
	atomic_uint received, absent, sent, delivered, addressed, resets;
	uint8_t front[NET_OBSERVED_MAX]; /* Of the frame sent last. */
	size_t front_size;
};

static void note_sent(void *context, const uint8_t *frame, size_t size)
{
	struct seen *seen = context;

	memcpy(seen->front, frame, size);
	seen->front_size = size;
	atomic_fetch_add(&seen->sent, 1);
}

/* Broadcasts are not worth keeping. */
static bool note_received(void *context, const uint8_t *frame, size_t size, bool driver)
{
	struct seen *seen = context;

	atomic_fetch_add(driver ? &seen->received : &seen->absent, 1);
	assert_int_equal(eventfd_write(seen->fd, 1), 0);

	return !(frame[0] & 1);
}

static void note_delivered(void *context)
{
	struct seen *seen = context;

	atomic_fetch_add(&seen->delivered, 1);
}

static void note_reset(void *context)
{
	struct seen *seen = context;

	atomic_fetch_add(&seen->resets, 1);
}

static void note_addressed(void *context, const uint8_t mac[6])
{
	struct seen *seen = context;

	atomic_fetch_add(&seen->addressed, 1);
}

static void observe(struct net_rig *r, struct seen *seen)
{
	const struct net_observer observer = {
		.sent = note_sent,
		.received = note_received,
		.delivered = note_delivered,
		.addressed = note_addressed,
		.reset = note_reset,
		.context = seen,
	};

	memset(seen, 0, sizeof(*seen));
	seen->fd = eventfd(0, EFD_CLOEXEC);
	assert_true(seen->fd >= 0);
	net_rig_observe(r, &observer);
}

static void wait_for_frames(struct seen *seen, unsigned int count)
{
	struct pollfd fd = { .fd = seen->fd, .events = POLLIN };
	eventfd_t more;

	while (count > 0) {
		assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
		assert_int_equal(eventfd_read(seen->fd, &more), 0);
		assert_true(more <= count);
		count -= (unsigned int)more;
	}
}

static void stop_observing(struct net_rig *r, struct seen *seen)
{
	net_rig_observe(r, NULL);
	close(seen->fd);
}

/* --- frames --- */

/* The next frame, in buffer @index, is of the peer's with that byte. */
static void assert_next(struct net_rig *r, uint16_t index, uint8_t byte, uint32_t size)
{
	assert_int_equal(net_rig_wait_received(r, index), NET_HEADER_SIZE + size);
	assert_int_equal(net_rig_buffer(r, index)[NET_HEADER_SIZE + size - 1], byte);
}

static void frames_are_kept_until_there_is_a_driver(void **state)
{
	struct seen seen;
	struct net_rig r;

	net_rig_create(&r, false);
	observe(&r, &seen);
	for (uint8_t i = 0; i < 10; i++)
		net_rig_peer_sends(&r, i % 2 ? noise : own, i, 100);
	wait_for_frames(&seen, 10);
	assert_int_equal(atomic_load(&seen.absent), 10);
	assert_int_equal(atomic_load(&seen.delivered), 0);
	net_rig_start(&r, 0);
	for (uint16_t i = 0; i < 6; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	for (uint16_t i = 0; i < 5; i++)
		assert_next(&r, i, (uint8_t)(2 * i), 100);
	/* Those that come now, it gets whatever the observer says. */
	net_rig_peer_sends(&r, noise, 77, 100);
	assert_next(&r, 5, 77, 100);
	assert_int_equal(atomic_load(&seen.received), 1);
	assert_int_equal(atomic_load(&seen.delivered), 1);
	stop_observing(&r, &seen);
	net_rig_teardown(&r);
}

/* Such as a neighbour solicitation, before the driver has asked for its group again. */
static void a_kept_frame_is_delivered_whatever_the_driver_has_set_of_its_filter(void **state)
{
	static const uint8_t group[MAC_SIZE] = { 0x33, 0x33, 0xff, 0, 0, 1 };
	const uint8_t off = 0;
	struct net_facts facts = { .kept = 0 };
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_peer_sends(&r, group, 1, 100);
	while (facts.kept == 0)
		net_describe(&r.net, &facts);
	net_rig_start(&r, NET_RIG_CONTROL);
	assert_int_equal(
		net_rig_command(&r, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &off, 1),
		VIRTIO_NET_OK);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_offer(&r, 1, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	assert_next(&r, 0, 1, 100);
	/* What comes from now on is as the driver wants it. */
	net_rig_peer_sends(&r, group, 2, 100);
	net_rig_peer_sends(&r, own, 3, 100);
	assert_next(&r, 1, 3, 100);
	net_rig_teardown(&r);
}

/* Neither more than are kept nor larger ones are lost: the peer has to wait. */
static void a_full_queue_stops_reading_and_loses_nothing(void **state)
{
	const uint32_t sizes[] = { 100, 9000 };

	for (size_t kind = 0; kind < 2; kind++) {
		const uint32_t size = sizes[kind];
		const int64_t room = 64 << 20;
		struct net_rig r;
		unsigned int count = 0;
		uint8_t record[4 + 9000];
		const uint32_t length = htonl(size);

		net_rig_create(&r, false);
		memset(record, 0, sizeof(record));
		memcpy(record, &length, sizeof(length));
		memcpy(record + 4, own, sizeof(own));
		/* Until the socket is full, and what the device keeps. */
		for (int64_t left = room; left > 0; left -= size) {
			struct pollfd fd = { .fd = r.peer, .events = POLLOUT };

			/* If the device were still reading, the rest would only take less. */
			if (poll(&fd, 1, 200) == 0)
				break;
			record[3 + size] = (uint8_t)count;
			net_rig_peer_writes(&r, record, 4 + size);
			count++;
		}
		assert_in_range(count, 1, 20000);
		net_rig_start(&r, NET_RIG_MERGEABLE);
		for (unsigned int i = 0; i < count; i++) {
			uint8_t last = 0;

			for (uint32_t left = size + (uint32_t)NET_HEADER_SIZE; left > 0;) {
				uint32_t got;

				net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
				for (uint16_t j = 1; j < 5 && size > 100; j++)
					net_rig_offer(&r, j, NET_RIG_BUFFER_SIZE);
				net_rig_notify(&r);
				for (uint16_t j = 0; left > 0; j++) {
					got = net_rig_wait_received(&r, j);
					last = net_rig_buffer(&r, j)[got - 1];
					left -= got;
				}
			}
			assert_int_equal(last, (uint8_t)i);
		}
		net_rig_teardown(&r);
	}
}

/* --- what a driver has not looked at when it resets the device --- */

static void reset(struct net_rig *r)
{
	driver_set(&r->net.mmio, VIRTIO_MMIO_STATUS, 0);
}

/* Give the driver frames 0 to @count - 1 of @size bytes; it has looked at @seen chains. */
static void give(struct net_rig *r, struct seen *seen, uint16_t count, uint32_t size,
		 uint16_t looked_at)
{
	for (uint16_t i = 0; i < NET_RIG_QUEUE; i++)
		net_rig_offer(r, i, NET_RIG_BUFFER_SIZE);
	driver_set_used_event(&r->receive, looked_at);
	net_rig_notify(r);
	for (uint16_t i = 0; i < count; i++)
		net_rig_peer_sends(r, own, (uint8_t)i, size);
	wait_for_frames(seen, count);
	/* The device has its lock until the last of them is in the ring. */
	(void)driver_get(&r->net.mmio, VIRTIO_MMIO_QUEUE_READY);
}

static void frames_that_a_driver_has_not_looked_at_are_delivered_again(void **state)
{
	struct seen seen;
	struct net_rig r;

	net_rig_create(&r, false);
	observe(&r, &seen);
	net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
	give(&r, &seen, 5, 100, 2);
	assert_int_equal(atomic_load(&seen.received), 5);
	reset(&r);
	/* They are reported as frames without a driver. */
	assert_int_equal(atomic_load(&seen.absent), 3);
	net_rig_peer_sends(&r, own, 5, 100);
	net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
	for (uint16_t i = 0; i < 4; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	for (uint16_t i = 0; i < 4; i++)
		assert_next(&r, i, (uint8_t)(2 + i), 100);
	stop_observing(&r, &seen);
	net_rig_teardown(&r);
}

static void frames_in_several_buffers_are_delivered_again(void **state)
{
	const uint32_t size = 3 * NET_RIG_BUFFER_SIZE - (uint32_t)NET_HEADER_SIZE;
	struct seen seen;
	struct net_rig r;

	net_rig_create(&r, false);
	observe(&r, &seen);
	net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
	/* Of three buffers each; the driver has looked at the first of the second. */
	give(&r, &seen, 4, size, 6);
	reset(&r);
	assert_int_equal(atomic_load(&seen.absent), 2);
	net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
	for (uint16_t i = 0; i < 6; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	for (uint16_t i = 0; i < 6; i++) {
		assert_int_equal(net_rig_wait_received(&r, i), NET_RIG_BUFFER_SIZE);
		assert_int_equal(net_rig_buffer(&r, i)[NET_RIG_BUFFER_SIZE - 1], 2 + i / 3);
	}
	stop_observing(&r, &seen);
	net_rig_teardown(&r);
}

/* What it says of its buffers then is as untrusted as ever. */
/* Behind frames that were kept, however many buffers those take. */
static void must_come(struct net_rig *r, uint8_t byte, uint32_t size)
{
	uint16_t index = 0;

	while (net_rig_wait_received(r, index) != NET_HEADER_SIZE + size ||
	       net_rig_buffer(r, index)[NET_HEADER_SIZE + size - 1] != byte)
		assert_true(++index < NET_RIG_QUEUE);
}

static void a_driver_that_spoils_its_rings_before_a_reset_loses_frames_only(void **state)
{
	for (unsigned int kind = 0; kind < 6; kind++) {
		struct seen seen;
		struct net_rig r;

		net_rig_create(&r, false);
		observe(&r, &seen);
		net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
		give(&r, &seen, 5, 100, 0);
		switch (kind) {
		case 0:
			memset(driver_at(&r.receive, DRIVER_USED, 0x1000), 0xff, 0x1000);
			break;
		case 1:
			memset(driver_at(&r.receive, DRIVER_DESCRIPTORS, 0x1000), 0xff, 0x1000);
			break;
		case 2:
			memset(driver_at(&r.receive, DRIVER_DESCRIPTORS, 0x1000), 0, 0x1000);
			break;
		case 3:
			driver_set_used_event(&r.receive, 0x8000);
			break;
		case 4:
			memset(net_rig_buffer(&r, 0), 0xff, NET_RIG_BUFFER_SIZE);
			break;
		default:
			memset(driver_at(&r.receive, MEMORY_BASE, 0x10000), 0x11, 0x10000);
			break;
		}
		/* The device may have looked at them before that. */
		reset(&r);
		net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
		for (uint16_t i = 0; i < NET_RIG_QUEUE; i++)
			net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
		net_rig_notify(&r);
		net_rig_peer_sends(&r, own, 99, 100);
		must_come(&r, 99, 100);
		stop_observing(&r, &seen);
		net_rig_teardown(&r);
	}
}

/* --- how much is kept, whatever a driver claims --- */

/* What the device keeps now. */
static void must_keep(struct net_rig *r, size_t count, size_t bytes)
{
	pthread_mutex_lock(&r->net.mmio.lock);
	assert_int_equal(r->net.keep.count, count);
	assert_int_equal(r->net.keep.bytes, bytes);
	pthread_mutex_unlock(&r->net.mmio.lock);
}

/* The used ring is the driver's memory: an entry there is no frame that was given to it. */
static void frames_that_a_driver_was_not_given_are_not_taken_back(void **state)
{
	const struct vring_used_elem forged = { 0, (uint32_t)NET_HEADER_SIZE + 100 };
	struct seen seen;
	struct net_rig r;

	net_rig_create(&r, false);
	observe(&r, &seen);
	memcpy(net_rig_buffer(&r, 0) + NET_HEADER_SIZE, own, sizeof(own));
	for (unsigned int i = 0; i < 10; i++) {
		net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
		net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
		for (size_t j = 0; j < NET_RIG_QUEUE; j++)
			memcpy(driver_at(&r.receive, DRIVER_USED + 4 + j * sizeof(forged),
					 sizeof(forged)),
			       &forged, sizeof(forged));
		driver_set_used_event(&r.receive, (uint16_t)-NET_RIG_QUEUE);
		reset(&r);
	}
	assert_int_equal(atomic_load(&seen.absent), 0);
	must_keep(&r, 0, 0);
	stop_observing(&r, &seen);
	net_rig_teardown(&r);
}

/* 19 frames that a driver has not looked at, and one that has no room in its last buffer. */
static void frames_taken_back_and_kept_ones_are_limited_together(void **state)
{
	const uint32_t size = 60000;
	struct seen seen;
	struct net_rig r;

	net_rig_create(&r, false);
	observe(&r, &seen);
	net_rig_start(&r, NET_RIG_MERGEABLE | NET_RIG_EVENT_IDX);
	/* They overlap, but not where frames begin. */
	for (uint16_t i = 0; i < 19; i++)
		net_rig_offer(&r, i, (uint32_t)NET_HEADER_SIZE + size);
	net_rig_offer(&r, 19, NET_RIG_BUFFER_SIZE);
	driver_set_used_event(&r.receive, 0);
	net_rig_notify(&r);
	for (uint8_t i = 0; i < 20; i++)
		net_rig_peer_sends(&r, own, i, size);
	wait_for_frames(&seen, 20);
	must_keep(&r, 1, size);
	reset(&r);
	must_keep(&r, NET_KEEP_BYTES_MAX / size, NET_KEEP_BYTES_MAX / size * size);
	stop_observing(&r, &seen);
	net_rig_teardown(&r);
}

static void a_reset_of_the_machine_drops_what_was_kept(void **state)
{
	struct seen seen;
	struct net_rig r;

	net_rig_create(&r, false);
	observe(&r, &seen);
	net_rig_peer_sends(&r, own, 1, 100);
	wait_for_frames(&seen, 1);
	(void)driver_get(&r.net.mmio, VIRTIO_MMIO_QUEUE_READY);
	virtio_mmio_reset(&r.net.mmio);
	assert_int_equal(atomic_load(&seen.resets), 1);
	assert_int_equal(atomic_load(&seen.delivered), 0);
	net_rig_start(&r, 0);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 2, 100);
	assert_next(&r, 0, 2, 100);
	stop_observing(&r, &seen);
	net_rig_teardown(&r);
}

static void frames_that_are_sent_are_observed(void **state)
{
	struct seen seen;
	struct net_rig r;

	net_rig_create(&r, false);
	observe(&r, &seen);
	net_rig_start(&r, NET_RIG_CONTROL);
	net_rig_send(&r, 0, 0x21, 60);
	net_rig_wait_sent(&r, 0);
	assert_int_equal(seen.front_size, 60);
	assert_int_equal(seen.front[59], 0x21);
	net_rig_send(&r, 0, 0x22, 1514);
	net_rig_wait_sent(&r, 0);
	assert_int_equal(seen.front_size, NET_OBSERVED_MAX);
	assert_int_equal(seen.front[NET_OBSERVED_MAX - 1], 0x22);
	assert_int_equal(atomic_load(&seen.sent), 2);
	assert_int_equal(net_rig_command(&r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
					 "\2abcde", 6),
			 VIRTIO_NET_OK);
	assert_int_equal(atomic_load(&seen.addressed), 1);
	reset(&r);
	assert_int_equal(atomic_load(&seen.addressed), 2);
	stop_observing(&r, &seen);
	net_rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_kept_until_there_is_a_driver),
		cmocka_unit_test(
			a_kept_frame_is_delivered_whatever_the_driver_has_set_of_its_filter),
		cmocka_unit_test(a_full_queue_stops_reading_and_loses_nothing),
		cmocka_unit_test(frames_that_a_driver_has_not_looked_at_are_delivered_again),
		cmocka_unit_test(frames_in_several_buffers_are_delivered_again),
		cmocka_unit_test(a_driver_that_spoils_its_rings_before_a_reset_loses_frames_only),
		cmocka_unit_test(frames_that_a_driver_was_not_given_are_not_taken_back),
		cmocka_unit_test(frames_taken_back_and_kept_ones_are_limited_together),
		cmocka_unit_test(a_reset_of_the_machine_drops_what_was_kept),
		cmocka_unit_test(frames_that_are_sent_are_observed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
