/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net with a driver and with a peer that break the rules: each is contained. */
#include "net-rig.h"

#include <arpa/inet.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

static const uint8_t own[MAC_SIZE] = NET_RIG_MAC;

/* --- the driver --- */

static void describe_sent(struct net_rig *r, uint16_t index, uint64_t address, uint32_t size,
			  uint16_t flags)
{
	driver_describe(&r->transmit, r->transmit.offset + DRIVER_DESCRIPTORS, index,
			(struct vring_desc){ address, size, flags, (uint16_t)(index + 1) });
}

static void assert_broken(struct net_rig *r, const char *report)
{
	net_rig_wait_until_broken(r);
	net_rig_wait_for_report(r, report);
	assert_int_equal(atomic_load(&r->reports), 1);
	assert_string_equal(r->report, report);
}

static void a_frame_without_a_header_fails_the_device(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	describe_sent(&r, 0, NET_RIG_SENT, NET_HEADER_SIZE - 1, 0);
	driver_offer(&r.transmit, 0);
	net_rig_notify(&r);
	assert_broken(&r, "net0: the guest's driver broke the protocol, a frame has no header");
	/* It is fine after a reset. */
	net_rig_start(&r, 0);
	net_rig_send(&r, 0, 1, 100);
	net_rig_peer_receives(&r, 1, 100);
	net_rig_teardown(&r);
}

static void frames_of_impossible_sizes_are_dropped(void **state)
{
	const uint32_t sizes[] = { 0, 1, NET_FRAME_MIN - 1, NET_FRAME_MAX + 1, 1U << 20 };
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		describe_sent(&r, 0, NET_RIG_SENT, (uint32_t)NET_HEADER_SIZE + sizes[i], 0);
		driver_offer(&r.transmit, 0);
		net_rig_notify(&r);
		net_rig_wait_sent(&r, 0);
	}
	net_rig_send(&r, 0, 9, 60);
	net_rig_peer_receives(&r, 9, 60);
	assert_int_equal(atomic_load(&r.reports), 0);
	net_rig_teardown(&r);
}

/* A stream has no offloads: such a frame would have a wrong checksum, or be too long. */
static void frames_with_offloads_that_were_not_agreed_on_are_dropped(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	for (unsigned int i = 1; i < 256; i++) {
		uint8_t *header = driver_at(&r.transmit, NET_RIG_SENT, NET_HEADER_SIZE);

		memset(header, 0, NET_HEADER_SIZE);
		header[i % 2] = (uint8_t)i;
		describe_sent(&r, 0, NET_RIG_SENT, 100, 0);
		driver_offer(&r.transmit, 0);
		net_rig_notify(&r);
		net_rig_wait_sent(&r, 0);
	}
	net_rig_send(&r, 0, 9, 60);
	net_rig_peer_receives(&r, 9, 60);
	assert_int_equal(atomic_load(&r.reports), 0);
	net_rig_teardown(&r);
}

static void a_frame_in_many_pieces_is_sent_as_one(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	memset(driver_at(&r.transmit, NET_RIG_SENT, 0x10000), 0, 0x10000);
	for (uint16_t i = 0; i < NET_RIG_QUEUE; i++)
		describe_sent(&r, i, NET_RIG_SENT + 16ULL * i, 1, i + 1 < NET_RIG_QUEUE ? NEXT : 0);
	driver_offer(&r.transmit, 0);
	net_rig_notify(&r);
	net_rig_peer_receives(&r, 0, NET_RIG_QUEUE - NET_HEADER_SIZE);
	net_rig_teardown(&r);
}

static void a_receive_buffer_without_room_fails_the_device(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_MERGEABLE);
	net_rig_offer(&r, 0, NET_HEADER_SIZE - 1);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 1, 60);
	assert_broken(&r, "net0: the guest's driver broke the protocol, a buffer has no room for a "
			  "frame");
	net_rig_teardown(&r);
}

/* The header's fields may lie anywhere. */
static void a_receive_buffer_in_pieces_of_a_byte_is_filled(void **state)
{
	const uint16_t total = NET_RIG_QUEUE - 1;
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_MERGEABLE);
	for (uint16_t i = 0; i < total; i++)
		driver_describe(&r.receive, DRIVER_DESCRIPTORS, i,
				(struct vring_desc){ NET_RIG_BUFFERS + i, 1,
						     (uint16_t)(WRITE | (i + 1 < total ? NEXT : 0)),
						     (uint16_t)(i + 1) });
	driver_offer(&r.receive, 0);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 0x77, total - (uint32_t)NET_HEADER_SIZE);
	assert_int_equal(net_rig_wait_received(&r, 0), total);
	assert_int_equal(net_rig_buffer(&r, 0)[10], 1);
	assert_int_equal(net_rig_buffer(&r, 0)[total - 1], 0x77);
	net_rig_teardown(&r);
}

static void a_command_without_room_for_its_status_fails_the_device(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_CONTROL);
	driver_describe(&r.control, r.control.offset + DRIVER_DESCRIPTORS, 0,
			(struct vring_desc){ NET_RIG_COMMAND, 8, 0, 0 });
	driver_offer(&r.control, 0);
	net_rig_notify(&r);
	assert_broken(&r, "net0: the guest's driver broke the protocol, a command has no header or "
			  "no status");
	net_rig_teardown(&r);
}

