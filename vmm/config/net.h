/* SPDX-License-Identifier: BSD-3-Clause */
/* The network devices of a VM, as options and records state them. */
#ifndef VMM_CONFIG_NET_H
#define VMM_CONFIG_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mac.h"

#define CONFIG_NETS_MAX 8
#define CONFIG_MAC_TEXT_SIZE sizeof("00:00:00:00:00:00")

/** What is at the other end. */
enum net_kind {
	NET_KIND_TAP, /**< An interface of the host. */
	NET_KIND_UNIX, /**< A program that listens at a Unix socket. */
	NET_KIND_PASST, /**< Debian's passt, which dormouse starts. */
	NET_KINDS
};

struct net_config {
	enum net_kind kind;
	char *target; /**< The interface, or an absolute path; NULL: passt has none. */
	uint8_t mac[MAC_SIZE]; /**< All zero: not chosen yet. */
	uint64_t features; /**< Of the device, as bits; 0: not chosen yet. */
};

/** All features that a device of a kind can have, as bits of virtio-net's. */
uint64_t config_net_features(enum net_kind kind);

/** The words in front of the colon of --net, which are also the record's. */
const char *config_net_kind_word(enum net_kind kind);
int config_parse_net_kind(const char *text, enum net_kind *kind);

/**
 * Parse KIND:TARGET[,mac=MAC], or passt without a target. @net owns the target that is set, which is as it
 * was given: a path may be relative. Returns 0, or -EINVAL or -ENOMEM with
 * @error set.
 */
int config_parse_net(const char *text, struct net_config *net, struct error *error);

/**
 * Parse a MAC such as 52:54:00:12:34:56. Returns 0, or -EINVAL if it is none, or
 * not of one station.
 */
int config_parse_mac(const char *text, uint8_t mac[MAC_SIZE]);
void config_format_mac(const uint8_t mac[MAC_SIZE], char text[CONFIG_MAC_TEXT_SIZE]);

/** Whether there is one. */
bool config_has_mac(const struct net_config *net);

/** Choose a random one, of those that are administered locally. 0 or -errno. */
int config_make_mac(uint8_t mac[MAC_SIZE]);

#endif
