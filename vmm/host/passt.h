/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * passt, a program that is a network for one guest without privileges: it
 * connects the guest's frames with sockets of the host. dormouse starts one for
 * each network of this kind, at the other end of a socket, and another one when
 * that has ended.
 *
 * It inherits nothing but its end of the socket, of a pipe for its messages, and
 * PATH, HOME, TMPDIR and LANG of the environment, and ends by itself when the
 * socket is closed, which the kernel does when dormouse ends, however it ends. It
 * runs in a session of its own: keys on dormouse's terminal do not reach it.
 * Started by root it becomes nobody.
 */
#ifndef VMM_HOST_PASST_H
#define VMM_HOST_PASST_H

#include <stddef.h>

#include "base/error.h"
#include "host/net-stream.h"

struct passt_forward {
	bool udp; /**< Otherwise TCP. */
	char spec[64]; /**< As passt takes it: [ADDRESS/]HOST:GUEST. */
};

/**
 * Make @source, whose connections lead to a passt that is started for each.
 * @forwards are copied. Returns 0 or -ENOMEM.
 *
 * A connection is refused with a sentence if passt cannot be started, which names
 * the package if it is missing. If the last one has ended by itself, the next
 * attempt is refused with -ECHILD, its exit status and what it said last, and the
 * one after that starts another one: when, is the caller's to decide.
 */
int passt_create(const struct passt_forward *forwards, size_t count,
		 struct net_stream_source *source);

#endif
