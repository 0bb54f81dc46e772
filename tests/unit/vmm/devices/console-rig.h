/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver of virtio-console, for tests: all of its queues, and its control messages. */
#ifndef TESTS_CONSOLE_RIG_H
#define TESTS_CONSOLE_RIG_H

#include "devices/virtio/console.h"
#include "virtio-driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_QUEUES 6

/* Numbers of queues; those of ports are 0 and 4 to the guest, 1 and 5 from it. */
#define TO_TTY 0
#define FROM_TTY 1
#define TO_GUEST 2
#define FROM_GUEST 3
#define TO_AGENT 4
#define FROM_AGENT 5

#define CONSOLE_MULTIPORT (1ULL << VIRTIO_CONSOLE_F_MULTIPORT)

struct console_rig {
	struct driver queues[CONSOLE_QUEUES]; /**< The first one has the RAM. */
	struct virtio_console console;
	uint16_t next[CONSOLE_QUEUES]; /**< The next descriptor to be used. */
	unsigned int reports;
	char report[256];
	unsigned int readies; /**< How often the channel's user was called. */
};

/** Make the device; no driver has touched it. */
void console_create(struct console_rig *r);
void console_destroy(struct console_rig *r);

/** Start its driver, with empty queues. */
void console_start(struct console_rig *r, uint64_t features);

/** console_start() with MULTIPORT, buffers for control messages, and DEVICE_READY. */
void console_start_ports(struct console_rig *r);

/** Serve it until it has nothing to do. */
void console_serve(struct console_rig *r);

/** Make a buffer of @size bytes available, for the device to write or with @bytes to read. */
void console_offer(struct console_rig *r, unsigned int queue, uint32_t size);
void console_write(struct console_rig *r, unsigned int queue, const void *bytes, uint32_t size);

/** Take the next buffer that the device has used. Returns its bytes, or NULL. */
const uint8_t *console_collect(struct console_rig *r, unsigned int queue, uint32_t *written);

/** Send a control message, and have it served. */
void console_say(struct console_rig *r, uint32_t id, uint16_t event, uint16_t value);

/**
 * Assert that the next control message is this one, with @extra behind it, and give its
 * buffer to the device again.
 */
void console_hears(struct console_rig *r, uint32_t id, uint16_t event, const char *extra);

/** Assert that there is no control message. */
void console_hears_nothing(struct console_rig *r);

/** Ports are added, ready and open. */
void console_open_ports(struct console_rig *r);

bool console_needs_reset(struct console_rig *r);

#endif
