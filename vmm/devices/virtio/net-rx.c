/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames to the guest.
 *
 * A driver that goes to sleep resets the device, and loses the frames that it
 * was given and has not looked at: Linux's no longer polls by then. With
 * EVENT_IDX the driver says how far it has looked. So at a reset the rest is
 * read out of its buffers again, which are still the device's then, and kept
 * until it is back. A driver that is interrupted as it polls has not said it of
 * the last ones: those come twice, which networks may do as well. Which buffers those are, and how much is in them, is
 * remembered here, since the used ring is the guest's memory: a guest can change
 * what is in a frame that it was given, but make none of its own.
 */
#include "devices/virtio/net-queues.h"

#include <errno.h>
#include <string.h>

#include "devices/virtio/iov-cursor.h"
#include "devices/virtio/net-link.h"

enum outcome {
	OUTCOME_DONE, /* The driver has the frame, or does not want it. */
	OUTCOME_NO_ROOM, /* It has to wait for buffers. */
	OUTCOME_FAILED, /* The driver broke the protocol. */
};

/* --- to write a frame into the driver's buffers --- */

/* The address of a byte of the chain's writable part, which is that large. */
static uint8_t *byte_at(const struct virtqueue_chain *chain, size_t offset)
{
	const struct iovec *part = &chain->parts[chain->readable_count];

	while (offset >= part->iov_len) {
		offset -= part->iov_len;
		part++;
	}

	return (uint8_t *)part->iov_base + offset;
}

/* Write what fits, from @done on, into net->chain, which was popped. */
static size_t fill(struct net *net, const struct net_frame *frame, size_t done)
{
	struct net_written *written = &net->written;
	struct virtqueue_chain *chain = &net->chain;
	struct iov_cursor cursor = {
		.parts = chain->parts + chain->readable_count,
		.count = chain->writable_count,
	};
	const size_t total = NET_HEADER_SIZE + frame->size;
	size_t size = total - done;

	if (chain->writable_size < size)
		size = (size_t)chain->writable_size;
	if (done == 0) {
		const size_t at = offsetof(struct virtio_net_hdr_v1, num_buffers);

		written->count_at[0] = byte_at(chain, at);
		written->count_at[1] = byte_at(chain, at + 1);
		iov_cursor_write(&cursor, &frame->header, NET_HEADER_SIZE);
		iov_cursor_write(&cursor, frame->bytes, size - NET_HEADER_SIZE);
	} else {
		iov_cursor_write(&cursor, frame->bytes + done - NET_HEADER_SIZE, size);
	}
	written->heads[written->count] = chain->head;
	written->sizes[written->count] = (uint32_t)size;
	written->count++;

	return size;
}

static enum outcome fail(struct net *net, const char *reason)
{
	virtio_mmio_fail(&net->mmio, reason);

	return OUTCOME_FAILED;
}

/* Give the driver the chains of one frame, which it sees at once. */
static void give(struct net *net)
{
	const struct net_written *written = &net->written;
	struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_RECEIVE];

	if (written->count > 1) {
		*written->count_at[0] = (uint8_t)written->count;
		*written->count_at[1] = (uint8_t)(written->count >> 8);
	}
	for (uint16_t i = 0; i < written->count; i++) {
		net->given[queue->next_used & (queue->size - 1)] = (struct net_given){
			.head = written->heads[i],
			.count = i == 0 ? written->count : 0,
			.size = written->sizes[i],
		};
		virtqueue_put(queue, written->heads[i], written->sizes[i]);
	}
}

static enum outcome write_frame(struct net *net, const struct net_frame *frame)
{
	struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_RECEIVE];
	const bool mergeable = virtio_mmio_has(&net->mmio, VIRTIO_NET_F_MRG_RXBUF);
	const size_t total = NET_HEADER_SIZE + frame->size;
	struct net_written *written = &net->written;

	written->count = 0;
	for (size_t done = 0; done < total;) {
		/* No driver could ever offer as many as it needs: it is lost. */
		const bool too_large = written->count == queue->size;
		const int ret = too_large ? 0 : virtqueue_pop(queue, &net->chain);

		if (ret < 0)
			return fail(net, queue->fault);
		if (ret == 0) {
			virtqueue_unpop(queue, written->count);
			return too_large ? OUTCOME_DONE : OUTCOME_NO_ROOM;
		}
		if (net->chain.writable_size < (done == 0 ? NET_HEADER_SIZE : 1))
			return fail(net, "a buffer has no room for a frame");
		if (!mergeable && net->chain.writable_size < total) {
			virtqueue_unpop(queue, 1);
			return OUTCOME_DONE;
		}
		done += fill(net, frame, done);
	}
	give(net);

	return OUTCOME_DONE;
}

