/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The address that a guest requests by DHCP (RFC 2131): it uses it from the
 * server's answer on, and Linux does not announce it.
 */
#ifndef VMM_NET_DHCP_H
#define VMM_NET_DHCP_H

#include <stdbool.h>

#include "net/ethernet.h"

/**
 * Whether @frame is a client's DHCPREQUEST that names an address, which is then
 * in @address: of an offer that it accepts, or that it had before.
 */
bool dhcp_requests(const struct frame *frame, struct ip_address *address);

#endif
