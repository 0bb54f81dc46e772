/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of a small network, byte by byte, to be changed by tests. */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "net/ethernet.h"

/** Those of the guest's device, of another host, and of no host. */
extern const uint8_t mac_of_guest[MAC_SIZE];
extern const uint8_t mac_of_peer[MAC_SIZE];
extern const uint8_t mac_of_other[MAC_SIZE];
extern const uint8_t mac_broadcast[MAC_SIZE];

#define FRAME_ROOM 512

struct built {
	uint8_t bytes[FRAME_ROOM];
	size_t size;
};

/** Parse an address, such as "192.0.2.7" or "2001:db8::7". */
struct ip_address ip_of(const char *text);

/** An ARP packet, to all. Addresses are text. */
struct built build_arp(uint16_t operation, const uint8_t *from, const char *sender,
		       const char *target);

/** A packet of IPv4 or IPv6, as its addresses are, with 8 bytes in it. */
struct built build_ip(const uint8_t *to, const uint8_t *from, const char *source,
		      const char *destination);

/** A neighbour solicitation or advertisement, to the group of its target or of all nodes. */
struct built build_neighbour(uint8_t type, const uint8_t *from, const char *source,
			     const char *target);

/** A magic packet for @mac, behind @before bytes of payload, to all. */
struct built build_magic(const uint8_t *mac, size_t before);

/** Put a VLAN tag in front of what the frame has. */
void put_tag(struct built *frame, uint16_t type, uint16_t id);

#endif
