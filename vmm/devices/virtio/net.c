/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/net.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "devices/virtio/net-link.h"
#include "devices/virtio/net-queues.h"

/* --- the device's thread --- */

bool net_queue_runs(const struct net *net, enum net_queue number)
{
	return virtio_mmio_running(&net->mmio) && net->mmio.queues[number].ready;
}

static void interrupt(struct net *net)
{
	if (net->interrupt)
		virtio_mmio_interrupt(&net->mmio);
	net->interrupt = false;
	if (!net->space_news || !virtio_mmio_running(&net->mmio))
		return;
	virtio_mmio_space_changed(&net->mmio);
	net->space_news = false;
}

/* With the lock held. Returns whether there may be more to do at once. */
static bool move_frames(struct net *net)
{
	bool more = net_control(net);

	net_announce(net);
	more = net_send(net) || more;
	more = net_receive(net) || more;
	atomic_store(&net->kept, net->keep.count);
	interrupt(net);

	return more || net->lost || net->has_fault;
}

/*
 * Have the main thread wait for input, or not, as is due now. With the lock held.
 * Without memory for that the device's thread does.
 */
static void pass_on(struct net *net)
{
	const bool wanted = atomic_load(&net->asleep) && net->wants_input && !net->lost &&
			    net->setup.backend->fd >= 0;
	struct epoll_event event = { .events = EPOLLIN };

	if (!wanted)
		net_keep_from_main(net);
	else if (!net->main_waits &&
		 epoll_ctl(net->main_fd, EPOLL_CTL_ADD, net->setup.backend->fd, &event) == 0)
		net->main_waits = true;
}

void net_keep_from_main(struct net *net)
{
	if (net->main_waits)
		(void)epoll_ctl(net->main_fd, EPOLL_CTL_DEL, net->setup.backend->fd, NULL);
	net->main_waits = false;
}

bool net_serve(struct net *net)
{
	bool more = true;

	net_link_serve(net);
	pthread_mutex_lock(&net->mmio.lock);
	net->wants_input = false;
	net->wants_output = false;
	if (net_link_is_ready(net)) {
		more = move_frames(net);
		pass_on(net);
	}
	net->awaited = (short)((net->wants_input && !net->main_waits ? POLLIN : 0) |
			       (net->wants_output ? POLLOUT : 0));
	pthread_mutex_unlock(&net->mmio.lock);

	return more;
}

/*
 * A descriptor of which nothing is wanted is not waited for: it would always
 * report that its peer is gone.
 */
static struct pollfd backend_poll(const struct net *net)
{
	return (struct pollfd){
		.fd = net->awaited ? net->setup.backend->fd : -1,
		.events = net->awaited,
	};
}