static void broken_rings_fail_the_device(void **state)
{
	for (unsigned int i = 0; i < NET_QUEUES; i++) {
		struct net_rig r;
		struct driver *driver;

		net_rig_create(&r, false);
		net_rig_start(&r, NET_RIG_CONTROL);
		driver = i == NET_QUEUE_RECEIVE	   ? &r.receive
			 : i == NET_QUEUE_TRANSMIT ? &r.transmit
						   : &r.control;
		driver_set_available(driver, 1000);
		net_rig_notify(&r);
		net_rig_peer_sends(&r, own, 1, 60);
		assert_broken(&r, "net0: the guest's driver broke the protocol, more is available "
				  "than a queue can hold");
		net_rig_teardown(&r);
	}
}

/* --- the peer --- */

static void wait_for_loss(struct net_rig *r, const char *report)
{
	net_rig_wait_for_link(r, false);
	net_rig_wait_for_report(r, report);
	/* A later one is served as if nothing had been. */
	net_rig_offer_peer(r);
	net_rig_wait_for_link(r, true);
	net_rig_peer_sends(r, own, 5, 60);
	assert_int_equal(net_rig_wait_received(r, 0), NET_HEADER_SIZE + 60);
}

static void start(struct net_rig *r)
{
	net_rig_create(r, false);
	net_rig_start(r, 1ULL << VIRTIO_NET_F_STATUS);
	net_rig_offer(r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(r);
}

static void a_peer_that_announces_too_long_a_frame_is_left(void **state)
{
	const uint32_t lengths[] = { NET_FRAME_MAX + 1, UINT32_MAX };
	const char *const reports[] = {
		"net0: the test sent a frame of 65569 bytes, and the longest has 65568: its "
		"guest's link is down until it is back",
		"net0: the test sent a frame of 4294967295 bytes, and the longest has 65568: its "
		"guest's link is down until it is back",
	};

	for (size_t i = 0; i < 2; i++) {
		const uint32_t length = htonl(lengths[i]);
		struct net_rig r;

		start(&r);
		net_rig_peer_writes(&r, &length, sizeof(length));
		wait_for_loss(&r, reports[i]);
		net_rig_teardown(&r);
	}
}

static void a_peer_that_ends_in_the_middle_of_a_frame_is_left(void **state)
{
	const uint32_t length = htonl(1000);
	struct net_rig r;

	start(&r);
	net_rig_peer_writes(&r, &length, sizeof(length));
	net_rig_peer_writes(&r, own, sizeof(own));
	shutdown(r.peer, SHUT_RDWR);
	wait_for_loss(&r, "net0: the test closed the connection, in the middle of a frame: its "
			  "guest's link is down until it is back");
	net_rig_teardown(&r);
}

static void frames_of_a_peer_without_addresses_are_dropped(void **state)
{
	static const uint8_t zeros[100000];
	struct net_rig r;

	start(&r);
	for (uint32_t size = 0; size < NET_FRAME_MIN; size++) {
		const uint32_t length = htonl(size);

		net_rig_peer_writes(&r, &length, sizeof(length));
		net_rig_peer_writes(&r, own, size < sizeof(own) ? size : sizeof(own));
		if (size > sizeof(own))
			net_rig_peer_writes(&r, zeros, size - sizeof(own));
	}
	/* As many as there is room for, and more, of no bytes at all. */
	for (int i = 0; i < 40; i++)
		net_rig_peer_writes(&r, zeros, sizeof(zeros));
	net_rig_peer_sends(&r, own, 1, 61);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 61);
	assert_int_equal(atomic_load(&r.reports), 0);
	net_rig_teardown(&r);
}

static void a_frame_that_comes_byte_by_byte_is_received(void **state)
{
	uint8_t record[4 + 60] = { 0, 0, 0, 60 };
	struct net_rig r;

	start(&r);
	for (size_t i = 0; i < sizeof(record); i++)
		net_rig_peer_writes(&r, record + i, 1);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 60);
	net_rig_teardown(&r);
}

static void the_longest_frame_of_a_peer_is_received(void **state)
{
	const uint32_t total = NET_FRAME_MAX + NET_HEADER_SIZE;
	const uint16_t whole = (uint16_t)(total / NET_RIG_BUFFER_SIZE);
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_MERGEABLE);
	for (uint16_t i = 0; i < NET_RIG_QUEUE; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 3, NET_FRAME_MAX);
	for (uint16_t i = 0; i < whole; i++)
		assert_int_equal(net_rig_wait_received(&r, i), NET_RIG_BUFFER_SIZE);
	assert_int_equal(net_rig_wait_received(&r, whole), total % NET_RIG_BUFFER_SIZE);
	assert_int_equal(net_rig_buffer(&r, 0)[10], whole + 1);
	net_rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_without_a_header_fails_the_device),
		cmocka_unit_test(frames_of_impossible_sizes_are_dropped),
		cmocka_unit_test(frames_with_offloads_that_were_not_agreed_on_are_dropped),
		cmocka_unit_test(a_frame_in_many_pieces_is_sent_as_one),
		cmocka_unit_test(a_receive_buffer_without_room_fails_the_device),
		cmocka_unit_test(a_receive_buffer_in_pieces_of_a_byte_is_filled),
		cmocka_unit_test(a_command_without_room_for_its_status_fails_the_device),
		cmocka_unit_test(broken_rings_fail_the_device),
		cmocka_unit_test(a_peer_that_announces_too_long_a_frame_is_left),
		cmocka_unit_test(a_peer_that_ends_in_the_middle_of_a_frame_is_left),
		cmocka_unit_test(frames_of_a_peer_without_addresses_are_dropped),
		cmocka_unit_test(a_frame_that_comes_byte_by_byte_is_received),
		cmocka_unit_test(the_longest_frame_of_a_peer_is_received),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
