/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/net-filter.h"

#include <string.h>

static bool is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

static bool is_broadcast(const uint8_t *mac)
{
	static const uint8_t broadcast[MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return memcmp(mac, broadcast, MAC_SIZE) == 0;
}

static bool has(const struct net_addresses *addresses, const uint8_t *mac)
{
	for (unsigned int i = 0; i < addresses->count; i++)
		if (memcmp(addresses->macs[i], mac, MAC_SIZE) == 0)
			return true;

	return addresses->all;
}

void net_filter_reset(struct net_filter *filter)
{
	*filter = (struct net_filter){ .promiscuous = true };
}

bool net_filter_accepts(const struct net_filter *filter, const uint8_t mac[MAC_SIZE],
			const uint8_t *frame)
{
	if (filter->promiscuous)
		return true;
	if (is_group(frame))
		return is_broadcast(frame) || filter->all_multicast ||
		       has(&filter->multicast, frame);

	return memcmp(frame, mac, MAC_SIZE) == 0 || has(&filter->unicast, frame);
}

static void serialize_addresses(struct net_addresses *addresses, struct stream *stream)
{
	stream_serialize_bool(stream, &addresses->all);
	stream_serialize_u16(stream, &addresses->count);
	if (addresses->count > NET_FILTER_ADDRESSES_MAX) {
		addresses->count = 0;
		stream_fail(stream);
	}
	stream_serialize(stream, addresses->macs, sizeof(addresses->macs));
}

void net_filter_serialize(struct net_filter *filter, struct stream *stream)
{
	stream_serialize_bool(stream, &filter->promiscuous);
	stream_serialize_bool(stream, &filter->all_multicast);
	serialize_addresses(&filter->unicast, stream);
	serialize_addresses(&filter->multicast, stream);
}
