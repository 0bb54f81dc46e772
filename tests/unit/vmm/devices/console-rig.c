/* SPDX-License-Identifier: BSD-3-Clause */
#include "console-rig.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Each queue has its data behind its rings, a page for each descriptor. */
#define DATA(r, queue, index) ((r)->queues[queue].offset + DRIVER_DATA + 0x1000ULL * (index))

#define SIZE 64 /* Of each queue. */
#define BUFFER 64 /* For control messages. */

static void record_report(void *context, const char *message)
{
	struct console_rig *r = context;

	strncpy(r->report, message, sizeof(r->report) - 1);
	r->reports++;
}

static void on_ready(void *context)
{
	struct console_rig *r = context;

	r->readies++;
}

void console_create(struct console_rig *r)
{
	memset(r, 0, sizeof(*r));
	driver_create(&r->queues[0], SIZE);
	for (uint32_t i = 1; i < CONSOLE_QUEUES; i++)
		driver_add_queue(&r->queues[i], &r->queues[0], i);
	assert_int_equal(virtio_console_create(&r->console, &r->queues[0].memory, record_report, r),
			 0);
	r->console.channel.ready = on_ready;
	r->console.channel.context = r;
}

void console_destroy(struct console_rig *r)
{
	virtio_console_destroy(&r->console);
	driver_destroy(&r->queues[0]);
}

void console_start(struct console_rig *r, uint64_t features)
{
	const unsigned int count = features & CONSOLE_MULTIPORT ? CONSOLE_QUEUES : 2;

	assert_true(driver_negotiate(&r->console.mmio, features));
	for (unsigned int i = 0; i < count; i++) {
		driver_restart(&r->queues[i]);
		r->next[i] = 0;
		driver_start_queue(&r->queues[i], &r->console.mmio);
	}
	driver_set(&r->console.mmio, VIRTIO_MMIO_STATUS,
		   driver_get(&r->console.mmio, VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
}

void console_start_ports(struct console_rig *r)
{
	console_start(r, CONSOLE_MULTIPORT);
	for (unsigned int i = 0; i < 16; i++)
		console_offer(r, TO_GUEST, BUFFER);
	console_say(r, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
}

void console_serve(struct console_rig *r)
{
	struct pollfd ready = { .fd = r->console.mmio.notify_fd, .events = POLLIN };

	while (poll(&ready, 1, 0) == 1)
		virtio_console_serve(&r->console);
}

static void offer(struct console_rig *r, unsigned int queue, uint32_t size, uint16_t flags)
{
	const uint16_t index = r->next[queue]++ % SIZE;

	driver_describe(&r->queues[queue], r->queues[queue].offset + DRIVER_DESCRIPTORS, index,
			(struct vring_desc){ DATA(r, queue, index), size, flags, 0 });
	driver_offer(&r->queues[queue], index);
	driver_set(&r->console.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

void console_offer(struct console_rig *r, unsigned int queue, uint32_t size)
{
	offer(r, queue, size, VRING_DESC_F_WRITE);
}

void console_write(struct console_rig *r, unsigned int queue, const void *bytes, uint32_t size)
{
	memcpy(driver_at(&r->queues[queue], DATA(r, queue, r->next[queue] % SIZE), size), bytes,
	       size);
	offer(r, queue, size, 0);
}

const uint8_t *console_collect(struct console_rig *r, unsigned int queue, uint32_t *written)
{
	struct vring_used_elem used;

	if (!driver_collect(&r->queues[queue], &used))
		return NULL;
	assert_in_range(used.id, 0, SIZE - 1);
	*written = used.len;

	return driver_at(&r->queues[queue], DATA(r, queue, used.id), 0x1000);
}

void console_say(struct console_rig *r, uint32_t id, uint16_t event, uint16_t value)
{
	const struct virtio_console_control message = { id, event, value };
	uint32_t written;

	console_write(r, FROM_GUEST, &message, sizeof(message));
	console_serve(r);
	assert_non_null(console_collect(r, FROM_GUEST, &written));
	assert_int_equal(written, 0);
}

void console_hears(struct console_rig *r, uint32_t id, uint16_t event, const char *extra)
{
	struct virtio_console_control message;
	uint32_t written;
	const uint8_t *bytes = console_collect(r, TO_GUEST, &written);

	assert_non_null(bytes);
	assert_int_equal(written, sizeof(message) + strlen(extra));
	memcpy(&message, bytes, sizeof(message));
	assert_int_equal(message.id, id);
	assert_int_equal(message.event, event);
	assert_int_equal(message.value, 1);
	assert_memory_equal(bytes + sizeof(message), extra, strlen(extra));
	console_offer(r, TO_GUEST, BUFFER);
}

void console_hears_nothing(struct console_rig *r)
{
	uint32_t written;

	console_serve(r);
	assert_null(console_collect(r, TO_GUEST, &written));
}

void console_open_ports(struct console_rig *r)
{
	console_hears(r, 0, VIRTIO_CONSOLE_PORT_ADD, "");
	console_hears(r, 1, VIRTIO_CONSOLE_PORT_ADD, "");
	console_say(r, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	console_hears(r, 0, VIRTIO_CONSOLE_CONSOLE_PORT, "");
	console_hears(r, 0, VIRTIO_CONSOLE_PORT_OPEN, "");
	console_say(r, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	console_hears(r, 1, VIRTIO_CONSOLE_PORT_NAME, VIRTIO_CONSOLE_AGENT_NAME);
	console_hears(r, 1, VIRTIO_CONSOLE_PORT_OPEN, "");
	console_say(r, 0, VIRTIO_CONSOLE_PORT_OPEN, 1);
	console_say(r, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	console_hears_nothing(r);
}

bool console_needs_reset(struct console_rig *r)
{
	return driver_get(&r->console.mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET;
}
