/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net while its guest sleeps: the main thread waits for frames and receives them. */
#include "net-rig.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define DEADLINE_MS 60000

static const uint8_t own[MAC_SIZE] = NET_RIG_MAC;

/* Frames, by the thread that received them. */
struct seen {
	pthread_t main;
	atomic_uint by_main, by_device;
};

static bool note_received(void *context, const uint8_t *frame, size_t size, bool driver)
{
	struct seen *seen = context;
	const bool is_main = pthread_equal(pthread_self(), seen->main) != 0;

	atomic_fetch_add(is_main ? &seen->by_main : &seen->by_device, 1);

	return true;
}

static void create(struct net_rig *r, struct seen *seen)
{
	const struct net_observer observer = { .received = note_received, .context = seen };

	*seen = (struct seen){ .main = pthread_self() };
	net_rig_create(r, false);
	net_rig_observe(r, &observer);
}

/* Whether the main thread is to receive frames, within some time. */
static bool main_is_wanted(const struct net_rig *r, int milliseconds)
{
	struct pollfd fd = { .fd = r->net.main_fd, .events = POLLIN };

	return poll(&fd, 1, milliseconds) == 1;
}

/*
 * Send frames until the main thread has received one. The device's thread may be
 * quicker, even once main_fd is readable: if it saw that the guest sleeps before it
 * was notified of that, it has yet to answer the notification.
 */
static void fall_asleep(struct net_rig *r, struct seen *seen)
{
	net_sleep(&r->net, true);
	while (atomic_load(&seen->by_main) == 0) {
		net_rig_peer_sends(r, own, 1, 100);
		if (main_is_wanted(r, 100))
			net_receive_asleep(&r->net);
	}
}

static void await(const atomic_uint *count, unsigned int more_than)
{
	for (int tries = 0; atomic_load(count) <= more_than; tries++) {
		assert_in_range(tries, 0, DEADLINE_MS);
		(void)poll(NULL, 0, 1);
	}
}

static unsigned int received(struct seen *seen)
{
	return atomic_load(&seen->by_main) + atomic_load(&seen->by_device);
}

static void the_main_thread_receives_while_the_guest_sleeps(void **state)
{
	struct net_rig r;
	struct seen seen;
	unsigned int before;

	create(&r, &seen);
	net_rig_peer_sends(&r, own, 1, 100);
	await(&seen.by_device, 0);
	assert_false(main_is_wanted(&r, 0));
	fall_asleep(&r, &seen);
	before = atomic_load(&seen.by_device);
	for (unsigned int i = 0; i < 10; i++) {
		const unsigned int so_far = received(&seen);

		net_rig_peer_sends(&r, own, 2, 100);
		while (received(&seen) == so_far)
			if (main_is_wanted(&r, 10))
				net_receive_asleep(&r.net);
		assert_int_equal(received(&seen), so_far + 1);
	}
	/* The one notification may still have been on its way. */
	assert_in_range(atomic_load(&seen.by_device), before, before + 1);
	net_rig_teardown(&r);
}

static void the_devices_thread_receives_once_the_guest_is_awake(void **state)
{
	struct net_rig r;
	struct seen seen;
	unsigned int before;

	create(&r, &seen);
	fall_asleep(&r, &seen);
	before = atomic_load(&seen.by_device);
	net_sleep(&r.net, false);
	net_rig_peer_sends(&r, own, 3, 100);
	await(&seen.by_device, before);
	assert_false(main_is_wanted(&r, 0));
	net_rig_teardown(&r);
}

static void frames_that_came_while_it_slept_are_delivered(void **state)
{
	struct net_rig r;
	struct seen seen;

	create(&r, &seen);
	net_sleep(&r.net, true);
	net_rig_peer_sends(&r, own, 7, 100);
	while (received(&seen) == 0)
		if (main_is_wanted(&r, 10))
			net_receive_asleep(&r.net);
	net_sleep(&r.net, false);
	net_rig_start(&r, 0);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 100);
	assert_int_equal(net_rig_buffer(&r, 0)[NET_HEADER_SIZE + 99], 7);
	net_rig_teardown(&r);
}

