/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of random will against virtio-net, and a network that sends it anything: frames
 * that are sent are of a length that there is, in pieces that are RAM, and nothing else of
 * it is felt outside the guest: no crash, no hang, at most one report, and no more frames
 * kept for it than there may be.
 *
 * Not one of the unit tests. The input is a list of steps, each an operation and its
 * operands:
 *	0	write a register: offset, value
 *	1	write a descriptor: queue, table, index, descriptor
 *	2	offer a chain: queue, head
 *	3	write 16 bits anywhere near the queues: offset, value
 *	4	the driver's whole initialisation: queue size, features
 *	5	a reset of the machine
 *	6	the device serves
 *	7	the network sends a frame: header, first byte, size
 *	8	the guest offers a receive buffer: index, size
 *	9	the guest sends a frame: index, header, size
 *	10	a command: class, number, size
 *	11	the backend has no room for so many frames, or is lost; the link is set;
 *		the guest falls asleep or is awake; the main thread receives, or is woken
 */
#include "board/memory.h"
#include "config/net.h"
#include "devices/virtio/net-queues.h"
#include "devices/virtio/net.h"
#include "input.h"
#include "operations.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define RAM_SIZE (2ULL << 20)
/* Of queue 0; the others' are one after the other. */
#define QUEUE_BYTES 0x8000ULL
#define DESCRIPTORS(queue) (MEMORY_BASE + (queue)*QUEUE_BYTES)
#define AVAILABLE(queue) (DESCRIPTORS(queue) + 0x2000)
#define USED(queue) (DESCRIPTORS(queue) + 0x3000)
#define INDIRECT(queue) (DESCRIPTORS(queue) + 0x4000)
#define DATA (MEMORY_BASE + 0x40000)

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* What the test has instead of a tap or a socket. */
struct fake {
	struct net_backend backend; /* First. */
	bool pending; /* A frame waits for the device. */
	struct net_frame frame;
	unsigned int full; /* So many frames find no room. */
	bool lost;
	uint8_t bytes[NET_FRAME_MAX];
};

struct guest {
	struct memory memory;
	struct net net;
	struct fake *fake;
	uint16_t available[NET_QUEUES];
	unsigned int reports;
};

/* --- the backend --- */

static int connect_fake(struct net_backend *backend, struct error *error)
{
	backend->fd = eventfd(0, EFD_CLOEXEC);

	return backend->fd < 0 ? -errno : 0;
}

static void disconnect(struct net_backend *backend)
{
	close(backend->fd);
	backend->fd = -1;
}

static int send_frame(struct net_backend *backend, const struct virtio_net_hdr_v1 *header,
		      const struct iovec *parts, unsigned int count, size_t size)
{
	struct fake *fake = (struct fake *)backend;
	size_t total = 0;
	unsigned int sum = 0;

	REQUIRE(count > 0 && count <= NET_BACKEND_PARTS_MAX);
	REQUIRE(size >= NET_FRAME_MIN && size <= NET_FRAME_MAX);
	REQUIRE(header->num_buffers == 0);
	for (unsigned int i = 0; i < count; i++) {
		const uint8_t *bytes = parts[i].iov_base;

		total += parts[i].iov_len;
		for (size_t j = 0; j < parts[i].iov_len; j += 64)
			sum += bytes[j];
	}
	REQUIRE(total == size);
	if (fake->full > 0) {
		fake->full--;
		return -EAGAIN;
	}

	return sum % 7 == 0 ? -EINVAL : 0;
}

static int receive(struct net_backend *backend, struct net_frame *frame, struct error *error)
{
	struct fake *fake = (struct fake *)backend;

	if (fake->lost) {
		fake->lost = false;
		return error_set(error, -ECONNRESET, "the test has ended it");
	}
	if (!fake->pending)
		return 0;
	fake->pending = false;
	*frame = fake->frame;

	return 1;
}

static void destroy(struct net_backend *backend)
{
	free(backend);
}

