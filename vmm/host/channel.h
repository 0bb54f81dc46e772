/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's end of a port of the guest's, through which bytes go in both
 * directions between a program in the guest and one part of dormouse. A device
 * has the port, and fills in @ops and @device; its user sets @ready.
 *
 * Nothing is buffered here: what the user does not read waits in the guest,
 * whose writer waits then, so a guest that sends without end costs nothing.
 *
 * All of it belongs to the main thread.
 */
#ifndef VMM_CHANNEL_H
#define VMM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** None of them blocks. */
struct channel_ops {
	/**
	 * Which opening of the port by the guest this is: a number that is
	 * another for each; 0 while the guest does not have it open.
	 */
	uint64_t (*opening)(void *device);

	/**
	 * Whether the guest's driver of the port is at work. It is not while the guest
	 * boots, and, if its system resets its devices for a sleep, while it sleeps.
	 */
	bool (*has_driver)(void *device);

	/** Take up to @size bytes that the guest sent. Returns how many. */
	size_t (*read)(void *device, uint8_t *bytes, size_t size);

	/**
	 * Send up to @size bytes. Returns how many: the guest has no room for
	 * more now.
	 */
	size_t (*write)(void *device, const uint8_t *bytes, size_t size);
};

struct channel {
	const struct channel_ops *ops;
	void *device;

	/**
	 * The guest has opened or closed the port, sent bytes or made room: any
	 * of that, or nothing. NULL: nothing uses the port.
	 */
	void (*ready)(void *context);
	void *context;
};

static inline uint64_t channel_opening(const struct channel *channel)
{
	return channel->ops->opening(channel->device);
}

static inline bool channel_has_driver(const struct channel *channel)
{
	return channel->ops->has_driver(channel->device);
}

static inline size_t channel_read(const struct channel *channel, uint8_t *bytes, size_t size)
{
	return channel->ops->read(channel->device, bytes, size);
}

static inline size_t channel_write(const struct channel *channel, const uint8_t *bytes, size_t size)
{
	return channel->ops->write(channel->device, bytes, size);
}

#endif
