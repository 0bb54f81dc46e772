/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/queue.h"

#include <assert.h>
#include <errno.h>
#include <linux/virtio_ring.h>
#include <stdatomic.h>
#include <string.h>

/*
 * The rings are little-endian whatever the host is, and arm64 and x86 hosts
 * are.
 */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "written for little-endian hosts");
static_assert(sizeof(struct vring_desc) == 16, "virtio 1.2, The Virtqueue Descriptor Table");

/* Offsets in the driver's and the device's part, in bytes. */
#define DRIVER_FLAGS 0
#define DRIVER_INDEX 2
#define DRIVER_RING 4
#define DEVICE_FLAGS 0
#define DEVICE_INDEX 2
#define DEVICE_RING 4

static_assert(DRIVER_RING == offsetof(struct vring_avail, ring), "The Virtqueue Available Ring");
static_assert(DEVICE_RING == offsetof(struct vring_used, ring), "The Virtqueue Used Ring");

/*
 * Sequentially consistent, for the two places where each side writes its own
 * field and then reads the other's to find out whether to notify: one of them
 * must see the other's write. Everywhere else, acquire and release would
 * suffice.
 */
static uint16_t load(const uint8_t *at)
{
	return atomic_load((const _Atomic uint16_t *)(const void *)at);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): atomic_store() does write to it. */
static void store(uint8_t *at, uint16_t value)
{
	atomic_store((_Atomic uint16_t *)(void *)at, value);
}

/* Copy from the guest, so that the compiler cannot read the memory twice. */
static void copy_in(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	atomic_signal_fence(memory_order_seq_cst);
}

static int fail(struct virtqueue *queue, const char *fault)
{
	queue->fault = fault;

	return -EPROTO;
}

static bool is_valid_size(uint32_t size)
{
	return size > 0 && size <= VIRTQUEUE_SIZE_MAX && (size & (size - 1)) == 0;
}

int virtqueue_start(struct virtqueue *queue, const struct memory *memory,
		    const struct virtqueue_setup *setup)
{
	uint32_t size = setup->size;

	*queue = (struct virtqueue){ .memory = memory };
	if (!is_valid_size(size))
		return fail(queue, "a queue's size is not a power of 2 up to 256");
	if (setup->descriptors % 16 != 0 || setup->driver % 2 != 0 || setup->device % 4 != 0)
		return fail(queue, "a queue is not aligned");

	queue->descriptors = memory_at(memory, setup->descriptors, 16ULL * size);
	/*
	 * The last two bytes of each exist whether or not EVENT_IDX uses them.
	 */
	queue->driver = memory_at(memory, setup->driver, 6 + 2ULL * size);
	queue->device = memory_at(memory, setup->device, 6 + 8ULL * size);
	if (!queue->descriptors || !queue->driver || !queue->device)
		return fail(queue, "a queue lies outside RAM");

	queue->size = (uint16_t)size;
	queue->event_idx = setup->event_idx;
	queue->indirect = setup->indirect;
	queue->ready = true;

	return 0;
}

void virtqueue_stop(struct virtqueue *queue)
{
	*queue = (struct virtqueue){ 0 };
}

/*
 * Returns 1 if there is a chain to take, 0 if not, -EPROTO if the index is
 * invalid.
 */
static int check_available(struct virtqueue *queue)
{
	uint16_t count = (uint16_t)(load(queue->driver + DRIVER_INDEX) - queue->next_available);

	if (count > queue->size)
		return fail(queue, "more is available than a queue can hold");

	return count > 0;
}

/* Of EVENT_IDX: the driver wants an interrupt for the chain of this number. */
static uint16_t used_event(const struct virtqueue *queue)
{
	return load(queue->driver + DRIVER_RING + 2UL * queue->size);
}

/* Ask the driver for a notification when it makes the next chain available. */
static void want_notification(struct virtqueue *queue)
{
	if (queue->event_idx) {
		store(queue->device + DEVICE_RING + 8UL * queue->size, queue->next_available);
	} else {
		queue->quiet = false;
		store(queue->device + DEVICE_FLAGS, 0);
	}
}

