/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net with a well-behaved driver: frames both ways, the link, what is kept. */
#include "net-rig.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t own[MAC_SIZE] = NET_RIG_MAC;
static const uint8_t other[MAC_SIZE] = { 0x02, 9, 9, 9, 9, 9 };
static const uint8_t broadcast[MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t multicast[MAC_SIZE] = { 0x33, 0x33, 0, 0, 0, 1 };

/* What a driver finds of a frame that is in one buffer. */
static void assert_frame(struct net_rig *r, uint16_t index, const uint8_t *to, uint8_t byte,
			 uint32_t size)
{
	const uint8_t *at;

	assert_int_equal(net_rig_wait_received(r, index), NET_HEADER_SIZE + size);
	at = net_rig_buffer(r, index);
	assert_int_equal(at[10], 1);
	assert_int_equal(at[11], 0);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(at[i], 0);
	assert_memory_equal(at + NET_HEADER_SIZE, to, MAC_SIZE);
	for (uint32_t i = MAC_SIZE; i < size; i++)
		assert_int_equal(at[NET_HEADER_SIZE + i], byte);
}

static void a_driver_finds_the_address_and_that_the_link_is_up(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	assert_int_equal(driver_get(&r.net.mmio, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_NET);
	for (size_t i = 0; i < MAC_SIZE; i++)
		assert_int_equal(virtio_mmio_read(&r.net.mmio, VIRTIO_MMIO_CONFIG + i, 1), own[i]);
	assert_int_equal(virtio_mmio_read(&r.net.mmio, VIRTIO_MMIO_CONFIG + 6, 2),
			 VIRTIO_NET_S_LINK_UP);
	net_rig_teardown(&r);
}

static void a_frame_of_every_size_is_sent(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	for (uint32_t size = NET_FRAME_MIN; size <= 1514; size++) {
		net_rig_send(&r, 0, (uint8_t)size, size);
		net_rig_peer_receives(&r, (uint8_t)size, size);
		net_rig_wait_sent(&r, 0);
	}
	net_rig_send(&r, 0, 7, 65535);
	net_rig_peer_receives(&r, 7, 65535);
	net_rig_wait_sent(&r, 0);
	net_rig_teardown(&r);
}

static void a_frame_of_every_size_is_received(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	for (uint32_t size = NET_FRAME_MIN; size <= 1514; size++) {
		net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
		net_rig_notify(&r);
		net_rig_peer_sends(&r, own, (uint8_t)size, size);
		assert_frame(&r, 0, own, (uint8_t)size, size);
	}
	net_rig_teardown(&r);
}

static void a_large_frame_is_received_in_several_buffers_at_once(void **state)
{
	struct vring_used_elem used;
	struct net_rig r;
	uint32_t left = 9014 + (uint32_t)NET_HEADER_SIZE;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_MERGEABLE);
	for (uint16_t i = 0; i < 6; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 0x5a, 9014);
	for (uint16_t i = 0; i < 5; i++) {
		const uint32_t wanted = left < NET_RIG_BUFFER_SIZE ? left : NET_RIG_BUFFER_SIZE;

		if (i == 0) {
			assert_int_equal(net_rig_wait_received(&r, 0), wanted);
			assert_int_equal(net_rig_buffer(&r, 0)[10], 5);
		} else {
			/* All of them are there with the first. */
			assert_true(driver_collect(&r.receive, &used));
			assert_int_equal(used.id, i);
			assert_int_equal(used.len, wanted);
			assert_int_equal(net_rig_buffer(&r, i)[wanted - 1], 0x5a);
		}
		left -= wanted;
	}
	assert_int_equal(left, 0);
	net_rig_teardown(&r);
}

/* One that a driver gets neither in parts nor as a whole would stop all that follow. */
static void a_frame_that_no_buffer_can_hold_is_dropped(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	net_rig_offer(&r, 3, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 1, 9000);
	net_rig_peer_sends(&r, own, 2, 60);
	assert_frame(&r, 3, own, 2, 60);

	/* A ring of 64 buffers, of which each has room for 100 bytes. */
	net_rig_start(&r, NET_RIG_MERGEABLE);
	for (uint16_t i = 0; i < NET_RIG_QUEUE; i++)
		net_rig_offer(&r, i, 100);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 3, 9000);
	net_rig_peer_sends(&r, own, 4, 60);
	assert_frame(&r, 0, own, 4, 60);
	net_rig_teardown(&r);
}

static void frames_wait_until_the_guest_has_buffers(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_MERGEABLE);
	for (uint8_t i = 0; i < 50; i++)
		net_rig_peer_sends(&r, own, i, 1000);
	for (uint8_t i = 0; i < 50; i++) {
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
		net_rig_notify(&r);
		assert_frame(&r, i, own, i, 1000);
	}
	net_rig_teardown(&r);
}

