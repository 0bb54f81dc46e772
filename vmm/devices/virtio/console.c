/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/console.h"

#include <assert.h>
#include <errno.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/error.h"
#include "base/main-loop.h"
#include "board/board.h"
#include "devices/virtio/device.h"
#include "host/terminal.h"

/* Two for each port, and two for control messages. */
#define QUEUES (2 * VIRTIO_CONSOLE_PORTS + 2)

static_assert(offsetof(struct virtio_console, mmio) == 0, "virtio/device.h");
static_assert(QUEUES <= VIRTIO_MMIO_QUEUES_MAX, "virtio/mmio.h");

/*
 * struct virtio_mmio_config: another driver finds the ports closed. The main
 * thread looks at that.
 */
static void before_reset(struct virtio_mmio *mmio, bool power_on)
{
	struct virtio_console *console = (void *)mmio;

	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		console->ports[i] =
			(struct virtio_console_port){ .opening = console->ports[i].opening };
	(void)eventfd_write(mmio->notify_fd, 1);
}

bool virtio_console_lock(struct virtio_console *console)
{
	struct virtio_console_port *tty = &console->ports[VIRTIO_CONSOLE_TTY];

	pthread_mutex_lock(&console->mmio.lock);
	if (!virtio_mmio_running(&console->mmio))
		return false;
	/* Such a driver cannot open it. */
	if (!virtio_mmio_has(&console->mmio, VIRTIO_CONSOLE_F_MULTIPORT))
		tty->open = true;

	return true;
}

void virtio_console_unlock(struct virtio_console *console)
{
	pthread_mutex_unlock(&console->mmio.lock);
}

void virtio_console_serve(struct virtio_console *console)
{
	eventfd_t count;
	bool more = false;

	(void)eventfd_read(console->mmio.notify_fd, &count);
	if (virtio_console_lock(console)) {
		more = virtio_console_hear(console);
		virtio_console_speak(console);
		more = virtio_console_print(console) || more;
	}
	virtio_console_unlock(console);
	/* Each asks again, or not. */
	if (console->refused)
		terminal_room(console->terminal);
	if (console->channel.ready)
		console->channel.ready(console->channel.context);
	if (more)
		(void)eventfd_write(console->mmio.notify_fd, 1);
}

/* --- the agent's port --- */

static uint64_t opening(void *device)
{
	struct virtio_console *console = device;
	const struct virtio_console_port *port = &console->ports[VIRTIO_CONSOLE_AGENT];
	const bool runs = virtio_console_lock(console);
	/* While it is quiesced nothing changes for the guest either. */
	const bool is_open = port->open && (runs || atomic_load(&console->mmio.quiesced));
	const uint64_t number = is_open ? port->opening : 0;

	virtio_console_unlock(console);

	return number;
}

static bool has_driver(void *device)
{
	struct virtio_console *console = device;
	const bool runs = virtio_console_lock(console);
	const bool has = runs || atomic_load(&console->mmio.quiesced);

	virtio_console_unlock(console);

	return has;
}

static size_t read_agent(void *device, uint8_t *bytes, size_t size)
{
	struct virtio_console *console = device;
	size_t done = 0;

	if (virtio_console_lock(console) && console->ports[VIRTIO_CONSOLE_AGENT].open)
		done = virtio_console_take(console, VIRTIO_CONSOLE_AGENT, bytes, size);
	virtio_console_unlock(console);

	return done;
}

static size_t write_agent(void *device, const uint8_t *bytes, size_t size)
{
	struct virtio_console *console = device;
	size_t done = 0;

	if (virtio_console_lock(console) && console->ports[VIRTIO_CONSOLE_AGENT].open)
		done = virtio_console_give(console, VIRTIO_CONSOLE_AGENT, bytes, size);
	virtio_console_unlock(console);

	return done;
}

/* --- its life --- */

int virtio_console_create(struct virtio_console *console, const struct memory *memory,
			  void (*report)(void *context, const char *message), void *context)
{
	static const struct channel_ops channel_ops = {
		.opening = opening,
		.has_driver = has_driver,
		.read = read_agent,
		.write = write_agent,
	};
	const struct virtio_mmio_config config = {
		.name = "virtio-console",
		.memory = memory,
		.device_id = VIRTIO_ID_CONSOLE,
		.features = 1ULL << VIRTIO_CONSOLE_F_MULTIPORT,
		.queue_count = QUEUES,
		.space = &console->space,
		.space_size = sizeof(console->space),
		.report = report,
		.context = context,
		.before_reset = before_reset,
	};

	/* Not its buffer: what is not touched takes no memory. */
	memset(console, 0, offsetof(struct virtio_console, output));
	console->space.max_nr_ports = VIRTIO_CONSOLE_PORTS;
	console->channel.ops = &channel_ops;
	console->channel.device = console;

	return virtio_mmio_create(&console->mmio, &config);
}

void virtio_console_destroy(struct virtio_console *console)
{
	virtio_mmio_destroy(&console->mmio);
}

static void serialize_port(struct virtio_console_port *port, struct stream *stream)
{
	stream_serialize_bool(stream, &port->open);
	stream_serialize_u32(stream, &port->messages);
	stream_serialize_u64(stream, &port->taken);
	if (!stream_is_loading(stream))
		return;
	if (port->messages & ~virtio_console_all_messages())
		stream_fail(stream);
	port->opening += port->open;
}

bool virtio_console_serialize(struct virtio_console *console, struct stream *stream)
{
	const bool same = virtio_mmio_serialize(&console->mmio, stream);

	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		serialize_port(&console->ports[i], stream);

	return same;
}

/* --- as a device of the machine --- */

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct virtio_console *console = malloc(sizeof(*console));
	int err = console ? virtio_console_create(console, setup->memory, setup->report,
						  setup->context)
			  : -ENOMEM;

	if (err) {
		free(console);

		return error_set(error, err, "cannot make the virtio console: %s", strerror(-err));
	}
	virtio_device_place(device, &console->mmio, BOARD_VIRTIO_CONSOLE_SLOT);

	return 0;
}

static void destroy(void *self)
{
	virtio_console_destroy(self);
	free(self);
}

static void on_notification(void *self)
{
	virtio_console_serve(self);
}

static int watch(void *self, struct main_loop *loop)
{
	const struct virtio_console *console = self;

	return main_loop_add(loop, MAIN_LOOP_USUAL, console->mmio.notify_fd, on_notification, self);
}

static void connect(void *self, struct terminal *terminal)
{
	virtio_console_connect(self, terminal);
}

static struct channel *channel(void *self)
{
	struct virtio_console *console = self;

	return &console->channel;
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	return virtio_console_serialize(self, stream)
		       ? 0
		       : error_set(error, -ENODEV,
				   "virtio-console does not match the saved device");
}

const struct device_ops virtio_console_ops = {
	VIRTIO_DEVICE_OPS,  .name = "virtio-console", .since = BOARD_VERSION_4,
	.create = create,   .destroy = destroy,	      .watch = watch,
	.connect = connect, .channel = channel,	      .serialize = serialize,
};
