/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/net.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

/* Of the first byte. */
#define MAC_GROUP 0x01
#define MAC_LOCAL 0x02

const char *config_net_kind_word(enum net_kind kind)
{
	static const char *const words[NET_KINDS] = {
		[NET_KIND_TAP] = "tap",
		[NET_KIND_UNIX] = "unix",
		[NET_KIND_PASST] = "passt",
	};

	return words[kind];
}

int config_parse_net_kind(const char *text, enum net_kind *kind)
{
	for (enum net_kind k = 0; k < NET_KINDS; k++) {
		if (strcmp(text, config_net_kind_word(k)) != 0)
			continue;
		*kind = k;

		return 0;
	}

	return -EINVAL;
}

#define BIT(number) (1ULL << (number))

uint64_t config_net_features(enum net_kind kind)
{
	/* Those that need nothing of the other end. */
	const uint64_t all = BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) |
			     BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_CTRL_VQ) |
			     BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR) |
			     BIT(VIRTIO_NET_F_GUEST_ANNOUNCE);
	/* The host's kernel makes checksums and segments, or lets the guest do so. */
	const uint64_t kernel = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
				BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) |
				BIT(VIRTIO_NET_F_HOST_ECN) | BIT(VIRTIO_NET_F_GUEST_TSO4) |
				BIT(VIRTIO_NET_F_GUEST_TSO6) | BIT(VIRTIO_NET_F_GUEST_ECN);

	return kind == NET_KIND_TAP ? all | kernel : all;
}

/* --- MACs --- */

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

int config_parse_mac(const char *text, uint8_t mac[MAC_SIZE])
{
	uint8_t bytes[MAC_SIZE];
	uint8_t all = 0;

	if (strlen(text) != CONFIG_MAC_TEXT_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < MAC_SIZE; i++) {
		const int high = digit(text[3 * i]);
		const int low = digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i > 0 && text[3 * i - 1] != ':'))
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
		all |= bytes[i];
	}
	if (all == 0 || bytes[0] & MAC_GROUP)
		return -EINVAL;
	memcpy(mac, bytes, sizeof(bytes));

	return 0;
}

void config_format_mac(const uint8_t mac[MAC_SIZE], char text[CONFIG_MAC_TEXT_SIZE])
{
	snprintf(text, CONFIG_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
}

bool config_has_mac(const struct net_config *net)
{
	static const uint8_t none[MAC_SIZE];

	return memcmp(net->mac, none, sizeof(none)) != 0;
}

int config_make_mac(uint8_t mac[MAC_SIZE])
{
	const int err = random_fill(mac, MAC_SIZE);

	mac[0] = (uint8_t)((mac[0] | MAC_LOCAL) & ~MAC_GROUP);

	return err;
}

/* --- the option --- */

/* What follows the last @key in @text, which is cut off; NULL if there is none. */
static char *cut_off(char *text, const char *key)
{
	char *comma = strrchr(text, ',');

	if (!comma || strncmp(comma + 1, key, strlen(key)) != 0)
		return NULL;
	*comma = '\0';

	return comma + 1 + strlen(key);
}

static int parse(char *copy, const char *text, struct net_config *net, struct error *error)
{
	const char *mac = cut_off(copy, "mac=");
	char *colon = strchr(copy, ':');

	if (mac && config_parse_mac(mac, net->mac) < 0)
		return error_set(error, -EINVAL,
				 "--net %s: %s is not the MAC of a station, such as "
				 "52:54:00:12:34:56",
				 text, mac);
	if (colon)
		*colon = '\0';
	if (config_parse_net_kind(copy, &net->kind) < 0 ||
	    (net->kind == NET_KIND_PASST ? colon != NULL : !colon || !colon[1]))
		return error_set(error, -EINVAL,
				 "--net %s: must be tap:INTERFACE, unix:SOCKET or passt, and may "
				 "end in ,mac=MAC",
				 text);
	if (!colon)
		return 0;
	net->target = strdup(colon + 1);

	return net->target ? 0 : error_set(error, -ENOMEM, "out of memory");
}

int config_parse_net(const char *text, struct net_config *net, struct error *error)
{
	char *copy = strdup(text);
	int err;

	*net = (struct net_config){ 0 };
	if (!copy)
		return error_set(error, -ENOMEM, "out of memory");
	err = parse(copy, text, net, error);
	free(copy);

	return err;
}
