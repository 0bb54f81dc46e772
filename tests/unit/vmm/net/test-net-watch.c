/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that come to a guest that is awake, falls asleep, sleeps, and has its
 * driver back.
 */
#include "net/watch.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"

struct rig {
	struct net_watch watch;
	unsigned int notified;
};

static void on_notify(void *context)
{
	struct rig *rig = context;

	rig->notified++;
}

static void sent(struct rig *rig, struct built built)
{
	net_watch_sent(&rig->watch, built.bytes, built.size);
}

static bool received(struct rig *rig, struct built built, bool driver)
{
	return net_watch_received(&rig->watch, built.bytes, built.size, driver);
}

/* A guest that has a driver and has announced 192.0.2.7. */
static void make(struct rig *rig, enum wake_on_net policy)
{
	struct net_watch_setup setup = {
		.policy = policy,
		.counts = true,
		.notify = on_notify,
		.context = rig,
	};

	memcpy(setup.mac, mac_of_guest, sizeof(setup.mac));
	*rig = (struct rig){ .notified = 0 };
	net_watch_create(&rig->watch, &setup);
	net_watch_delivered(&rig->watch);
	sent(rig, build_arp(1, mac_of_guest, "192.0.2.7", "192.0.2.1"));
}

static struct built to_guest(void)
{
	return build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7");
}

static struct built noise(void)
{
	return build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.8");
}

static void must_have(struct rig *rig, const char *expected)
{
	char text[ARRIVAL_TEXT_SIZE];

	assert_true(net_watch_waits(&rig->watch));
	assert_true(net_watch_take(&rig->watch, text));
	assert_string_equal(text, expected);
	assert_false(net_watch_waits(&rig->watch));
	assert_false(net_watch_take(&rig->watch, text));
}

static void a_frame_to_a_guest_that_is_awake_does_not_wait(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	assert_true(received(&rig, to_guest(), true));
	assert_false(net_watch_waits(&rig.watch));
	assert_int_equal(rig.notified, 0);
	net_watch_destroy(&rig.watch);
}

static void a_frame_to_a_sleeping_guest_waits_once(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	net_watch_sleep(&rig.watch, true);
	assert_false(received(&rig, noise(), false));
	assert_false(net_watch_waits(&rig.watch));
	assert_true(received(&rig, to_guest(), false));
	assert_int_equal(rig.notified, 1);
	/* The first is reported, and one notification is enough. */
	assert_true(received(&rig, build_arp(1, mac_of_peer, "192.0.2.9", "192.0.2.7"), false));
	assert_int_equal(rig.notified, 1);
	must_have(&rig, "a network frame from 192.0.2.1 for 192.0.2.7");
	net_watch_destroy(&rig.watch);
}