static const struct net_backend_ops fake_ops = {
	.connect = connect_fake,
	.disconnect = disconnect,
	.send = send_frame,
	.receive = receive,
	.destroy = destroy,
};

/* --- the guest --- */

static void *at(struct guest *guest, uint64_t address, uint64_t size)
{
	void *found = memory_at(&guest->memory, address, size);

	REQUIRE(found);

	return found;
}

static uint64_t take_address(struct input *in, unsigned int queue)
{
	switch (take_byte(in) % 4) {
	case 0:
		return take_word(in, 8);
	case 1:
		return INDIRECT(queue) + take_byte(in) * 16ULL;
	default:
		return DATA + take_word(in, 2);
	}
}

static uint32_t take_length(struct input *in)
{
	const uint8_t kind = take_byte(in);

	if (kind == 0)
		return (uint32_t)take_word(in, 4);

	return kind < 128 ? kind : (kind & 127U) * 521;
}

static void set(struct guest *guest, uint64_t offset, uint32_t value)
{
	virtio_mmio_write(&guest->net.mmio, offset, value, 4);
}

static void start_queue(struct guest *guest, unsigned int queue, uint32_t size)
{
	set(guest, VIRTIO_MMIO_QUEUE_SEL, queue);
	set(guest, VIRTIO_MMIO_QUEUE_NUM, size);
	set(guest, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)DESCRIPTORS(queue));
	set(guest, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)AVAILABLE(queue));
	set(guest, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)USED(queue));
	memset(at(guest, DESCRIPTORS(queue), QUEUE_BYTES), 0, QUEUE_BYTES);
	guest->available[queue] = 0;
	set(guest, VIRTIO_MMIO_QUEUE_READY, 1);
}