static void *run_thread(void *argument)
{
	struct net *net = argument;
	struct pollfd fds[] = {
		{ .fd = net->stop_fd, .events = POLLIN },
		{ .fd = net->mmio.notify_fd, .events = POLLIN },
		{ .fd = -1 },
		{ .fd = -1, .events = POLLIN },
	};
	eventfd_t count;

	for (;;) {
		const bool more = net_serve(net);

		fds[2] = backend_poll(net);
		fds[3].fd = net_backend_said_fd(net->setup.backend);
		if (poll(fds, 4, more ? 0 : net_link_time_left(net)) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		if (fds[1].revents)
			(void)eventfd_read(net->mmio.notify_fd, &count);
		if (fds[3].revents)
			net_backend_listen(net->setup.backend);
	}
}

static int start_thread(struct net *net)
{
	sigset_t all;
	sigset_t before;
	int err;

	/* A thread inherits the mask: other threads handle signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&net->thread, NULL, run_thread, net);
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	return -err;
}

/* --- resets --- */

static void set_first_address(struct net *net)
{
	if (memcmp(net->space.mac, net->setup.mac, MAC_SIZE) == 0)
		return;
	memcpy(net->space.mac, net->setup.mac, MAC_SIZE);
	if (net->observer.addressed)
		net->observer.addressed(net->observer.context, net->setup.mac);
}

/*
 * struct virtio_mmio_config. Frames for a machine that was reset are not for
 * what starts in it.
 */
static void before_reset(struct virtio_mmio *mmio, bool power_on)
{
	struct net *net = (struct net *)mmio;

	if (power_on) {
		net_keep_clear(&net->keep);
		net->woken_for = 0;
		net->first_unseen = false;
		if (net->observer.reset)
			net->observer.reset(net->observer.context);
	} else {
		net_take_back(net);
	}
	net_filter_reset(&net->filter);
	set_first_address(net);
	net->space.status &= (uint16_t)~VIRTIO_NET_S_ANNOUNCE;
	net->space_news = false;
	net->driver_was_absent = true;
	net->passed = 0;
	/* From now on it keeps what comes. */
	(void)eventfd_write(mmio->notify_fd, 1);
}

/* --- for others --- */

void net_set_link(struct net *net, bool up)
{
	if (atomic_exchange(&net->pull, !up) == up)
		(void)eventfd_write(net->mmio.notify_fd, 1);
}

void net_describe(const struct net *net, struct net_facts *facts)
{
	*facts = (struct net_facts){
		/* The first change is a connection, and they alternate. */
		.connected = atomic_load(&net->link_changes) % 2 == 1,
		.up = !atomic_load(&net->pull),
		.kept = atomic_load(&net->kept),
	};
}

void net_sleep(struct net *net, bool asleep)
{
	/* Its thread decides who waits. The lock may be this thread's: it is frozen. */
	if (atomic_exchange(&net->asleep, asleep) != asleep)
		(void)eventfd_write(net->mmio.notify_fd, 1);
}

void net_receive_asleep(struct net *net)
{
	pthread_mutex_lock(&net->mmio.lock);
	if (net->main_waits) {
		net->wants_input = false;
		(void)net_receive(net);
		atomic_store(&net->kept, net->keep.count);
		interrupt(net);
		pass_on(net);
	}
	/* It connects again, and waits for input if there is more than one batch. */
	if (!net->main_waits)
		(void)eventfd_write(net->mmio.notify_fd, 1);
	pthread_mutex_unlock(&net->mmio.lock);
}

void net_report_link(struct net *net, uint64_t *reported,
		     void (*changed)(void *context, bool connected), void *context)
{
	eventfd_t count;
	uint64_t changes;

	(void)eventfd_read(net->link_fd, &count);
	/* The main thread does not wait for the lock, which a busy device's thread may hold. */
	changes = atomic_load(&net->link_changes);
	/* The first change is a connection, and they alternate. */
	for (; *reported < changes; (*reported)++)
		changed(context, *reported % 2 == 0);
}

int net_serialize(struct net *net, struct stream *stream, struct error *error)
{
	const uint16_t status = net->space.status;

	if (!virtio_mmio_serialize(&net->mmio, stream))
		return error_set(error, -ENODEV, "%s does not match the saved device", net->name);
	net_filter_serialize(&net->filter, stream);
	if (!stream_is_loading(stream))
		return 0;
	net->passed = net->mmio.queues[NET_QUEUE_RECEIVE].published;
	/* The link is that of here, and others may have to learn where the guest is. */
	net->announces = true;
	net->space.status = status;
	if (virtio_mmio_has(&net->mmio, VIRTIO_NET_F_GUEST_ANNOUNCE))
		net->space.status |= VIRTIO_NET_S_ANNOUNCE;
	net->space_news = true;

	return 0;
}

/* --- to make it --- */

static int create_descriptors(struct net *net)
{
	int err;

	net->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (net->stop_fd < 0)
		return -errno;
	net->link_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (net->link_fd < 0)
		goto err_stop;
	net->main_fd = epoll_create1(EPOLL_CLOEXEC);
	if (net->main_fd >= 0)
		return 0;

	err = -errno;
	close(net->link_fd);
	close(net->stop_fd);

	return err;
err_stop:
	err = -errno;
	close(net->stop_fd);

	return err;
}

static void close_descriptors(const struct net *net)
{
	close(net->stop_fd);
	close(net->link_fd);
	close(net->main_fd);
}

static int create_transport(struct net *net)
{
	const struct virtio_mmio_config config = {
		.name = net->name,
		.memory = net->setup.memory,
		.device_id = VIRTIO_ID_NET,
		.features = net->setup.features,
		.queue_count = NET_QUEUES,
		.space = &net->space,
		/* The rest belongs to features that it does not have. */
		.space_size = offsetof(struct virtio_net_config, mtu),
		.space_varies = true,
		/* A driver may have set the address. */
		.advice = &net->space,
		.advice_size = offsetof(struct virtio_net_config, max_virtqueue_pairs),
		.report = net_link_report_fault,
		.context = net,
		.before_reset = before_reset,
	};

	return virtio_mmio_create(&net->mmio, &config);
}

/* @error is set already if the backend cannot connect. */
static int create(struct net *net, struct error *error)
{
	int err = create_descriptors(net);

	if (err)
		return err;
	err = create_transport(net);
	if (err)
		goto err_close;
	err = net_link_start(net, error);
	if (!err)
		err = start_thread(net);
	if (!err)
		return 0;

	virtio_mmio_destroy(&net->mmio);
err_close:
	close_descriptors(net);

	return err;
}

int net_create(struct net *net, const struct net_setup *setup, struct error *error)
{
	int err;

	memset(net, 0, sizeof(*net));
	net->setup = *setup;
	net->setup.observer = NULL;
	if (setup->observer)
		net->observer = *setup->observer;
	net->driver_was_absent = true;
	net_filter_reset(&net->filter);
	memcpy(net->space.mac, setup->mac, MAC_SIZE);
	net->space.max_virtqueue_pairs = 1;
	error->text[0] = '\0';
	net->name = strdup(setup->name);
	err = net->name ? create(net, error) : -ENOMEM;
	if (!err)
		return 0;
	if (!*error->text)
		error_set(error, err, "cannot make the network device %s: %s", setup->name,
			  strerror(-err));
	free(net->name);
	net_backend_destroy(setup->backend);

	return err;
}

void net_destroy(struct net *net)
{
	(void)eventfd_write(net->stop_fd, 1);
	pthread_join(net->thread, NULL);
	net_link_stop(net);
	net_backend_destroy(net->setup.backend);
	net_keep_clear(&net->keep);
	close_descriptors(net);
	virtio_mmio_destroy(&net->mmio);
	free(net->name);
}
