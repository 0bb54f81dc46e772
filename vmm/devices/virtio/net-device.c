/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net as a device of the machine. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/main-loop.h"
#include "board/board.h"
#include "config/config.h"
#include "devices/virtio/device.h"
#include "devices/virtio/net.h"
#include "host/net-stream.h"
#include "host/net-tap.h"
#include "host/passt.h"
#include "net/watch.h"

static_assert(ARRIVAL_TEXT_SIZE <= DEVICE_CALL_SIZE, "take_call() has room");
static_assert(CONFIG_NETS_MAX == BOARD_VIRTIO_NETS, "a slot for each");

/** What create() makes. */
struct net_device {
	struct net net; /**< First. */
	struct net_watch watch;
	bool asleep; /**< As the main thread said last. */
	uint64_t reported; /**< For net_report_link(). */
	void (*linked)(void *context, const char *id, const char *path, bool connected);
	void *context;
};

static_assert(offsetof(struct net_device, net) == 0, "it is a struct net");
static_assert(offsetof(struct net, mmio) == 0, "virtio/device.h");

static size_t count_nets(const struct config *config)
{
	return config->net_count;
}

/* Whether it is the first passt, which has the forwarded ports. */
static bool has_forwards(const struct config *config, size_t number)
{
	while (number-- > 0)
		if (config->nets[number].kind == NET_KIND_PASST)
			return false;

	return true;
}

static struct net_backend *make_passt(const struct config *config, size_t number)
{
	struct passt_forward forwards[CONFIG_FORWARDS_MAX];
	const size_t count = has_forwards(config, number) ? config->forward_count : 0;
	struct net_stream_source source;
	struct net_backend *backend;

	for (size_t i = 0; i < count; i++) {
		const struct config_forward *forward = &config->forwards[i];

		forwards[i].udp = forward->udp;
		snprintf(forwards[i].spec, sizeof(forwards[i].spec), "%s%s%u:%u", forward->address,
			 *forward->address ? "/" : "", forward->host, forward->guest);
	}
	if (passt_create(forwards, count, &source) < 0)
		return NULL;
	backend = net_stream_create_from(&source, "passt");
	if (!backend)
		source.destroy(source.context);

	return backend;
}

static struct net_backend *make_backend(const struct config *all, size_t number)
{
	const struct net_config *config = &all->nets[number];

	switch (config->kind) {
	case NET_KIND_TAP:
		return net_tap_create(config->target);
	case NET_KIND_UNIX:
		return net_stream_create(config->target);
	case NET_KIND_PASST:
		return make_passt(all, number);
	case NET_KINDS:
		break;
	}

	return NULL;
}

/* --- what may wake the guest: struct net_observer, and its use --- */

static void on_sent(void *context, const uint8_t *frame, size_t size)
{
	net_watch_sent(context, frame, size);
}

static bool on_received(void *context, const uint8_t *frame, size_t size, bool driver)
{
	return net_watch_received(context, frame, size, driver);
}

static void on_delivered(void *context)
{
	net_watch_delivered(context);
}

static void on_reset(void *context)
{
	net_watch_reset(context);
}

static void on_addressed(void *context, const uint8_t mac[MAC_SIZE])
{
	net_watch_addressed(context, mac);
}

static const struct net_observer observer = {
	.sent = on_sent,
	.received = on_received,
	.delivered = on_delivered,
	.reset = on_reset,
	.addressed = on_addressed,
};

static void create_watch(struct net_device *made, const struct device_setup *setup,
			 const uint8_t mac[MAC_SIZE])
{
	const struct config *config = setup->config;
	struct net_watch_setup watch = {
		.policy = config->wake_on_net,
		.counts = config->sleep_when_idle && config->sleep_when_idle != CONFIG_IDLE_OFF,
		.notify = setup->called,
		.context = setup->context,
	};

	memcpy(watch.mac, mac, sizeof(watch.mac));
	net_watch_create(&made->watch, &watch);
}

