/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A port from @text to @end, decimal and without a sign; 0 if it is none. */
static uint16_t parse_port(const char *text, const char *end)
{
	unsigned long port = 0;

	if (text == end || end - text > 5)
		return 0;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		port = port * 10 + (unsigned long)(*text - '0');
	}

	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* An address from @text to @end, which is written as the kernel does. */
static bool parse_address(const char *text, const char *end, char to[CONFIG_ADDRESS_SIZE])
{
	const bool brackets = *text == '[' && end[-1] == ']';
	const int family = brackets ? AF_INET6 : AF_INET;
	const size_t size = (size_t)(end - text) - (brackets ? 2 : 0);
	char copy[CONFIG_ADDRESS_SIZE];
	uint8_t bytes[sizeof(struct in6_addr)];

	if (size >= sizeof(copy))
		return false;
	memcpy(copy, text + brackets, size);
	copy[size] = '\0';

	return inet_pton(family, copy, bytes) == 1 &&
	       inet_ntop(family, bytes, to, CONFIG_ADDRESS_SIZE);
}

/* The last colon before @end, or NULL. */
static const char *colon_before(const char *text, const char *end)
{
	while (end > text) {
		end--;
		if (*end == ':')
			break;
	}

	return end > text ? end : NULL;
}

static bool parse(const char *text, struct config_forward *forward)
{
	const char *end = text + strlen(text);
	const char *guest;
	const char *host;

	if (strncmp(text, "udp:", 4) == 0 || strncmp(text, "tcp:", 4) == 0) {
		forward->udp = *text == 'u';
		text += 4;
	}
	guest = colon_before(text, end);
	if (!guest)
		return false;
	forward->guest = parse_port(guest + 1, end);
	host = colon_before(text, guest);
	forward->host = parse_port(host ? host + 1 : text, guest);

	return forward->guest && forward->host &&
	       (!host || parse_address(text, host, forward->address));
}

int config_parse_forward(const char *text, struct config_forward *forward, struct error *error)
{
	struct config_forward parsed = { .udp = false };

	if (!parse(text, &parsed))
		return error_set(
			error, -EINVAL,
			"--forward %s: must be HOST:GUEST, two ports from 1 to 65535, as "
			"8080:80, with an address of the host in front if only that is to "
			"be used, as 127.0.0.1:8080:80 or [::1]:8080:80, and udp: in front "
			"of all if it is not TCP",
			text);
	*forward = parsed;

	return 0;
}

void config_format_forward(const struct config_forward *forward,
			   char text[CONFIG_FORWARD_TEXT_SIZE])
{
	const bool ipv6 = strchr(forward->address, ':') != NULL;

	snprintf(text, CONFIG_FORWARD_TEXT_SIZE, "%s%s%s%s%s%u:%u", forward->udp ? "udp:" : "",
		 ipv6 ? "[" : "", forward->address, ipv6 ? "]" : "", *forward->address ? ":" : "",
		 forward->host, forward->guest);
}

bool config_forwards_collide(const struct config_forward *a, const struct config_forward *b)
{
	return a->udp == b->udp && a->host == b->host &&
	       (a->guest != b->guest || !*a->address || !*b->address ||
		strcmp(a->address, b->address) == 0);
}
