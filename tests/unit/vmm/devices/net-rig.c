/* SPDX-License-Identifier: BSD-3-Clause */
#include "net-rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/net.h"
#include "host/net-stream.h"

/* Far longer than anything takes; only a bug waits that long. */
#define DEADLINE_MS 60000

#define WRITE VRING_DESC_F_WRITE
#define NEXT VRING_DESC_F_NEXT

static const uint8_t mac[MAC_SIZE] = NET_RIG_MAC;

/* With the lock held. Returns whether there is still time. */
static bool wait_for_change(struct net_rig *r)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += DEADLINE_MS / 1000;

	return pthread_cond_timedwait(&r->reported, &r->lock, &end) == 0;
}

/* What may wait waits here while the test wants it to. */
static void wait_while_held(struct net_rig *r)
{
	pthread_mutex_lock(&r->lock);
	if (atomic_load(&r->held)) {
		atomic_fetch_add(&r->waiting, 1);
		pthread_cond_broadcast(&r->reported);
	}
	while (atomic_load(&r->held) && !atomic_load(&r->impatient))
		if (!wait_for_change(r))
			atomic_store(&r->impatient, true);
	pthread_mutex_unlock(&r->lock);
}

static void record_report(void *context, const char *message)
{
	struct net_rig *r = context;

	wait_while_held(r);
	pthread_mutex_lock(&r->lock);
	strncpy(r->report, message, sizeof(r->report) - 1);
	if (strlen(r->all) + strlen(message) + 2 < sizeof(r->all)) {
		strcat(r->all, message);
		strcat(r->all, "\n");
	}
	atomic_fetch_add(&r->reports, 1);
	pthread_cond_broadcast(&r->reported);
	pthread_mutex_unlock(&r->lock);
}

void net_rig_hold(struct net_rig *r, bool hold)
{
	pthread_mutex_lock(&r->lock);
	atomic_store(&r->held, hold);
	pthread_cond_broadcast(&r->reported);
	pthread_mutex_unlock(&r->lock);
}

void net_rig_wait_until_held(struct net_rig *r)
{
	pthread_mutex_lock(&r->lock);
	while (atomic_load(&r->waiting) == 0)
		assert_true(wait_for_change(r));
	pthread_mutex_unlock(&r->lock);
}

void net_rig_wait_for_report(struct net_rig *r, const char *report)
{
	char line[512];

	snprintf(line, sizeof(line), "%s\n", report);
	pthread_mutex_lock(&r->lock);
	while (!strstr(r->all, line))
		assert_true(wait_for_change(r));
	pthread_mutex_unlock(&r->lock);
}

/* struct net_stream_source. */
static int connect_peer(void *context, struct error *error)
{
	struct net_rig *r = context;
	int fd;

	wait_while_held(r);
	fd = atomic_exchange(&r->next, -1);

	if (fd >= 0)
		return fd;

	return error_set(error, -ECONNREFUSED,
			 atomic_load(&r->refuses_otherwise) ? "the test is not ready"
							    : "the test refuses");
}

void net_rig_offer_peer(struct net_rig *r)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	if (r->peer >= 0)
		close(r->peer);
	r->peer = fds[0];
	atomic_store(&r->next, fds[1]);
}

static void create_net(struct net_rig *r, bool refused, const struct net_observer *observer)
{
	const struct net_stream_source source = { .connect = connect_peer, .context = r };
	struct net_setup setup = {
		.name = "net0",
		.features = config_net_features(NET_KIND_UNIX),
		.observer = observer,
		.report = record_report,
		.context = r,
	};
	struct error error;

	if (!refused && atomic_load(&r->next) < 0)
		net_rig_offer_peer(r);
	setup.memory = &r->receive.memory;
	setup.backend = net_stream_create_from(&source, "the test");
	memcpy(setup.mac, mac, sizeof(mac));
	assert_non_null(setup.backend);
	assert_int_equal(net_create(&r->net, &setup, &error), 0);
}

static void prepare(struct net_rig *r)
{
	memset(r, 0, sizeof(*r));
	r->peer = -1;
	atomic_store(&r->next, -1);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->reported, NULL);
	driver_create(&r->receive, NET_RIG_QUEUE);
	driver_add_queue(&r->transmit, &r->receive, NET_QUEUE_TRANSMIT);
	driver_add_queue(&r->control, &r->receive, NET_QUEUE_CONTROL);
}

