/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames wake a guest that sleeps, --wake-on-net:
 *
 *	directed  A frame for the guest: to its MAC address, unless what is in it
 *		  is for a group; an ARP request or a neighbour solicitation for
 *		  an address that it was seen to use, without which a first
 *		  connection to it would never arrive; a magic packet.
 *	any	  Every frame.
 *	magic	  A magic packet, which has its MAC address, or another one that it
 *		  was seen to use, 16 times.
 *	off	  None.
 *
 * An ARP probe and a solicitation that looks for duplicates count, since the
 * guest has to defend its address. VLAN tags make no difference.
 */
#ifndef VMM_NET_ARRIVAL_H
#define VMM_NET_ARRIVAL_H

#include "base/stream.h"
#include "config/config.h"
#include "net/ethernet.h"
#include "net/seen.h"

enum arrival_kind {
	ARRIVAL_NOISE, /**< For a group, or for another host. */
	ARRIVAL_UNICAST,
	ARRIVAL_ARP,
	ARRIVAL_SOLICITATION,
	ARRIVAL_MAGIC,
};

/** What is known of a frame that came to a guest. */
struct arrival {
	enum arrival_kind kind;
	struct ip_address from; /**< Whose it is, if it is known. */
	struct ip_address to; /**< Whom it asks for or goes to, if it is known. */
	uint8_t mac[MAC_SIZE]; /**< The sender's; zero if it is shorter than a header. */
};

/**
 * Classify a frame that came for a guest whose device has the address @mac, and
 * which was seen to use those of @seen. A magic packet that is something else
 * as well is classified as that.
 */
void arrival_classify(struct arrival *frame, const struct net_seen *seen,
		      const uint8_t mac[MAC_SIZE], const uint8_t *bytes, size_t size);

/**
 * Whether the frame wakes a sleeping guest. Classifies it as above, and under
 * WAKE_ON_NET_MAGIC as a magic packet first.
 */
bool arrival_wakes(struct arrival *frame, enum wake_on_net policy, const struct net_seen *seen,
		   const uint8_t mac[MAC_SIZE], const uint8_t *bytes, size_t size);

#define ARRIVAL_TEXT_SIZE 128

/** Save or load it. What no frame can be fails the stream. */
void arrival_serialize(struct arrival *frame, struct stream *stream);

/** In words, as "an ARP request from 192.0.2.1 for 192.0.2.7". */
void arrival_format(const struct arrival *frame, char text[ARRIVAL_TEXT_SIZE]);

#endif