/* Linux resets its devices, and suspends some time later. */
static void a_frame_between_the_drivers_reset_and_the_sleep_waits(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	assert_true(received(&rig, build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"), false));
	net_watch_sleep(&rig.watch, true);
	must_have(&rig, "an ARP request from 192.0.2.1 for 192.0.2.7");
	net_watch_destroy(&rig.watch);
}

static void a_frame_that_the_returning_driver_is_given_waits_no_longer(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	assert_true(received(&rig, to_guest(), false));
	net_watch_delivered(&rig.watch);
	assert_false(net_watch_waits(&rig.watch));
	net_watch_sleep(&rig.watch, true);
	assert_false(net_watch_waits(&rig.watch));
	net_watch_destroy(&rig.watch);
}

/* As of a guest whose suspension fails, or whose other device wakes it. */
static void a_frame_waits_over_a_sleep_that_ends_without_its_driver(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	net_watch_sleep(&rig.watch, true);
	assert_true(received(&rig, to_guest(), false));
	net_watch_sleep(&rig.watch, false);
	net_watch_sleep(&rig.watch, true);
	assert_true(net_watch_waits(&rig.watch));
	net_watch_destroy(&rig.watch);
}

/* Its interrupt is what counts once it is awake. */
static void a_frame_that_a_sleepers_driver_was_given_waits_until_it_wakes(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	net_watch_sleep(&rig.watch, true);
	assert_true(received(&rig, to_guest(), true));
	assert_true(net_watch_waits(&rig.watch));
	net_watch_sleep(&rig.watch, false);
	assert_false(net_watch_waits(&rig.watch));
	net_watch_destroy(&rig.watch);
}

static void a_kept_frame_outlives_one_that_the_driver_was_given(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	net_watch_sleep(&rig.watch, true);
	assert_true(received(&rig, to_guest(), true));
	assert_true(received(&rig, build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"), false));
	assert_int_equal(rig.notified, 2);
	net_watch_sleep(&rig.watch, false);
	must_have(&rig, "an ARP request from 192.0.2.1 for 192.0.2.7");
	net_watch_destroy(&rig.watch);
}

static void a_guest_that_never_had_a_driver_is_woken_only_while_it_sleeps(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	net_watch_reset(&rig.watch);
	assert_true(received(&rig, to_guest(), false));
	assert_false(net_watch_waits(&rig.watch));
	net_watch_sleep(&rig.watch, true);
	assert_true(received(&rig, to_guest(), false));
	assert_true(net_watch_waits(&rig.watch));
	net_watch_destroy(&rig.watch);
}

static void a_reset_of_the_machine_forgets_addresses_and_frames(void **state)
{
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	assert_true(received(&rig, to_guest(), false));
	net_watch_reset(&rig.watch);
	assert_false(net_watch_waits(&rig.watch));
	net_watch_sleep(&rig.watch, true);
	assert_false(received(&rig, build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"), false));
	assert_false(net_watch_waits(&rig.watch));
	net_watch_destroy(&rig.watch);
}

static void frames_to_the_address_that_a_driver_sets_count(void **state)
{
	const struct built built = build_ip(mac_of_other, mac_of_peer, "192.0.2.1", "192.0.2.7");
	struct rig rig;

	make(&rig, WAKE_ON_NET_DIRECTED);
	assert_false(received(&rig, built, false));
	net_watch_addressed(&rig.watch, mac_of_other);
	assert_true(received(&rig, built, false));
	net_watch_destroy(&rig.watch);
}

/* Otherwise noise fills the queue, and what wakes the guest is never read. */
static void only_frames_that_wake_are_kept(void **state)
{
	static const struct {
		enum wake_on_net policy;
		bool directed, noise;
	} cases[] = {
		{ WAKE_ON_NET_DIRECTED, true, false },
		{ WAKE_ON_NET_ANY, true, true },
		{ WAKE_ON_NET_MAGIC, false, false },
		{ WAKE_ON_NET_OFF, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		make(&rig, cases[i].policy);
		net_watch_sleep(&rig.watch, true);
		assert_int_equal(received(&rig, noise(), false), cases[i].noise);
		assert_int_equal(net_watch_waits(&rig.watch), cases[i].noise);
		assert_int_equal(received(&rig, to_guest(), false), cases[i].directed);
		assert_int_equal(net_watch_waits(&rig.watch), cases[i].directed);
		net_watch_destroy(&rig.watch);
	}
}

static void uses_are_frames_that_are_not_noise(void **state)
{
	struct rig rig;
	uint64_t before;

	make(&rig, WAKE_ON_NET_OFF);
	before = net_watch_uses(&rig.watch);
	(void)received(&rig, noise(), true);
	sent(&rig, build_arp(1, mac_of_guest, "192.0.2.7", "192.0.2.1"));
	assert_int_equal(net_watch_uses(&rig.watch), before);
	(void)received(&rig, to_guest(), true);
	sent(&rig, build_ip(mac_of_peer, mac_of_guest, "192.0.2.7", "192.0.2.1"));
	assert_int_equal(net_watch_uses(&rig.watch), before + 2);
	net_watch_destroy(&rig.watch);
}

/* --- saved and loaded --- */

static int move(struct net_watch *from, struct net_watch *to)
{
	const int fd = memfd_create("watch", MFD_CLOEXEC);
	struct stream *stream;
	int err;

	assert_int_equal(stream_write_to(&stream, fd), 0);
	net_watch_serialize(from, stream);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	net_watch_serialize(to, stream);
	err = stream_end(stream);
	stream_close(stream);
	close(fd);

	return err;
}

static void addresses_and_a_waiting_frame_survive_a_save(void **state)
{
	struct rig rig;
	struct rig loaded;

	make(&rig, WAKE_ON_NET_DIRECTED);
	net_watch_addressed(&rig.watch, mac_of_other);
	net_watch_sleep(&rig.watch, true);
	assert_true(received(&rig, build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"), false));
	make(&loaded, WAKE_ON_NET_DIRECTED);
	net_watch_reset(&loaded.watch);
	assert_int_equal(move(&rig.watch, &loaded.watch), 0);
	must_have(&loaded, "an ARP request from 192.0.2.1 for 192.0.2.7");
	assert_true(received(&loaded, build_ip(mac_of_other, mac_of_peer, "192.0.2.1", "192.0.2.7"),
			     false));
	assert_true(received(&loaded, build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"), false));
	net_watch_destroy(&rig.watch);
	net_watch_destroy(&loaded.watch);
}

/* A restored device believes that its driver is back, which was at work all the time. */
static void a_frame_that_a_saved_sleepers_driver_has_wakes_it_when_it_is_restored(void **state)
{
	struct rig rig;
	struct rig loaded;

	make(&rig, WAKE_ON_NET_DIRECTED);
	net_watch_sleep(&rig.watch, true);
	assert_true(received(&rig, to_guest(), true));
	make(&loaded, WAKE_ON_NET_DIRECTED);
	assert_int_equal(move(&rig.watch, &loaded.watch), 0);
	net_watch_sleep(&loaded.watch, true);
	net_watch_delivered(&loaded.watch);
	must_have(&loaded, "a network frame from 192.0.2.1 for 192.0.2.7");
	net_watch_destroy(&rig.watch);
	net_watch_destroy(&loaded.watch);
}

static void a_frame_of_no_kind_is_refused(void **state)
{
	struct rig rig;
	struct rig loaded;

	make(&rig, WAKE_ON_NET_DIRECTED);
	make(&loaded, WAKE_ON_NET_DIRECTED);
	rig.watch.arrival.from.version = 5;
	assert_int_equal(move(&rig.watch, &loaded.watch), -EBADMSG);
	net_watch_destroy(&rig.watch);
	net_watch_destroy(&loaded.watch);
}

/* --- two threads --- */

#define ROUNDS 20000

static void *send_rounds(void *argument)
{
	struct rig *rig = argument;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		(void)received(rig, i % 2 ? to_guest() : noise(), i % 3 == 0);
		if (i % 7 == 0)
			net_watch_delivered(&rig->watch);
	}

	return NULL;
}

/* What sanitizers look at; and the last frame waits. */
static void threads_may_report_and_look_at_once(void **state)
{
	struct rig rig;
	pthread_t thread;
	char text[ARRIVAL_TEXT_SIZE];

	make(&rig, WAKE_ON_NET_DIRECTED);
	assert_int_equal(pthread_create(&thread, NULL, send_rounds, &rig), 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		net_watch_sleep(&rig.watch, i % 2);
		if (net_watch_waits(&rig.watch))
			(void)net_watch_take(&rig.watch, text);
		(void)net_watch_uses(&rig.watch);
	}
	net_watch_sleep(&rig.watch, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(received(&rig, to_guest(), false));
	assert_true(net_watch_waits(&rig.watch));
	net_watch_destroy(&rig.watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_to_a_guest_that_is_awake_does_not_wait),
		cmocka_unit_test(a_frame_to_a_sleeping_guest_waits_once),
		cmocka_unit_test(a_frame_between_the_drivers_reset_and_the_sleep_waits),
		cmocka_unit_test(a_frame_that_the_returning_driver_is_given_waits_no_longer),
		cmocka_unit_test(a_frame_waits_over_a_sleep_that_ends_without_its_driver),
		cmocka_unit_test(a_frame_that_a_sleepers_driver_was_given_waits_until_it_wakes),
		cmocka_unit_test(a_kept_frame_outlives_one_that_the_driver_was_given),
		cmocka_unit_test(a_guest_that_never_had_a_driver_is_woken_only_while_it_sleeps),
		cmocka_unit_test(a_reset_of_the_machine_forgets_addresses_and_frames),
		cmocka_unit_test(frames_to_the_address_that_a_driver_sets_count),
		cmocka_unit_test(only_frames_that_wake_are_kept),
		cmocka_unit_test(uses_are_frames_that_are_not_noise),
		cmocka_unit_test(addresses_and_a_waiting_frame_survive_a_save),
		cmocka_unit_test(
			a_frame_that_a_saved_sleepers_driver_has_wakes_it_when_it_is_restored),
		cmocka_unit_test(a_frame_of_no_kind_is_refused),
		cmocka_unit_test(threads_may_report_and_look_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