void net_rig_create(struct net_rig *r, bool refused)
{
	prepare(r);
	create_net(r, refused, NULL);
}

void net_rig_create_observed(struct net_rig *r, const struct net_observer *observer,
			     const uint8_t to[MAC_SIZE], uint8_t byte, uint32_t size)
{
	prepare(r);
	net_rig_offer_peer(r);
	net_rig_peer_sends(r, to, byte, size);
	create_net(r, false, observer);
}

void net_rig_observe(struct net_rig *r, const struct net_observer *observer)
{
	pthread_mutex_lock(&r->net.mmio.lock);
	r->net.observer = observer ? *observer : (struct net_observer){ 0 };
	pthread_mutex_unlock(&r->net.mmio.lock);
}

void net_rig_replace(struct net_rig *r, bool refused)
{
	net_destroy(&r->net);
	create_net(r, refused, NULL);
}

void net_rig_teardown(struct net_rig *r)
{
	const int fd = atomic_load(&r->next);

	net_destroy(&r->net);
	if (r->peer >= 0)
		close(r->peer);
	if (fd >= 0)
		close(fd);
	driver_destroy(&r->receive);
	pthread_cond_destroy(&r->reported);
	pthread_mutex_destroy(&r->lock);
}

void net_rig_start(struct net_rig *r, uint64_t features)
{
	/* The device no longer uses the rings after that. */
	driver_set(&r->net.mmio, VIRTIO_MMIO_STATUS, 0);
	driver_restart(&r->receive);
	driver_restart(&r->transmit);
	driver_restart(&r->control);
	assert_true(driver_negotiate(&r->net.mmio, features));
	driver_start_queue(&r->receive, &r->net.mmio);
	driver_start_queue(&r->control, &r->net.mmio);
	driver_start(&r->transmit, &r->net.mmio);
}

