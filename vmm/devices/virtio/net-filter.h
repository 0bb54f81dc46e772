/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames a guest's driver wants (virtio 1.2, Network Device, Packet
 * Receive Filtering). Without the control queue it gets all.
 */
#ifndef VMM_VIRTIO_NET_FILTER_H
#define VMM_VIRTIO_NET_FILTER_H

#include "base/mac.h"
#include "base/stream.h"

#include <stdbool.h>
#include <stdint.h>

/** Of one kind; a driver that wants more gets all of that kind. */
#define NET_FILTER_ADDRESSES_MAX 64

struct net_addresses {
	bool all; /**< There were too many, or the driver wants all. */
	uint16_t count;
	uint8_t macs[NET_FILTER_ADDRESSES_MAX][MAC_SIZE];
};

struct net_filter {
	bool promiscuous;
	bool all_multicast;
	struct net_addresses unicast, multicast; /**< Beside the device's own. */
};

/** As after a reset: promiscuous, for drivers that set no filter. */
void net_filter_reset(struct net_filter *filter);

/** Whether a driver of the device with @mac wants a frame. */
bool net_filter_accepts(const struct net_filter *filter, const uint8_t mac[MAC_SIZE],
			const uint8_t *frame);

/** Save or load it; if no filter can be what is loaded, the stream fails. */
void net_filter_serialize(struct net_filter *filter, struct stream *stream);

#endif
