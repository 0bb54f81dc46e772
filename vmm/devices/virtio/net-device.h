/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_VIRTIO_NET_DEVICE_H
#define VMM_VIRTIO_NET_DEVICE_H

#include <stdint.h>

#include "config/net.h"

/** All features that a device with such a backend can have, as bits. */
uint64_t net_device_features(enum net_kind kind);

#endif
