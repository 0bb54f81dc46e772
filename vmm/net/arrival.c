/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/arrival.h"

#include <stdio.h>
#include <string.h>

#define MAGIC_FILL_SIZE 6
#define MAGIC_REPEATS 16
#define MAGIC_SIZE (MAGIC_FILL_SIZE + MAGIC_REPEATS * MAC_SIZE)

/* A guest that has another address than its device is known by that one. */
static bool is_its_mac(const struct net_seen *seen, const uint8_t *mac, const uint8_t *address)
{
	return memcmp(address, mac, MAC_SIZE) == 0 || net_seen_has_mac(seen, address);
}

static bool is_magic_at(const uint8_t *bytes, const struct net_seen *seen, const uint8_t *mac)
{
	static const uint8_t fill[MAGIC_FILL_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const uint8_t *first = bytes + MAGIC_FILL_SIZE;

	if (memcmp(bytes, fill, sizeof(fill)) != 0)
		return false;
	for (size_t i = 1; i < MAGIC_REPEATS; i++)
		if (memcmp(first + i * MAC_SIZE, first, MAC_SIZE) != 0)
			return false;

	return is_its_mac(seen, mac, first);
}

/* It may be anywhere behind the header, in a packet of any protocol. */
static bool is_magic(const struct net_seen *seen, const uint8_t *mac, const uint8_t *bytes,
		     size_t size)
{
	for (size_t at = FRAME_HEADER_SIZE; at + MAGIC_SIZE <= size; at++)
		if (is_magic_at(bytes + at, seen, mac))
			return true;

	return false;
}

/*
 * passt sends all that it sends to the guest's MAC address, also router
 * advertisements to all nodes. So the packet counts, if the frame has one.
 */
static bool is_for_one(const struct frame_ip *ip)
{
	return ip_address_is_unicast(&ip->to);
}

/* What it is, except for magic. */
static enum arrival_kind classify(struct arrival *is, const struct net_seen *seen,
				  const uint8_t *mac, const struct frame *frame)
{
	const bool ours = is_its_mac(seen, mac, frame->to);
	struct frame_arp arp;
	struct frame_ip ip;

	if (!ours && !frame_mac_is_group(frame->to))
		return ARRIVAL_NOISE;
	if (frame_parse_arp(frame, &arp)) {
		is->from = arp.sender;
		is->to = arp.target;
		if (arp.operation == FRAME_ARP_REQUEST && net_seen_has_address(seen, &arp.target))
			return ARRIVAL_ARP;
	} else if (frame_parse_ip(frame, &ip)) {
		is->from = ip.from;
		is->to = ip.neighbour ? ip.target : ip.to;
		if (ip.neighbour == FRAME_SOLICITATION && net_seen_has_address(seen, &ip.target))
			return ARRIVAL_SOLICITATION;
		if (!is_for_one(&ip))
			return ARRIVAL_NOISE;
	}

	return ours ? ARRIVAL_UNICAST : ARRIVAL_NOISE;
}

void arrival_classify(struct arrival *frame, const struct net_seen *seen,
		      const uint8_t mac[MAC_SIZE], const uint8_t *bytes, size_t size)
{
	struct frame parsed;

	*frame = (struct arrival){ .kind = ARRIVAL_NOISE };
	if (!frame_parse(&parsed, bytes, size))
		return;
	memcpy(frame->mac, parsed.from, MAC_SIZE);
	frame->kind = classify(frame, seen, mac, &parsed);
	if (frame->kind == ARRIVAL_NOISE && is_magic(seen, mac, bytes, size))
		frame->kind = ARRIVAL_MAGIC;
}

bool arrival_wakes(struct arrival *frame, enum wake_on_net policy, const struct net_seen *seen,
		   const uint8_t mac[MAC_SIZE], const uint8_t *bytes, size_t size)
{
	arrival_classify(frame, seen, mac, bytes, size);
	switch (policy) {
	case WAKE_ON_NET_NONE:
	case WAKE_ON_NET_DIRECTED:
		return frame->kind != ARRIVAL_NOISE;
	case WAKE_ON_NET_ANY:
		return true;
	case WAKE_ON_NET_MAGIC:
		if (!is_magic(seen, mac, bytes, size))
			return false;
		frame->kind = ARRIVAL_MAGIC;
		return true;
	case WAKE_ON_NET_OFF:
		break;
	}

	return false;
}

void arrival_format(const struct arrival *frame, char text[ARRIVAL_TEXT_SIZE])
{
	static const char *const kinds[] = {
		[ARRIVAL_NOISE] = "a network frame",
		[ARRIVAL_UNICAST] = "a network frame",
		[ARRIVAL_ARP] = "an ARP request",
		[ARRIVAL_SOLICITATION] = "a neighbour solicitation",
		[ARRIVAL_MAGIC] = "a magic packet",
	};
	char from[IP_ADDRESS_TEXT_SIZE];
	char to[IP_ADDRESS_TEXT_SIZE];

	ip_address_format(&frame->from, from);
	ip_address_format(&frame->to, to);
	if (!*from)
		snprintf(from, sizeof(from), "%02x:%02x:%02x:%02x:%02x:%02x", frame->mac[0],
			 frame->mac[1], frame->mac[2], frame->mac[3], frame->mac[4], frame->mac[5]);
	snprintf(text, ARRIVAL_TEXT_SIZE, "%s from %s%s%s", kinds[frame->kind], from,
		 *to ? " for " : "", to);
}

static void serialize_ip(struct ip_address *ip, struct stream *stream)
{
	stream_serialize(stream, &ip->version, 1);
	stream_serialize(stream, ip->bytes, sizeof(ip->bytes));
	if (stream_is_loading(stream) && ip->version != 0 && ip->version != 4 && ip->version != 6)
		stream_fail(stream);
}

void arrival_serialize(struct arrival *frame, struct stream *stream)
{
	uint32_t kind = frame->kind;

	stream_serialize_u32(stream, &kind);
	serialize_ip(&frame->from, stream);
	serialize_ip(&frame->to, stream);
	stream_serialize(stream, frame->mac, sizeof(frame->mac));
	if (kind > ARRIVAL_MAGIC) {
		stream_fail(stream);
		kind = ARRIVAL_NOISE;
	}
	frame->kind = (enum arrival_kind)kind;
}