static void initialise(struct guest *guest, uint32_t size, uint64_t features)
{
	const uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	features &= config_net_features(NET_KIND_TAP) | 1ULL << VIRTIO_RING_F_EVENT_IDX |
		    1ULL << VIRTIO_RING_F_INDIRECT_DESC;
	set(guest, VIRTIO_MMIO_STATUS, 0);
	set(guest, VIRTIO_MMIO_STATUS, status);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(guest, VIRTIO_MMIO_DRIVER_FEATURES, 1);
	set(guest, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);
	for (unsigned int i = 0; i < NET_QUEUES; i++)
		start_queue(guest, i, 1U << (size % 9));
	set(guest, VIRTIO_MMIO_STATUS,
	    status | VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

static void describe(struct guest *guest, uint64_t table, uint64_t index, struct vring_desc desc)
{
	memcpy(at(guest, table + index * sizeof(desc), sizeof(desc)), &desc, sizeof(desc));
}

static void offer(struct guest *guest, unsigned int queue, uint16_t head)
{
	uint32_t size = guest->net.mmio.setup[queue].size;
	uint16_t *ring;

	if (size == 0 || size > VIRTQUEUE_SIZE_MAX)
		size = 1;
	ring = at(guest, AVAILABLE(queue), 4 + 2ULL * size);
	ring[2 + guest->available[queue] % size] = head;
	guest->available[queue]++;
	ring[1] = guest->available[queue];
}

static void write_descriptor(struct guest *guest, struct input *in)
{
	const unsigned int queue = take_byte(in) % NET_QUEUES;
	const uint64_t table = take_byte(in) & 1 ? INDIRECT(queue) : DESCRIPTORS(queue);
	const uint64_t index = take_byte(in);
	struct vring_desc desc = { 0 };

	desc.addr = take_address(in, queue);
	desc.len = take_length(in);
	desc.flags = take_byte(in);
	desc.next = take_byte(in);
	describe(guest, table, index, desc);
}

static void offer_buffer(struct guest *guest, struct input *in)
{
	const uint8_t index = take_byte(in);

	describe(guest, DESCRIPTORS(NET_QUEUE_RECEIVE), index,
		 (struct vring_desc){ DATA + index * 1024ULL, take_length(in), VRING_DESC_F_WRITE,
				      0 });
	offer(guest, NET_QUEUE_RECEIVE, index);
}

static void send_from_guest(struct guest *guest, struct input *in)
{
	const uint8_t index = take_byte(in);
	uint8_t *frame = at(guest, DATA + 0x40000, 0x20000);

	for (size_t i = 0; i < 4; i++)
		frame[i] = take_byte(in);
	describe(guest, DESCRIPTORS(NET_QUEUE_TRANSMIT), index,
		 (struct vring_desc){ DATA + 0x40000, (uint32_t)NET_HEADER_SIZE + take_length(in),
				      0, 0 });
	offer(guest, NET_QUEUE_TRANSMIT, index);
}

static void command(struct guest *guest, struct input *in)
{
	uint8_t *bytes = at(guest, DATA + 0x80000, 0x1000);
	const uint64_t table = DESCRIPTORS(NET_QUEUE_CONTROL);

	bytes[0] = take_byte(in) % 5;
	bytes[1] = take_byte(in) % 5;
	for (size_t i = 2; i < 12; i++)
		bytes[i] = take_byte(in);
	describe(guest, table, 0,
		 (struct vring_desc){ DATA + 0x80000, take_length(in), VRING_DESC_F_NEXT, 1 });
	describe(guest, table, 1, (struct vring_desc){ DATA, 1, VRING_DESC_F_WRITE, 0 });
	offer(guest, NET_QUEUE_CONTROL, 0);
}

/* --- the network, with the device's lock held --- */

static void send_to_guest(struct fake *fake, struct input *in)
{
	const uint32_t size = take_length(in);

	fake->frame = (struct net_frame){
		.bytes = fake->bytes,
		.size = size < NET_FRAME_MIN   ? NET_FRAME_MIN
			: size > NET_FRAME_MAX ? NET_FRAME_MAX
					       : size,
	};
	fake->frame.header.flags = take_byte(in);
	fake->frame.header.gso_type = take_byte(in);
	for (size_t i = 0; i < MAC_SIZE; i++)
		fake->bytes[i] = i < 2 ? take_byte(in) : 0;
	fake->pending = true;
}

/* On the main thread. */
static void sleep_or_wake(struct guest *guest, bool asleep, bool receives)
{
	const bool begins = asleep && !atomic_load(&guest->net.asleep);

	net_sleep(&guest->net, asleep);
	if (begins)
		net_report_unseen(&guest->net);
	if (receives) {
		net_receive_asleep(&guest->net);
	} else {
		pthread_mutex_lock(&guest->net.mmio.lock);
		net_pass_unseen(&guest->net);
		pthread_mutex_unlock(&guest->net.mmio.lock);
	}
}

static void network(struct guest *guest, struct input *in, bool frame)
{
	uint8_t how = 0;

	pthread_mutex_lock(&guest->net.mmio.lock);
	if (frame) {
		send_to_guest(guest->fake, in);
	} else {
		how = take_byte(in);
		guest->fake->full = how & 0x0f;
		guest->fake->lost = (how & 0x10) != 0;
	}
	pthread_mutex_unlock(&guest->net.mmio.lock);
	if (frame)
		return;
	net_set_link(&guest->net, (how & 0x20) == 0);
	sleep_or_wake(guest, (how & 0x40) != 0, (how & 0x80) != 0);
}

/* As its thread does, which has ended, and without a pause before it connects again. */
static void serve(struct guest *guest)
{
	guest->net.retry.at = 0;
	(void)net_serve(&guest->net);
}

/* However often the guest resets the device, and whatever it claims to have been given. */
static void check_keep(struct guest *guest)
{
	pthread_mutex_lock(&guest->net.mmio.lock);
	REQUIRE(guest->net.keep.count <= NET_KEEP_FRAMES_MAX);
	REQUIRE(guest->net.keep.bytes <= NET_KEEP_BYTES_MAX);
	REQUIRE(guest->net.woken_for <= guest->net.keep.count);
	REQUIRE(!guest->net.first_unseen || guest->net.keep.count > 0);
	REQUIRE((atomic_load(&guest->net.link_changes) % 2 == 1) == guest->net.connected);
	pthread_mutex_unlock(&guest->net.mmio.lock);
}

/* A fault is found in one round, and reported in the next. */
static void reset(struct guest *guest)
{
	virtio_mmio_reset(&guest->net.mmio);
	serve(guest);
	serve(guest);
	guest->reports = 0;
}

static void step(struct guest *guest, struct input *in)
{
	uint64_t offset;

	count_operation();
	switch (take_byte(in) % 12) {
	case 0:
		offset = take_word(in, 2) % 0x200;
		virtio_mmio_write(&guest->net.mmio, offset, take_word(in, 4), 4);
		virtio_mmio_read(&guest->net.mmio, offset, 4);
		break;
	case 1:
		write_descriptor(guest, in);
		break;
	case 2:
		offset = take_byte(in) % NET_QUEUES;
		offer(guest, (unsigned int)offset, take_byte(in));
		break;
	case 3:
		offset = take_word(in, 3) % (NET_QUEUES * QUEUE_BYTES - 2);
		memcpy(at(guest, MEMORY_BASE + offset, 2),
		       &(uint16_t){ (uint16_t)take_word(in, 2) }, 2);
		break;
	case 4:
		offset = take_byte(in);
		initialise(guest, (uint32_t)offset, take_word(in, 4));
		break;
	case 5:
		reset(guest);
		break;
	case 6:
		serve(guest);
		break;
	case 7:
		network(guest, in, true);
		break;
	case 8:
		offer_buffer(guest, in);
		break;
	case 9:
		send_from_guest(guest, in);
		break;
	case 10:
		command(guest, in);
		break;
	default:
		network(guest, in, false);
		break;
	}
}

/* Also of the link, which the network may lose as often as it likes. */
static void count_report(void *context, const char *message)
{
	struct guest *guest = context;

	if (strstr(message, "driver"))
		guest->reports++;
	REQUIRE(guest->reports <= 1);
}

static bool judge(void *context, const uint8_t *frame, size_t size, bool driver)
{
	REQUIRE(size >= NET_FRAME_MIN && size <= NET_FRAME_MAX);

	return ((frame[0] ^ frame[size - 1]) & 2) == 0;
}

static struct guest *make_guest(void)
{
	static const struct net_observer observer = { .received = judge };
	static struct guest guest;
	struct net_setup setup = {
		.name = "net0",
		.mac = { 2, 0, 0, 0, 0, 1 },
		.features = config_net_features(NET_KIND_TAP),
		.observer = &observer,
		.report = count_report,
		.context = &guest,
	};
	struct error error;

	REQUIRE(memory_create(&guest.memory, RAM_SIZE) == 0);
	guest.fake = calloc(1, sizeof(*guest.fake));
	REQUIRE(guest.fake);
	guest.fake->backend = (struct net_backend){ .ops = &fake_ops, .fd = -1, .name = "fake" };
	setup.memory = &guest.memory;
	setup.backend = &guest.fake->backend;
	REQUIRE(net_create(&guest.net, &setup, &error) == 0);
	/* What the device does depends on the input alone. */
	REQUIRE(eventfd_write(guest.net.stop_fd, 1) == 0);
	REQUIRE(pthread_join(guest.net.thread, NULL) == 0);

	return &guest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest *guest;
	struct input in = { data, size };

	if (!guest)
		guest = make_guest();
	reset(guest);
	network(guest, &(struct input){ data, 0 }, false);
	REQUIRE(memory_drop(&guest->memory) == 0);
	while (in.left > 0) {
		step(guest, &in);
		check_keep(guest);
	}
	serve(guest);

	return 0;
}
