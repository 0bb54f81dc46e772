/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/dhcp.h"

#include <string.h>

#define IPV4_HEADER_MIN 20
#define PROTOCOL_UDP 17
#define UDP_HEADER_SIZE 8
#define PORT_CLIENT 68
#define PORT_SERVER 67

/* Of BOOTP: what is in front of the options, and their magic number. */
#define OP_REQUEST 1
#define FIXED_SIZE 236
#define OPTIONS (FIXED_SIZE + 4)

#define OPTION_PAD 0
#define OPTION_ADDRESS 50
#define OPTION_TYPE 53
#define OPTION_END 255
#define TYPE_REQUEST 3

/* What is in a packet of UDP from a client to a server, or NULL. */
static const uint8_t *find_message(const struct frame *frame, size_t *size)
{
	const uint8_t *ip = frame->payload;
	struct frame_ip parsed;
	size_t header;

	if (!frame_parse_ip(frame, &parsed) || parsed.from.version != 4)
		return NULL;
	header = (size_t)(ip[0] & 0xf) * 4;
	/* No fragment: neither an offset nor more to come. */
	if (header < IPV4_HEADER_MIN || ip[9] != PROTOCOL_UDP || frame_read_u16(ip + 6) & 0x3fff ||
	    frame->size < header + UDP_HEADER_SIZE || frame_read_u16(ip + header) != PORT_CLIENT ||
	    frame_read_u16(ip + header + 2) != PORT_SERVER)
		return NULL;
	*size = frame->size - header - UDP_HEADER_SIZE;

	return ip + header + UDP_HEADER_SIZE;
}

/* The value of an option of @length bytes, or NULL. */
static const uint8_t *find_option(const uint8_t *options, size_t size, uint8_t code, uint8_t length)
{
	size_t at = 0;

	while (at < size && options[at] != OPTION_END) {
		if (options[at] == OPTION_PAD) {
			at++;
			continue;
		}
		if (size - at < 2 || size - at - 2 < options[at + 1])
			break;
		if (options[at] == code)
			return options[at + 1] == length ? options + at + 2 : NULL;
		at += 2 + (size_t)options[at + 1];
	}

	return NULL;
}

bool dhcp_requests(const struct frame *frame, struct ip_address *address)
{
	static const uint8_t magic[] = { 0x63, 0x82, 0x53, 0x63 };
	size_t size = 0;
	const uint8_t *message = find_message(frame, &size);
	const uint8_t *type;
	const uint8_t *requested;

	if (!message || size < OPTIONS || message[0] != OP_REQUEST ||
	    memcmp(message + FIXED_SIZE, magic, sizeof(magic)) != 0)
		return false;
	type = find_option(message + OPTIONS, size - OPTIONS, OPTION_TYPE, 1);
	requested = find_option(message + OPTIONS, size - OPTIONS, OPTION_ADDRESS, 4);
	if (!type || *type != TYPE_REQUEST || !requested)
		return false;
	*address = (struct ip_address){ .version = 4 };
	memcpy(address->bytes, requested, 4);

	return true;
}
