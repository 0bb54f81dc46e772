/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net whose link is set down and up by request, and what is known of its network. */
#include "net-rig.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "host/net-stream.h"

#define DEADLINE_MS 60000

static const uint8_t own[MAC_SIZE] = NET_RIG_MAC;

static void start(struct net_rig *r)
{
	net_rig_create(r, false);
	net_rig_start(r, 1ULL << VIRTIO_NET_F_STATUS);
	net_rig_offer(r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(r);
}

/* Until a fact is so, which another thread makes it: @tries is for a test that hangs. */
#define WAIT_UNTIL(condition)                           \
	for (int tries = 0; !(condition); tries++) {    \
		assert_in_range(tries, 0, DEADLINE_MS); \
		assert_int_equal(poll(NULL, 0, 1), 0);  \
	}

/* Until the device has read all that the peer has sent. */
static void wait_until_read(const struct net_rig *r)
{
	int left = 1;

	WAIT_UNTIL(ioctl(r->peer, SIOCOUTQ, &left) == 0 && left == 0);
}

static struct net_facts describe(const struct net_rig *r)
{
	struct net_facts facts;

	net_describe(&r->net, &facts);

	return facts;
}

static void a_link_that_is_set_down_passes_no_frame(void **state)
{
	struct net_rig r;

	start(&r);
	net_set_link(&r.net, false);
	net_rig_wait_for_link(&r, false);
	net_rig_send(&r, 0, 1, 100);
	net_rig_wait_sent(&r, 0);
	net_rig_peer_sends(&r, own, 2, 100);
	wait_until_read(&r);
	net_set_link(&r.net, true);
	net_rig_wait_for_link(&r, true);
	/* Neither of the two comes later. */
	net_rig_send(&r, 1, 3, 100);
	net_rig_peer_receives(&r, 3, 100);
	net_rig_peer_sends(&r, own, 4, 100);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 100);
	assert_int_equal(net_rig_buffer(&r, 0)[NET_HEADER_SIZE + 99], 4);
	net_rig_teardown(&r);
}

static void a_link_that_is_set_down_stays_so_when_the_peer_comes_back(void **state)
{
	struct net_rig r;
	uint8_t byte;

	start(&r);
	net_set_link(&r.net, false);
	net_rig_wait_for_link(&r, false);
	shutdown(r.peer, SHUT_RDWR);
	WAIT_UNTIL(!describe(&r).connected);
	net_rig_offer_peer(&r);
	WAIT_UNTIL(describe(&r).connected);
	net_rig_wait_for_link(&r, false);
	assert_false(describe(&r).up);
	/* Nothing is sent, not even for the new peer to learn the guest's address. */
	assert_int_equal(recv(r.peer, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	net_set_link(&r.net, true);
	net_rig_wait_for_link(&r, true);
	net_rig_peer_is_shown(&r, own);
	net_rig_teardown(&r);
}

static void a_link_that_is_set_up_is_down_without_a_peer(void **state)
{
	struct net_rig r;

	net_rig_create(&r, true);
	net_rig_start(&r, 1ULL << VIRTIO_NET_F_STATUS);
	net_set_link(&r.net, false);
	net_set_link(&r.net, true);
	net_rig_wait_for_link(&r, false);
	assert_true(describe(&r).up);
	assert_false(describe(&r).connected);
	net_rig_teardown(&r);
}

static void a_reset_leaves_a_link_as_it_was_set(void **state)
{
	struct net_rig r;

	start(&r);
	net_set_link(&r.net, false);
	net_rig_wait_for_link(&r, false);
	virtio_mmio_reset(&r.net.mmio);
	net_rig_start(&r, 1ULL << VIRTIO_NET_F_STATUS);
	net_rig_wait_for_link(&r, false);
	net_rig_teardown(&r);
}

static void frames_that_are_kept_are_counted(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_peer_sends(&r, own, 1, 100);
	net_rig_peer_sends(&r, own, 2, 100);
	WAIT_UNTIL(describe(&r).kept == 2);
	assert_true(describe(&r).connected);
	/* One that comes when the link is down is none of them, and they stay. */
	net_set_link(&r.net, false);
	/* No driver is interrupted for it. */
	WAIT_UNTIL((virtio_mmio_read(
			    &r.net.mmio,
			    VIRTIO_MMIO_CONFIG + offsetof(struct virtio_net_config, status), 2) &
		    VIRTIO_NET_S_LINK_UP) == 0);
	net_rig_peer_sends(&r, own, 3, 100);
	wait_until_read(&r);
	net_rig_start(&r, 1ULL << VIRTIO_NET_F_STATUS);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_offer(&r, 1, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 100);
	assert_int_equal(net_rig_wait_received(&r, 1), NET_HEADER_SIZE + 100);
	assert_int_equal(net_rig_buffer(&r, 1)[NET_HEADER_SIZE + 99], 2);
	WAIT_UNTIL(describe(&r).kept == 0);
	net_rig_teardown(&r);
}

/* --- what no peer can ever come to --- */

static void a_socket_whose_path_is_too_long_is_refused(void **state)
{
	char path[109] = "/";
	struct net_setup setup = { .name = "net0", .mac = NET_RIG_MAC };
	struct error error = { "" };
	struct driver driver;
	struct net net;

	memset(path + 1, 'x', sizeof(path) - 2);
	driver_create(&driver, NET_RIG_QUEUE);
	setup.memory = &driver.memory;
	setup.backend = net_stream_create(path);
	assert_non_null(setup.backend);
	assert_int_equal(net_create(&net, &setup, &error), -ENAMETOOLONG);
	assert_non_null(strstr(error.text, "its path is longer than 107 bytes"));
	driver_destroy(&driver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_is_set_down_passes_no_frame),
		cmocka_unit_test(a_link_that_is_set_down_stays_so_when_the_peer_comes_back),
		cmocka_unit_test(a_link_that_is_set_up_is_down_without_a_peer),
		cmocka_unit_test(a_reset_leaves_a_link_as_it_was_set),
		cmocka_unit_test(frames_that_are_kept_are_counted),
		cmocka_unit_test(a_socket_whose_path_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
