/* SPDX-License-Identifier: BSD-3-Clause */
/* Network devices in a stream, as test-save-virtio.c tests others. */
#include "net-rig.h"
#include "saved-state.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ANNOUNCE (1ULL << VIRTIO_NET_F_GUEST_ANNOUNCE | 1ULL << VIRTIO_NET_F_STATUS)

static const uint8_t own[MAC_SIZE] = NET_RIG_MAC;
static const uint8_t other[MAC_SIZE] = { 0x02, 9, 9, 9, 9, 9 };

static void serialize_net(void *device, struct stream *stream)
{
	struct net *net = device;
	struct error error;

	virtio_mmio_freeze(&net->mmio);
	if (net_serialize(net, stream, &error) < 0)
		stream_fail(stream);
	virtio_mmio_thaw(&net->mmio);
}

/* A device whose driver takes frames to @other only, and has buffers for four. */
static void save(struct net_rig *r, struct saved *saved)
{
	const uint8_t off = 0;

	net_rig_create(r, false);
	net_rig_start(r, NET_RIG_CONTROL | NET_RIG_MERGEABLE | ANNOUNCE);
	assert_int_equal(
		net_rig_command(r, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &off, 1),
		VIRTIO_NET_OK);
	assert_int_equal(net_rig_command(r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET,
					 other, sizeof(other)),
			 VIRTIO_NET_OK);
	virtio_mmio_quiesce(&r->net.mmio);
	for (uint16_t i = 0; i < 4; i++)
		net_rig_offer(r, i, NET_RIG_BUFFER_SIZE);
	saved_save(serialize_net, &r->net, saved);
}

static void restore(struct net_rig *r, const struct saved *saved, bool refused)
{
	net_rig_replace(r, refused);
	virtio_mmio_quiesce(&r->net.mmio);
	assert_int_equal(saved_restore(serialize_net, &r->net, saved), 0);
}

static void a_restored_device_goes_on_with_its_queues_address_and_filter(void **state)
{
	static struct saved saved;
	struct net_rig r;

	save(&r, &saved);
	restore(&r, &saved, false);
	net_rig_peer_sends(&r, own, 1, 100);
	net_rig_peer_sends(&r, other, 2, 100);
	virtio_mmio_unquiesce(&r.net.mmio);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 100);
	assert_int_equal(net_rig_buffer(&r, 0)[NET_HEADER_SIZE + 99], 2);
	net_rig_peer_is_shown(&r, other);
	net_rig_send(&r, 3, 4, 1000);
	net_rig_peer_receives(&r, 4, 1000);
	net_rig_teardown(&r);
}

