/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/ethernet.h"

#include <arpa/inet.h>
#include <string.h>

#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define TYPE_IPV6 0x86dd
/* VLAN tags: 802.1Q, and 802.1ad's outer one. */
#define TYPE_TAG 0x8100
#define TYPE_OUTER_TAG 0x88a8
#define TAG_SIZE 4
#define TAGS_MAX 2

#define IPV4_HEADER_SIZE 20
#define IPV6_HEADER_SIZE 40
#define PROTOCOL_ICMPV6 58
#define NEIGHBOUR_SIZE 24 /* Without options. */
#define HOP_LIMIT_OF_NEIGHBOURS 255

/* --- addresses --- */

static struct ip_address ipv4_at(const uint8_t *bytes)
{
	struct ip_address address = { .version = 4 };

	memcpy(address.bytes, bytes, 4);

	return address;
}

static struct ip_address ipv6_at(const uint8_t *bytes)
{
	struct ip_address address = { .version = 6 };

	memcpy(address.bytes, bytes, 16);

	return address;
}

void ip_address_format(const struct ip_address *address, char text[IP_ADDRESS_TEXT_SIZE])
{
	const int family = address->version == 4 ? AF_INET : AF_INET6;

	text[0] = '\0';
	if (address->version)
		(void)inet_ntop(family, address->bytes, text, IP_ADDRESS_TEXT_SIZE);
}

bool ip_address_equals(const struct ip_address *a, const struct ip_address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_ipv4_unicast(const uint8_t *bytes)
{
	/* 0.0.0.0/8 is "this network", and 224.0.0.0/3 ends in 255.255.255.255. */
	return bytes[0] != 0 && bytes[0] != 127 &&
	       (bytes[0] < 224 || (bytes[0] >= 240 && frame_read_u16(bytes) != 0xffff));
}

static bool is_ipv6_unicast(const uint8_t *bytes)
{
	static const uint8_t zero[15];

	/* Unspecified and loopback differ from one another in the last byte. */
	return bytes[0] != 0xff && (memcmp(bytes, zero, sizeof(zero)) != 0 || bytes[15] > 1);
}

bool ip_address_is_unicast(const struct ip_address *address)
{
	switch (address->version) {
	case 4:
		return is_ipv4_unicast(address->bytes);
	case 6:
		return is_ipv6_unicast(address->bytes);
	default:
		return false;
	}
}

/* --- frames --- */

bool frame_mac_is_group(const uint8_t mac[MAC_SIZE])
{
	return mac[0] & 1;
}

bool frame_parse(struct frame *frame, const uint8_t *bytes, size_t size)
{
	if (size < FRAME_HEADER_SIZE)
		return false;
	*frame = (struct frame){
		.to = bytes,
		.from = bytes + MAC_SIZE,
		.type = frame_read_u16(bytes + FRAME_HEADER_SIZE - 2),
		.payload = bytes + FRAME_HEADER_SIZE,
		.size = size - FRAME_HEADER_SIZE,
	};
	for (int tags = 0; tags < TAGS_MAX && frame->size >= TAG_SIZE &&
			   (frame->type == TYPE_TAG || frame->type == TYPE_OUTER_TAG);
	     tags++) {
		frame->type = frame_read_u16(frame->payload + 2);
		frame->payload += TAG_SIZE;
		frame->size -= TAG_SIZE;
	}

	return true;
}

bool frame_parse_arp(const struct frame *frame, struct frame_arp *arp)
{
	/* Ethernet, IPv4, and the sizes of their addresses. */
	static const uint8_t of_ipv4[] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *bytes = frame->payload;

	if (frame->type != TYPE_ARP || frame->size < 28 ||
	    memcmp(bytes, of_ipv4, sizeof(of_ipv4)) != 0)
		return false;
	arp->operation = frame_read_u16(bytes + 6);
	arp->sender = ipv4_at(bytes + 14);
	arp->target = ipv4_at(bytes + 24);

	return true;
}

/* @bytes: what is behind the IPv6 header, whose first 40 bytes are @header. */
static void parse_neighbour(const uint8_t *header, const uint8_t *bytes, size_t size,
			    struct frame_ip *ip)
{
	if (header[6] != PROTOCOL_ICMPV6 || header[7] != HOP_LIMIT_OF_NEIGHBOURS ||
	    size < NEIGHBOUR_SIZE || bytes[1] != 0)
		return;
	if (bytes[0] != FRAME_SOLICITATION && bytes[0] != FRAME_ADVERTISEMENT)
		return;
	ip->target = ipv6_at(bytes + 8);
	/* The target must not be a multicast address. */
	if (ip_address_is_unicast(&ip->target))
		ip->neighbour = bytes[0];
}

bool frame_parse_ip(const struct frame *frame, struct frame_ip *ip)
{
	const uint8_t *bytes = frame->payload;

	*ip = (struct frame_ip){ 0 };
	if (frame->type == TYPE_IPV4 && frame->size >= IPV4_HEADER_SIZE && bytes[0] >> 4 == 4) {
		ip->from = ipv4_at(bytes + 12);
		ip->to = ipv4_at(bytes + 16);

		return true;
	}
	if (frame->type == TYPE_IPV6 && frame->size >= IPV6_HEADER_SIZE && bytes[0] >> 4 == 6) {
		ip->from = ipv6_at(bytes + 8);
		ip->to = ipv6_at(bytes + 24);
		parse_neighbour(bytes, bytes + IPV6_HEADER_SIZE, frame->size - IPV6_HEADER_SIZE,
				ip);

		return true;
	}

	return false;
}
