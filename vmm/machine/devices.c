/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/devices.h"

#include <errno.h>
#include <string.h>

#include "base/message.h"
#include "devices/flash-chip.h"
#include "devices/flash.h"
#include "devices/fw-cfg.h"
#include "devices/ged.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/pvpanic.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/console.h"
#include "devices/virtio/net.h"
#include "devices/virtio/rng.h"

/*
 * All that there are. They are saved in this order, so that a new one comes
 * last, with the machine version that introduces it.
 */
static const struct device_ops *const kinds[] = {
	&flash_ops, &pl011_ops,	     &pl031_ops,	  &rng_ops,
	&blk_ops,   &flash_chip_ops, &fw_cfg_ops,	  &pvpanic_ops,
	&net_ops,   &ged_ops,	     &virtio_console_ops,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* --- to make them --- */

size_t devices_count(const struct device_ops *ops, const struct config *config)
{
	if (config->machine_version < ops->since)
		return 0;

	return ops->count ? ops->count(config) : 1;
}

static int add(struct devices *devices, const struct device_ops *ops, size_t number,
	       const struct device_setup *setup, struct bus *bus, struct error *error)
{
	struct device *device = &devices->all[devices->count];
	int err;

	if (devices->count == BUS_WINDOWS_MAX)
		return error_set(error, -ENOSPC, "the machine has no room for another %s",
				 ops->name);
	*device = (struct device){ .ops = ops, .irq_fd = -1, .doorbell_fd = -1 };
	err = ops->create(device, number, setup, error);
	if (err)
		return err;
	devices->count++;
	err = bus_add(bus, device->base, device->size, ops, device->self);
	if (err)
		return error_set(error, err, "cannot place %s at %#llx: %s", ops->name,
				 (unsigned long long)device->base, strerror(-err));

	return 0;
}

static int add_all(struct devices *devices, const struct device_setup *setup, struct bus *bus,
		   struct error *error)
{
	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		const size_t count = devices_count(kinds[kind], setup->config);

		for (size_t i = 0; i < count; i++) {
			const int err = add(devices, kinds[kind], i, setup, bus, error);

			if (err)
				return err;
		}
	}

	return 0;
}

static void destroy_all(struct devices *devices)
{
	while (devices->count > 0) {
		const struct device *device = &devices->all[--devices->count];

		device->ops->destroy(device->self);
	}
}

/* Whether a device is the terminal's other end. */
static bool is_console(const struct device *device, const struct config *config)
{
	const struct device_ops *chosen =
		config->console_device == CONSOLE_DEVICE_VIRTIO ? &virtio_console_ops : &pl011_ops;

	return device->ops == chosen;
}

int devices_create(struct devices *devices, const struct device_setup *setup, struct bus *bus,
		   struct error *error)
{
	int err;

	/* terminal_open() fills the rest. */
	memset(devices, 0, offsetof(struct devices, terminal));
	err = add_all(devices, setup, bus, error);
	/*
	 * The console comes last: once the terminal is raw, messages are harder
	 * to read.
	 */
	if (!err)
		err = terminal_open(&devices->terminal, setup->config->console, error);
	if (err) {
		destroy_all(devices);

		return err;
	}
	terminal_limit(&devices->terminal, setup->config->console_limit);
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (is_console(device, setup->config))
			device->ops->connect(device->self, &devices->terminal);
	}

	return 0;
}

void devices_destroy(struct devices *devices, const char *vm_name)
{
	const int err = terminal_close(&devices->terminal);

	if (err)
		message("%s: the end of the console's output is lost: %s", vm_name, strerror(-err));
	destroy_all(devices);
}

/* --- while it runs --- */

static void on_console(void *context)
{
	struct devices *devices = context;

	if (terminal_run(&devices->terminal) == TERMINAL_QUIT)
		devices->quit(devices->terminal.context);
}

int devices_watch(struct devices *devices, struct main_loop *loop, const struct console_user *user,
		  struct error *error)
{
	int err;

	devices->quit = user->quit;
	devices->terminal.before_input = user->input;
	devices->terminal.context = user->context;
	err = main_loop_add(loop, MAIN_LOOP_USUAL, terminal_fd(&devices->terminal), on_console,
			    devices);
	for (size_t i = 0; i < devices->count && !err; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->watch)
			err = device->ops->watch(device->self, loop);
	}

	return err ? error_set(error, err, "cannot wait for devices: %s", strerror(-err)) : 0;
}

