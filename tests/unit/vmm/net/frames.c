/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <arpa/inet.h>
#include <string.h>

const uint8_t mac_of_guest[MAC_SIZE] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
const uint8_t mac_of_peer[MAC_SIZE] = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };
const uint8_t mac_of_other[MAC_SIZE] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x57 };
const uint8_t mac_broadcast[MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void add(struct built *frame, const void *bytes, size_t size)
{
	memcpy(frame->bytes + frame->size, bytes, size);
	frame->size += size;
}

static void add_u16(struct built *frame, uint16_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };

	add(frame, bytes, sizeof(bytes));
}

static struct built begin(const uint8_t *to, const uint8_t *from, uint16_t type)
{
	struct built frame = { .size = 0 };

	add(&frame, to, MAC_SIZE);
	add(&frame, from, MAC_SIZE);
	add_u16(&frame, type);

	return frame;
}

struct ip_address ip_of(const char *text)
{
	struct ip_address ip = { .version = 4 };

	if (inet_pton(AF_INET, text, ip.bytes) == 1)
		return ip;
	ip.version = inet_pton(AF_INET6, text, ip.bytes) == 1 ? 6 : 0;

	return ip;
}

struct built build_arp(uint16_t operation, const uint8_t *from, const char *sender,
		       const char *target)
{
	static const uint8_t start[] = { 0, 1, 8, 0, 6, 4 };
	static const uint8_t unknown[MAC_SIZE];
	struct built frame = begin(mac_broadcast, from, 0x0806);

	add(&frame, start, sizeof(start));
	add_u16(&frame, operation);
	add(&frame, from, MAC_SIZE);
	add(&frame, ip_of(sender).bytes, 4);
	add(&frame, unknown, MAC_SIZE);
	add(&frame, ip_of(target).bytes, 4);

	return frame;
}

static void add_ipv6(struct built *frame, uint16_t size, uint8_t protocol, uint8_t hops,
		     const char *source, const char *destination)
{
	const uint8_t start[] = { 0x60, 0, 0, 0 };
	const uint8_t rest[] = { protocol, hops };

	add(frame, start, sizeof(start));
	add_u16(frame, size);
	add(frame, rest, sizeof(rest));
	add(frame, ip_of(source).bytes, 16);
	add(frame, ip_of(destination).bytes, 16);
}

struct built build_ip(const uint8_t *to, const uint8_t *from, const char *source,
		      const char *destination)
{
	static const uint8_t ipv4[] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0 };
	static const uint8_t data[8] = "12345678";
	const bool is_ipv4 = ip_of(source).version == 4;
	struct built frame = begin(to, from, is_ipv4 ? 0x0800 : 0x86dd);

	if (is_ipv4) {
		add(&frame, ipv4, sizeof(ipv4));
		add(&frame, ip_of(source).bytes, 4);
		add(&frame, ip_of(destination).bytes, 4);
	} else {
		add_ipv6(&frame, sizeof(data), 17, 64, source, destination);
	}
	add(&frame, data, sizeof(data));

	return frame;
}

struct built build_neighbour(uint8_t type, const uint8_t *from, const char *source,
			     const char *target)
{
	uint8_t to[MAC_SIZE] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t message[8] = { type };
	char group[IP_ADDRESS_TEXT_SIZE] = "ff02::1";
	const struct ip_address ip = ip_of(target);
	struct ip_address its_group = ip_of("ff02::1:ff00:0");
	struct built frame;

	if (type == FRAME_SOLICITATION) {
		memcpy(its_group.bytes + 13, ip.bytes + 13, 3);
		ip_address_format(&its_group, group);
		to[2] = 0xff;
		memcpy(to + 3, ip.bytes + 13, 3);
	}
	frame = begin(to, from, 0x86dd);
	add_ipv6(&frame, 24, 58, 255, source, group);
	add(&frame, message, sizeof(message));
	add(&frame, ip.bytes, 16);

	return frame;
}

struct built build_magic(const uint8_t *mac, size_t before)
{
	struct built frame = begin(mac_broadcast, mac_of_peer, 0x0842);

	frame.size += before;
	add(&frame, mac_broadcast, MAC_SIZE);
	for (int i = 0; i < 16; i++)
		add(&frame, mac, MAC_SIZE);

	return frame;
}

void put_tag(struct built *frame, uint16_t type, uint16_t id)
{
	uint8_t *at = frame->bytes + 2 * (size_t)MAC_SIZE;

	memmove(at + 4, at, frame->size - 2 * (size_t)MAC_SIZE);
	at[0] = (uint8_t)(type >> 8);
	at[1] = (uint8_t)type;
	at[2] = (uint8_t)(id >> 8);
	at[3] = (uint8_t)id;
	frame->size += 4;
}