/* What the socket takes no more of stays in the ring, and is sent later, all of it. */
static void a_peer_that_does_not_read_delays_frames_and_loses_none(void **state)
{
	const int small = 1;
	struct vring_used_elem used;
	struct net_rig r;

	net_rig_create(&r, false);
	/* The socket has room for a few of the frames, and perhaps for a part of one. */
	assert_int_equal(
		setsockopt(r.net.setup.backend->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
		0);
	net_rig_start(&r, 0);
	for (uint16_t i = 0; i < NET_RIG_QUEUE; i++)
		net_rig_send(&r, i, (uint8_t)i, 1514);
	while (driver_collect(&r.transmit, &used))
		;
	assert_true(r.transmit.used < NET_RIG_QUEUE);
	for (uint16_t i = 0; i < NET_RIG_QUEUE; i++)
		net_rig_peer_receives(&r, (uint8_t)i, 1514);
	while (r.transmit.used < NET_RIG_QUEUE)
		net_rig_wait_sent(&r, r.transmit.used);
	net_rig_teardown(&r);
}

static void without_a_peer_the_link_is_down_and_frames_are_dropped(void **state)
{
	struct net_rig r;

	net_rig_create(&r, true);
	assert_int_equal(atomic_load(&r.reports), 1);
	assert_string_equal(r.report, "net0: the test refuses: its guest's link is down until it "
				      "can");
	net_rig_start(&r, 1ULL << VIRTIO_NET_F_STATUS);
	net_rig_wait_for_link(&r, false);
	net_rig_send(&r, 0, 1, 100);
	net_rig_wait_sent(&r, 0);
	net_rig_offer_peer(&r);
	net_rig_wait_for_link(&r, true);
	net_rig_peer_is_shown(&r, own);
	net_rig_send(&r, 1, 2, 100);
	net_rig_peer_receives(&r, 2, 100);
	net_rig_teardown(&r);
}

/* The end of a connection comes after the frames that came before it: it is read as they are. */
static void start_with_buffer(struct net_rig *r)
{
	net_rig_start(r, 1ULL << VIRTIO_NET_F_STATUS);
	net_rig_offer(r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(r);
}

static void note_change(void *context, bool connected)
{
	char *changes = context;

	strcat(changes, connected ? "+" : "-");
}

static void a_peer_that_goes_and_comes_back_is_reported(void **state)
{
	char changes[8] = "";
	uint64_t reported = 0;
	struct net_rig r;

	net_rig_create(&r, false);
	start_with_buffer(&r);
	shutdown(r.peer, SHUT_RDWR);
	net_rig_wait_for_link(&r, false);
	net_report_link(&r.net, &reported, note_change, changes);
	assert_string_equal(changes, "+-");
	net_rig_offer_peer(&r);
	net_rig_wait_for_link(&r, true);
	net_report_link(&r.net, &reported, note_change, changes);
	assert_string_equal(changes, "+-+");
	net_report_link(&r.net, &reported, note_change, changes);
	assert_string_equal(changes, "+-+");
	/* It is used as the first was. */
	net_rig_peer_sends(&r, own, 1, 100);
	assert_frame(&r, 0, own, 1, 100);
	net_rig_teardown(&r);
}

static void each_change_of_the_link_gives_the_configuration_another_generation(void **state)
{
	struct net_rig r;
	uint32_t before;

	net_rig_create(&r, false);
	start_with_buffer(&r);
	before = driver_get(&r.net.mmio, VIRTIO_MMIO_CONFIG_GENERATION);
	shutdown(r.peer, SHUT_RDWR);
	net_rig_wait_for_interrupt(&r);
	assert_true(driver_get(&r.net.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_not_equal(driver_get(&r.net.mmio, VIRTIO_MMIO_CONFIG_GENERATION), before);
	net_rig_teardown(&r);
}

/* --- which frames --- */

static void a_driver_that_sets_no_filter_gets_all_frames(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, 0);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, other, 1, 60);
	assert_frame(&r, 0, other, 1, 60);
	net_rig_teardown(&r);
}

static void set_mode(struct net_rig *r, uint8_t mode, uint8_t on)
{
	assert_int_equal(net_rig_command(r, VIRTIO_NET_CTRL_RX, mode, &on, 1), VIRTIO_NET_OK);
}

static void a_driver_gets_the_frames_that_its_filter_names(void **state)
{
	const uint8_t table[] = { 1, 0, 0, 0, 0x02, 9,	  9, 9, 9, 9,
				  1, 0, 0, 0, 0x33, 0x33, 0, 0, 0, 1 };
	const uint8_t empty[8] = { 0 };
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_CONTROL);
	set_mode(&r, VIRTIO_NET_CTRL_RX_PROMISC, 0);
	for (uint16_t i = 0; i < 8; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_peer_sends(&r, other, 1, 60);
	net_rig_peer_sends(&r, multicast, 2, 60);
	net_rig_peer_sends(&r, broadcast, 3, 60);
	net_rig_peer_sends(&r, own, 4, 60);
	net_rig_notify(&r);
	assert_frame(&r, 0, broadcast, 3, 60);
	assert_frame(&r, 1, own, 4, 60);
	assert_int_equal(net_rig_command(&r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET,
					 table, sizeof(table)),
			 VIRTIO_NET_OK);
	net_rig_peer_sends(&r, other, 5, 60);
	net_rig_peer_sends(&r, multicast, 6, 60);
	assert_frame(&r, 2, other, 5, 60);
	assert_frame(&r, 3, multicast, 6, 60);
	assert_int_equal(net_rig_command(&r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET,
					 empty, sizeof(empty)),
			 VIRTIO_NET_OK);
	set_mode(&r, VIRTIO_NET_CTRL_RX_ALLMULTI, 1);
	net_rig_peer_sends(&r, other, 7, 60);
	net_rig_peer_sends(&r, multicast, 8, 60);
	assert_frame(&r, 4, multicast, 8, 60);
	net_rig_teardown(&r);
}

static void a_driver_sets_the_address_and_a_reset_restores_it(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_CONTROL);
	set_mode(&r, VIRTIO_NET_CTRL_RX_PROMISC, 0);
	assert_int_equal(net_rig_command(&r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
					 other, sizeof(other)),
			 VIRTIO_NET_OK);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 1, 60);
	net_rig_peer_sends(&r, other, 2, 60);
	assert_frame(&r, 0, other, 2, 60);
	assert_int_equal(virtio_mmio_read(&r.net.mmio, VIRTIO_MMIO_CONFIG + 1, 1), 9);
	driver_set(&r.net.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(virtio_mmio_read(&r.net.mmio, VIRTIO_MMIO_CONFIG + 1, 1), own[1]);
	net_rig_teardown(&r);
}

static void commands_that_do_not_exist_are_refused(void **state)
{
	const uint8_t many[] = { 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4 };
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, NET_RIG_CONTROL);
	assert_int_equal(net_rig_command(&r, 77, 0, own, 1), VIRTIO_NET_ERR);
	assert_int_equal(net_rig_command(&r, VIRTIO_NET_CTRL_RX, 77, own, 1), VIRTIO_NET_ERR);
	assert_int_equal(
		net_rig_command(&r, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, own, 0),
		VIRTIO_NET_ERR);
	assert_int_equal(
		net_rig_command(&r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, own, 5),
		VIRTIO_NET_ERR);
	assert_int_equal(net_rig_command(&r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET,
					 many, sizeof(many)),
			 VIRTIO_NET_ERR);
	assert_int_equal(atomic_load(&r.reports), 0);
	net_rig_teardown(&r);
}