bool devices_have_rom(const struct devices *devices, uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];
		/*
		 * An address below the base wraps around to one that is too
		 * large.
		 */
		const uint64_t offset = address - device->base;

		if (device->rom && size > 0 && size <= device->size &&
		    offset <= device->size - size)
			return true;
	}

	return false;
}

const char *devices_wake_source(const struct devices *devices)
{
	const char *source = NULL;

	/*
	 * The last one is reported: the console's line may have been high for
	 * long.
	 */
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->wakes && device->ops->is_raised(device->self))
			source = device->ops->wakes;
	}

	return source;
}

static const struct device *waiting_alarm(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->take && device->ops->is_raised(device->self))
			return device;
	}

	return NULL;
}

bool devices_alarm_waits(const struct devices *devices)
{
	return waiting_alarm(devices) != NULL;
}

const char *devices_take_alarm(const struct devices *devices)
{
	const struct device *device = waiting_alarm(devices);

	if (!device)
		return NULL;
	device->ops->take(device->self);

	return device->ops->wakes;
}

void devices_sleep(struct devices *devices, bool asleep)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->sleep)
			device->ops->sleep(device->self, asleep);
	}
}

bool devices_are_called(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->is_called && device->ops->is_called(device->self))
			return true;
	}

	return false;
}

bool devices_take_call(const struct devices *devices, char text[DEVICE_CALL_SIZE])
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->take_call && device->ops->take_call(device->self, text))
			return true;
	}

	return false;
}

uint64_t devices_uses(const struct devices *devices)
{
	uint64_t uses = 0;

	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->uses)
			uses += device->ops->uses(device->self);
	}

	return uses;
}

uint64_t devices_given(const struct devices *devices)
{
	uint64_t given = 0;

	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->given)
			given += device->ops->given(device->self);
	}

	return given;
}

bool devices_next_alarm(const struct devices *devices, int64_t *seconds)
{
	bool found = false;

	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];
		int64_t its;

		if (!device->ops->next_alarm || !device->ops->next_alarm(device->self, &its))
			continue;
		if (!found || its < *seconds)
			*seconds = its;
		found = true;
	}

	return found;
}

struct disk *devices_disk(const struct devices *devices, size_t number)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->disk && number-- == 0)
			return device->ops->disk(device->self);
	}

	return NULL;
}

struct channel *devices_channel(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->channel)
			return device->ops->channel(device->self);
	}

	return NULL;
}

struct net *devices_net(const struct devices *devices, size_t number)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops == &net_ops && number-- == 0)
			return device->self;
	}

	return NULL;
}

struct fw_cfg *devices_fw_cfg(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->all[i].ops == &fw_cfg_ops)
			return devices->all[i].self;

	return NULL;
}

struct ged *devices_ged(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->all[i].ops == &ged_ops)
			return devices->all[i].self;

	return NULL;
}

/* --- to come to rest --- */

void devices_quiesce(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->quiesce)
			device->ops->quiesce(device->self);
	}
}

void devices_unquiesce(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->unquiesce)
			device->ops->unquiesce(device->self);
	}
}

void devices_freeze(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->freeze)
			device->ops->freeze(device->self);
	}
}

void devices_thaw(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->thaw)
			device->ops->thaw(device->self);
	}
}

/* Keep the first of several failures. */
static void collect(int *first, int err, struct error *error, const struct error *reason)
{
	if (!err || *first)
		return;
	*first = err;
	*error = *reason;
}

int devices_drain(struct devices *devices, struct error *error)
{
	int first = 0;

	/* All are quiesced before the first is waited for. */
	devices_quiesce(devices);
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];
		struct error reason;

		if (device->ops->drain)
			collect(&first, device->ops->drain(device->self, &reason), error, &reason);
	}

	return first;
}

int devices_flush(struct devices *devices, struct error *error)
{
	int first = 0;

	/*
	 * All are flushed: a failure of one does not keep another from being
	 * durable.
	 */
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->all[i];
		struct error reason;

		if (device->ops->flush)
			collect(&first, device->ops->flush(device->self, &reason), error, &reason);
	}

	return first;
}

int devices_serialize(struct devices *devices, struct stream *stream, struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < devices->count && !err; i++) {
		const struct device *device = &devices->all[i];

		if (device->ops->serialize)
			err = device->ops->serialize(device->self, stream, error);
	}

	return err;
}
