/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/net-link.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "base/main-loop.h"
#include "devices/virtio/net-queues.h"

static void report(const struct net *net, const char *text)
{
	if (net->setup.report)
		net->setup.report(net->setup.context, text);
}

static void report_link(const struct net *net, const struct error *error, const char *link)
{
	struct error message;

	error_set(&message, 0, "%s: %s%s", net->name, error->text, link);
	report(net, message.text);
}

static void report_connection(const struct net *net)
{
	struct error message;

	error_set(&message, 0, "%s: connected to %s", net->name, net->setup.backend->name);
	report(net, message.text);
}

/* With the lock held, or before there is a thread. */
static void show_link(struct net *net)
{
	const uint16_t flags = VIRTIO_NET_S_LINK_UP;
	const uint16_t shown = net->space.status;

	net->space.status =
		net->connected && !net->pulled ? shown | flags : shown & (uint16_t)~flags;
	if (net->space.status != shown)
		net->space_news = true;
}

/* Likewise. */
static void set_link(struct net *net, bool connected)
{
	net->connected = connected;
	show_link(net);
	atomic_fetch_add(&net->link_changes, 1);
	(void)eventfd_write(net->link_fd, 1);
}

int net_link_start(struct net *net, struct error *error)
{
	const int err = net_backend_connect(net->setup.backend, error);

	if (!err) {
		(void)net_retry_on_connection(&net->retry, main_loop_now());
		set_link(net, true);
		/* No driver knows otherwise. */
		net->space_news = false;
		return 0;
	}
	/* A socket of such a path there will never be. */
	if (!net->setup.backend->connects_later || err == -ENAMETOOLONG)
		return err;
	(void)net_retry_on_failure(&net->retry, main_loop_now(), error);
	report_link(net, error, ": its guest's link is down until it can");

	return 0;
}

/* --- lost, and made again --- */

void net_link_lose(struct net *net, const struct error *error)
{
	net->lost = true;
	net->loss = *error;
	net_keep_from_main(net);
	set_link(net, false);
}

static void leave(struct net *net)
{
	net_backend_disconnect(net->setup.backend);
	net->leaves = false;
	if (net_retry_on_loss(&net->retry, main_loop_now(), &net->left_for))
		report_link(net, &net->left_for, ": its guest's link is down until it is back");
}

/* How the last peer has ended does not keep the next one from being connected with. */
static int try_to_connect(struct net *net, struct error *error)
{
	const int err = net_backend_connect(net->setup.backend, error);

	if (err != -ECHILD)
		return err;
	if (net_retry_is_news(&net->retry, error))
		report_link(net, error, "");

	return net_backend_connect(net->setup.backend, error);
}

static void connect_again(struct net *net)
{
	struct error error;

	if (try_to_connect(net, &error) < 0) {
		if (net_retry_on_failure(&net->retry, main_loop_now(), &error))
			report_link(net, &error, ": its guest's link stays down");
		return;
	}
	net->offloads = 0;
	pthread_mutex_lock(&net->mmio.lock);
	set_link(net, true);
	net->announces = true;
	pthread_mutex_unlock(&net->mmio.lock);
	if (net_retry_on_connection(&net->retry, main_loop_now()))
		report_connection(net);
}

void net_link_serve(struct net *net)
{
	const struct net_backend *backend = net->setup.backend;

	if (net->reports_fault)
		report(net, net->reported_fault.text);
	net->reports_fault = false;
	if (net->leaves)
		leave(net);
	/* The usual case is that there is nothing to do at any time. */
	if (net_retry_next(&net->retry) != NET_RETRY_NEVER) {
		const uint64_t now = main_loop_now();

		if (backend->fd < 0 && net_retry_next(&net->retry) <= now)
			connect_again(net);
		else if (net_retry_has_lasted(&net->retry, now))
			report_connection(net);
	}
	if (backend->fd >= 0 && net->offloads != net->wanted_offloads) {
		(void)net_backend_set_offloads(net->setup.backend, net->wanted_offloads);
		net->offloads = net->wanted_offloads;
	}
}

/* --- with the lock held --- */

/* What the driver does for the host, the host need not do for it. */
static uint64_t find_offloads(const struct net *net)
{
	const uint64_t features = virtio_mmio_running(&net->mmio) ? net->mmio.driver_features : 0;

	return features & (1ULL << VIRTIO_NET_F_GUEST_CSUM | 1ULL << VIRTIO_NET_F_GUEST_TSO4 |
			   1ULL << VIRTIO_NET_F_GUEST_TSO6 | 1ULL << VIRTIO_NET_F_GUEST_ECN);
}

bool net_link_is_ready(struct net *net)
{
	net->wanted_offloads = find_offloads(net);
	if (net->pulled != atomic_load(&net->pull)) {
		net->pulled = !net->pulled;
		show_link(net);
	}
	if (net->has_fault) {
		net->reported_fault = net->fault;
		net->reports_fault = true;
		net->has_fault = false;
	}
	if (net->lost) {
		net->left_for = net->loss;
		net->leaves = true;
		net->lost = false;
	}
	if (!net->reports_fault && !net->leaves &&
	    (net->setup.backend->fd < 0 || net->offloads == net->wanted_offloads))
		return true;
	/* What follows is done without the lock. */
	net_keep_from_main(net);

	return false;
}

void net_link_report_fault(void *context, const char *text)
{
	struct net *net = context;

	error_set(&net->fault, 0, "%s", text);
	net->has_fault = true;
	(void)eventfd_write(net->mmio.notify_fd, 1);
}

void net_link_stop(const struct net *net)
{
	if (net->reports_fault)
		report(net, net->reported_fault.text);
	if (net->has_fault)
		report(net, net->fault.text);
}

int net_link_time_left(const struct net *net)
{
	const uint64_t next = net_retry_next(&net->retry);
	uint64_t now;

	if (next == NET_RETRY_NEVER)
		return -1;
	now = main_loop_now();

	/* Rounded up, so that the time has come when the wait ends. */
	return next > now ? (int)((next - now) / 1000) + 1 : 0;
}