/* --- who sees frames --- */

static bool refuse_noise(void *context, const uint8_t *frame, size_t size, bool driver)
{
	atomic_uint *seen = context;

	atomic_fetch_add(seen, 1);

	return memcmp(frame, other, MAC_SIZE) != 0;
}

/* There is no moment at which noise is kept since nothing judges it yet. */
static void the_first_frame_of_a_network_is_observed(void **state)
{
	atomic_uint seen = 0;
	const struct net_observer observer = { .received = refuse_noise, .context = &seen };
	struct net_rig r;

	for (int i = 0; i < 20; i++) {
		net_rig_create_observed(&r, &observer, other, 1, 60);
		net_rig_peer_sends(&r, own, 2, 60);
		while (atomic_load(&seen) < 2)
			sched_yield();
		net_rig_start(&r, 0);
		net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
		net_rig_notify(&r);
		assert_frame(&r, 0, own, 2, 60);
		net_rig_teardown(&r);
		atomic_store(&seen, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_finds_the_address_and_that_the_link_is_up),
		cmocka_unit_test(a_frame_of_every_size_is_sent),
		cmocka_unit_test(a_frame_of_every_size_is_received),
		cmocka_unit_test(a_large_frame_is_received_in_several_buffers_at_once),
		cmocka_unit_test(a_frame_that_no_buffer_can_hold_is_dropped),
		cmocka_unit_test(frames_wait_until_the_guest_has_buffers),
		cmocka_unit_test(a_peer_that_does_not_read_delays_frames_and_loses_none),
		cmocka_unit_test(without_a_peer_the_link_is_down_and_frames_are_dropped),
		cmocka_unit_test(a_peer_that_goes_and_comes_back_is_reported),
		cmocka_unit_test(
			each_change_of_the_link_gives_the_configuration_another_generation),
		cmocka_unit_test(a_driver_that_sets_no_filter_gets_all_frames),
		cmocka_unit_test(a_driver_gets_the_frames_that_its_filter_names),
		cmocka_unit_test(a_driver_sets_the_address_and_a_reset_restores_it),
		cmocka_unit_test(commands_that_do_not_exist_are_refused),
		cmocka_unit_test(the_first_frame_of_a_network_is_observed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
