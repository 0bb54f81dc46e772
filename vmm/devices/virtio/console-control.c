/* SPDX-License-Identifier: BSD-3-Clause */
/* The control messages of virtio-console (virtio 1.2, Multiport Device Operation). */
#include <linux/virtio_console.h>
#include <string.h>

#include "devices/virtio/console.h"
#include "devices/virtio/iov-cursor.h"

/* Queues: two of the first port, these, two of each other port. */
#define TO_GUEST 2
#define FROM_GUEST 3

/* How many messages are handled before the thread's other work is done. */
#define MESSAGES_MAX 16

#define BIT(number) (1U << (number))

/* The kinds that the device sends, in the order in which it does. */
static const uint16_t kinds[] = {
	VIRTIO_CONSOLE_PORT_ADD,
	VIRTIO_CONSOLE_CONSOLE_PORT,
	VIRTIO_CONSOLE_PORT_NAME,
	VIRTIO_CONSOLE_PORT_OPEN,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

uint32_t virtio_console_all_messages(void)
{
	uint32_t all = 0;

	for (size_t i = 0; i < KIND_COUNT; i++)
		all |= BIT(kinds[i]);

	return all;
}

/* --- from the guest --- */

static void hear_port(struct virtio_console *console, const struct virtio_console_control *message)
{
	struct virtio_console_port *port = &console->ports[message->id];

	switch (message->event) {
	case VIRTIO_CONSOLE_PORT_READY:
		/* A value of 0 says that the driver could not add the port. */
		if (message->value != 1)
			break;
		port->messages |= BIT(VIRTIO_CONSOLE_PORT_OPEN);
		port->messages |=
			BIT(message->id == VIRTIO_CONSOLE_TTY ? VIRTIO_CONSOLE_CONSOLE_PORT
							      : VIRTIO_CONSOLE_PORT_NAME);
		break;
	case VIRTIO_CONSOLE_PORT_OPEN:
		if (message->value && !port->open)
			port->opening++;
		port->open = message->value != 0;
		break;
	default:
		break;
	}
}

static void hear(struct virtio_console *console, const struct virtio_console_control *message)
{
	if (message->event != VIRTIO_CONSOLE_DEVICE_READY) {
		if (message->id < VIRTIO_CONSOLE_PORTS)
			hear_port(console, message);
		return;
	}
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS && message->value == 1; i++)
		console->ports[i].messages |= BIT(VIRTIO_CONSOLE_PORT_ADD);
}

bool virtio_console_hear(struct virtio_console *console)
{
	struct virtqueue *queue = &console->mmio.queues[FROM_GUEST];
	struct virtqueue_chain *chain = &console->chain;

	if (!virtio_mmio_has(&console->mmio, VIRTIO_CONSOLE_F_MULTIPORT))
		return false;
	for (unsigned int i = 0; i < MESSAGES_MAX; i++) {
		struct iov_cursor from = { .parts = chain->parts };
		struct virtio_console_control message;

		if (!virtio_console_pop(console, queue))
			return false;
		from.count = chain->readable_count;
		if (chain->readable_size >= sizeof(message)) {
			iov_cursor_read(&from, &message, sizeof(message));
			hear(console, &message);
		}
		virtio_console_push(console, queue, 0);
	}

	return true;
}

/* --- to the guest --- */

/* The first message that waits. Returns false if none does. */
static bool next_message(const struct virtio_console *console,
			 struct virtio_console_control *message)
{
	for (uint32_t id = 0; id < VIRTIO_CONSOLE_PORTS; id++) {
		for (size_t i = 0; i < KIND_COUNT; i++) {
			if (!(console->ports[id].messages & BIT(kinds[i])))
				continue;
			*message = (struct virtio_console_control){
				.id = id,
				.event = kinds[i],
				.value = 1,
			};

			return true;
		}
	}

	return false;
}

void virtio_console_speak(struct virtio_console *console)
{
	static const char name[] = VIRTIO_CONSOLE_AGENT_NAME;
	struct virtqueue *queue = &console->mmio.queues[TO_GUEST];
	struct virtqueue_chain *chain = &console->chain;
	struct virtio_console_control message;

	while (next_message(console, &message) && virtio_console_pop(console, queue)) {
		const size_t extra =
			message.event == VIRTIO_CONSOLE_PORT_NAME ? sizeof(name) - 1 : 0;
		struct iov_cursor to = {
			.parts = chain->parts + chain->readable_count,
			.count = chain->writable_count,
		};

		if (chain->writable_size < sizeof(message) + extra) {
			virtio_mmio_fail(&console->mmio,
					 "a buffer for control messages is too small");
			return;
		}
		iov_cursor_write(&to, &message, sizeof(message));
		iov_cursor_write(&to, name, extra);
		console->ports[message.id].messages &= ~BIT(message.event);
		virtio_console_push(console, queue, (uint32_t)(sizeof(message) + extra));
	}
}
