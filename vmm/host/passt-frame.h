/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames of a guest passt is given. It connects the host with whatever
 * address a packet is for, and some versions, such as that of Debian 12, do so
 * with addresses of the host's loopback, where services trust all that comes.
 * A guest is not trusted, so such packets are not for passt.
 */
#ifndef VMM_PASST_FRAME_H
#define VMM_PASST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The longest frame: passt ends its connection for a longer one. */
#define PASST_FRAME_MAX 65535

/**
 * Whether passt may have a frame, of which @front are the first @size bytes:
 * all, or at least NET_STREAM_FRONT. False for a packet to an address of the
 * loopback, or to one that the host's sockets take for it: 0.0.0.0/8, 127.0.0.0/8
 * and all of IPv6 that begins with 96 bits of zero or embeds an address of IPv4
 * (::ffff:0:0/96), and for what is too short to have an address. From any thread.
 */
bool passt_may_have(const uint8_t *front, size_t size);

#endif
