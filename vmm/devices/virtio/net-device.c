/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio-net as a device of the machine. */
#include "devices/virtio/net-device.h"

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

static_assert(NET_MAC_SIZE == CONFIG_MAC_SIZE, "one MAC");

/** What create() makes. */
struct net_device {
	struct net net; /**< First. */
	uint64_t reported; /**< For net_report_link(). */
	void (*linked)(void *context, const char *id, const char *path, bool connected);
	void *context;
};

static_assert(offsetof(struct net_device, net) == 0, "it is a struct net");
static_assert(offsetof(struct net, mmio) == 0, "virtio/device.h");

uint64_t net_device_features(enum net_kind kind)
{
	return kind == NET_KIND_TAP ? NET_FEATURES | net_tap_features() : NET_FEATURES;
}

static size_t count_nets(const struct config *config)
{
	return config->net_count;
}

static struct net_backend *make_backend(const struct net_config *config)
{
	switch (config->kind) {
	case NET_KIND_TAP:
		return net_tap_create(config->target);
	case NET_KIND_UNIX:
		return net_stream_create(config->target);
	case NET_KINDS:
		break;
	}

	return NULL;
}

/* From the console's slot downwards, in the order in which the user gave them. */
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
		net.backend = make_backend(config);
	if (net.backend)
		err = net_create(&made->net, &net, error);
	else
		error_set(error, err, "out of memory");
	if (err) {
		free(made);
		return err;
	}
	made->linked = setup->linked;
	made->context = setup->context;
	virtio_device_place(device, &made->net.mmio, BOARD_VIRTIO_NET_SLOT - number);

	return 0;
}

static void destroy(void *self)
{
	net_destroy(self);
	free(self);
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

static int watch(void *self, struct main_loop *loop)
{
	const struct net *net = self;

	return main_loop_add(loop, MAIN_LOOP_USUAL, net->link_fd, on_link, self);
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	return net_serialize(self, stream, error);
}

const struct device_ops net_ops = {
	VIRTIO_DEVICE_OPS,
	.name = "virtio-net",
	.since = BOARD_VERSION_4,
	.count = count_nets,
	.create = create,
	.destroy = destroy,
	.watch = watch,
	.serialize = serialize,
};
