/* SPDX-License-Identifier: BSD-3-Clause */
/* A port of the host that is forwarded to a guest: --forward. */
#ifndef VMM_CONFIG_FORWARD_H
#define VMM_CONFIG_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define CONFIG_FORWARDS_MAX 32
#define CONFIG_ADDRESS_SIZE 46 /* Of IPv6 as text, with its final zero. */

struct config_forward {
	bool udp; /**< Otherwise TCP. */
	char address[CONFIG_ADDRESS_SIZE]; /**< Of the host, IPv4 or IPv6; "": all. */
	uint16_t host; /**< Not 0. */
	uint16_t guest; /**< Not 0. */
};

#define CONFIG_FORWARD_TEXT_SIZE 80

/**
 * Parse [tcp:|udp:][ADDRESS:]HOST:GUEST, as "8080:80" or "udp:[::1]:5353:53"; an
 * address of IPv6 is in brackets. Returns 0, or -EINVAL with @error set.
 */
int config_parse_forward(const char *text, struct config_forward *forward, struct error *error);

/** The reverse. */
void config_format_forward(const struct config_forward *forward,
			   char text[CONFIG_FORWARD_TEXT_SIZE]);

/**
 * Whether two want the same port of the host, at the same address or for different ports of
 * the guest: passt has one of those for each port of the host, whatever the address.
 */
bool config_forwards_collide(const struct config_forward *a, const struct config_forward *b);

#endif