/* Whether the peer is there is not part of what was saved. */
static void a_restored_device_has_the_link_of_the_host_where_it_is(void **state)
{
	static struct saved saved;
	struct net_rig r;

	save(&r, &saved);
	restore(&r, &saved, true);
	virtio_mmio_unquiesce(&r.net.mmio);
	net_rig_wait_for_interrupt(&r);
	assert_true(driver_get(&r.net.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(
		virtio_mmio_read(&r.net.mmio, VIRTIO_MMIO_CONFIG + 6, 2) & VIRTIO_NET_S_LINK_UP, 0);
	net_rig_teardown(&r);
}

static void a_restored_driver_is_asked_to_announce_itself(void **state)
{
	static struct saved saved;
	struct net_rig r;

	save(&r, &saved);
	restore(&r, &saved, false);
	virtio_mmio_unquiesce(&r.net.mmio);
	net_rig_wait_for_interrupt(&r);
	assert_true(driver_get(&r.net.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(virtio_mmio_read(&r.net.mmio, VIRTIO_MMIO_CONFIG + 6, 2),
			 VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	assert_int_equal(net_rig_command(&r, VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK,
					 NULL, 0),
			 VIRTIO_NET_OK);
	assert_int_equal(virtio_mmio_read(&r.net.mmio, VIRTIO_MMIO_CONFIG + 6, 2),
			 VIRTIO_NET_S_LINK_UP);
	net_rig_teardown(&r);
}

/* Linux, which resets its devices before it sleeps. The peer has seen no frame of it. */
static void the_address_of_a_restored_guest_that_sleeps_is_announced(void **state)
{
	static struct saved saved;
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_start(&r, ANNOUNCE);
	driver_set(&r.net.mmio, VIRTIO_MMIO_STATUS, 0);
	net_sleep(&r.net, true);
	virtio_mmio_quiesce(&r.net.mmio);
	saved_save(serialize_net, &r.net, &saved);
	restore(&r, &saved, false);
	net_sleep(&r.net, true);
	virtio_mmio_unquiesce(&r.net.mmio);
	net_rig_peer_is_shown(&r, own);
	net_rig_teardown(&r);
}

/* What waits in the rings may not be sent before the machine runs. */
static void a_restored_device_sends_nothing_until_it_is_resumed(void **state)
{
	static struct saved saved;
	struct net_rig r;

	save(&r, &saved);
	restore(&r, &saved, false);
	net_rig_send(&r, 5, 6, 100);
	(void)driver_get(&r.net.mmio, VIRTIO_MMIO_QUEUE_READY);
	assert_false(virtio_mmio_running(&r.net.mmio));
	virtio_mmio_unquiesce(&r.net.mmio);
	net_rig_peer_is_shown(&r, other);
	net_rig_peer_receives(&r, 6, 100);
	net_rig_teardown(&r);
}

/* Whatever byte is changed, it is refused, or makes a device that can be used and reset. */
/* A network's frames are gone after two minutes at most, and a file may be read much later. */
static void frames_that_are_kept_are_not_saved(void **state)
{
	static struct saved saved;
	struct net_facts facts = { .kept = 0 };
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_peer_sends(&r, own, 1, 100);
	while (facts.kept == 0)
		net_describe(&r.net, &facts);
	virtio_mmio_quiesce(&r.net.mmio);
	saved_save(serialize_net, &r.net, &saved);
	restore(&r, &saved, false);
	virtio_mmio_unquiesce(&r.net.mmio);
	net_rig_start(&r, NET_RIG_MERGEABLE);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_rig_peer_sends(&r, own, 2, 100);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 100);
	assert_int_equal(net_rig_buffer(&r, 0)[NET_HEADER_SIZE + 99], 2);
	net_rig_teardown(&r);
}

static void a_saved_device_with_any_byte_changed_is_refused_or_safe(void **state)
{
	static struct saved saved;
	struct net_rig r;
	unsigned int refused = 0;

	save(&r, &saved);
	assert_in_range(saved.size, 100, STATE_MAX - 1);
	for (size_t i = 0; i < saved.size; i++) {
		struct saved changed = saved;
		int err;

		changed.bytes[i] ^= i % 2 ? 0xff : 0x01;
		net_rig_replace(&r, false);
		virtio_mmio_quiesce(&r.net.mmio);
		err = saved_restore(serialize_net, &r.net, &changed);
		assert_true(err == 0 || err == -EBADMSG);
		refused += err != 0;
		net_rig_peer_sends(&r, other, 1, 100);
		virtio_mmio_unquiesce(&r.net.mmio);
		net_rig_notify(&r);
		driver_set(&r.net.mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(driver_get(&r.net.mmio, VIRTIO_MMIO_STATUS), 0);
	}
	/* Features, and the rings' sizes and places, at least. */
	assert_in_range(refused, 8, saved.size);
	net_rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restored_device_goes_on_with_its_queues_address_and_filter),
		cmocka_unit_test(a_restored_device_has_the_link_of_the_host_where_it_is),
		cmocka_unit_test(a_restored_driver_is_asked_to_announce_itself),
		cmocka_unit_test(the_address_of_a_restored_guest_that_sleeps_is_announced),
		cmocka_unit_test(a_restored_device_sends_nothing_until_it_is_resumed),
		cmocka_unit_test(frames_that_are_kept_are_not_saved),
		cmocka_unit_test(a_saved_device_with_any_byte_changed_is_refused_or_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
