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

#include "base/main-loop.h"
#include "devices/virtio/net-queues.h"

/* --- the connection --- */

static void report(const struct net *net, const char *text)
{
	struct error message;

	if (!net->setup.report)
		return;
	error_set(&message, 0, "%s: %s", net->name, text);
	net->setup.report(net->setup.context, message.text);
}

/* With the lock held, or before there is a thread. */
static void set_link(struct net *net, bool up)
{
	const uint16_t flags = VIRTIO_NET_S_LINK_UP;

	net->space.status = up ? net->space.status | flags : net->space.status & (uint16_t)~flags;
	net->space_news = true;
	net->link_changes++;
	(void)eventfd_write(net->link_fd, 1);
}

void net_lose(struct net *net, const struct error *error)
{
	struct error text;

	net_backend_disconnect(net->setup.backend);
	/* The kernel has forgotten the descriptor with it. */
	net->main_waits = false;
	net->retry_at = main_loop_now() + NET_RETRY_MS * 1000ULL;
	set_link(net, false);
	error_set(&text, 0, "%s: its guest's link is down until it is back", error->text);
	report(net, text.text);
}

/* Reported is only the first failure after a success, and why a peer has ended. */
static void connect_again(struct net *net)
{
	struct error error;
	const int err = net_backend_connect(net->setup.backend, &error);

	if (err == -ECHILD)
		report(net, error.text);
	if (err < 0) {
		net->retry_at = main_loop_now() + NET_RETRY_MS * 1000ULL;
		return;
	}
	net->offloads = 0;
	set_link(net, true);
	error_set(&error, 0, "connected to %s", net->setup.backend->name);
	report(net, error.text);
}

static int connect_first(struct net *net, struct error *error)
{
	struct error text;
	const int err = net_backend_connect(net->setup.backend, error);

	if (!err) {
		set_link(net, true);
		/* No driver knows otherwise. */
		net->space_news = false;
		return 0;
	}
	if (!net->setup.backend->connects_later)
		return err;
	net->retry_at = main_loop_now() + NET_RETRY_MS * 1000ULL;
	error_set(&text, 0, "%s: its guest's link is down until it can", error->text);
	report(net, text.text);

	return 0;
}

/* --- the device's thread --- */

bool net_queue_runs(const struct net *net, enum net_queue number)
{
	return virtio_mmio_running(&net->mmio) && net->mmio.queues[number].ready;
}

/* What the driver does for the host, the host need not do for it. */
static void set_offloads(struct net *net)
{
	const uint64_t features = virtio_mmio_running(&net->mmio) ? net->mmio.driver_features : 0;
	const uint64_t offloads =
		features & (1ULL << VIRTIO_NET_F_GUEST_CSUM | 1ULL << VIRTIO_NET_F_GUEST_TSO4 |
			    1ULL << VIRTIO_NET_F_GUEST_TSO6 | 1ULL << VIRTIO_NET_F_GUEST_ECN);

	if (net->setup.backend->fd < 0 || offloads == net->offloads)
		return;
	(void)net_backend_set_offloads(net->setup.backend, offloads);
	net->offloads = offloads;
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

/*
 * Have the main thread wait for input, or not, as is due now. With the lock held.
 * Without memory for that the device's thread does.
 */
static void pass_on(struct net *net)
{
	const bool wanted =
		atomic_load(&net->asleep) && net->wants_input && net->setup.backend->fd >= 0;
	struct epoll_event event = { .events = EPOLLIN };

	if (wanted == net->main_waits)
		return;
	if (epoll_ctl(net->main_fd, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, net->setup.backend->fd,
		      &event) == 0)
		net->main_waits = wanted;
}

/*
 * A descriptor of which nothing is wanted is not waited for: it would always
 * report that its peer is gone.
 */
static struct pollfd backend_poll(const struct net *net)
{
	const int events = (net->wants_input && !net->main_waits ? POLLIN : 0) |
			   (net->wants_output ? POLLOUT : 0);

	return (struct pollfd){
		.fd = events ? net->setup.backend->fd : -1,
		.events = (short)events,
	};
}

/* How long to wait, in milliseconds. */
static int time_left(const struct net *net, bool more)
{
	uint64_t now;

	if (more)
		return 0;
	if (net->setup.backend->fd >= 0)
		return -1;
	now = main_loop_now();

	/* Rounded up, so that the time has come when the wait ends. */
	return net->retry_at > now ? (int)((net->retry_at - now) / 1000) + 1 : 0;
}

/* Sets what is to be waited for then. Returns for how long, in milliseconds. */
static int serve(struct net *net, struct pollfd *backend)
{
	bool more;
	int time;

	pthread_mutex_lock(&net->mmio.lock);
	net->wants_input = false;
	net->wants_output = false;
	if (net->setup.backend->fd < 0 && net->retry_at <= main_loop_now())
		connect_again(net);
	set_offloads(net);
	more = net_control(net);
	more = net_send(net) || more;
	more = net_receive(net) || more;
	interrupt(net);
	pass_on(net);
	*backend = backend_poll(net);
	time = time_left(net, more);
	pthread_mutex_unlock(&net->mmio.lock);

	return time;
}

static void *run_thread(void *argument)
{
	struct net *net = argument;
	struct pollfd fds[] = {
		{ .fd = net->stop_fd, .events = POLLIN },
		{ .fd = net->mmio.notify_fd, .events = POLLIN },
		{ .fd = -1 },
	};
	eventfd_t count;

	for (;;) {
		const int time = serve(net, &fds[2]);

		if (poll(fds, 3, time) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		if (fds[1].revents)
			(void)eventfd_read(net->mmio.notify_fd, &count);
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
	if (memcmp(net->space.mac, net->setup.mac, NET_MAC_SIZE) == 0)
		return;
	memcpy(net->space.mac, net->setup.mac, NET_MAC_SIZE);
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

void net_observe(struct net *net, const struct net_observer *observer)
{
	pthread_mutex_lock(&net->mmio.lock);
	net->observer = observer ? *observer : (struct net_observer){ 0 };
	pthread_mutex_unlock(&net->mmio.lock);
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
	pthread_mutex_lock(&net->mmio.lock);
	changes = net->link_changes;
	pthread_mutex_unlock(&net->mmio.lock);
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
		.report = net->setup.report,
		.context = net->setup.context,
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
	err = connect_first(net, error);
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
	net->driver_was_absent = true;
	net_filter_reset(&net->filter);
	memcpy(net->space.mac, setup->mac, NET_MAC_SIZE);
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
	net_backend_destroy(net->setup.backend);
	net_keep_clear(&net->keep);
	close_descriptors(net);
	virtio_mmio_destroy(&net->mmio);
	free(net->name);
}
