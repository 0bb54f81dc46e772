/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a network device does of its own that may wait for the host, with a log
 * that is not read and a peer that is long in coming: neither a vCPU, which is
 * the test, nor the main thread waits for it.
 */
#include "net-rig.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static void note_change(void *context, bool connected)
{
	char *changes = context;

	strcat(changes, connected ? "+" : "-");
}

/* All that a vCPU does with the device that takes its lock, and the main thread's. */
static void use(struct net_rig *r, const char *wanted)
{
	char changes[8] = "";
	uint64_t reported = 0;

	(void)driver_get(&r->net.mmio, VIRTIO_MMIO_QUEUE_READY);
	driver_set(&r->net.mmio, VIRTIO_MMIO_STATUS, 0);
	net_rig_start(r, 1ULL << VIRTIO_NET_F_STATUS);
	(void)virtio_mmio_read(&r->net.mmio, VIRTIO_MMIO_CONFIG, 1);
	net_report_link(&r->net, &reported, note_change, changes);
	assert_string_equal(changes, wanted);
}

static void finish(struct net_rig *r)
{
	net_rig_hold(r, false);
	assert_false(atomic_load(&r->impatient));
	net_rig_teardown(r);
}

static void start_with_buffer(struct net_rig *r)
{
	net_rig_start(r, 1ULL << VIRTIO_NET_F_STATUS);
	net_rig_offer(r, 0, NET_RIG_BUFFER_SIZE);
	net_rig_notify(r);
}

static void a_vcpu_does_not_wait_for_the_report_of_a_loss(void **state)
{
	struct net_rig r;

	net_rig_create(&r, false);
	start_with_buffer(&r);
	net_rig_hold(&r, true);
	shutdown(r.peer, SHUT_RDWR);
	net_rig_wait_until_held(&r);
	use(&r, "+-");
	finish(&r);
}

static void a_vcpu_does_not_wait_for_a_connection(void **state)
{
	struct net_rig r;

	net_rig_create(&r, true);
	start_with_buffer(&r);
	net_rig_hold(&r, true);
	net_rig_wait_until_held(&r);
	use(&r, "");
	finish(&r);
}

/* Also one that makes the device fail by a register: the device's thread reports that. */
static void a_vcpu_does_not_wait_for_the_report_of_its_fault(void **state)
{
	const char *const report = "net0: the guest's driver broke the protocol, a queue's size is "
				   "not a power of 2 up to 256";
	struct net_rig r;

	net_rig_create(&r, false);
	net_rig_hold(&r, true);
	assert_true(driver_negotiate(&r.net.mmio, 0));
	driver_set(&r.net.mmio, VIRTIO_MMIO_QUEUE_SEL, 0);
	driver_set(&r.net.mmio, VIRTIO_MMIO_QUEUE_NUM, 3);
	driver_set(&r.net.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	net_rig_wait_until_held(&r);
	use(&r, "+");
	net_rig_hold(&r, false);
	net_rig_wait_for_report(&r, report);
	finish(&r);
}

static void a_fault_of_the_guest_is_reported_though_the_device_ends(void **state)
{
	struct net_rig r;

	for (int i = 0; i < 50; i++) {
		net_rig_create(&r, false);
		assert_true(driver_negotiate(&r.net.mmio, 0));
		driver_set(&r.net.mmio, VIRTIO_MMIO_QUEUE_SEL, 0);
		driver_set(&r.net.mmio, VIRTIO_MMIO_QUEUE_NUM, 3);
		driver_set(&r.net.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
		net_rig_teardown(&r);
		assert_int_equal(atomic_load(&r.reports), 1);
	}
}

/* A guest that sends without end has the device's thread take its lock again at once. */
static void the_main_thread_does_not_wait_for_a_busy_device(void **state)
{
	char changes[8] = "";
	uint64_t reported = 0;
	struct net_rig r;

	net_rig_create(&r, false);
	pthread_mutex_lock(&r.net.mmio.lock);
	net_report_link(&r.net, &reported, note_change, changes);
	pthread_mutex_unlock(&r.net.mmio.lock);
	assert_string_equal(changes, "+");
	net_rig_teardown(&r);
}

/* --- what is reported of a peer that does not come --- */

static void another_reason_for_no_connection_is_reported(void **state)
{
	struct net_rig r;

	net_rig_create(&r, true);
	net_rig_wait_for_report(&r, "net0: the test refuses: its guest's link is down until it "
				    "can");
	atomic_store(&r.refuses_otherwise, true);
	net_rig_wait_for_report(&r, "net0: the test is not ready: its guest's link stays down");
	net_rig_offer_peer(&r);
	net_rig_wait_for_report(&r, "net0: connected to the test");
	assert_int_equal(atomic_load(&r.reports), 3);
	net_rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vcpu_does_not_wait_for_the_report_of_a_loss),
		cmocka_unit_test(a_vcpu_does_not_wait_for_a_connection),
		cmocka_unit_test(a_vcpu_does_not_wait_for_the_report_of_its_fault),
		cmocka_unit_test(a_fault_of_the_guest_is_reported_though_the_device_ends),
		cmocka_unit_test(the_main_thread_does_not_wait_for_a_busy_device),
		cmocka_unit_test(another_reason_for_no_connection_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
