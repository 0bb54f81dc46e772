/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-console through the transport: its control messages, and the agent's port. */
#include "console-rig.h"
#include "saved-state.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct console_rig *setup(void)
{
	struct console_rig *r = test_malloc(sizeof(*r));

	console_create(r);

	return r;
}

static void teardown(struct console_rig *r)
{
	console_destroy(r);
	test_free(r);
}

static uint64_t opening(struct console_rig *r)
{
	return channel_opening(&r->console.channel);
}

/* --- control messages --- */

static void virtio_console_has_two_ports(void **state)
{
	struct console_rig *r = setup();

	assert_int_equal(driver_get(&r->console.mmio, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_CONSOLE);
	assert_int_equal(virtio_mmio_read(&r->console.mmio, VIRTIO_MMIO_CONFIG + 4, 4), 2);
	for (uint32_t i = 0; i <= CONSOLE_QUEUES; i++) {
		driver_set(&r->console.mmio, VIRTIO_MMIO_QUEUE_SEL, i);
		assert_int_equal(driver_get(&r->console.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX),
				 i < CONSOLE_QUEUES ? VIRTQUEUE_SIZE_MAX : 0);
	}
	teardown(r);
}

static void virtio_console_adds_its_ports_when_its_driver_is_ready(void **state)
{
	struct console_rig *r = setup();

	console_start_ports(r);
	assert_int_equal(opening(r), 0);
	console_open_ports(r);
	assert_int_equal(opening(r), 1);
	assert_int_equal(r->reports, 0);
	teardown(r);
}

static void a_driver_without_room_gets_control_messages_later_and_each_once(void **state)
{
	struct console_rig *r = setup();

	console_start(r, CONSOLE_MULTIPORT);
	for (unsigned int i = 0; i < 1000; i++)
		console_say(r, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	console_say(r, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	console_offer(r, TO_GUEST, 64);
	console_serve(r);
	console_hears(r, 0, VIRTIO_CONSOLE_PORT_ADD, "");
	console_serve(r);
	console_hears(r, 1, VIRTIO_CONSOLE_PORT_ADD, "");
	console_serve(r);
	console_hears(r, 1, VIRTIO_CONSOLE_PORT_NAME, VIRTIO_CONSOLE_AGENT_NAME);
	console_serve(r);
	console_hears(r, 1, VIRTIO_CONSOLE_PORT_OPEN, "");
	console_hears_nothing(r);
	teardown(r);
}

static void control_messages_that_make_no_sense_are_ignored(void **state)
{
	static const struct virtio_console_control messages[] = {
		{ 2, VIRTIO_CONSOLE_PORT_READY, 1 },   { UINT32_MAX, VIRTIO_CONSOLE_PORT_OPEN, 1 },
		{ 1, VIRTIO_CONSOLE_PORT_READY, 0 },   { 1, VIRTIO_CONSOLE_PORT_READY, 2 },
		{ 0, VIRTIO_CONSOLE_DEVICE_READY, 0 }, { 1, VIRTIO_CONSOLE_PORT_ADD, 1 },
		{ 1, VIRTIO_CONSOLE_PORT_REMOVE, 1 },  { 1, VIRTIO_CONSOLE_CONSOLE_PORT, 1 },
		{ 1, VIRTIO_CONSOLE_RESIZE, 1 },       { 1, VIRTIO_CONSOLE_PORT_NAME, 1 },
		{ 1, UINT16_MAX, UINT16_MAX },
	};
	struct console_rig *r = setup();
	uint32_t written;

	console_start_ports(r);
	console_open_ports(r);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		console_say(r, messages[i].id, messages[i].event, messages[i].value);
	/* One that is too short, and one without anything to read. */
	console_write(r, FROM_GUEST, &messages[0], 7);
	console_offer(r, FROM_GUEST, 8);
	console_serve(r);
	assert_non_null(console_collect(r, FROM_GUEST, &written));
	assert_non_null(console_collect(r, FROM_GUEST, &written));
	console_hears_nothing(r);
	assert_false(console_needs_reset(r));
	assert_int_equal(opening(r), 1);
	teardown(r);
}

static void a_buffer_that_a_control_message_does_not_fit_in_breaks_the_device(void **state)
{
	struct console_rig *r = setup();

	console_start(r, CONSOLE_MULTIPORT);
	console_offer(r, TO_GUEST, 7);
	console_say(r, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	assert_true(console_needs_reset(r));
	assert_int_equal(r->reports, 1);
	assert_non_null(strstr(r->report, "virtio-console"));
	assert_non_null(strstr(r->report, "too small"));
	/* Another driver starts afresh. */
	console_start_ports(r);
	console_open_ports(r);
	teardown(r);
}

static void other_work_is_done_between_many_control_messages(void **state)
{
	const struct virtio_console_control message = { 0, VIRTIO_CONSOLE_DEVICE_READY, 1 };
	struct console_rig *r = setup();
	unsigned int handled = 0;
	uint32_t written;

	console_start(r, CONSOLE_MULTIPORT);
	console_serve(r);
	for (unsigned int i = 0; i < 64; i++)
		console_write(r, FROM_GUEST, &message, sizeof(message));
	virtio_console_serve(&r->console);
	while (console_collect(r, FROM_GUEST, &written))
		handled++;
	assert_in_range(handled, 1, 63);
	console_serve(r);
	while (console_collect(r, FROM_GUEST, &written))
		handled++;
	assert_int_equal(handled, 64);
	teardown(r);
}

/* --- the agent's port --- */

static void bytes_reach_the_user_of_a_port_and_its_driver(void **state)
{
	struct console_rig *r = setup();
	struct channel *channel = &r->console.channel;
	uint8_t bytes[16];
	const uint8_t *got;
	uint32_t written;

	console_start_ports(r);
	console_open_ports(r);
	console_write(r, FROM_AGENT, "from the guest", 14);
	console_serve(r);
	/* They wait until the user wants them. */
	assert_null(console_collect(r, FROM_AGENT, &written));
	assert_int_equal(channel_read(channel, bytes, 5), 5);
	assert_memory_equal(bytes, "from ", 5);
	assert_null(console_collect(r, FROM_AGENT, &written));
	assert_int_equal(channel_read(channel, bytes, sizeof(bytes)), 9);
	assert_memory_equal(bytes, "the guest", 9);
	assert_non_null(console_collect(r, FROM_AGENT, &written));
	assert_int_equal(channel_read(channel, bytes, sizeof(bytes)), 0);

	assert_int_equal(channel_write(channel, (const uint8_t *)"to it", 5), 0);
	console_offer(r, TO_AGENT, 3);
	console_offer(r, TO_AGENT, 16);
	assert_int_equal(channel_write(channel, (const uint8_t *)"to it", 5), 5);
	got = console_collect(r, TO_AGENT, &written);
	assert_int_equal(written, 3);
	assert_memory_equal(got, "to ", 3);
	got = console_collect(r, TO_AGENT, &written);
	assert_int_equal(written, 2);
	assert_memory_equal(got, "it", 2);
	teardown(r);
}

static void a_port_that_is_not_open_passes_nothing(void **state)
{
	struct console_rig *r = setup();
	struct channel *channel = &r->console.channel;
	uint8_t byte;

	console_start_ports(r);
	console_write(r, FROM_AGENT, "x", 1);
	console_offer(r, TO_AGENT, 16);
	console_serve(r);
	assert_int_equal(channel_read(channel, &byte, 1), 0);
	assert_int_equal(channel_write(channel, (const uint8_t *)"x", 1), 0);
	teardown(r);
}

static void each_opening_of_a_port_has_a_number_of_its_own(void **state)
{
	struct console_rig *r = setup();
	unsigned int readies;

	console_start_ports(r);
	console_open_ports(r);
	assert_int_equal(opening(r), 1);
	console_say(r, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(opening(r), 1);
	console_say(r, 1, VIRTIO_CONSOLE_PORT_OPEN, 0);
	assert_int_equal(opening(r), 0);
	assert_true(channel_has_driver(&r->console.channel));
	console_say(r, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(opening(r), 2);

	/* A reset closes it, which its user is to notice. */
	readies = r->readies;
	driver_set(&r->console.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(opening(r), 0);
	assert_false(channel_has_driver(&r->console.channel));
	console_serve(r);
	assert_true(r->readies > readies);
	/* As Linux does after it slept: it knows its ports. */
	console_start(r, CONSOLE_MULTIPORT);
	for (unsigned int i = 0; i < 4; i++)
		console_offer(r, TO_GUEST, 64);
	console_say(r, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	console_say(r, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(opening(r), 3);

	readies = r->readies;
	virtio_mmio_reset(&r->console.mmio);
	console_serve(r);
	assert_true(r->readies > readies);
	assert_int_equal(opening(r), 0);
	teardown(r);
}

/* The guest may change a buffer of which a part was taken. */
static void a_buffer_that_shrinks_while_it_is_read_ends(void **state)
{
	struct console_rig *r = setup();
	struct channel *channel = &r->console.channel;
	uint8_t bytes[64];

	console_start_ports(r);
	console_open_ports(r);
	console_write(r, FROM_AGENT, "0123456789", 10);
	console_write(r, FROM_AGENT, "next", 4);
	assert_int_equal(channel_read(channel, bytes, 8), 8);
	driver_describe(&r->queues[FROM_AGENT], r->queues[FROM_AGENT].offset + DRIVER_DESCRIPTORS,
			0, (struct vring_desc){ DRIVER_DATA, 3, 0, 0 });
	assert_int_equal(channel_read(channel, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "next", 4);
	assert_false(console_needs_reset(r));
	teardown(r);
}

static void a_buffer_for_input_without_room_breaks_the_device(void **state)
{
	struct console_rig *r = setup();

	console_start_ports(r);
	console_open_ports(r);
	console_write(r, TO_AGENT, "x", 1);
	assert_int_equal(channel_write(&r->console.channel, (const uint8_t *)"x", 1), 0);
	assert_true(console_needs_reset(r));
	assert_non_null(strstr(r->report, "has no room"));
	/* To its user the port is closed. */
	assert_int_equal(opening(r), 0);
	teardown(r);
}

static void a_ring_that_is_wrong_breaks_the_device_whichever_it_is(void **state)
{
	for (unsigned int queue = 0; queue < CONSOLE_QUEUES; queue++) {
		struct console_rig *r = setup();
		uint8_t byte;

		console_start_ports(r);
		console_open_ports(r);
		for (unsigned int i = 0; i < 2; i++) {
			driver_set_available(&r->queues[queue], 1000);
			driver_set(&r->console.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
			console_serve(r);
			/* So that it looks at each of them. */
			r->console.ports[0].messages = 1U << VIRTIO_CONSOLE_PORT_ADD;
			(void)channel_read(&r->console.channel, &byte, 1);
			(void)channel_write(&r->console.channel, &byte, 1);
			if (queue == TO_TTY)
				(void)virtio_console_give(&r->console, 0, &byte, 1);
			driver_set(&r->console.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
			console_serve(r);
		}
		assert_true(console_needs_reset(r));
		assert_int_equal(r->reports, 1);
		teardown(r);
	}
}

/* --- at rest, and saved --- */

static void a_quiesced_console_serves_nothing_and_keeps_its_ports_open(void **state)
{
	struct console_rig *r = setup();
	uint8_t byte;

	console_start_ports(r);
	console_open_ports(r);
	console_write(r, FROM_AGENT, "x", 1);
	virtio_mmio_quiesce(&r->console.mmio);
	console_serve(r);
	assert_int_equal(channel_read(&r->console.channel, &byte, 1), 0);
	assert_int_equal(opening(r), 1);
	virtio_mmio_unquiesce(&r->console.mmio);
	console_serve(r);
	assert_int_equal(channel_read(&r->console.channel, &byte, 1), 1);
	teardown(r);
}

static void serialize(void *device, struct stream *stream)
{
	struct virtio_console *console = device;

	virtio_mmio_freeze(&console->mmio);
	if (!virtio_console_serialize(console, stream))
		stream_fail(stream);
	virtio_mmio_thaw(&console->mmio);
}

/* A guest that has the ports open, that has sent something, and waits for a message. */
static struct console_rig *make_busy(struct saved *saved)
{
	struct console_rig *r = setup();
	uint8_t bytes[4];

	console_start_ports(r);
	console_open_ports(r);
	console_write(r, FROM_AGENT, "1234567", 7);
	assert_int_equal(channel_read(&r->console.channel, bytes, 4), 4);
	r->console.ports[1].messages = 1U << VIRTIO_CONSOLE_PORT_NAME;
	saved_save(serialize, &r->console, saved);
	virtio_console_destroy(&r->console);

	return r;
}

static void a_restored_port_is_open_and_continues_where_it_was(void **state)
{
	static struct saved saved;
	struct console_rig *r = make_busy(&saved);
	struct virtio_console *console = &r->console;
	uint8_t bytes[8];

	assert_int_equal(virtio_console_create(console, &r->queues[0].memory, NULL, NULL), 0);
	virtio_mmio_quiesce(&console->mmio);
	assert_int_equal(saved_restore(serialize, console, &saved), 0);
	virtio_mmio_unquiesce(&console->mmio);
	console_serve(r);
	assert_int_equal(opening(r), 1);
	assert_int_equal(channel_read(&console->channel, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "567", 3);
	console_hears(r, 1, VIRTIO_CONSOLE_PORT_NAME, VIRTIO_CONSOLE_AGENT_NAME);
	console_hears_nothing(r);
	teardown(r);
}

static void a_saved_console_with_any_byte_changed_is_refused_or_safe(void **state)
{
	static struct saved saved;
	struct console_rig *r = make_busy(&saved);
	unsigned int refused = 0;
	uint8_t bytes[8];

	for (size_t i = 0; i < 2 * saved.size; i++) {
		struct virtio_console *console = &r->console;
		struct saved changed = saved;
		int err;

		changed.bytes[i / 2] ^= i % 2 ? 0xff : 0x01;
		assert_int_equal(virtio_console_create(console, &r->queues[0].memory, NULL, NULL),
				 0);
		err = saved_restore(serialize, console, &changed);
		assert_true(err == 0 || err == -EBADMSG);
		refused += err != 0;
		(void)channel_read(&console->channel, bytes, sizeof(bytes));
		(void)channel_write(&console->channel, bytes, sizeof(bytes));
		console_serve(r);
		driver_set(&console->mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(channel_opening(&console->channel), 0);
		virtio_console_destroy(console);
	}
	assert_in_range(refused, 8, 2 * saved.size);
	assert_int_equal(virtio_console_create(&r->console, &r->queues[0].memory, NULL, NULL), 0);
	teardown(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtio_console_has_two_ports),
		cmocka_unit_test(virtio_console_adds_its_ports_when_its_driver_is_ready),
		cmocka_unit_test(a_driver_without_room_gets_control_messages_later_and_each_once),
		cmocka_unit_test(control_messages_that_make_no_sense_are_ignored),
		cmocka_unit_test(a_buffer_that_a_control_message_does_not_fit_in_breaks_the_device),
		cmocka_unit_test(other_work_is_done_between_many_control_messages),
		cmocka_unit_test(bytes_reach_the_user_of_a_port_and_its_driver),
		cmocka_unit_test(a_port_that_is_not_open_passes_nothing),
		cmocka_unit_test(each_opening_of_a_port_has_a_number_of_its_own),
		cmocka_unit_test(a_buffer_that_shrinks_while_it_is_read_ends),
		cmocka_unit_test(a_buffer_for_input_without_room_breaks_the_device),
		cmocka_unit_test(a_ring_that_is_wrong_breaks_the_device_whichever_it_is),
		cmocka_unit_test(a_quiesced_console_serves_nothing_and_keeps_its_ports_open),
		cmocka_unit_test(a_restored_port_is_open_and_continues_where_it_was),
		cmocka_unit_test(a_saved_console_with_any_byte_changed_is_refused_or_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