/* What comes first is judged as well: the watch is there before the device's thread. */
static int create_watched(struct net_device *made, const struct device_setup *setup,
			  const struct net_setup *net, struct error *error)
{
	struct net_observer watching = observer;
	struct net_setup observed = *net;
	int err;

	watching.context = &made->watch;
	observed.observer = &watching;
	create_watch(made, setup, net->mac);
	err = net_create(&made->net, &observed, error);
	if (err)
		net_watch_destroy(&made->watch);

	return err;
}

static void sleep_or_wake(void *self, bool asleep)
{
	struct net_device *made = self;
	const bool begins = asleep && !made->asleep;

	made->asleep = asleep;
	net_watch_sleep(&made->watch, asleep);
	net_sleep(&made->net, asleep);
	/* Not at a repetition, when the device may be frozen. What comes from now on waits. */
	if (begins)
		net_report_unseen(&made->net);
}

static bool is_called(void *self)
{
	struct net_device *made = self;

	return net_watch_waits(&made->watch);
}

static bool take_call(void *self, char text[DEVICE_CALL_SIZE])
{
	struct net_device *made = self;
	bool taken;

	/* No frame comes between the two. */
	pthread_mutex_lock(&made->net.mmio.lock);
	taken = net_watch_take(&made->watch, text);
	if (taken)
		net_pass_unseen(&made->net);
	pthread_mutex_unlock(&made->net.mmio.lock);

	return taken;
}

static uint64_t count_uses(const void *self)
{
	const struct net_device *made = self;

	return net_watch_uses(&made->watch);
}

/* --- the rest --- */

/* In the order in which the user gave them. */
static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	const struct net_config *config = &setup->config->nets[number];
	struct net_device *made = calloc(1, sizeof(*made));
	char name[16];
	struct net_setup net = {
		.name = name,
		.memory = setup->memory,
		.features = config->features,
		.report = setup->report,
		.context = setup->context,
	};
	int err = -ENOMEM;

	snprintf(name, sizeof(name), "net%zu", number);
	memcpy(net.mac, config->mac, sizeof(net.mac));
	if (made)
		net.backend = make_backend(setup->config, number);
	if (net.backend)
		err = create_watched(made, setup, &net, error);
	else
		error_set(error, err, "out of memory");
	if (err) {
		free(made);
		return err;
	}
	made->linked = setup->linked;
	made->context = setup->context;
	virtio_device_place(device, &made->net.mmio, BOARD_VIRTIO_NET_SLOT + number);

	return 0;
}

static void destroy(void *self)
{
	struct net_device *made = self;

	net_destroy(&made->net);
	net_watch_destroy(&made->watch);
	free(made);
}

/* For net_report_link(). */
static void on_change(void *self, bool connected)
{
	const struct net_device *made = self;
	const struct net *net = &made->net;

	if (made->linked && net->setup.backend->path)
		made->linked(made->context, net->name, net->setup.backend->path, connected);
}

static void on_link(void *self)
{
	struct net_device *made = self;

	net_report_link(&made->net, &made->reported, on_change, made);
}

static void on_input_asleep(void *self)
{
	struct net_device *made = self;

	net_receive_asleep(&made->net);
}

static int watch(void *self, struct main_loop *loop)
{
	const struct net *net = self;

	const int err = main_loop_add(loop, MAIN_LOOP_USUAL, net->main_fd, on_input_asleep, self);

	return err ? err : main_loop_add(loop, MAIN_LOOP_USUAL, net->link_fd, on_link, self);
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	struct net_device *made = self;
	const int err = net_serialize(&made->net, stream, error);

	if (!err)
		net_watch_serialize(&made->watch, stream);

	return err;
}

static const uint8_t *mac_of(const void *self)
{
	const struct net *net = self;

	return net->setup.mac;
}

const struct device_ops net_ops = {
	VIRTIO_DEVICE_OPS,	.name = "virtio-net",	.since = BOARD_VERSION_4,
	.count = count_nets,	.create = create,	.destroy = destroy,
	.watch = watch,		.serialize = serialize, .sleep = sleep_or_wake,
	.is_called = is_called, .take_call = take_call, .uses = count_uses,
	.mac = mac_of,
};
