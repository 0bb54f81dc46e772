/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices of a VM, all of which last through its resets. */
#ifndef VMM_DEVICES_H
#define VMM_DEVICES_H

#include <stddef.h>

#include "base/error.h"
#include "base/stream.h"
#include "config/config.h"
#include "devices/flash.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/rng.h"
#include "host/disk.h"
#include "host/terminal.h"
#include "machine/vm.h"

struct devices {
	struct flash flash;
	struct pl011 uart;
	struct pl031 rtc;
	struct terminal terminal;
	struct disk disks[CONFIG_DISKS_MAX];
	struct blk blks[CONFIG_DISKS_MAX];
	size_t disk_count;
	struct rng rng;
};

/**
 * Open the disks and the console, make the devices and put them on the bus of
 * @vm. Returns 0, or -errno with @error set.
 */
int devices_create(struct devices *devices, struct vm *vm, const struct config *config,
		   struct error *error);

/** Give everything back, the terminal's mode too. No vCPU of @vm runs. */
void devices_destroy(struct devices *devices, const struct vm *vm);

/** Connect the virtio devices with a new KVM VM. Returns 0, or -errno with @error set. */
int devices_attach(const struct devices *devices, const struct vm *vm, struct error *error);

/**
 * Let the disks begin nothing more in this life of the machine, as virtio_mmio_quiesce() says
 * of each. Before vCPUs that shall stop are waited for: one may be waiting for a
 * disk.
 */
void devices_quiesce(struct devices *devices);

/**
 * Halt, let all I/O come to its end and make what was written durable. No vCPU
 * runs. Returns 0, or -errno with @error set.
 */
int devices_drain(struct devices *devices, struct error *error);

/**
 * Keep the devices from the guest's memory, until devices_thaw(): wait for the
 * requests in hand. No vCPU runs.
 */
void devices_freeze(struct devices *devices);
void devices_thaw(struct devices *devices);

/**
 * Make durable what was written, while they are held. Returns 0, or -errno with @error
 * set; after a failure it fails always, as disk_sync() says.
 */
int devices_flush(struct devices *devices, struct error *error);

/**
 * Serialize their state while they are held; what is read goes to devices as after
 * power-on, but quiesced, in a machine whose GIC is what it was. They begin nothing before
 * devices_unquiesce(). Returns 0, or -errno with @error
 * set if a device is not what it was; failures of the stream are not told here.
 */
int devices_serialize(struct devices *devices, struct stream *stream, struct error *error);

/**
 * Let disks whose state was read begin: once nothing can fail any more that would have
 * the machine be as it was before. Without effect on disks that are not quiesced.
 */
void devices_unquiesce(struct devices *devices);

#endif
