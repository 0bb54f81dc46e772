/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices of a VM, all of which last through its resets, and the console's
 * other end. board/device.h describes them and defines the words for how they
 * come to rest; here are the loops over all of them.
 */
#ifndef VMM_DEVICES_H
#define VMM_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/main-loop.h"
#include "base/stream.h"
#include "board/bus.h"
#include "board/device.h"
#include "config/config.h"
#include "host/disk.h"
#include "host/terminal.h"

struct channel;
struct fw_cfg;
struct net;
struct ged;

/** The functions that the console calls on input. */
struct console_user {
	/** Bytes are about to be passed to the guest. */
	void (*input)(void *context);
	void (*quit)(void *context); /**< Ctrl-A x was typed. */
	void *context;
};

/** All is to be read, and only to be read. */
struct devices {
	struct device all[BUS_WINDOWS_MAX];
	size_t count;
	void (*quit)(void *context); /**< Of struct console_user, as is the terminal's context. */
	struct terminal terminal; /**< Last: its buffer is large. */
};

/**
 * Whether a machine of a configuration has devices of this kind, and how many.
 */
size_t devices_count(const struct device_ops *ops, const struct config *config);

/**
 * Make the devices that the configuration of @setup has, put them on @bus, and
 * open the console. @devices must not move. Returns 0, or -errno with @error
 * set.
 */
int devices_create(struct devices *devices, const struct device_setup *setup, struct bus *bus,
		   struct error *error);

/**
 * Destroy the devices and restore the terminal's mode. No vCPU runs. @vm_name:
 * for messages.
 */
void devices_destroy(struct devices *devices, const char *vm_name);

/* --- while it runs --- */

/**
 * Register with the main loop the descriptors of the devices and of the
 * console. @user is copied. Returns 0, or -errno with @error set.
 */
int devices_watch(struct devices *devices, struct main_loop *loop, const struct console_user *user,
		  struct error *error);

/**
 * Whether @size bytes, not 0, at guest physical @address are all one device's
 * ROM.
 */
bool devices_have_rom(const struct devices *devices, uint64_t address, uint64_t size);

/**
 * The device whose interrupt line is high, in words: "the console"; NULL if
 * there is none.
 */
const char *devices_wake_source(const struct devices *devices);

/**
 * Whether the interrupt of a device that wakes a guest with ACPI by itself is
 * high and not taken.
 */
bool devices_alarm_waits(const struct devices *devices);

/**
 * Take it: see board/device.h. Returns the device in words, as
 * devices_wake_source() does; NULL if there is none.
 */
const char *devices_take_alarm(const struct devices *devices);

/** The guest is about to sleep, or is awake. A repetition has no effect. */
void devices_sleep(struct devices *devices, bool asleep);

/** Whether a sleeping guest is to be woken since a device is called. */
bool devices_are_called(const struct devices *devices);

/**
 * Take a call: see board/device.h. Returns false if there is none, else true with
 * @text set.
 */
bool devices_take_call(const struct devices *devices, char text[DEVICE_CALL_SIZE]);

/** How often all devices were used so far that have a use for it. */
uint64_t devices_uses(const struct devices *devices);

/** How many buffers all devices, which are frozen, have given back: see board/device.h. */
uint64_t devices_given(const struct devices *devices);

/**
 * When a device will interrupt the guest next by itself. As next_alarm of
 * struct device_ops.
 */
bool devices_next_alarm(const struct devices *devices, int64_t *seconds);

/** The image of the @number'th disk, or NULL if there are no more. */
struct disk *devices_disk(const struct devices *devices, size_t number);

/** The @number'th network device, or NULL if there are no more. */
struct net *devices_net(const struct devices *devices, size_t number);

/** The channel to an agent in the guest, or NULL if the machine has none. */
struct channel *devices_channel(const struct devices *devices);

/** What hands files to the machine's firmware, or NULL if it has none. */
struct fw_cfg *devices_fw_cfg(const struct devices *devices);

/** What has the machine's buttons, or NULL if it has none. */
struct ged *devices_ged(const struct devices *devices);

/* --- to come to rest: see board/device.h --- */

/**
 * Called before the main thread waits for vCPUs that shall stop: one may be
 * waiting for a device's lock.
 */
void devices_quiesce(struct devices *devices);

/**
 * Called once no failure can return the machine to its earlier state any more.
 * No effect on devices that are not quiesced.
 */
void devices_unquiesce(struct devices *devices);

/**
 * Returns 0, or -errno with @error set for the first that failed. All are
 * drained.
 */
int devices_drain(struct devices *devices, struct error *error);

void devices_freeze(struct devices *devices);
void devices_thaw(struct devices *devices);

/**
 * Called while they are frozen. Returns 0, or -errno with @error set; after a
 * failure it always fails, as disk_sync() says.
 */
int devices_flush(struct devices *devices, struct error *error);

/**
 * Called while they are frozen. State is loaded into devices as after power-on,
 * but quiesced, in a machine whose GIC has been loaded. Returns 0, or -errno
 * with @error set if a device differs from the saved one; stream_end() reports
 * errors of the stream.
 */
int devices_serialize(struct devices *devices, struct stream *stream, struct error *error);

#endif
