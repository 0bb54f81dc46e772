/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of an Ethernet frame that say between whom it goes: addresses, ARP
 * and IPv6's neighbour discovery.
 *
 * The bytes come from a guest or from its network: any of them may be wrong, a
 * frame may end anywhere, and nothing beyond @size is read. No checksum is
 * verified, since a frame may not have one yet, which its receiver is then to
 * compute.
 *
 * VLAN tags are skipped, up to two of them: what is behind a tag is looked at
 * as if it had none. A frame with more is opaque.
 */
#ifndef VMM_NET_ETHERNET_H
#define VMM_NET_ETHERNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mac.h"

#define FRAME_HEADER_SIZE 14

/** Two bytes of a frame, of which the first is the more significant one. */
static inline uint16_t frame_read_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/** An address of IPv4 or IPv6. Without padding: memcmp() compares two. */
struct ip_address {
	uint8_t version; /**< 4, 6, or 0: none, and all bytes are zero. */
	uint8_t bytes[16]; /**< Of IPv4 the first four; the others are zero. */
};

/** Room for an address as text, with its final zero. */
#define IP_ADDRESS_TEXT_SIZE 46

/** Format it; "" if it is none. */
void ip_address_format(const struct ip_address *address, char text[IP_ADDRESS_TEXT_SIZE]);

/** Whether both are the same. */
bool ip_address_equals(const struct ip_address *a, const struct ip_address *b);

/**
 * Whether it may be the address of one interface that others reach: not
 * unspecified, of the loopback, multicast or IPv4's limited broadcast.
 */
bool ip_address_is_unicast(const struct ip_address *address);

/** A frame's header. It points into the frame. */
struct frame {
	const uint8_t *to; /**< A MAC address, */
	const uint8_t *from; /**< and another. */
	uint16_t type; /**< The EtherType of the payload. */
	const uint8_t *payload; /**< What follows the header and its VLAN tags. */
	size_t size; /**< The payload's, in bytes. */
};

/** Returns false if it is shorter than its header. */
bool frame_parse(struct frame *frame, const uint8_t *bytes, size_t size);

/** Whether a MAC address is that of a group, such as the broadcast address. */
bool frame_mac_is_group(const uint8_t mac[MAC_SIZE]);

/** An ARP packet about an IPv4 address on Ethernet. */
struct frame_arp {
	uint16_t operation; /**< FRAME_ARP_REQUEST or another. */
	struct ip_address sender; /**< 0.0.0.0 in a probe (RFC 5227). */
	struct ip_address target;
};

#define FRAME_ARP_REQUEST 1

/** Returns false if it is not one. */
bool frame_parse_arp(const struct frame *frame, struct frame_arp *arp);

/** The header of an IP packet, and what of it neighbour discovery needs. */
struct frame_ip {
	struct ip_address from;
	struct ip_address to;
	/**
	 * Of a valid neighbour solicitation or advertisement (RFC 4861, 7.1.1 and
	 * 7.1.2, except the checksum) its type, else 0.
	 */
	uint8_t neighbour;
	struct ip_address target; /**< Of such a message: whose address is asked or advertised. */
};

#define FRAME_SOLICITATION 135
#define FRAME_ADVERTISEMENT 136

/** Returns false if it is not one. */
bool frame_parse_ip(const struct frame *frame, struct frame_ip *ip);

#endif
