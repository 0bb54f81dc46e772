/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The addresses that a guest was seen to use at one of its network devices:
 * learned from the frames that it sends, to know which frames are for it while
 * it sleeps and its driver has reset the device.
 *
 * An address is *announced* if the guest says that it has it: by ARP, or by
 * IPv6's neighbour discovery, including the probe for duplicates, after which
 * a host uses the address without another word, or by a request of DHCP. Other addresses are the sources
 * of packets. A guest that forwards packets sends many of those that are not
 * its own, so they never replace an announced one.
 *
 * The table is bounded, so an address of a guest with very many may be missing:
 * then a frame about it is noise. The guest fills it as it likes, which affects
 * only what wakes that guest.
 *
 * The caller serializes accesses.
 */
#ifndef VMM_NET_SEEN_H
#define VMM_NET_SEEN_H

#include "base/stream.h"
#include "net/ethernet.h"

#define NET_SEEN_MACS_MAX 8
#define NET_SEEN_ADDRESSES_MAX 64

struct net_seen_address {
	struct ip_address ip;
	bool announced;
};

/** Zero at first. In the order of last use, latest first. To be read only. */
struct net_seen {
	uint8_t macs[NET_SEEN_MACS_MAX][MAC_SIZE];
	uint32_t mac_count;
	struct net_seen_address addresses[NET_SEEN_ADDRESSES_MAX];
	uint32_t address_count;
};

/** Learn from a frame that the guest sends, of any content. */
void net_seen_learn(struct net_seen *seen, const uint8_t *bytes, size_t size);

bool net_seen_has_mac(const struct net_seen *seen, const uint8_t mac[MAC_SIZE]);
bool net_seen_has_address(const struct net_seen *seen, const struct ip_address *ip);

/**
 * Save or load it. A table that no frames can have made fails the stream, and
 * leaves @seen empty.
 */
void net_seen_serialize(struct net_seen *seen, struct stream *stream);

#endif
