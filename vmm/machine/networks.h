/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The networks of a machine, for what its user asks and wants of them; see
 * devices/virtio/net.h. For the main thread.
 */
#ifndef VMM_MACHINE_NETWORKS_H
#define VMM_MACHINE_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>

#include "machine/devices.h"

struct network {
	const char *id; /**< Such as "net0". */
	bool connected; /**< With the other end. */
	bool up; /**< The link, as network_set_link() was called last. */
	size_t kept; /**< Frames for a guest without a driver. */
};

/** Describe the @number'th one. Returns false if there are no more. It does not wait. */
bool network_describe(const struct devices *devices, size_t number, struct network *network);

/**
 * Have the link of the network @id be up, which it is at first, or down. Returns 0, or
 * -ENODEV with @error set if there is no such network.
 */
int network_set_link(const struct devices *devices, const char *id, bool up, struct error *error);

#endif
