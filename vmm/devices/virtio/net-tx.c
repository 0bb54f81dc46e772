/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames from the guest. */
#include "devices/virtio/net-queues.h"

#include <errno.h>
#include <string.h>

#include "devices/virtio/iov-cursor.h"

/* Its last use of the frame, of @size bytes, which is consumed. */
static void observe(const struct net *net, struct iov_cursor *frame, size_t size)
{
	uint8_t front[NET_OBSERVED_MAX];

	if (!net->observer.sent)
		return;
	if (size > sizeof(front))
		size = sizeof(front);
	iov_cursor_read(frame, front, size);
	net->observer.sent(net->observer.context, front, size);
}

/*
 * Whether what the header leaves to be done was agreed on. A backend without
 * offloads would send a frame that no receiver accepts.
 */
static bool is_agreed(const struct net *net, const struct virtio_net_hdr_v1 *header)
{
	return virtio_mmio_has(&net->mmio, VIRTIO_NET_F_CSUM) ||
	       (header->flags == 0 && header->gso_type == VIRTIO_NET_HDR_GSO_NONE);
}

/*
 * Send the frame in net->chain. Returns 0 if it was sent or dropped, -EAGAIN if
 * it has to wait, -EPROTO if it is none.
 */
static int send_chain(struct net *net)
{
	struct virtqueue_chain *chain = &net->chain;
	struct iov_cursor frame = { .parts = chain->parts, .count = chain->readable_count };
	struct virtio_net_hdr_v1 header;
	size_t size;

	if (chain->readable_size < sizeof(header))
		return -EPROTO;
	size = (size_t)chain->readable_size - sizeof(header);
	if (size < NET_FRAME_MIN || size > NET_FRAME_MAX)
		return 0;
	/* A copy, which the guest cannot change between a check and its use. */
	iov_cursor_read(&frame, &header, sizeof(header));
	header.num_buffers = 0;
	if (!is_agreed(net, &header) || net->setup.backend->fd < 0 || net->pulled) {
		observe(net, &frame, size);
		return 0;
	}
	/* A frame that the host cannot send, or that breaks its rules, is lost. */
	if (net_backend_send(net->setup.backend, &header, frame.parts, frame.count, size) ==
	    -EAGAIN)
		return -EAGAIN;
	observe(net, &frame, size);

	return 0;
}

/* What the peer has taken in part goes first. */
static bool may_send(struct net *net)
{
	if (net->setup.backend->fd < 0 || net_backend_flush(net->setup.backend) == 0)
		return true;
	net->wants_output = true;

	return false;
}

/*
 * A peer learns from the source of any frame. A request of RARP (RFC 903) needs no
 * address but that, and no station answers it.
 */
void net_announce(struct net *net)
{
	static const uint8_t request[] = { 0x80, 0x35, 0, 1, 8, 0, MAC_SIZE, 4, 0, 3 };
	static const struct virtio_net_hdr_v1 header;
	uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct iovec part = { .iov_base = frame, .iov_len = sizeof(frame) };
	const uint8_t *const mac = net->space.mac;

	if (!net->announces || net->pulled || net->setup.backend->fd < 0 ||
	    atomic_load(&net->mmio.quiesced))
		return;
	memcpy(frame + 6, mac, MAC_SIZE);
	memcpy(frame + 12, request, sizeof(request));
	memcpy(frame + 22, mac, MAC_SIZE);
	memcpy(frame + 32, mac, MAC_SIZE);
	/* Whatever else keeps it from being sent loses the connection, too. */
	if (net_backend_send(net->setup.backend, &header, &part, 1, sizeof(frame)) == -EAGAIN)
		net->wants_output = true;
	else
		net->announces = false;
}

bool net_send(struct net *net)
{
	struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_TRANSMIT];
	unsigned int count;

	if (!may_send(net) || !net_queue_runs(net, NET_QUEUE_TRANSMIT))
		return false;
	for (count = 0; count < NET_BATCH; count++) {
		int ret = virtqueue_pop(queue, &net->chain);

		if (ret < 0)
			virtio_mmio_fail(&net->mmio, queue->fault);
		if (ret <= 0)
			break;
		ret = send_chain(net);
		if (ret == -EPROTO)
			virtio_mmio_fail(&net->mmio, "a frame has no header");
		if (ret == -EAGAIN) {
			virtqueue_unpop(queue, 1);
			net->wants_output = true;
		}
		if (ret < 0)
			break;
		virtqueue_put(queue, net->chain.head, 0);
	}
	if (virtqueue_publish(queue))
		net->interrupt = true;

	return count == NET_BATCH;
}