/* Otherwise the main loop would turn without end. */
static void a_full_queue_does_not_want_the_main_thread(void **state)
{
	struct net_rig r;
	struct seen seen;

	create(&r, &seen);
	net_sleep(&r.net, true);
	for (unsigned int i = 0; i < NET_KEEP_FRAMES_MAX + 10; i++) {
		net_rig_peer_sends(&r, own, 1, 100);
		if (main_is_wanted(&r, 0))
			net_receive_asleep(&r.net);
	}
	while (received(&seen) < NET_KEEP_FRAMES_MAX)
		if (main_is_wanted(&r, 10))
			net_receive_asleep(&r.net);
	net_receive_asleep(&r.net);
	assert_false(main_is_wanted(&r, 50));
	net_rig_teardown(&r);
}

/* As the real one: noise does not wake a guest, and is not kept. */
static bool note_directed(void *context, const uint8_t *frame, size_t size, bool driver)
{
	return note_received(context, frame, size, driver) && memcmp(frame, own, sizeof(own)) == 0;
}

/* Its interrupt may be masked: it takes nothing until it is awake. */
static void a_driver_without_buffers_does_not_make_a_sleeping_guest_deaf(void **state)
{
	static const uint8_t all[MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct net_rig r;
	struct seen seen;

	create(&r, &seen);
	net_rig_observe(
		&r, &(const struct net_observer){ .received = note_directed, .context = &seen });
	net_rig_start(&r, 0);
	for (uint16_t i = 0; i < 4; i++)
		net_rig_offer(&r, i, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	net_sleep(&r.net, true);
	for (unsigned int i = 0; i < NET_KEEP_FRAMES_MAX + 10; i++)
		net_rig_peer_sends(&r, all, 1, 100);
	net_rig_peer_sends(&r, own, 2, 100);
	for (int tries = 0; received(&seen) < NET_KEEP_FRAMES_MAX + 11; tries++) {
		assert_in_range(tries, 0, DEADLINE_MS / 10);
		if (main_is_wanted(&r, 10))
			net_receive_asleep(&r.net);
	}
	net_sleep(&r.net, false);
	for (uint16_t i = 0; i < 4; i++)
		(void)net_rig_wait_received(&r, i);
	net_rig_offer(&r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(&r);
	assert_int_equal(net_rig_wait_received(&r, 0), NET_HEADER_SIZE + 100);
	assert_int_equal(net_rig_buffer(&r, 0)[NET_HEADER_SIZE + 99], 2);
	net_rig_teardown(&r);
}

/* Such as one whose interface is down: its driver has no buffers. */
static void a_guest_that_takes_no_frames_is_woken_by_any_number_of_them(void **state)
{
	struct net_facts facts;
	struct net_rig r;
	struct seen seen;

	create(&r, &seen);
	for (unsigned int i = 0; i < NET_KEEP_FRAMES_MAX + 10; i++) {
		net_sleep(&r.net, true);
		net_report_unseen(&r.net);
		net_rig_peer_sends(&r, own, 1, 100);
		for (int tries = 0; received(&seen) <= i; tries++) {
			assert_in_range(tries, 0, DEADLINE_MS / 10);
			if (main_is_wanted(&r, 10))
				net_receive_asleep(&r.net);
		}
		pthread_mutex_lock(&r.net.mmio.lock);
		net_pass_unseen(&r.net);
		pthread_mutex_unlock(&r.net.mmio.lock);
		net_sleep(&r.net, false);
	}
	/* The last one is there for a driver that is back. */
	net_describe(&r.net, &facts);
	assert_int_equal(facts.kept, 1);
	net_rig_teardown(&r);
}

static void a_peer_that_ends_while_the_guest_sleeps_is_replaced(void **state)
{
	struct net_rig r;
	struct seen seen;
	unsigned int before;

	create(&r, &seen);
	fall_asleep(&r, &seen);
	before = atomic_load(&seen.by_main);
	net_rig_offer_peer(&r);
	/* Its thread connects again, and passes the descriptor on. */
	while (atomic_load(&seen.by_main) == before) {
		if (!main_is_wanted(&r, 100))
			net_rig_peer_sends(&r, own, 4, 100);
		else
			net_receive_asleep(&r.net);
	}
	net_rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_main_thread_receives_while_the_guest_sleeps),
		cmocka_unit_test(the_devices_thread_receives_once_the_guest_is_awake),
		cmocka_unit_test(frames_that_came_while_it_slept_are_delivered),
		cmocka_unit_test(a_full_queue_does_not_want_the_main_thread),
		cmocka_unit_test(a_driver_without_buffers_does_not_make_a_sleeping_guest_deaf),
		cmocka_unit_test(a_guest_that_takes_no_frames_is_woken_by_any_number_of_them),
		cmocka_unit_test(a_peer_that_ends_while_the_guest_sleeps_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
