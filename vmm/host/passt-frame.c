/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/passt-frame.h"

#include <string.h>

/* passt skips no VLAN tags: what has one is nothing to it. */
#define TYPE_AT 12
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd

#define IPV4_TO_AT 30
#define IPV6_TO_AT 38

static bool may_reach_ipv4(const uint8_t *address)
{
	return address[0] != 0 && address[0] != 127;
}

static bool may_reach_ipv6(const uint8_t *address)
{
	static const uint8_t zero[10];

	if (memcmp(address, zero, sizeof(zero)) != 0)
		return true;

	return !(address[10] == 0 && address[11] == 0) &&
	       !(address[10] == 0xff && address[11] == 0xff);
}

bool passt_may_have(const uint8_t *front, size_t size)
{
	if (size < TYPE_AT + 2)
		return false;
	/* passt does not look at the version in the packet, so neither does this. */
	switch (front[TYPE_AT] << 8 | front[TYPE_AT + 1]) {
	case TYPE_IPV4:
		return size >= IPV4_TO_AT + 4 && may_reach_ipv4(front + IPV4_TO_AT);
	case TYPE_IPV6:
		return size >= IPV6_TO_AT + 16 && may_reach_ipv6(front + IPV6_TO_AT);
	default:
		return true;
	}
}
