/* SPDX-License-Identifier: BSD-3-Clause */
/* The data of virtio-console's ports. */
#include "devices/virtio/console.h"

#include "devices/virtio/iov-cursor.h"

/*
 * How many buffers are moved at once: those of one byte, or of none, are as
 * expensive as others.
 */
#define BUFFERS_MAX 64

/* The first port's queues are 0 and 1; 2 and 3 are for control messages. */
struct virtqueue *virtio_console_input(struct virtio_console *console, unsigned int port)
{
	return &console->mmio.queues[port == 0 ? 0 : 2 * port + 2];
}

struct virtqueue *virtio_console_output(struct virtio_console *console, unsigned int port)
{
	return &console->mmio.queues[port == 0 ? 1 : 2 * port + 3];
}

bool virtio_console_pop(struct virtio_console *console, struct virtqueue *queue)
{
	int ret;

	if (!virtio_mmio_running(&console->mmio) || !queue->ready)
		return false;
	ret = virtqueue_pop(queue, &console->chain);
	if (ret < 0)
		virtio_mmio_fail(&console->mmio, queue->fault);

	return ret > 0;
}

void virtio_console_push(struct virtio_console *console, struct virtqueue *queue, uint32_t written)
{
	if (virtqueue_push(queue, console->chain.head, written))
		virtio_mmio_interrupt(&console->mmio);
}

size_t virtio_console_take(struct virtio_console *console, unsigned int port, uint8_t *bytes,
			   size_t size)
{
	struct virtqueue *queue = virtio_console_output(console, port);
	struct virtqueue_chain *chain = &console->chain;
	uint64_t *taken = &console->ports[port].taken;
	size_t done = 0;

	for (unsigned int i = 0; i < BUFFERS_MAX && done < size; i++) {
		struct iov_cursor from = { .parts = chain->parts };
		size_t piece = size - done;

		if (!virtio_console_pop(console, queue))
			break;
		/* A guest may change a buffer of which a part was taken. */
		if (*taken > chain->readable_size)
			*taken = chain->readable_size;
		if (piece > chain->readable_size - *taken)
			piece = (size_t)(chain->readable_size - *taken);
		from.count = chain->readable_count;
		iov_cursor_skip(&from, *taken);
		iov_cursor_read(&from, bytes + done, piece);
		done += piece;
		*taken += piece;
		if (*taken < chain->readable_size) {
			virtqueue_unpop(queue, 1);
			break;
		}
		*taken = 0;
		virtio_console_push(console, queue, 0);
	}

	return done;
}

size_t virtio_console_give(struct virtio_console *console, unsigned int port, const uint8_t *bytes,
			   size_t size)
{
	struct virtqueue *queue = virtio_console_input(console, port);
	struct virtqueue_chain *chain = &console->chain;
	size_t done = 0;

	for (unsigned int i = 0; i < BUFFERS_MAX && done < size; i++) {
		struct iov_cursor to = { .parts = chain->parts };
		size_t piece = size - done;

		if (!virtio_console_pop(console, queue))
			break;
		if (chain->writable_size == 0) {
			virtio_mmio_fail(&console->mmio, "a buffer for input has no room");
			break;
		}
		if (piece > chain->writable_size)
			piece = (size_t)chain->writable_size;
		to.parts += chain->readable_count;
		to.count = chain->writable_count;
		iov_cursor_write(&to, bytes + done, piece);
		done += piece;
		virtio_console_push(console, queue, (uint32_t)piece);
	}

	return done;
}
