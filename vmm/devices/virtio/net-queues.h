/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How virtio-net serves its queues. Each function is called with the lock held, on
 * the device's thread or on the main thread while that receives (net.h), unless it says otherwise, and may set what struct
 * net has about interrupts and about the backend's descriptor.
 */
#ifndef VMM_VIRTIO_NET_QUEUES_H
#define VMM_VIRTIO_NET_QUEUES_H

#include <stdbool.h>

#include "devices/virtio/net.h"

/** Whether frames go through a queue: there is a driver, and the queue is set up. */
bool net_queue_runs(const struct net *net, enum net_queue number);

/**
 * Have the peer learn the guest's address, if that is due: a peer that has seen no
 * frame of a guest that sleeps would not know whom to send a frame that wakes it.
 */
void net_announce(struct net *net);

/** Send up to NET_BATCH frames. Returns whether there may be more. */
bool net_send(struct net *net);

/** Receive up to NET_BATCH frames, likewise. */
bool net_receive(struct net *net);

/** Carry out up to NET_BATCH commands of the control queue, likewise. */
bool net_control(struct net *net);

/**
 * Keep what the driver was given and has not seen: it is about to reset the
 * device. On a vCPU's thread, with the lock held.
 */
void net_take_back(struct net *net);

/**
 * Have the main thread wait for the backend no more, if it does: what is done to
 * the backend without the lock is the device's thread's alone.
 */
void net_keep_from_main(struct net *net);

/**
 * A round of the device's thread: all of this, and what the connection needs.
 * Without the lock. Returns whether there may be more to do at once.
 */
bool net_serve(struct net *net);

#endif
