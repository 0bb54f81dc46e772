/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-console with two ports (virtio 1.2, Console Device): a console, which
 * Linux calls hvc0, and a channel to an agent in the guest.
 *
 * It has no thread: the main thread serves it, a little at a time, so that a
 * guest that sends without end keeps no other work waiting. What the host's end
 * of a port does not take stays in the guest's buffers.
 *
 * Both ports are always connected on the host's side, as QEMU's consoles are.
 * The guest opens and closes its side, and a reset of the device closes it:
 * Linux resets its devices on the way into sleep, and says afterwards which
 * ports are still open.
 *
 * A driver that did not accept VIRTIO_CONSOLE_F_MULTIPORT has the console only,
 * which is open then.
 *
 * Control messages that the guest sends for a port that does not exist, that are
 * too short, or that only the device may send, are ignored. Those for the guest
 * are not queued but noted as a set, one bit for each kind and port, so no
 * sequence of requests makes them many.
 */
#ifndef VMM_VIRTIO_CONSOLE_H
#define VMM_VIRTIO_CONSOLE_H

#include <linux/virtio_console.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board/memory.h"
#include "devices/virtio/mmio.h"
#include "host/channel.h"

#define VIRTIO_CONSOLE_AGENT_NAME "org.qemu.guest_agent.0"

enum virtio_console_port_number {
	VIRTIO_CONSOLE_TTY,
	VIRTIO_CONSOLE_AGENT,
};
#define VIRTIO_CONSOLE_PORTS 2

/**
 * Output of the console that its host's end has not taken. Linux waits for each
 * piece with its locks held, so that a full buffer stops all of the guest.
 */
#define VIRTIO_CONSOLE_OUTPUT 65536

struct terminal;

/** Guarded by the transport's lock. */
struct virtio_console_port {
	bool open; /**< By the guest. */
	uint64_t opening; /**< How often it was opened, in the life of this process. */
	uint32_t messages; /**< Those that the guest is to get: bits of console-control.c. */
	uint64_t taken; /**< How many bytes of its next chain of output were taken. */
};

/** Private. */
struct virtio_console {
	struct virtio_mmio mmio; /**< First. */
	struct virtio_console_config space; /**< Constant. */
	struct virtqueue_chain chain; /**< The buffer in use; guarded by the lock. */
	struct virtio_console_port ports[VIRTIO_CONSOLE_PORTS];
	struct channel channel; /**< Of the agent's port. */

	/* The console; the main thread's. */
	struct terminal *terminal; /**< NULL: another device has it; output is dropped. */
	bool refused; /**< The terminal waits for room. */
	size_t output_first, output_count;
	uint8_t output[VIRTIO_CONSOLE_OUTPUT]; /**< A ring. */
};

/** The board's. */
extern const struct device_ops virtio_console_ops;

/**
 * Make the device. Before any vCPU runs.
 *
 * @console: storage; must not move
 * @memory: the guest's RAM; must outlive it
 * @report, @context: as in struct virtio_mmio_config
 *
 * Returns 0 or -errno.
 */
int virtio_console_create(struct virtio_console *console, const struct memory *memory,
			  void (*report)(void *context, const char *message), void *context);

void virtio_console_destroy(struct virtio_console *console);

/** Make it the terminal's device. Before any vCPU runs. */
void virtio_console_connect(struct virtio_console *console, struct terminal *terminal);

/**
 * Serve the guest, when its mmio.notify_fd is readable: a part of what there is
 * to do, and then it stays readable. Does not block.
 */
void virtio_console_serve(struct virtio_console *console);

/**
 * As virtio_mmio_serialize(), with the ports. Output that the terminal has not
 * taken is not saved: it is on the line.
 */
bool virtio_console_serialize(struct virtio_console *console, struct stream *stream);

/* --- between its files: with the lock held --- */

/** Take the lock; returns whether the queues may be served. */
bool virtio_console_lock(struct virtio_console *console);
void virtio_console_unlock(struct virtio_console *console);

/** The queue by which a port's data goes to the guest, and the one from it. */
struct virtqueue *virtio_console_input(struct virtio_console *console, unsigned int port);
struct virtqueue *virtio_console_output(struct virtio_console *console, unsigned int port);

/**
 * Take the next buffer of @queue into console->chain. Returns false if there is
 * none.
 */
bool virtio_console_pop(struct virtio_console *console, struct virtqueue *queue);

/** Give it back, with @written bytes in it. */
void virtio_console_push(struct virtio_console *console, struct virtqueue *queue, uint32_t written);

/** Copy up to @size bytes that a port sent. Returns how many. */
size_t virtio_console_take(struct virtio_console *console, unsigned int port, uint8_t *bytes,
			   size_t size);

/** Put up to @size bytes into a port's buffers. Returns how many. */
size_t virtio_console_give(struct virtio_console *console, unsigned int port, const uint8_t *bytes,
			   size_t size);

/**
 * Handle control messages of the guest's. Returns whether there may be more.
 */
bool virtio_console_hear(struct virtio_console *console);

/** Send those for the guest, as far as it has buffers. */
void virtio_console_speak(struct virtio_console *console);

/** All kinds of virtio_console_port.messages. */
uint32_t virtio_console_all_messages(void);

/** Move output of the console. Returns whether more can be moved at once. */
bool virtio_console_print(struct virtio_console *console);

#endif
