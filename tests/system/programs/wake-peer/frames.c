/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mac[MAC_SIZE] = { 0x52, 0x54, 0, 0, 2, 1 };
const uint8_t all[MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
const char own_ipv4[] = "192.0.2.1";
const char own_ipv6[] = "fe80::1";

static void add(struct frame *frame, const void *bytes, size_t size)
{
	memcpy(frame->bytes + frame->size, bytes, size);
	frame->size += size;
}

static void add_u16(struct frame *frame, unsigned int value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };

	add(frame, bytes, sizeof(bytes));
}

static void begin(struct frame *frame, const uint8_t *to, unsigned int type)
{
	frame->size = 0;
	add(frame, to, MAC_SIZE);
	add(frame, mac, MAC_SIZE);
	add_u16(frame, type);
}

/* The Internet checksum of @size bytes, after @sum. */
static unsigned int checksum(unsigned long sum, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (unsigned int)(bytes[i] << 8 | bytes[i + 1]);
	if (size % 2)
		sum += (unsigned int)bytes[size - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);

	return ~(unsigned int)sum & 0xffff;
}

static void put_u16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void send_arp(const uint8_t *to, unsigned int operation, const uint8_t *target_mac,
	      const uint8_t *target)
{
	static const uint8_t start[] = { 0, 1, 8, 0, 6, 4 };
	struct frame frame;
	struct in_addr own;

	inet_pton(AF_INET, own_ipv4, &own);
	begin(&frame, to, TYPE_ARP);
	add(&frame, start, sizeof(start));
	add_u16(&frame, operation);
	add(&frame, mac, MAC_SIZE);
	add(&frame, &own, 4);
	add(&frame, target_mac, MAC_SIZE);
	add(&frame, target, 4);
	transmit(&frame);
}

void send_neighbour(const uint8_t *to, uint8_t type, const uint8_t *destination,
		    const uint8_t *target)
{
	const uint8_t start[] = { 0x60, 0, 0, 0, 0, 32, ICMPV6, 255 };
	uint8_t message[32] = { type };
	uint8_t pseudo[40] = { 0 };
	struct frame frame;
	struct in6_addr own;

	inet_pton(AF_INET6, own_ipv6, &own);
	if (type == ADVERTISEMENT)
		message[4] = 0x60; /* Solicited, override. */
	memcpy(message + 8, target, 16);
	message[24] = type == ADVERTISEMENT ? 2 : 1;
	message[25] = 1;
	memcpy(message + 26, mac, MAC_SIZE);
	memcpy(pseudo, &own, 16);
	memcpy(pseudo + 16, destination, 16);
	pseudo[35] = sizeof(message);
	pseudo[39] = ICMPV6;
	put_u16(message + 2, checksum((unsigned int)(~checksum(0, pseudo, sizeof(pseudo)) & 0xffff),
				      message, sizeof(message)));
	begin(&frame, to, TYPE_IPV6);
	add(&frame, start, sizeof(start));
	add(&frame, &own, 16);
	add(&frame, destination, 16);
	add(&frame, message, sizeof(message));
	transmit(&frame);
}

void send_solicitation(const uint8_t *target)
{
	uint8_t to[MAC_SIZE] = { 0x33, 0x33, 0xff };
	struct in6_addr group;

	inet_pton(AF_INET6, "ff02::1:ff00:0", &group);
	memcpy(to + 3, target + 13, 3);
	memcpy(group.s6_addr + 13, target + 13, 3);
	send_neighbour(to, SOLICITATION, group.s6_addr, target);
}

void send_ping(const uint8_t *to, const uint8_t *target)
{
	uint8_t ip[20] = { 0x45, 0, 0, 36, 0, 1, 0, 0, 64, 1 };
	uint8_t echo[16] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 };
	struct frame frame;

	inet_pton(AF_INET, own_ipv4, ip + 12);
	memcpy(ip + 16, target, 4);
	put_u16(ip + 10, checksum(0, ip, sizeof(ip)));
	put_u16(echo + 2, checksum(0, echo, sizeof(echo)));
	begin(&frame, to, TYPE_IPV4);
	add(&frame, ip, sizeof(ip));
	add(&frame, echo, sizeof(echo));
	transmit(&frame);
}

void send_segment(const uint8_t *to, const uint8_t *target, const struct segment *segment)
{
	uint8_t ip[20] = { 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, TCP };
	uint8_t pseudo[12] = { 0 };
	uint8_t tcp[20] = { 0 };
	struct frame frame;

	inet_pton(AF_INET, own_ipv4, ip + 12);
	memcpy(ip + 16, target, 4);
	put_u16(ip + 10, checksum(0, ip, sizeof(ip)));
	memcpy(pseudo, ip + 12, 8);
	pseudo[9] = TCP;
	pseudo[11] = sizeof(tcp);
	put_u16(tcp, segment->own_port);
	put_u16(tcp + 2, segment->port);
	put_u16(tcp + 4, segment->number >> 16);
	put_u16(tcp + 6, segment->number & 0xffff);
	tcp[12] = sizeof(tcp) / 4 << 4;
	tcp[13] = segment->flags;
	put_u16(tcp + 14, 0xffff);
	put_u16(tcp + 16,
		checksum(~checksum(0, pseudo, sizeof(pseudo)) & 0xffff, tcp, sizeof(tcp)));
	begin(&frame, to, TYPE_IPV4);
	add(&frame, ip, sizeof(ip));
	add(&frame, tcp, sizeof(tcp));
	transmit(&frame);
}

void send_magic(const uint8_t *target)
{
	struct frame frame;

	begin(&frame, all, 0x0842);
	add(&frame, all, MAC_SIZE);
	for (int i = 0; i < 16; i++)
		add(&frame, target, MAC_SIZE);
	transmit(&frame);
}

void send_test(const uint8_t *to, unsigned long number)
{
	static const uint8_t rest[46];
	struct frame frame;

	begin(&frame, to, TYPE_TEST);
	add_u16(&frame, (unsigned int)(number >> 16));
	add_u16(&frame, (unsigned int)number);
	add(&frame, rest, sizeof(rest));
	transmit(&frame);
}

/* The answer to an echo request: the same, from here. */
void send_pong(const uint8_t *bytes, size_t size)
{
	struct frame frame = { .size = size };
	uint8_t *ip = frame.bytes + HEADER_SIZE;
	uint8_t *echo = ip + 20;

	if (size > sizeof(frame.bytes))
		return;
	memcpy(frame.bytes, bytes + MAC_SIZE, MAC_SIZE);
	memcpy(frame.bytes + MAC_SIZE, mac, MAC_SIZE);
	memcpy(ip - 2, bytes + HEADER_SIZE - 2, size - HEADER_SIZE + 2);
	memcpy(ip + 12, bytes + HEADER_SIZE + 16, 4);
	memcpy(ip + 16, bytes + HEADER_SIZE + 12, 4);
	echo[0] = 0;
	put_u16(echo + 2, 0);
	put_u16(echo + 2, checksum(0, echo, size - HEADER_SIZE - 20));
	transmit(&frame);
}