void net_rig_notify(struct net_rig *r)
{
	driver_set(&r->net.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

void net_rig_wait_for_interrupt(struct net_rig *r)
{
	struct pollfd fd = { .fd = r->net.mmio.irq_fd, .events = POLLIN };
	eventfd_t count;

	assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
	assert_int_equal(eventfd_read(fd.fd, &count), 0);
}

/* Any interrupt ends the wait for the next: each is asked for before the queue is looked at. */
static uint32_t wait_used(struct net_rig *r, struct driver *driver, uint16_t index)
{
	struct vring_used_elem used;

	while (!driver_collect(driver, &used)) {
		driver_set_used_event(driver, driver->used);
		if (driver_collect(driver, &used))
			break;
		net_rig_wait_for_interrupt(r);
	}
	assert_int_equal(used.id, index);

	return used.len;
}

/* --- frames to the guest --- */

uint8_t *net_rig_buffer(struct net_rig *r, uint16_t index)
{
	return driver_at(&r->receive, NET_RIG_BUFFERS + (uint64_t)index * NET_RIG_BUFFER_SIZE,
			 NET_RIG_BUFFER_SIZE);
}

void net_rig_offer(struct net_rig *r, uint16_t index, uint32_t size)
{
	driver_describe(
		&r->receive, DRIVER_DESCRIPTORS, index,
		(struct vring_desc){ NET_RIG_BUFFERS + (uint64_t)index * NET_RIG_BUFFER_SIZE, size,
				     WRITE, 0 });
	driver_offer(&r->receive, index);
}

uint32_t net_rig_wait_received(struct net_rig *r, uint16_t index)
{
	return wait_used(r, &r->receive, index);
}

void net_rig_peer_writes(struct net_rig *r, const void *bytes, size_t size)
{
	assert_int_equal(send(r->peer, bytes, size, MSG_NOSIGNAL), size);
}

void net_rig_peer_sends(struct net_rig *r, const uint8_t to[MAC_SIZE], uint8_t byte, uint32_t size)
{
	static uint8_t record[4 + NET_FRAME_MAX];
	const uint32_t length = htonl(size);

	memset(record, byte, sizeof(record));
	memcpy(record, &length, sizeof(length));
	memcpy(record + 4, to, MAC_SIZE);
	net_rig_peer_writes(r, record, 4 + size);
}

/* --- frames from the guest --- */

void net_rig_send(struct net_rig *r, uint16_t index, uint8_t byte, uint32_t size)
{
	const uint64_t at = NET_RIG_SENT + (uint64_t)index * NET_RIG_BUFFER_SIZE;
	uint8_t *frame = driver_at(&r->transmit, at, NET_HEADER_SIZE + size);

	memset(frame, 0, NET_HEADER_SIZE);
	memset(frame + NET_HEADER_SIZE, byte, size);
	driver_describe(&r->transmit, r->transmit.offset + DRIVER_DESCRIPTORS, index,
			(struct vring_desc){ at, (uint32_t)NET_HEADER_SIZE + size, 0, 0 });
	driver_offer(&r->transmit, index);
	net_rig_notify(r);
}

void net_rig_wait_sent(struct net_rig *r, uint16_t index)
{
	assert_int_equal(wait_used(r, &r->transmit, index), 0);
}

static void receive_all(struct net_rig *r, uint8_t *bytes, size_t size)
{
	struct pollfd fd = { .fd = r->peer, .events = POLLIN };

	for (size_t done = 0; done < size;) {
		ssize_t count;

		assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
		count = recv(r->peer, bytes + done, size - done, 0);
		assert_true(count > 0);
		done += (size_t)count;
	}
}

void net_rig_peer_receives(struct net_rig *r, uint8_t byte, uint32_t size)
{
	static uint8_t frame[NET_FRAME_MAX];
	uint32_t length;

	receive_all(r, (uint8_t *)&length, sizeof(length));
	assert_int_equal(ntohl(length), size);
	receive_all(r, frame, size);
	for (uint32_t i = 0; i < size; i++)
		assert_int_equal(frame[i], byte);
}

void net_rig_peer_is_shown(struct net_rig *r, const uint8_t of[MAC_SIZE])
{
	/* To all, RARP: Ethernet and IPv4, of 6 and 4 bytes, a request. */
	static const uint8_t begin[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t request[] = { 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3 };
	static const uint8_t zero[22];
	uint8_t frame[60];
	uint32_t length;

	receive_all(r, (uint8_t *)&length, sizeof(length));
	assert_int_equal(ntohl(length), sizeof(frame));
	receive_all(r, frame, sizeof(frame));
	assert_memory_equal(frame, begin, sizeof(begin));
	assert_memory_equal(frame + 6, of, MAC_SIZE);
	assert_memory_equal(frame + 12, request, sizeof(request));
	assert_memory_equal(frame + 22, of, MAC_SIZE);
	assert_memory_equal(frame + 28, zero, 4);
	assert_memory_equal(frame + 32, of, MAC_SIZE);
	assert_memory_equal(frame + 38, zero, sizeof(zero));
}

/* --- the control queue, and the device as a whole --- */

uint8_t net_rig_command(struct net_rig *r, uint8_t class, uint8_t number, const void *data,
			uint32_t size)
{
	uint8_t *at = driver_at(&r->control, NET_RIG_COMMAND, 0x1000);
	const uint64_t table = r->control.offset + DRIVER_DESCRIPTORS;

	at[0] = class;
	at[1] = number;
	if (size > 0)
		memcpy(at + 2, data, size);
	at[0xfff] = 0xee;
	driver_describe(&r->control, table, 0,
			(struct vring_desc){ NET_RIG_COMMAND, 2 + size, NEXT, 1 });
	driver_describe(&r->control, table, 1,
			(struct vring_desc){ NET_RIG_COMMAND + 0xfff, 1, WRITE, 0 });
	driver_offer(&r->control, 0);
	net_rig_notify(r);
	assert_int_equal(wait_used(r, &r->control, 0), 1);

	return at[0xfff];
}

void net_rig_wait_until_broken(struct net_rig *r)
{
	while (!(driver_get(&r->net.mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET))
		net_rig_wait_for_interrupt(r);
}

void net_rig_wait_for_link(struct net_rig *r, bool up)
{
	const uint64_t at = VIRTIO_MMIO_CONFIG + offsetof(struct virtio_net_config, status);

	while ((virtio_mmio_read(&r->net.mmio, at, 2) & VIRTIO_NET_S_LINK_UP) !=
	       (up ? VIRTIO_NET_S_LINK_UP : 0))
		net_rig_wait_for_interrupt(r);
}
