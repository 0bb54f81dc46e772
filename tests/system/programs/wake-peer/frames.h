/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames that wake-peer sends, as 192.0.2.1 and fe80::1. */
#ifndef TESTS_WAKE_FRAMES_H
#define TESTS_WAKE_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#define MAC_SIZE 6
#define HEADER_SIZE 14
#define TYPE_TEST 0x88b5
#define TYPE_ARP 0x0806
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define ICMPV6 58
#define TCP 6
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10
#define SOLICITATION 135
#define ADVERTISEMENT 136

struct frame {
	uint8_t bytes[256];
	size_t size;
};

/** Of this host, and of all. */
extern const char own_ipv4[];
extern const char own_ipv6[];
extern const uint8_t all[MAC_SIZE];

/** Send a frame to the guest. Defined in main.c. */
void transmit(const struct frame *frame);

/** An ARP packet to @to about @target, 4 bytes. */
void send_arp(const uint8_t *to, unsigned int operation, const uint8_t *target_mac,
	      const uint8_t *target);

/** A neighbour solicitation or advertisement of @target to @destination, 16 bytes each. */
void send_neighbour(const uint8_t *to, uint8_t type, const uint8_t *destination,
		    const uint8_t *target);

/** A solicitation to the group of @target. */
void send_solicitation(const uint8_t *target);

/** An echo request to @target, 4 bytes; and the answer to one, which is @bytes. */
void send_ping(const uint8_t *to, const uint8_t *target);
void send_pong(const uint8_t *bytes, size_t size);

/** A segment of TCP without data to @target, 4 bytes: the first of a connection, or what ends it. */
struct segment {
	uint16_t port, own_port;
	uint32_t number;
	uint8_t flags;
};
void send_segment(const uint8_t *to, const uint8_t *target, const struct segment *segment);

void send_magic(const uint8_t *target);
void send_test(const uint8_t *to, unsigned long number);

#endif