/* --- which frames, and in which form --- */

/*
 * What the header leaves to be done, the driver must have agreed to do. A frame
 * that was kept can be of another driver's time.
 */
static bool agree(const struct net *net, struct virtio_net_hdr_v1 *header)
{
	const struct virtio_mmio *mmio = &net->mmio;

	header->num_buffers = 1;
	if (!virtio_mmio_has(mmio, VIRTIO_NET_F_GUEST_CSUM)) {
		if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			return false;
		header->flags = 0;
	}
	switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return virtio_mmio_has(mmio, VIRTIO_NET_F_GUEST_TSO4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return virtio_mmio_has(mmio, VIRTIO_NET_F_GUEST_TSO6);
	default:
		return false;
	}
}

static enum outcome deliver(struct net *net, struct net_frame frame)
{
	return agree(net, &frame.header) ? write_frame(net, &frame) : OUTCOME_DONE;
}

static bool is_wanted(const struct net *net, const struct net_frame *frame)
{
	return net_filter_accepts(&net->filter, net->space.mac, frame->bytes);
}

static bool observe(const struct net *net, const struct net_frame *frame, bool driver)
{
	const struct net_observer *observer = &net->observer;

	return !observer->received ||
	       observer->received(observer->context, frame->bytes, frame->size, driver);
}

/* Returns whether there was a frame. */
static bool read_frame(struct net *net, struct net_frame *frame)
{
	struct error error;
	int ret;

	if (net->setup.backend->fd < 0)
		return false;
	ret = net_backend_receive(net->setup.backend, frame, &error);
	if (ret < 0)
		net_link_lose(net, &error);
	if (ret == 0)
		net->wants_input = true;

	return ret > 0;
}

/* As by a cable that is not plugged in: a peer does not wait, and nothing old comes later. */
static bool drop_frames(struct net *net)
{
	struct net_frame frame;
	unsigned int count = 0;

	while (count < NET_BATCH && read_frame(net, &frame))
		count++;

	return count == NET_BATCH;
}

/* --- while there is no driver, or none that takes them --- */

static bool keep(struct net *net, bool driver)
{
	struct net_frame frame;
	unsigned int count;

	for (count = 0; count < NET_BATCH && !net->pulled; count++) {
		if (net_keep_is_full(&net->keep) || !read_frame(net, &frame))
			break;
		if (observe(net, &frame, driver))
			(void)net_keep_add(&net->keep, &frame);
	}

	return count == NET_BATCH;
}

/*
 * A sleeping guest whose driver is at work gives no buffers, and may have masked the
 * device's interrupt: once noise has filled those that it gave, what wakes it would not
 * be read.
 */
static bool is_deaf(const struct net *net)
{
	return atomic_load(&net->asleep) && !net->wants_input && !net->lost;
}

/* --- while there is a driver --- */

static void drop_first(struct net *net)
{
	net_keep_drop(&net->keep);
	net->first_unseen = false;
	if (net->woken_for > 0)
		net->woken_for--;
}

/*
 * Returns whether none is left. A driver that is back sets its filter by one command after
 * the other, between which it would get no frame to a group, such as the neighbour solicitation
 * that has woken its guest. What was kept is wanted, as far as anything is known.
 */
static bool deliver_kept(struct net *net, unsigned int *count)
{
	for (; net->keep.count > 0 && *count < NET_BATCH; (*count)++) {
		if (deliver(net, net_keep_first(&net->keep)) != OUTCOME_DONE)
			return false;
		drop_first(net);
	}
	if (net->keep.count > 0)
		return false;
	if (net->driver_was_absent && net->observer.delivered)
		net->observer.delivered(net->observer.context);
	net->driver_was_absent = false;

	return true;
}

/* Returns whether another frame may follow. */
static bool deliver_next(struct net *net)
{
	struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_RECEIVE];
	const int ret = virtqueue_peek(queue);
	struct net_frame frame;

	if (ret < 0)
		virtio_mmio_fail(&net->mmio, queue->fault);
	if (ret <= 0 || !read_frame(net, &frame))
		return false;
	(void)observe(net, &frame, true);
	switch (is_wanted(net, &frame) ? deliver(net, frame) : OUTCOME_DONE) {
	case OUTCOME_DONE:
		return true;
	case OUTCOME_NO_ROOM:
	case OUTCOME_FAILED:
		/* Without memory for it, it is lost. */
		net->first_unseen = net_keep_add(&net->keep, &frame);
		break;
	}

	return false;
}

