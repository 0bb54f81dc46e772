/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue: which frames the driver wants, and its address. */
#include "devices/virtio/net-queues.h"

#include <errno.h>
#include <string.h>

#include "devices/virtio/iov-cursor.h"

/* A command, after its header; what is read is gone. */
struct command {
	struct iov_cursor data;
	uint64_t left;
};

/* Returns whether there was as much. */
static bool take(struct command *command, void *to, size_t size)
{
	if (command->left < size)
		return false;
	iov_cursor_read(&command->data, to, size);
	command->left -= size;

	return true;
}

/* --- each command; returns whether it was carried out --- */

static bool set_mode(struct net *net, uint8_t number, struct command *command)
{
	uint8_t on;

	if (!take(command, &on, sizeof(on)))
		return false;
	switch (number) {
	case VIRTIO_NET_CTRL_RX_PROMISC:
		net->filter.promiscuous = on != 0;
		return true;
	case VIRTIO_NET_CTRL_RX_ALLMULTI:
		net->filter.all_multicast = on != 0;
		return true;
	default:
		return false;
	}
}

/* More addresses than are kept stand for all of their kind. */
static bool take_addresses(struct command *command, struct net_addresses *addresses)
{
	uint32_t count;
	uint64_t size;

	if (!take(command, &count, sizeof(count)))
		return false;
	size = (uint64_t)count * MAC_SIZE;
	if (size > command->left)
		return false;
	*addresses = (struct net_addresses){ .all = count > NET_FILTER_ADDRESSES_MAX };
	if (!addresses->all) {
		addresses->count = (uint16_t)count;
		return take(command, addresses->macs, (size_t)size);
	}
	iov_cursor_skip(&command->data, size);
	command->left -= size;

	return true;
}

static bool set_table(struct net *net, struct command *command)
{
	struct net_addresses unicast;
	struct net_addresses multicast;

	if (!take_addresses(command, &unicast) || !take_addresses(command, &multicast))
		return false;
	net->filter.unicast = unicast;
	net->filter.multicast = multicast;

	return true;
}

static bool set_address(struct net *net, struct command *command)
{
	uint8_t mac[MAC_SIZE];

	if (command->left != sizeof(mac) || !take(command, mac, sizeof(mac)))
		return false;
	memcpy(net->space.mac, mac, sizeof(mac));
	if (net->observer.addressed)
		net->observer.addressed(net->observer.context, mac);

	return true;
}

static bool acknowledge_announcement(struct net *net)
{
	net->space.status &= (uint16_t)~VIRTIO_NET_S_ANNOUNCE;

	return true;
}

static bool carry_out(struct net *net, const struct virtio_net_ctrl_hdr *header,
		      struct command *command)
{
	switch (header->class) {
	case VIRTIO_NET_CTRL_RX:
		return set_mode(net, header->cmd, command);
	case VIRTIO_NET_CTRL_MAC:
		if (header->cmd == VIRTIO_NET_CTRL_MAC_TABLE_SET)
			return set_table(net, command);
		return header->cmd == VIRTIO_NET_CTRL_MAC_ADDR_SET && set_address(net, command);
	case VIRTIO_NET_CTRL_ANNOUNCE:
		return header->cmd == VIRTIO_NET_CTRL_ANNOUNCE_ACK && acknowledge_announcement(net);
	default:
		return false;
	}
}

/* Returns 0, or -EPROTO if net->chain is no command. */
static int answer(struct net *net)
{
	struct virtqueue_chain *chain = &net->chain;
	struct command command = {
		.data = { .parts = chain->parts, .count = chain->readable_count },
		.left = chain->readable_size,
	};
	struct iov_cursor status = {
		.parts = chain->parts + chain->readable_count,
		.count = chain->writable_count,
	};
	struct virtio_net_ctrl_hdr header;
	uint8_t ack;

	if (chain->writable_size < 1 || !take(&command, &header, sizeof(header)))
		return -EPROTO;
	ack = carry_out(net, &header, &command) ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
	iov_cursor_write(&status, &ack, sizeof(ack));

	return 0;
}

bool net_control(struct net *net)
{
	struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_CONTROL];
	unsigned int count;

	if (!net_queue_runs(net, NET_QUEUE_CONTROL))
		return false;
	for (count = 0; count < NET_BATCH; count++) {
		const int ret = virtqueue_pop(queue, &net->chain);

		if (ret < 0)
			virtio_mmio_fail(&net->mmio, queue->fault);
		if (ret <= 0)
			break;
		if (answer(net) < 0) {
			virtio_mmio_fail(&net->mmio, "a command has no header or no status");
			break;
		}
		virtqueue_put(queue, net->chain.head, 1);
	}
	if (virtqueue_publish(queue))
		net->interrupt = true;

	return count == NET_BATCH;
}
