/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a network device reports of its frames, so that a frame can wake a guest.
 *
 * All functions are called on the device's thread, on a vCPU's that resets the
 * device, or on the main thread when the guest falls asleep, with the device's lock held, so one at a time for a device. They
 * do not block, and do not call the device. NULL: not of interest.
 */
#ifndef VMM_VIRTIO_NET_OBSERVER_H
#define VMM_VIRTIO_NET_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mac.h"

/** How many bytes of a frame that is sent can be observed: a request of DHCP fits. */
#define NET_OBSERVED_MAX 400

struct net_observer {
	/**
	 * The guest sends a frame, of which @frame is a copy of the first @size
	 * bytes, at most NET_OBSERVED_MAX.
	 */
	void (*sent)(void *context, const uint8_t *frame, size_t size);

	/**
	 * A frame has come from the network, all of whose @size bytes, from 14
	 * to NET_FRAME_MAX, are in @frame.
	 *
	 * @driver: whether the guest has a driver that takes it. If not, or if
	 *   that has no buffer for it while the guest sleeps, the frame is kept
	 *   until there is one again, if this returns true, and dropped
	 *   otherwise. A frame that the driver was given, but had not looked at
	 *   when it reset the device, comes a second time, without @driver; and
	 *   with it, if it had not when the guest fell asleep.
	 */
	bool (*received)(void *context, const uint8_t *frame, size_t size, bool driver);

	/**
	 * The driver is back, and has been given all frames that were kept.
	 */
	void (*delivered)(void *context);

	/** The machine was reset, and all frames that were kept were dropped. */
	void (*reset)(void *context);

	/** The driver has given the device another MAC, or reset it to its first. */
	void (*addressed)(void *context, const uint8_t mac[MAC_SIZE]);

	void *context;
};

#endif
