/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/seen.h"

#include <string.h>

#include "net/dhcp.h"

/* --- to look up --- */

static uint32_t find_mac(const struct net_seen *seen, const uint8_t *mac)
{
	uint32_t i = 0;

	while (i < seen->mac_count && memcmp(seen->macs[i], mac, MAC_SIZE) != 0)
		i++;

	return i;
}

static uint32_t find_address(const struct net_seen *seen, const struct ip_address *ip)
{
	uint32_t i = 0;

	while (i < seen->address_count && !ip_address_equals(&seen->addresses[i].ip, ip))
		i++;

	return i;
}

bool net_seen_has_mac(const struct net_seen *seen, const uint8_t mac[MAC_SIZE])
{
	return find_mac(seen, mac) < seen->mac_count;
}

bool net_seen_has_address(const struct net_seen *seen, const struct ip_address *ip)
{
	return find_address(seen, ip) < seen->address_count;
}

/* --- to learn --- */

static void use_mac(struct net_seen *seen, const uint8_t *mac)
{
	uint32_t i = find_mac(seen, mac);

	if (i == 0 && seen->mac_count > 0)
		return;
	if (i == seen->mac_count) {
		/* A group sends nothing. */
		if (frame_mac_is_group(mac))
			return;
		if (seen->mac_count < NET_SEEN_MACS_MAX)
			seen->mac_count++;
		else
			i--;
	}
	memmove(seen->macs[1], seen->macs[0], (size_t)i * MAC_SIZE);
	memcpy(seen->macs[0], mac, MAC_SIZE);
}

/*
 * The place of an address to forget: of those that are not announced the one
 * that was not used for longest; for an announced address, if all are, the one
 * of them. NET_SEEN_ADDRESSES_MAX if there is none.
 */
static uint32_t find_victim(const struct net_seen *seen, bool for_announced)
{
	for (uint32_t i = NET_SEEN_ADDRESSES_MAX; i-- > 0;)
		if (!seen->addresses[i].announced)
			return i;

	return for_announced ? NET_SEEN_ADDRESSES_MAX - 1 : NET_SEEN_ADDRESSES_MAX;
}

static void use_address(struct net_seen *seen, const struct ip_address *ip, bool announced)
{
	struct net_seen_address used = { .ip = *ip, .announced = announced };
	uint32_t i = find_address(seen, ip);

	if (i < seen->address_count) {
		used.announced |= seen->addresses[i].announced;
	} else if (!ip_address_is_unicast(ip)) {
		return;
	} else if (seen->address_count < NET_SEEN_ADDRESSES_MAX) {
		seen->address_count++;
	} else {
		i = find_victim(seen, announced);
		if (i == NET_SEEN_ADDRESSES_MAX)
			return;
	}
	memmove(&seen->addresses[1], &seen->addresses[0], i * sizeof(used));
	seen->addresses[0] = used;
}

static void learn_from_ip(struct net_seen *seen, const struct frame_ip *ip)
{
	const bool probes = ip->neighbour == FRAME_SOLICITATION && ip->from.version == 6 &&
			    !ip_address_is_unicast(&ip->from);

	/* The source of a solicitation is an address that its sender has. */
	use_address(seen, &ip->from, ip->neighbour != 0);
	/* The target of an advertisement too, and soon that of a probe (RFC 4862). */
	if (probes || ip->neighbour == FRAME_ADVERTISEMENT)
		use_address(seen, &ip->target, true);
}

void net_seen_learn(struct net_seen *seen, const uint8_t *bytes, size_t size)
{
	struct frame frame;
	struct frame_arp arp;
	struct frame_ip ip;
	struct ip_address requested;

	if (!frame_parse(&frame, bytes, size))
		return;
	use_mac(seen, frame.from);
	if (frame_parse_arp(&frame, &arp))
		use_address(seen, &arp.sender, true);
	else if (!frame_parse_ip(&frame, &ip))
		return;
	else if (ip_address_is_unicast(&ip.from) || ip.neighbour)
		learn_from_ip(seen, &ip);
	else if (dhcp_requests(&frame, &requested))
		use_address(seen, &requested, true);
}

/* --- to save --- */

/* What was loaded is as if it had been learned. */
static bool is_plausible(const struct net_seen *seen)
{
	for (uint32_t i = 0; i < seen->mac_count; i++)
		if (frame_mac_is_group(seen->macs[i]) || find_mac(seen, seen->macs[i]) != i)
			return false;
	for (uint32_t i = 0; i < seen->address_count; i++) {
		const struct ip_address *ip = &seen->addresses[i].ip;

		if (!ip_address_is_unicast(ip) || find_address(seen, ip) != i)
			return false;
	}

	return true;
}

static void serialize_address(struct net_seen_address *address, struct stream *stream)
{
	static const uint8_t zero[12];

	stream_serialize(stream, &address->ip.version, 1);
	stream_serialize(stream, address->ip.bytes, sizeof(address->ip.bytes));
	stream_serialize_bool(stream, &address->announced);
	if (stream_is_loading(stream) && address->ip.version == 4 &&
	    memcmp(address->ip.bytes + 4, zero, sizeof(zero)) != 0)
		stream_fail(stream);
}

void net_seen_serialize(struct net_seen *seen, struct stream *stream)
{
	stream_serialize_u32(stream, &seen->mac_count);
	stream_serialize_u32(stream, &seen->address_count);
	if (seen->mac_count > NET_SEEN_MACS_MAX || seen->address_count > NET_SEEN_ADDRESSES_MAX) {
		stream_fail(stream);
		*seen = (struct net_seen){ 0 };
		return;
	}
	for (uint32_t i = 0; i < seen->mac_count; i++)
		stream_serialize(stream, seen->macs[i], MAC_SIZE);
	for (uint32_t i = 0; i < seen->address_count; i++)
		serialize_address(&seen->addresses[i], stream);
	if (!stream_is_loading(stream))
		return;
	if (stream_error(stream) || !is_plausible(seen)) {
		stream_fail(stream);
		*seen = (struct net_seen){ 0 };
	}
}