/* With EVENT_IDX nothing needs to be done: the index asked for has passed. */
static void refuse_notification(struct virtqueue *queue)
{
	if (!queue->event_idx && !queue->quiet) {
		queue->quiet = true;
		store(queue->device + DEVICE_FLAGS, VRING_USED_F_NO_NOTIFY);
	}
}

static int add_part(struct virtqueue *queue, struct virtqueue_chain *chain,
		    const struct vring_desc *desc)
{
	unsigned int count = chain->readable_count + chain->writable_count;
	void *host = memory_at(queue->memory, desc->addr, desc->len);

	if (desc->len == 0)
		return fail(queue, "a descriptor is empty");
	if (!host)
		return fail(queue, "a descriptor lies outside RAM");
	if (chain->readable_size + chain->writable_size + desc->len > UINT32_MAX)
		return fail(queue, "a descriptor chain is longer than 4 GiB");
	if (count == VIRTQUEUE_SIZE_MAX)
		return fail(queue, "a descriptor chain is too long");

	if (desc->flags & VRING_DESC_F_WRITE) {
		chain->writable_count++;
		chain->writable_size += desc->len;
	} else if (chain->writable_count > 0) {
		return fail(queue, "a readable descriptor follows a writable one");
	} else {
		chain->readable_count++;
		chain->readable_size += desc->len;
	}
	chain->parts[count] = (struct iovec){ .iov_base = host, .iov_len = desc->len };

	return 0;
}

/*
 * Follow a chain through a table of @size descriptors, beginning at @index.
 * This ends within @size steps, so a loop is detected. @indirect: @desc is set
 * to the one descriptor that may refer to another table, or NULL where that is
 * not allowed.
 */
static int walk_table(struct virtqueue *queue, struct virtqueue_chain *chain, const uint8_t *table,
		      uint32_t size, uint16_t index, struct vring_desc *indirect)
{
	for (uint32_t steps = 0;; steps++) {
		struct vring_desc desc;
		int err;

		if (index >= size)
			return fail(queue, "a descriptor's index is outside its table");
		if (steps == size)
			return fail(queue, "a descriptor chain is a loop");
		copy_in(&desc, table + sizeof(desc) * index, sizeof(desc));

		if (desc.flags & VRING_DESC_F_INDIRECT) {
			if (!indirect)
				return fail(queue, "a descriptor is indirect where none may be");
			if (desc.flags & VRING_DESC_F_NEXT)
				return fail(queue, "an indirect descriptor has a next one");
			*indirect = desc;
			return 0;
		}

		err = add_part(queue, chain, &desc);
		if (err)
			return err;
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return 0;
		index = desc.next;
	}
}

static int read_chain(struct virtqueue *queue, struct virtqueue_chain *chain, uint16_t head)
{
	struct vring_desc indirect = { 0 };
	const uint8_t *table;
	int err;

	chain->head = head;
	chain->readable_count = 0;
	chain->writable_count = 0;
	chain->readable_size = 0;
	chain->writable_size = 0;
	err = walk_table(queue, chain, queue->descriptors, queue->size, chain->head,
			 queue->indirect ? &indirect : NULL);
	if (err || !(indirect.flags & VRING_DESC_F_INDIRECT))
		return err;

	if (indirect.len == 0 || indirect.len % sizeof(indirect) != 0)
		return fail(queue, "an indirect table's length is not a multiple of 16");
	table = memory_at(queue->memory, indirect.addr, indirect.len);
	if (!table)
		return fail(queue, "an indirect table lies outside RAM");

	/* A table may be longer than any chain; add_part() limits that. */
	return walk_table(queue, chain, table, (uint32_t)(indirect.len / sizeof(indirect)), 0,
			  NULL);
}

int virtqueue_peek(struct virtqueue *queue)
{
	int ret;

	if (queue->fault)
		return -EPROTO;

	ret = check_available(queue);
	if (ret == 0) {
		/*
		 * A chain that became available before this was seen comes
		 * without notification.
		 */
		want_notification(queue);
		ret = check_available(queue);
	}
	if (ret > 0)
		refuse_notification(queue);

	return ret;
}

