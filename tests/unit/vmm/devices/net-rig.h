/* SPDX-License-Identifier: BSD-3-Clause */
/* A network device with a driver, whose peer is the test, at a socket, for tests. */
#ifndef TESTS_NET_RIG_H
#define TESTS_NET_RIG_H

#include "devices/virtio/net.h"
#include "virtio-driver.h"

#include <linux/virtio_net.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_RIG_QUEUE 64
/* Where buffers are in the guest's memory, one for each descriptor. */
#define NET_RIG_BUFFERS DRIVER_DATA
#define NET_RIG_BUFFER_SIZE 2048
#define NET_RIG_SENT (MEMORY_BASE + 0x110000)
#define NET_RIG_COMMAND (MEMORY_BASE + 0x210000)

#define NET_RIG_MERGEABLE (1ULL << VIRTIO_NET_F_MRG_RXBUF)
#define NET_RIG_CONTROL                                                \
	(1ULL << VIRTIO_NET_F_CTRL_VQ | 1ULL << VIRTIO_NET_F_CTRL_RX | \
	 1ULL << VIRTIO_NET_F_CTRL_MAC_ADDR)
#define NET_RIG_EVENT_IDX (1ULL << VIRTIO_RING_F_EVENT_IDX)

/** The device's own address. */
#define NET_RIG_MAC                                \
	{                                          \
		0x02, 0x11, 0x22, 0x33, 0x44, 0x55 \
	}

struct net_rig {
	struct driver receive, transmit, control;
	struct net net;
	int peer; /**< The test's end of the socket, or -1. */
	atomic_int next; /**< The device's end of the next connection, or -1: refused. */
	atomic_bool refuses_otherwise; /**< For another reason than at first. */
	atomic_uint reports; /**< How often the device reported, */
	char report[256]; /**< and its last report. */
	char all[4096]; /**< All of them, a line each; guarded by @lock. */
	pthread_mutex_t lock;
	pthread_cond_t reported;
	/** While set, neither a report nor an attempt to connect returns: net_rig_hold(). */
	atomic_bool held;
	atomic_uint waiting; /**< How many wait, or have waited, for that. */
	atomic_bool impatient; /**< It waited in vain. */
};

/** A device after power-on whose peer is connected, or with @refused refuses. */
void net_rig_create(struct net_rig *r, bool refused);
void net_rig_teardown(struct net_rig *r);

/** A device whose observer sees what its peer has sent before there is a device. */
void net_rig_create_observed(struct net_rig *r, const struct net_observer *observer,
			     const uint8_t to[MAC_SIZE], uint8_t byte, uint32_t size);

/** Have another observer see the frames from now on; NULL: none. */
void net_rig_observe(struct net_rig *r, const struct net_observer *observer);

/**
 * Another device with the same memory and another peer, as on the host where it
 * is restored.
 */
void net_rig_replace(struct net_rig *r, bool refused);

/** A driver that accepted @features takes the device. */
void net_rig_start(struct net_rig *r, uint64_t features);

/** The peer becomes another one, for when the device connects again. */
void net_rig_offer_peer(struct net_rig *r);

/** Offer receive buffer @index, of @size bytes. */
void net_rig_offer(struct net_rig *r, uint16_t index, uint32_t size);

/** Notify the device. */
void net_rig_notify(struct net_rig *r);

/** Wait until a receive buffer comes back, which is @index. Returns its used length. */
uint32_t net_rig_wait_received(struct net_rig *r, uint16_t index);
uint8_t *net_rig_buffer(struct net_rig *r, uint16_t index);

/** Have the guest send a frame of @size bytes, all @byte, by descriptor @index. */
void net_rig_send(struct net_rig *r, uint16_t index, uint8_t byte, uint32_t size);
/** Wait until the device has given it back. */
void net_rig_wait_sent(struct net_rig *r, uint16_t index);

/** Carry out a command of the control queue; returns its status. */
uint8_t net_rig_command(struct net_rig *r, uint8_t class, uint8_t number, const void *data,
			uint32_t size);

/** A frame to @mac with @size bytes, whose rest is all @byte, sent by the peer. */
void net_rig_peer_sends(struct net_rig *r, const uint8_t mac[MAC_SIZE], uint8_t byte,
			uint32_t size);
/** Any bytes, which may be no frame. */
void net_rig_peer_writes(struct net_rig *r, const void *bytes, size_t size);
/** Wait for a frame at the peer, of @size bytes, all @byte. */
void net_rig_peer_receives(struct net_rig *r, uint8_t byte, uint32_t size);
/** Wait for the device's own announcement of @mac at the peer. */
void net_rig_peer_is_shown(struct net_rig *r, const uint8_t mac[MAC_SIZE]);

/** From now on whatever the device does of its own that may wait does wait, for @hold false. */
void net_rig_hold(struct net_rig *r, bool hold);
/** Until that waits. */
void net_rig_wait_until_held(struct net_rig *r);

/** Wait until the device has reported this, now or before. */
void net_rig_wait_for_report(struct net_rig *r, const char *report);

/** Wait until the device needs a reset. */
void net_rig_wait_until_broken(struct net_rig *r);
/** Wait until the driver is interrupted. */
void net_rig_wait_for_interrupt(struct net_rig *r);
/** Wait until the driver finds that the link is up, or down. */
void net_rig_wait_for_link(struct net_rig *r, bool up);

#endif
