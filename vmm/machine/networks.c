/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/networks.h"

#include <errno.h>
#include <string.h>

#include "devices/virtio/net.h"

bool network_describe(const struct devices *devices, size_t number, struct network *network)
{
	const struct net *net = devices_net(devices, number);
	struct net_facts facts;

	if (!net)
		return false;
	net_describe(net, &facts);
	*network = (struct network){
		.id = net->name,
		.connected = facts.connected,
		.up = facts.up,
		.kept = facts.kept,
	};

	return true;
}

int network_set_link(const struct devices *devices, const char *id, bool up, struct error *error)
{
	struct net *net;

	for (size_t i = 0; (net = devices_net(devices, i)); i++) {
		if (strcmp(net->name, id) != 0)
			continue;
		net_set_link(net, up);

		return 0;
	}

	return error_set(error, -ENODEV, "there is no network device %s", id);
}