int virtqueue_pop(struct virtqueue *queue, struct virtqueue_chain *chain)
{
	uint16_t slot = queue->next_available & (queue->size - 1);
	int ret = virtqueue_peek(queue);
	int err;

	if (ret <= 0)
		return ret;
	err = read_chain(queue, chain, load(queue->driver + DRIVER_RING + 2UL * slot));
	if (err)
		return err;
	queue->next_available++;

	return 1;
}

void virtqueue_unpop(struct virtqueue *queue, uint16_t count)
{
	queue->next_available = (uint16_t)(queue->next_available - count);
}

void virtqueue_put(struct virtqueue *queue, uint16_t head, uint32_t written)
{
	struct vring_used_elem used = { .id = head, .len = written };
	uint16_t slot = queue->next_used & (queue->size - 1);

	memcpy(queue->device + DEVICE_RING + sizeof(used) * slot, &used, sizeof(used));
	queue->next_used++;
}

/*
 * @index is another claim of how far the driver has looked, @looked what is known of it.
 * Returns what is known then: no claim takes back another one, or is ahead of what the
 * driver can have seen.
 */
static uint16_t furthest(const struct virtqueue *queue, uint16_t looked, uint16_t index)
{
	return (uint16_t)(queue->published - index) < (uint16_t)(queue->published - looked)
		       ? index
		       : looked;
}

bool virtqueue_publish(struct virtqueue *queue)
{
	const uint16_t before = queue->published;
	uint16_t event;

	if (before == queue->next_used)
		return false;
	queue->published = queue->next_used;
	store(queue->device + DEVICE_INDEX, queue->next_used);
	/* A chain becomes available again once the driver has looked at it. */
	queue->looked = furthest(queue, queue->looked, (uint16_t)(queue->published - queue->size));

	if (queue->event_idx) {
		event = used_event(queue);
		queue->looked = furthest(queue, queue->looked, event);

		return vring_need_event(event, queue->next_used, before);
	}

	return !(load(queue->driver + DRIVER_FLAGS) & VRING_AVAIL_F_NO_INTERRUPT);
}

bool virtqueue_push(struct virtqueue *queue, uint16_t head, uint32_t written)
{
	virtqueue_put(queue, head, written);

	return virtqueue_publish(queue);
}

uint16_t virtqueue_unseen(const struct virtqueue *queue)
{
	const uint16_t available = load(queue->driver + DRIVER_INDEX);
	uint16_t looked;

	if (!queue->event_idx)
		return 0;
	/*
	 * The driver names the chain that it has not looked at yet. Linux does so
	 * when it has finished to poll, and may write 0 when it begins. Those that
	 * were returned before the oldest ones which can be available it has looked
	 * at, too.
	 */
	looked = furthest(queue, queue->looked, used_event(queue));
	looked = furthest(queue, looked, (uint16_t)(available - queue->size));

	return (uint16_t)(queue->published - looked);
}

int virtqueue_reread(const struct virtqueue *queue, uint16_t head, struct virtqueue_chain *chain)
{
	struct virtqueue copy = *queue;

	return read_chain(&copy, chain, head);
}

static void serialize_setup(struct virtqueue_setup *setup, struct stream *stream)
{
	stream_serialize_u32(stream, &setup->size);
	stream_serialize_u64(stream, &setup->descriptors);
	stream_serialize_u64(stream, &setup->driver);
	stream_serialize_u64(stream, &setup->device);
	stream_serialize_bool(stream, &setup->event_idx);
	stream_serialize_bool(stream, &setup->indirect);
}

void virtqueue_serialize(struct virtqueue *queue, struct virtqueue_setup *setup,
			 const struct memory *memory, struct stream *stream)
{
	bool ready = queue->ready;

	serialize_setup(setup, stream);
	stream_serialize_bool(stream, &ready);
	/* A queue that is faulty finds that out again, if it is ever used. */
	if (stream_is_loading(stream) && ready && virtqueue_start(queue, memory, setup) < 0)
		stream_fail(stream);
	stream_serialize_u16(stream, &queue->next_available);
	stream_serialize_u16(stream, &queue->next_used);
	queue->published = queue->next_used;
	queue->looked = queue->next_used;
	stream_serialize_bool(stream, &queue->quiet);
}
