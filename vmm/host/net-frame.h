/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame of Ethernet, and what virtio says of it. */
#ifndef VMM_NET_FRAME_H
#define VMM_NET_FRAME_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

/** Two addresses and a type. What is shorter is no frame. */
#define NET_FRAME_MIN 14
/** A packet of IP of the greatest length, with tags of VLANs. */
#define NET_FRAME_MAX 65568

/** Of version 1 of virtio: with num_buffers, which only a driver reads. */
#define NET_HEADER_SIZE sizeof(struct virtio_net_hdr_v1)

struct net_frame {
	/** Checksum and segmentation that are left to do. */
	struct virtio_net_hdr_v1 header;
	const uint8_t *bytes;
	size_t size; /**< NET_FRAME_MIN to NET_FRAME_MAX. */
};

#endif
