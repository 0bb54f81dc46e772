/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that sleeps, and frames from its network, with the real threads of vCPUs and of
 * the device, on a fake KVM. The guest has no driver for it, as Linux while it sleeps, or
 * leaves its driver at work, and its interrupt masked.
 */
#include "calling-guest.h"
#include "rig.h"

#include "base/main-loop.h"
#include "board/board.h"
#include "control/ask-vm.h"
#include "devices/virtio/net.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "machine/vpsci-server.h"
#include "save/file.h"

#include <psci/abi.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/virtio_config.h>
#define VIRTIO_MMIO_NO_LEGACY
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define ENTRY 0x40080000
#define FRAME_SIZE 60

static const uint8_t mac[MAC_SIZE] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const uint8_t group[MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* --- the rig --- */

static struct rig rig;
static int peer; /* The other end of the network. */

static int set_up(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/dormouse-call.%d",
		 (int)getpid());
	(void)unlink(address.sun_path);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	calling_guest_begin();
	rig_create_network(&rig, 1, address.sun_path, mac);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	close(listener);
	unlink(address.sun_path);
	rig_run(&rig);

	return 0;
}

static int tear_down(void **state)
{
	close(peer);
	rig_destroy(&rig);

	return 0;
}

/* A frame from 52:54:00:00:00:02, of no known protocol. */
static void send_frame(const uint8_t *to)
{
	static const uint8_t from[MAC_SIZE] = { 0x52, 0x54, 0, 0, 0, 2 };
	uint8_t bytes[4 + FRAME_SIZE] = { 0, 0, 0, FRAME_SIZE };

	memcpy(bytes + 4, to, MAC_SIZE);
	memcpy(bytes + 10, from, MAC_SIZE);
	bytes[16] = 0x88;
	bytes[17] = 0xb5;
	assert_int_equal(write(peer, bytes, sizeof(bytes)), sizeof(bytes));
}

/* The main loop goes round, once. */
static void turn(void)
{
	struct net *net = devices_net(rig.vm.devices, 0);
	struct pollfd fds[] = {
		{ .fd = control_fd(&rig.control), .events = POLLIN },
		{ .fd = net->main_fd, .events = POLLIN },
	};

	assert_in_range(poll(fds, 2, -1), 1, 2);
	if (fds[0].revents)
		control_serve(&rig.control);
	if (fds[1].revents)
		net_receive_asleep(net);
}

static void suspend(void)
{
	calling_guest_call(PSCI_FN64_SYSTEM_SUSPEND, ENTRY);
	/* A frame that waits makes the loop go round, too. */
	do
		turn();
	while (calling_guest_will_call() || rig.control.life.state != VM_SUSPENDED);
}

static void await_call(void)
{
	while (!devices_are_called(rig.vm.devices))
		turn();
}

static void must_be_woken_by(const char *what)
{
	assert_int_equal(control_call_due(&rig.control), 0);
	control_on_call(&rig.control);
	assert_int_equal(rig.control.life.state, VM_RUNNING);
	assert_string_equal(rig.record.cause.what, what);
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
}

#define BY_FRAME "woken by a network frame from 52:54:00:00:00:02"

/* --- a driver that stays at work --- */

#define QUEUE 8
#define DESCRIPTORS (MEMORY_BASE + 0x4000000)
#define AVAILABLE (DESCRIPTORS + 0x1000)
#define USED (DESCRIPTORS + 0x2000)
#define BUFFERS (DESCRIPTORS + 0x3000)

static struct net *net(void)
{
	return devices_net(rig.vm.devices, 0);
}

static void *at(uint64_t address, uint64_t size)
{
	void *found = memory_at(&rig.vm.memory, address, size);

	assert_non_null(found);

	return found;
}

static void set(uint64_t offset, uint32_t value)
{
	virtio_mmio_write(&net()->mmio, offset, value, 4);
}