static bool receive(struct net *net)
{
	struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_RECEIVE];
	unsigned int count = 0;

	if (deliver_kept(net, &count) && !net->pulled)
		while (count < NET_BATCH && deliver_next(net))
			count++;
	if (virtqueue_publish(queue))
		net->interrupt = true;
	/* The index must not come round to it. */
	if ((uint16_t)(queue->published - net->passed) > queue->size)
		net->passed = (uint16_t)(queue->published - queue->size);
	if (count == NET_BATCH)
		return true;

	return is_deaf(net) && keep(net, true);
}

bool net_receive(struct net *net)
{
	bool more;

	if (atomic_load(&net->mmio.quiesced))
		return false;
	more = net->pulled && drop_frames(net);
	if (net_queue_runs(net, NET_QUEUE_RECEIVE))
		return receive(net) || more;
	net->driver_was_absent = true;

	return keep(net, false) || more;
}

/* --- what the driver has not looked at: at a reset by it, or as the guest falls asleep --- */

/*
 * Read the frame that begins @back chains before the end of those that were given,
 * into net->reread. Returns how many chains to go on. @frame->size is 0 if none begins
 * there, or if the guest has changed where its buffers are.
 */
static uint16_t reread_frame(struct net *net, uint16_t back, struct net_frame *frame)
{
	const struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_RECEIVE];
	const uint16_t first = (uint16_t)(queue->published - back);
	const uint16_t count = net->given[first & (queue->size - 1)].count;
	size_t size = 0;

	*frame = (struct net_frame){ .bytes = net->reread + NET_HEADER_SIZE };
	for (uint16_t i = 0; i < count; i++) {
		const struct net_given *given = &net->given[(first + i) & (queue->size - 1)];
		struct iov_cursor from;

		if (virtqueue_reread(queue, given->head, &net->chain) < 0 ||
		    net->chain.writable_size < given->size)
			return count;
		from = (struct iov_cursor){
			.parts = net->chain.parts + net->chain.readable_count,
			.count = net->chain.writable_count,
		};
		iov_cursor_read(&from, net->reread + size, given->size);
		size += given->size;
	}
	if (count == 0)
		return 1;
	memcpy(&frame->header, net->reread, NET_HEADER_SIZE);
	frame->size = size - NET_HEADER_SIZE;

	return count;
}

static void take_back_given(struct net *net, const struct net_keep *later)
{
	const struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_RECEIVE];
	struct net_frame frame;
	uint16_t back;

	if (!queue->ready || queue->fault)
		return;
	back = virtqueue_unseen(queue);
	while (back > 0) {
		back = (uint16_t)(back - reread_frame(net, back, &frame));
		/* Without room for it, it is lost, as it would have been without all this. */
		if (frame.size > 0 && observe(net, &frame, false) &&
		    net_keep_fits(&net->keep, later, frame.size))
			(void)net_keep_add(&net->keep, &frame);
	}
}

/* Whether it is to be kept. */
static bool observe_first(const struct net *net, const struct net_keep *keep, bool driver)
{
	const struct net_frame frame = net_keep_first(keep);

	return observe(net, &frame, driver);
}

void net_take_back(struct net *net)
{
	/* Frames that are kept already are later ones: those come in front. */
	struct net_keep later = net->keep;

	net->keep = (struct net_keep){ 0 };
	take_back_given(net, &later);
	if (net->first_unseen && !observe_first(net, &later, false))
		net_keep_drop(&later);
	net->first_unseen = false;
	if (net->keep.count > 0)
		net->woken_for = 0;
	net_keep_append(&net->keep, &later);
}

void net_report_unseen(struct net *net)
{
	const struct virtqueue *queue = &net->mmio.queues[NET_QUEUE_RECEIVE];
	struct net_frame frame;
	uint16_t back = 0;

	pthread_mutex_lock(&net->mmio.lock);
	while (net->woken_for > 0)
		drop_first(net);
	atomic_store(&net->kept, net->keep.count);
	if (net_queue_runs(net, NET_QUEUE_RECEIVE) && !queue->fault)
		back = virtqueue_unseen(queue);
	if (back > (uint16_t)(queue->published - net->passed))
		back = (uint16_t)(queue->published - net->passed);
	while (back > 0) {
		back = (uint16_t)(back - reread_frame(net, back, &frame));
		if (frame.size > 0)
			(void)observe(net, &frame, true);
	}
	if (net->first_unseen)
		(void)observe_first(net, &net->keep, true);
	pthread_mutex_unlock(&net->mmio.lock);
}

void net_pass_unseen(struct net *net)
{
	net->passed = net->mmio.queues[NET_QUEUE_RECEIVE].published;
	net->woken_for = net->keep.count;
	net->first_unseen = false;
}
