/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network device's connection: it is made, lost and made again by the device's
 * thread, without the device's lock, as is everything that may wait: to start a
 * program, to open an interface, to log. A vCPU that needs the lock waits for
 * frames to be moved, and for nothing else.
 */
#ifndef VMM_VIRTIO_NET_LINK_H
#define VMM_VIRTIO_NET_LINK_H

#include <stdbool.h>

#include "devices/virtio/net.h"

/**
 * Connect for the first time, before there is a thread. Returns 0, also if the
 * peer may come later, or -errno with @error set.
 */
int net_link_start(struct net *net, struct error *error);

/**
 * Do what there is to do for the connection: leave one that was lost, connect
 * again, agree on offloads, report. On the device's thread, without the lock.
 */
void net_link_serve(struct net *net);

/**
 * Find what net_link_serve() is to do before frames are moved. Returns false if
 * there is something. On the device's thread, with the lock held.
 */
bool net_link_is_ready(struct net *net);

/**
 * The connection is lost, for the reason in @error. On the thread that has received
 * or sent, with the lock held.
 */
void net_link_lose(struct net *net, const struct error *error);

/**
 * How long nothing is to be done, in milliseconds; -1: for ever. On the device's
 * thread, without the lock.
 */
int net_link_time_left(const struct net *net);

/** Report what the device's thread, which has ended, has not reported. */
void net_link_stop(const struct net *net);

/**
 * Have the device's thread report that the guest broke the protocol: @context is
 * the device. As report() of struct virtio_mmio_config.
 */
void net_link_report_fault(void *context, const char *text);

#endif