/* It has buffers for as many frames as its queue holds. */
static void start_driver(uint32_t features)
{
	const uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	uint16_t *available = at(AVAILABLE, 4 + 2 * QUEUE + 2);

	for (uint16_t i = 0; i < QUEUE; i++) {
		const struct vring_desc desc = { BUFFERS + i * 2048ULL, 2048, VRING_DESC_F_WRITE,
						 0 };

		memcpy(at(DESCRIPTORS + i * sizeof(desc), sizeof(desc)), &desc, sizeof(desc));
		available[2 + i] = i;
	}
	available[1] = QUEUE;
	set(VIRTIO_MMIO_STATUS, status);
	set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set(VIRTIO_MMIO_DRIVER_FEATURES, features);
	set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_MMIO_DRIVER_FEATURES, 1U << (VIRTIO_F_VERSION_1 - 32));
	set(VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);
	set(VIRTIO_MMIO_QUEUE_SEL, 0);
	set(VIRTIO_MMIO_QUEUE_NUM, QUEUE);
	set(VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)DESCRIPTORS);
	set(VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)AVAILABLE);
	set(VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)USED);
	set(VIRTIO_MMIO_QUEUE_READY, 1);
	set(VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

/* The network sends a frame, and the device gives it to the driver as its @count'th. */
static void give_frame(const uint8_t *to, uint16_t count)
{
	const _Atomic uint16_t *used = at(USED + 2, 2);

	send_frame(to);
	while (atomic_load(used) != count)
		(void)poll(NULL, 0, 1);
}

static const struct vpsci_server *real_server;
static bool left_to_main; /* The frame, by the device's thread, and not given to the driver. */

static int32_t may_suspend_after_a_frame(struct vm *vm, const struct vcpu *caller)
{
	const _Atomic uint16_t *used = at(USED + 2, 2);

	left_to_main = false;
	send_frame(mac);
	while (!left_to_main && atomic_load(used) == 0) {
		(void)poll(NULL, 0, 1);
		pthread_mutex_lock(&net()->mmio.lock);
		left_to_main = net()->main_waits;
		pthread_mutex_unlock(&net()->mmio.lock);
	}

	return real_server->may_suspend(vm, caller);
}

static int32_t may_not_suspend(struct vm *vm, const struct vcpu *caller)
{
	return PSCI_RET_DENIED;
}

/* It sleeps, and nothing wakes it. */
static void must_sleep(void)
{
	suspend();
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
}

/* --- tests --- */

static void a_frame_wakes_a_guest_that_sleeps(void **state)
{
	suspend();
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
	send_frame(mac);
	await_call();
	must_be_woken_by(BY_FRAME);
}

static void noise_before_a_frame_is_not_what_wakes_a_guest(void **state)
{
	suspend();
	send_frame(group);
	send_frame(mac);
	await_call();
	must_be_woken_by(BY_FRAME);
}

static void a_frame_wakes_a_guest_once(void **state)
{
	suspend();
	send_frame(mac);
	await_call();
	must_be_woken_by(BY_FRAME);
	suspend();
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
}

static void a_frame_to_a_guest_that_is_awake_wakes_nothing(void **state)
{
	send_frame(mac);
	control_on_call(&rig.control);
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
	assert_int_equal(rig.record.cause.trigger, VM_TRIGGER_START);
}

/* It runs once it is continued. */
static void a_paused_guest_that_sleeps_is_awake_at_once(void **state)
{
	struct error error;

	suspend();
	assert_int_equal(control_pause(&rig.control, &error), 0);
	send_frame(mac);
	await_call();
	must_be_woken_by(BY_FRAME);
	assert_true(control_is_paused(&rig.control));
	assert_int_equal(control_continue(&rig.control, &error), 0);
	assert_int_equal(rig.control.life.state, VM_RUNNING);
}

/* As during a save, which puts the stage there. */
static void a_frame_waits_while_the_guest_is_saved(void **state)
{
	suspend();
	rig.control.life.stage = LIFECYCLE_WRITING_FILE;
	send_frame(mac);
	await_call();
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
	rig.control.life.stage = LIFECYCLE_RUNNING;
	must_be_woken_by(BY_FRAME);
}

static void the_record_of_a_sleeping_guest_says_which_frames_wake_it(void **state)
{
	suspend();
	assert_int_equal(rig.record.suspension.wake_on_net, WAKE_ON_NET_DIRECTED);
}

/* A console user's wake and a frame at once: the first is what woke it. */
static void a_guest_that_another_has_woken_is_not_woken_by_a_frame(void **state)
{
	suspend();
	send_frame(mac);
	await_call();
	control_on_input(&rig.control);
	assert_string_equal(rig.record.cause.what, "woken by the console");
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
	/* Its driver has not come back for the frame. */
	suspend();
	must_be_woken_by(BY_FRAME);
}

static void a_frame_wakes_a_guest_whose_call_is_being_decided_on(void **state)
{
	struct vpsci_server server = *rig.vm.server;

	start_driver(0);
	real_server = rig.vm.server;
	server.may_suspend = may_suspend_after_a_frame;
	rig.vm.server = &server;
	suspend();
	rig.vm.server = real_server;
	if (left_to_main)
		await_call();
	must_be_woken_by(BY_FRAME);
}

/* Its interrupt is masked some time before the call. */
static void a_frame_that_a_driver_has_not_looked_at_wakes_the_guest_once(void **state)
{
	start_driver(1U << VIRTIO_RING_F_EVENT_IDX);
	give_frame(mac, 1);
	suspend();
	must_be_woken_by(BY_FRAME);
	must_sleep();
	control_on_input(&rig.control);
	give_frame(mac, 2);
	suspend();
	must_be_woken_by(BY_FRAME);
}

static void a_frame_that_its_driver_has_looked_at_wakes_no_guest(void **state)
{
	start_driver(1U << VIRTIO_RING_F_EVENT_IDX);
	give_frame(mac, 1);
	/* With EVENT_IDX it says so. */
	atomic_store((_Atomic uint16_t *)at(AVAILABLE + 4 + 2 * QUEUE, 2), 1);
	must_sleep();
}

static void noise_that_a_driver_has_not_looked_at_wakes_no_guest(void **state)
{
	start_driver(1U << VIRTIO_RING_F_EVENT_IDX);
	give_frame(group, 1);
	must_sleep();
}

/* It looks at nothing between its calls. */
static void a_frame_wakes_a_guest_whose_first_call_was_refused(void **state)
{
	struct vpsci_server server = *rig.vm.server;

	start_driver(1U << VIRTIO_RING_F_EVENT_IDX);
	give_frame(mac, 1);
	real_server = rig.vm.server;
	server.may_suspend = may_not_suspend;
	rig.vm.server = &server;
	calling_guest_call(PSCI_FN64_SYSTEM_SUSPEND, ENTRY);
	turn();
	assert_int_equal(rig.control.life.state, VM_RUNNING);
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
	rig.vm.server = real_server;
	suspend();
	must_be_woken_by(BY_FRAME);
}

/* --- a guest that is to be saved --- */

/* The run ends, and a frame waits in the machine of the file that it left. */
static void must_be_called_once_restored(void)
{
	struct pollfd fd = { .fd = rig.vm.stop_fd, .events = POLLIN };
	struct save_file file;
	struct error error;

	assert_int_equal(poll(&fd, 1, -1), 1);
	assert_false(control_on_stop(&rig.control));
	assert_int_equal(rig.record.state, VM_SAVED);
	if (save_file_open(rig.record.saved_file, &file, &error) != 0 ||
	    save_file_restore(&file, &rig.vm, &error) != 0)
		fail_msg("%s", error.text);
	save_file_close(&file);
	assert_true(devices_are_called(rig.vm.devices));
	vm_end(&rig.vm);
	assert_int_equal(unlink(rig.record.saved_file), 0);
}

static void a_frame_does_not_keep_a_guest_from_being_saved_instead(void **state)
{
	struct error error;
	uint64_t events = 0;

	assert_int_equal(
		control_ask(&rig.control, REQUEST_HIBERNATE, 60, REQUEST_ELSE_SAVE, &error), 0);
	/* It takes the press of the button, and suspends itself instead. */
	assert_non_null(bus_read(&rig.vm.bus, BOARD_GED_BASE, 4, &events));
	suspend();
	send_frame(mac);
	await_call();
	assert_int_equal(control_call_due(&rig.control), MAIN_LOOP_NEVER);
	assert_int_equal(control_alarm_due(&rig.control), MAIN_LOOP_NEVER);
	assert_int_equal(control_ask_due(&rig.control), 0);
	control_on_ask_due(&rig.control);
	must_be_called_once_restored();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_frame_wakes_a_guest_that_sleeps),
		TEST(noise_before_a_frame_is_not_what_wakes_a_guest),
		TEST(a_frame_wakes_a_guest_once),
		TEST(a_frame_to_a_guest_that_is_awake_wakes_nothing),
		TEST(a_paused_guest_that_sleeps_is_awake_at_once),
		TEST(a_frame_waits_while_the_guest_is_saved),
		TEST(the_record_of_a_sleeping_guest_says_which_frames_wake_it),
		TEST(a_guest_that_another_has_woken_is_not_woken_by_a_frame),
		TEST(a_frame_wakes_a_guest_whose_call_is_being_decided_on),
		TEST(a_frame_that_a_driver_has_not_looked_at_wakes_the_guest_once),
		TEST(a_frame_that_its_driver_has_looked_at_wakes_no_guest),
		TEST(noise_that_a_driver_has_not_looked_at_wakes_no_guest),
		TEST(a_frame_wakes_a_guest_whose_first_call_was_refused),
		TEST(a_frame_does_not_keep_a_guest_from_being_saved_instead),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
